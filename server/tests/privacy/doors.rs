//! Canaries through every door: no log, no metric and no file sings of them.

use crate::common::canaries::{Canaries, House};
use crate::common::contract::Contract;
use crate::common::process::Takings;
use crate::common::stripe::Account;
use std::net::SocketAddr;
use takings::v1::revenue_service_client::RevenueServiceClient;
use takings::v1::{CreateCustomerRequest, UpdateCustomerRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::transport::Channel;
use uuid::Uuid;

/// What no part of the server may repeat but to whoever sent it.
const CANARY: &str = "Yellow.Canary@persons.example";
/// Its name.
const NAME: &str = "Yellow Canary";

async fn http(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A customer is made at Stripe and changed, and answers name it.
async fn act(channel: &Channel) {
    let mut revenue = RevenueServiceClient::new(channel.clone());
    let create = CreateCustomerRequest {
        name: NAME.into(),
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
}

/// Every door is knocked at; answers what the metrics say, and how many calls were made.
async fn sing(server: &Takings) -> (String, usize) {
    let channel = server.channel().await;
    act(&channel).await;
    // Most are refused, and whoever sent a text may read it in the refusal.
    let called = Contract::read().call_all(&channel, CANARY).await.len();
    let webhook = format!(
        "POST /revenue/webhooks/stripe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         stripe-signature: {CANARY}\r\ncontent-length: {}\r\n\r\n{CANARY}",
        CANARY.len()
    );
    let nowhere = format!("GET /nowhere/{CANARY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    for request in [nowhere, webhook] {
        http(server.http, &request).await;
    }
    let scrape = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    (http(server.http, scrape).await, called)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_no_metric_and_no_file_repeats_whom_a_call_names() {
    let canaries = Canaries::of(&[CANARY, NAME]);
    for house in House::all() {
        let account = Account::empty().await;
        let url = account.url();
        let environment = [
            ("TAKINGS__STRIPE__API_KEY", "sk_test_4242424242"),
            ("TAKINGS__STRIPE__API_URL", url.as_str()),
            ("TAKINGS__LOG__FILTER", "debug"),
        ];
        let server = Takings::start_with(&house.place, &environment);
        let (metrics, called) = sing(&server).await;
        assert!(called > 50, "{called} calls");
        assert!(metrics.contains("database_query_duration"), "{metrics}");
        canaries.are_silent_in("metrics", metrics.as_bytes());
        let log = server.kill();
        assert!(log.contains("DEBUG"), "{log}");
        canaries.are_silent_in("log", log.as_bytes());
        for (name, bytes) in house.contents() {
            canaries.are_silent_in(&name, &bytes);
        }
        println!(
            "{}: {called} calls with canaries in every text: none repeated",
            house.place.kind()
        );
    }
}
