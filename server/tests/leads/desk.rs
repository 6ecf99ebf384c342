//! A server with nobody in it yet, and what is asked of it.

use crate::common::place::Place;
use crate::common::process::Takings;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::time::Duration;
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::*;
use takings_server::db::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The databases that a test runs on.
pub fn places(name: &str) -> Vec<Place> {
    [Some(Place::sqlite()), Place::postgres(name)].into_iter().flatten().collect()
}

/// A server, and a client of its leads.
pub struct Desk {
    pub server: Takings,
    pub client: LeadServiceClient<Channel>,
    pub database: Database,
}

impl Desk {
    /// Opens one that asks no name servers.
    pub async fn open(place: &Place) -> Desk {
        Desk::open_with(place, &[]).await
    }

    /// The same, with more in its environment.
    pub async fn open_with(place: &Place, environment: &[(&str, &str)]) -> Desk {
        let usual = [
            ("TAKINGS__LEADS__DNS", "false"),
            ("TAKINGS__LEADS__PUBLIC_URL", "http://leads.example"),
            ("TAKINGS__LEADS__FORMS_PER_MINUTE", "1000"),
        ];
        let server = Takings::start_with(place, &[&usual, environment].concat());
        let client = LeadServiceClient::new(server.channel().await);
        Desk { server, client, database: place.open().await }
    }

    /// Captures an address.
    pub async fn capture(&mut self, email: &str) -> Lead {
        let answer = self.client.capture_lead(capture(email)).await.unwrap();
        answer.into_inner().lead.unwrap()
    }

    /// Reads a lead.
    pub async fn get(&mut self, lead_id: &str) -> Lead {
        let asked = GetLeadRequest { lead_id: lead_id.into(), ..Default::default() };
        self.client.get_lead(asked).await.unwrap().into_inner().lead.unwrap()
    }

    /// Records that a lead did something.
    pub async fn act(&mut self, lead_id: &str, kind: &str) -> RecordLeadActivityResponse {
        self.client.record_lead_activity(activity(lead_id, kind)).await.unwrap().into_inner()
    }

    /// A lead's score.
    pub async fn score(&mut self, asked: ScoreLeadRequest) -> ScoreLeadResponse {
        self.client.score_lead(asked).await.unwrap().into_inner()
    }

    /// How a lead's consent for a purpose stands.
    pub async fn consent(&mut self, lead_id: &str, purpose: &str) -> LeadConsent {
        let lead = self.get(lead_id).await;
        lead.consents.into_iter().find(|it| it.purpose == purpose).unwrap_or_default()
    }

    /// A number that a query counts.
    pub async fn count(&self, query: &str) -> i64 {
        crate::common::rows(&self.database, query).await[0].try_get("", "n").unwrap()
    }

    /// Asks the HTTP door.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Page {
        let stream = TcpStream::connect(self.server.http).await.unwrap();
        let (mut requests, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = hyper::Request::builder().method(method).uri(path);
        for (name, value) in [("host", "takings")].iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = requests.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()));
        let headers = headers.collect();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        drop(requests);
        connection.abort();
        Page { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Announces a form of so many bytes, and sends none of them; answers the status.
    pub async fn announce(&self, bytes: usize) -> String {
        let mut stream = TcpStream::connect(self.server.http).await.unwrap();
        let head = format!(
            "POST /revenue/leads HTTP/1.1\r\nhost: takings\r\ncontent-length: {bytes}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[9..]).into_owned()
    }

    /// Sends a form, as a page without scripts does.
    pub async fn submit(&self, form: &str) -> Page {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.ask("POST", "/revenue/leads", &[kind], form.to_owned()).await
    }
}

/// What the HTTP door answers.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Page {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Waits until something holds, for half a minute.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came that {what}");
}

/// A UUID.
pub fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A capture.
pub fn capture(email: &str) -> CaptureLeadRequest {
    CaptureLeadRequest {
        email: email.into(),
        source: "website".into(),
        request_id: uuid(),
        ..Default::default()
    }
}

/// What a newsletter's form asks to agree to.
pub fn newsletter() -> ConsentRequest {
    ConsentRequest {
        purpose: "newsletter".into(),
        text: "Yes, write to me once a month.".into(),
        form_url: "https://shop.example/newsletter".into(),
        ip_address: "198.51.100.7".into(),
        user_agent: "Firefox".into(),
    }
}

/// An activity.
pub fn activity(lead_id: &str, kind: &str) -> RecordLeadActivityRequest {
    RecordLeadActivityRequest {
        lead_id: lead_id.into(),
        kind: kind.into(),
        request_id: uuid(),
        ..Default::default()
    }
}

/// Asks for the present score of a lead.
pub fn score(lead_id: &str) -> ScoreLeadRequest {
    ScoreLeadRequest { lead_id: lead_id.into(), ..Default::default() }
}

/// Why a call failed.
pub fn why(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    (status.code(), details.error_info().map(|it| it.reason.clone()).unwrap_or_default())
}

/// The fields that a call names as wrong.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|it| it.field_violations.clone());
    violations.unwrap_or_default().into_iter().map(|it| it.field).collect()
}
