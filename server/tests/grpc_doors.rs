//! What a gRPC client finds without being told: services, their health, and gRPC-Web.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::place::Place;
use common::process::Takings;
use prost::Message;
use std::collections::BTreeSet;
use takings::v1::{ListCustomersRequest, ListCustomersResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_stream::once;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

const SERVICES: [&str; 4] = [
    "grpc.health.v1.Health",
    "takings.v1.AffiliateService",
    "takings.v1.AnalyticsService",
    "takings.v1.RevenueService",
];

#[tokio::test]
async fn reflection_v1_names_our_services_and_health() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let channel = server.channel().await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel);
    let list = |message| v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let request = list(MessageRequest::ListServices(String::new()));
    let mut answers = client.server_reflection_info(once(request)).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(listed)) = answer else { panic!("{answer:?}") };
    contains_all(listed.service.into_iter().map(|service| service.name).collect());
    for service in SERVICES {
        let request = list(MessageRequest::FileContainingSymbol(service.to_owned()));
        let mut answers = client.server_reflection_info(once(request)).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap().message_response;
        assert!(matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))), "{service}");
    }
}

#[tokio::test]
async fn reflection_v1alpha_names_our_services_and_health() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let channel = server.channel().await;
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = client.server_reflection_info(once(request)).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(listed)) = answer else { panic!("{answer:?}") };
    contains_all(listed.service.into_iter().map(|service| service.name).collect());
}

fn contains_all(listed: BTreeSet<String>) {
    for service in SERVICES {
        assert!(listed.contains(service), "{service} is not among {listed:?}");
    }
}

#[tokio::test]
async fn each_service_says_that_it_serves() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let mut health = HealthClient::new(server.channel().await);
    for service in [
        "",
        "takings.v1.AffiliateService",
        "takings.v1.AnalyticsService",
        "takings.v1.RevenueService",
    ] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = HealthCheckRequest { service: "takings.v1.Nothing".to_owned() };
    assert_eq!(health.check(unknown).await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn a_browser_can_ask_by_grpc_web_over_http_1() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let message = ListCustomersRequest::default().encode_to_vec();
    let mut frame = vec![0];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    let head = format!(
        "POST /takings.v1.RevenueService/ListCustomers HTTP/1.1\r\nhost: {}\r\n\
         content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        server.grpc,
        frame.len()
    );
    let mut stream = TcpStream::connect(server.grpc).await.unwrap();
    stream.write_all(&[head.into_bytes(), frame].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("application/grpc-web+proto"), "{text}");
    assert!(text.contains("grpc-status:0"), "{text}");
    assert_eq!(first_frame(&answer), ListCustomersResponse::default());
}

/// The message of the first frame, of an answer whose body may come in chunks.
fn first_frame(answer: &[u8]) -> ListCustomersResponse {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
    let mut body = &answer[end..];
    if String::from_utf8_lossy(&answer[..end]).contains("transfer-encoding: chunked") {
        let line = body.windows(2).position(|it| it == b"\r\n").unwrap();
        body = &body[line + 2..];
    }
    assert_eq!(body[0], 0, "the first frame is a message");
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    ListCustomersResponse::decode(&body[5..5 + length]).unwrap()
}
