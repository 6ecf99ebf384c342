//! Asking the domain name system, behind a port.

use crate::config::Leads;
use crate::error::Error;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use takings_core::lead::email::dns::{Answer, Answers, Finding, Question, Step};

/// How long all questions about one domain may take together.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long one try may take.
const ATTEMPT: Duration = Duration::from_millis(1_300);

/// Whoever can ask the domain name system.
#[tonic::async_trait]
pub trait Dns: Send + Sync {
    /// The mail servers of a domain.
    async fn mx(&self, host: &str) -> Answer<String>;
    /// Its addresses of version 4.
    async fn a(&self, host: &str) -> Answer<Ipv4Addr>;
    /// Its addresses of version 6.
    async fn aaaa(&self, host: &str) -> Answer<Ipv6Addr>;
    /// Its texts.
    async fn txt(&self, host: &str) -> Answer<Vec<u8>>;
}

/// What is known about a domain; what takes longer than 3 seconds is not.
pub(super) async fn ask(dns: &dyn Dns, host: &str) -> Finding {
    let known = tokio::time::timeout(PATIENCE, go_on(dns, host)).await;
    known.unwrap_or(Finding::Unanswered)
}

async fn go_on(dns: &dyn Dns, host: &str) -> Finding {
    let mut answers = Answers::default();
    loop {
        match answers.next() {
            Step::Known(finding) => return finding,
            Step::Ask(Question::Mx) => answers.mx = Some(dns.mx(host).await),
            Step::Ask(Question::A) => answers.a = Some(dns.a(host).await),
            Step::Ask(Question::Aaaa) => answers.aaaa = Some(dns.aaaa(host).await),
            Step::Ask(Question::Txt) => answers.txt = Some(dns.txt(host).await),
        }
    }
}

/// The servers of the configuration, or of the system.
pub struct Servers(TokioResolver);

impl Servers {
    /// Reads which servers there are.
    ///
    /// # Errors
    ///
    /// If the system names none.
    pub fn of(config: &Leads) -> Result<Servers, Error> {
        let provider = TokioRuntimeProvider::default();
        let builder = if config.dns_servers.is_empty() {
            TokioResolver::builder(provider).map_err(Error::internal)?
        } else {
            let servers = config.dns_servers.iter().map(server).collect();
            let mut config = ResolverConfig::default();
            config.name_servers = servers;
            TokioResolver::builder_with_config(config, provider)
        };
        let mut options = ResolverOpts::default();
        options.timeout = ATTEMPT;
        options.attempts = 1;
        options.use_hosts_file = ResolveHosts::Never;
        options.cache_size = 4_096;
        options.negative_max_ttl = Some(Duration::from_secs(60));
        options.positive_max_ttl = Some(Duration::from_secs(3_600));
        Ok(Servers(builder.with_options(options).build().map_err(Error::internal)?))
    }

    async fn lookup<T>(
        &self,
        host: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Answer<T> {
        // A name that ends in a dot is whole: no search domain is tried.
        match self.0.lookup(format!("{host}."), kind).await {
            Ok(found) => Answer::Records(
                found.answers().iter().filter_map(|record| read(&record.data)).collect(),
            ),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => Answer::NoDomain,
                ResponseCode::NoError => Answer::NoRecords,
                _ => Answer::Unanswered,
            },
            Err(_) => Answer::Unanswered,
        }
    }
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        let ConnectionConfig { port, .. } = connection;
        *port = address.port();
    }
    server
}

#[tonic::async_trait]
impl Dns for Servers {
    async fn mx(&self, host: &str) -> Answer<String> {
        let read = |data: &RData| match data {
            RData::MX(mx) => Some(mx.exchange.to_ascii()),
            _ => None,
        };
        self.lookup(host, RecordType::MX, read).await
    }

    async fn a(&self, host: &str) -> Answer<Ipv4Addr> {
        let read = |data: &RData| match data {
            RData::A(address) => Some(address.0),
            _ => None,
        };
        self.lookup(host, RecordType::A, read).await
    }

    async fn aaaa(&self, host: &str) -> Answer<Ipv6Addr> {
        let read = |data: &RData| match data {
            RData::AAAA(address) => Some(address.0),
            _ => None,
        };
        self.lookup(host, RecordType::AAAA, read).await
    }

    async fn txt(&self, host: &str) -> Answer<Vec<u8>> {
        let read = |data: &RData| match data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        };
        self.lookup(host, RecordType::TXT, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers from a hand, one a question; `None`: silence.
    #[derive(Default)]
    struct Canned {
        mx: Option<Answer<String>>,
        a: Option<Answer<Ipv4Addr>>,
        txt: Option<Answer<Vec<u8>>>,
    }

    async fn say<T: Clone>(answer: &Option<Answer<T>>) -> Answer<T> {
        match answer {
            Some(answer) => answer.clone(),
            None => std::future::pending().await,
        }
    }

    #[tonic::async_trait]
    impl Dns for Canned {
        async fn mx(&self, _: &str) -> Answer<String> {
            say(&self.mx).await
        }

        async fn a(&self, _: &str) -> Answer<Ipv4Addr> {
            say(&self.a).await
        }

        async fn aaaa(&self, _: &str) -> Answer<Ipv6Addr> {
            Answer::NoRecords
        }

        async fn txt(&self, _: &str) -> Answer<Vec<u8>> {
            say(&self.txt).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_unknown_whichever_question_it_follows() {
        let no_mx = Some(Answer::NoRecords);
        let address = Some(Answer::Records(vec![Ipv4Addr::new(192, 0, 1, 1)]));
        let silent = [
            Canned::default(),
            Canned { mx: no_mx.clone(), ..Canned::default() },
            Canned { mx: no_mx, a: address, txt: None },
        ];
        for dns in &silent {
            assert_eq!(ask(dns, "example.com").await, Finding::Unanswered);
        }
    }

    #[tokio::test]
    async fn each_answer_leads_to_the_next_question() {
        let mx = |name: &str| Some(Answer::Records(vec![name.to_owned()]));
        let here = || Some(Answer::Records(vec![Ipv4Addr::new(203, 0, 112, 1)]));
        let spf = |text: &str| Some(Answer::Records(vec![text.as_bytes().to_vec()]));
        let none = Some(Answer::NoRecords);
        let cases = [
            (Canned { mx: mx("mx.example."), ..Canned::default() }, Finding::TakesMail),
            (Canned { mx: mx("."), ..Canned::default() }, Finding::NullMx),
            (Canned { mx: Some(Answer::NoDomain), ..Canned::default() }, Finding::NoDomain),
            (Canned { mx: none.clone(), a: here(), txt: spf("v=spf1 -all") }, Finding::SendsNoMail),
            (
                Canned { mx: none.clone(), a: here(), txt: spf("v=spf1 mx -all") },
                Finding::TakesMail,
            ),
            (Canned { mx: none, a: Some(Answer::NoRecords), txt: None }, Finding::NoServer),
        ];
        for (dns, expected) in cases {
            assert_eq!(ask(&dns, "example.com").await, expected);
        }
    }
}
