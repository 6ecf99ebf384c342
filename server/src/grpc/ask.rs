//! Asking a running server, for people at a terminal.

use std::fmt::Write;
use std::net::SocketAddr;
use takings::v1::analytics_service_client::AnalyticsServiceClient;
use takings::v1::{GetRevenueSummaryRequest, Money, RevenueSummary};

/// The summary of a running server as a table.
pub async fn summary(address: SocketAddr) -> anyhow::Result<String> {
    let mut client = AnalyticsServiceClient::connect(format!("http://{address}")).await?;
    let answer =
        client.get_revenue_summary(GetRevenueSummaryRequest::default()).await?.into_inner();
    let mut text = format!(
        "customers {}   subscribers {}\n\n{:<9}{:>16}{:>16}{:>16}{:>13}{:>16}{:>16}\n",
        answer.customer_count,
        answer.subscriber_count,
        "currency",
        "MRR",
        "ARR",
        "ARPA",
        "subscribers",
        "gross, month",
        "net, month"
    );
    for row in &answer.currencies {
        line(&mut text, row)?;
    }
    let unconfirmed: i64 = answer.unconfirmed.iter().map(|it| it.object_count).sum();
    writeln!(text, "\n{unconfirmed} objects hold what no payload can settle:")?;
    for count in &answer.unconfirmed {
        let reason = count.reason().as_str_name().trim_start_matches("UNCONFIRMED_REASON_");
        writeln!(text, "  {:<28}{:>6}", reason.to_lowercase(), count.object_count)?;
    }
    Ok(text)
}

fn line(text: &mut String, row: &RevenueSummary) -> std::fmt::Result {
    writeln!(
        text,
        "{:<9}{:>16}{:>16}{:>16}{:>13}{:>16}{:>16}",
        row.currency_code,
        amount(row.mrr.as_ref()),
        amount(row.arr.as_ref()),
        amount(row.arpa.as_ref()),
        row.subscriber_count,
        amount(row.gross_revenue.as_ref()),
        amount(row.net_revenue.as_ref())
    )
}

/// An amount in major units.
pub(super) fn amount(money: Option<&Money>) -> String {
    let Some(money) = money else { return "-".to_owned() };
    let currency = takings_core::money::Currency::parse(&money.currency_code);
    let exponent = currency.map_or(2, |currency| currency.exponent());
    let (sign, minor) =
        (if money.amount_minor < 0 { "-" } else { "" }, money.amount_minor.unsigned_abs());
    if exponent == 0 {
        return format!("{sign}{minor}");
    }
    let unit = 10_u64.pow(exponent);
    format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = exponent as usize)
}
