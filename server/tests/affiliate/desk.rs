//! A server with a program, a partner and a link, and a browser that follows it.

use crate::common::place::Place;
use crate::common::process::Takings;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::program_terms::Rate;
use takings::v1::*;
use takings_server::db::Database;
use tokio::net::TcpStream;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A client of the service.
pub type Client = AffiliateServiceClient<Channel>;

/// A browser that says what a person's does.
pub const BROWSER: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 \
     Safari/537.36",
);

/// The databases that a test runs on.
pub fn places(name: &str) -> Vec<Place> {
    [Some(Place::sqlite()), Place::postgres(name)].into_iter().flatten().collect()
}

/// A server, and a client of it.
pub struct Desk {
    pub server: Takings,
    pub client: Client,
    pub database: Database,
}

impl Desk {
    /// Opens one on a place.
    pub async fn open(place: &Place) -> Desk {
        Desk::open_with(place, &[]).await
    }

    /// The same, with more in its environment.
    pub async fn open_with(place: &Place, environment: &[(&str, &str)]) -> Desk {
        let server = Takings::start_with(place, environment);
        let client = AffiliateServiceClient::new(server.channel().await);
        Desk { server, client, database: place.open().await }
    }

    /// A new program.
    pub async fn program(&mut self) -> Program {
        let answer = self.client.create_program(program()).await.unwrap();
        answer.into_inner().program.unwrap()
    }

    /// A new partner of a program.
    pub async fn partner(&mut self, program: &str, email: &str) -> Partner {
        let asked = partner(program, email);
        self.client.create_partner(asked).await.unwrap().into_inner().partner.unwrap()
    }

    /// A program, a partner, and a link of this code.
    pub async fn link(&mut self, code: &str) -> AffiliateLink {
        let program = self.program().await;
        let partner = self.partner(&program.program_id, "anna@example.com").await;
        let asked = link(&partner.partner_id, code);
        self.client.create_affiliate_link(asked).await.unwrap().into_inner().link.unwrap()
    }

    /// Asks the HTTP door, as a client that says these headers.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Page {
        let stream = TcpStream::connect(self.server.http).await.unwrap();
        let (mut requests, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = hyper::Request::builder().method(method).uri(path);
        for (name, value) in [("host", "takings")].iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::<Bytes>::default()).unwrap();
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

    /// Follows a link, as a browser does.
    pub async fn follow(&self, code: &str, headers: &[(&str, &str)]) -> Page {
        self.ask("GET", &format!("/r/{code}"), &[&[BROWSER], headers].concat()).await
    }

    /// Stored clicks by outcome, once there are so many.
    pub async fn outcomes(&self, count: i64) -> BTreeMap<String, i64> {
        let query = "select outcome, count(*) as n from clicks group by outcome";
        for _ in 0..200 {
            let rows = crate::common::rows(&self.database, query).await;
            let found: BTreeMap<String, i64> = rows
                .iter()
                .map(|row| (row.try_get("", "outcome").unwrap(), row.try_get("", "n").unwrap()))
                .collect();
            if found.values().sum::<i64>() >= count {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("there are not {count} clicks");
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

    /// The click that is handed on; empty where there is none.
    pub fn click(&self) -> &str {
        let after = self.header("location").split_once("tk_click=").map_or("", |(_, after)| after);
        after.split(['&', '#']).next().unwrap_or_default()
    }
}

/// A UUID.
pub fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Terms: a fifth of every sale, in dollars.
pub fn terms() -> ProgramTerms {
    let currency_code = "USD".to_owned();
    ProgramTerms { currency_code, rate: Some(Rate::RateBps(2_000)), ..Default::default() }
}

/// A program of a shop.
pub fn program() -> CreateProgramRequest {
    CreateProgramRequest {
        name: "Friends".into(),
        destination_url: "https://shop.example/start?from=friends".into(),
        allowed_hosts: vec!["*.shop.example".into()],
        terms: Some(terms()),
        request_id: uuid(),
    }
}

/// A partner.
pub fn partner(program: &str, email: &str) -> CreatePartnerRequest {
    CreatePartnerRequest {
        program_id: program.into(),
        name: "Anna".into(),
        email: email.into(),
        request_id: uuid(),
        ..Default::default()
    }
}

/// A link.
pub fn link(partner: &str, code: &str) -> CreateAffiliateLinkRequest {
    CreateAffiliateLinkRequest {
        partner_id: partner.into(),
        code: code.into(),
        request_id: uuid(),
        ..Default::default()
    }
}

/// A click that a redirector tells of.
pub fn click(code: &str, address: &str) -> TrackClickRequest {
    TrackClickRequest {
        code: code.into(),
        ip_address: address.into(),
        user_agent: BROWSER.1.into(),
        ..Default::default()
    }
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
