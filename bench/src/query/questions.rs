//! What is asked, never the same twice: an answer that was kept would be of no use.

use super::books::{DAY, DAYS, LAST};
use takings::v1 as pb;
use takings::v1::analytics_service_client::AnalyticsServiceClient;
use takings_core::time::Timestamp;
use takings_testkit::Dice;
use tonic::Status;
use tonic::transport::Channel;

const NEW_YORK: &str = "America/New_York";
/// How far from the asked instant what was known may lie: twenty days.
const KNOWN: i64 = 20 * DAY;

/// A kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Summary,
    Series,
    Metrics,
    Movements,
}

/// A kind of question, and what makes it harder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) call: Call,
    pub(super) known: bool,
    pub(super) new_york: bool,
}

impl Question {
    /// Every question of the list.
    pub(super) fn all() -> Vec<Question> {
        let mut all = Vec::new();
        for call in [Call::Summary, Call::Series] {
            for (known, new_york) in [(false, false), (true, false), (false, true), (true, true)] {
                all.push(Question { call, known, new_york });
            }
        }
        let plain = |call| Question { call, known: false, new_york: false };
        all.extend([Call::Movements, Call::Metrics].map(plain));
        all
    }

    /// How it is called in the output.
    pub(super) fn name(self) -> String {
        let call = match self.call {
            Call::Summary => "summary",
            Call::Series => "24-month series",
            Call::Metrics => "subscription metrics",
            Call::Movements => "movements, first page",
        };
        let known = if self.known { ", known at" } else { "" };
        let zone = if self.new_york { ", New York" } else { "" };
        format!("{call}{zone}{known}")
    }

    /// Whether a limit holds for it.
    pub(super) fn limited(self) -> bool {
        matches!(self.call, Call::Summary | Call::Series)
    }

    /// Asks it once; the dice say of when.
    pub(super) async fn ask(
        self,
        client: &mut AnalyticsServiceClient<Channel>,
        dice: &mut Dice,
    ) -> Result<(), Status> {
        // A series of 24 months ends in the last one; anything else is asked of any time.
        let back = if self.call == Call::Series { 17 } else { DAYS - 62 };
        let as_of = Timestamp(LAST.start().0 - dice.below(back * DAY));
        let known = Timestamp(as_of.0 - KNOWN + dice.below(2 * KNOWN));
        let known_at_time = self.known.then(|| instant(known));
        let time_zone = if self.new_york { NEW_YORK } else { "" }.to_owned();
        match self.call {
            Call::Summary => {
                let as_of_time = Some(instant(as_of));
                let request = pb::GetRevenueSummaryRequest {
                    as_of_time,
                    known_at_time,
                    time_zone,
                    ..Default::default()
                };
                client.get_revenue_summary(request).await.map(drop)
            }
            Call::Series => {
                let request = pb::GetRevenueSeriesRequest {
                    granularity: pb::Granularity::Month.into(),
                    range: Some(pb::TimeRange {
                        start_time: Some(instant(self.first())),
                        end_time: Some(instant(as_of)),
                    }),
                    time_zone,
                    currency_code: String::new(),
                    known_at_time,
                };
                client.get_revenue_series(request).await.map(drop)
            }
            Call::Metrics => {
                let range = pb::TimeRange { start_time: None, end_time: Some(instant(as_of)) };
                let request =
                    pb::GetSubscriptionMetricsRequest { range: Some(range), ..Default::default() };
                client.get_subscription_metrics(request).await.map(drop)
            }
            Call::Movements => {
                let range = pb::TimeRange { start_time: Some(instant(as_of)), end_time: None };
                let request =
                    pb::ListMrrMovementsRequest { range: Some(range), ..Default::default() };
                client.list_mrr_movements(request).await.map(drop)
            }
        }
    }

    /// The first instant of the first of 24 months, of which the last is not over.
    fn first(self) -> Timestamp {
        let mut month = LAST.month();
        month.0 -= 23;
        // New York's April begins four hours later.
        let hours = if self.new_york { 4 } else { 0 };
        Timestamp(month.first().start().0 + hours * DAY / 24)
    }
}

fn instant(at: Timestamp) -> prost_types::Timestamp {
    let nanos = (at.0.rem_euclid(1_000_000) * 1_000) as i32;
    prost_types::Timestamp { seconds: at.secs(), nanos }
}
