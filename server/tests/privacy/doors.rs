//! Canaries through every door: no log, no metric and no file sings of them.

use crate::common::place::Place;
use crate::common::process::Takings;
use crate::common::stripe::Account;
use crate::desk::{files, seen};
use bytes::{Buf, BufMut};
use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::Type;
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use takings::v1::revenue_service_client::RevenueServiceClient;
use takings::v1::{CreateCustomerRequest, UpdateCustomerRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

/// What no part of the server may repeat but to whoever sent it.
const CANARY: &str = "yellow.canary@persons.example";

/// Messages as their bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length).to_vec()))
    }
}

/// Every call of the contract: its path, and the numbers and names of its texts.
fn calls() -> Vec<(String, Vec<(u32, String)>)> {
    let set = FileDescriptorSet::decode(takings::FILE_DESCRIPTOR_SET).unwrap();
    let ours = || set.file.iter().filter(|file| file.package() == "takings.v1");
    let texts = |message: &str| {
        let found = ours().flat_map(|file| &file.message_type).find(|it| it.name() == message);
        let fields = found.unwrap().field.iter().filter(|field| field.r#type() == Type::String);
        fields.map(|field| (field.number() as u32, field.name().to_owned())).collect()
    };
    let mut calls = Vec::new();
    for service in ours().flat_map(|file| &file.service) {
        for method in &service.method {
            let path = format!("/takings.v1.{}/{}", service.name(), method.name());
            calls.push((path, texts(method.input_type().rsplit('.').next().unwrap())));
        }
    }
    calls
}

/// A request whose every text is the canary.
fn message(texts: &[(u32, String)]) -> Vec<u8> {
    let (mut message, id) = (Vec::new(), Uuid::new_v4().to_string());
    for (number, name) in texts {
        let text = if name == "request_id" { &id } else { CANARY };
        prost::encoding::string::encode(*number, &text.to_owned(), &mut message);
    }
    message
}

async fn sing(channel: &Channel) -> usize {
    let calls = calls();
    for (path, texts) in &calls {
        let mut client = Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let path = PathAndQuery::try_from(path.as_str()).unwrap();
        // Most are refused, and whoever sent a text may read it in the refusal.
        let _ = client.unary(Request::new(message(texts)), path, Raw).await;
    }
    calls.len()
}

async fn http(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_no_metric_and_no_file_repeats_whom_a_call_names() {
    let (place, account) = (Place::sqlite(), Account::empty().await);
    let url = account.url();
    let environment = [
        ("TAKINGS__STRIPE__API_KEY", "sk_test_4242424242"),
        ("TAKINGS__STRIPE__API_URL", url.as_str()),
        ("TAKINGS__LOG__FILTER", "debug"),
    ];
    let server = Takings::start_with(&place, &environment);
    let channel = server.channel().await;
    let mut revenue = RevenueServiceClient::new(channel.clone());
    let create = CreateCustomerRequest {
        name: "Yellow Canary".into(),
        email: CANARY.into(),
        request_id: Uuid::new_v4().to_string(),
        ..CreateCustomerRequest::default()
    };
    let made = revenue.create_customer(create.clone()).await.unwrap().into_inner();
    let customer = made.customer.clone().unwrap();
    assert_eq!(customer.email, CANARY);
    assert_eq!(revenue.create_customer(create).await.unwrap().into_inner(), made);
    let update = UpdateCustomerRequest {
        customer_id: customer.customer_id,
        email: format!("second.{CANARY}"),
        request_id: Uuid::new_v4().to_string(),
        ..UpdateCustomerRequest::default()
    };
    revenue.update_customer(update).await.unwrap();
    let called = sing(&channel).await;
    assert!(called > 50, "{called} calls");
    let address = server.http;
    for request in [
        format!("GET /nowhere/{CANARY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        format!(
            "POST /revenue/webhooks/stripe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             stripe-signature: {CANARY}\r\ncontent-length: {}\r\n\r\n{CANARY}",
            CANARY.len()
        ),
    ] {
        http(address, &request).await;
    }
    let scrape = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let metrics = http(address, scrape).await;
    assert!(metrics.contains("database_query_duration"), "{metrics}");
    let log = server.kill();
    let canaries = BTreeSet::from(["canary@persons".to_owned(), "Yellow Canary".to_owned()]);
    assert!(seen(&canaries, metrics.as_bytes()).is_empty(), "{metrics}");
    assert!(seen(&canaries, log.as_bytes()).is_empty(), "{log}");
    for file in files(&place) {
        let found = seen(&canaries, &fs::read(&file).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
    println!("{called} calls with canaries in every text: none repeated");
}
