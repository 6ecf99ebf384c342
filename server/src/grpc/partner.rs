//! A partner of a running server, for people at a terminal: hired, followed, paid.

use super::ask::amount;
use anyhow::Context;
use std::net::SocketAddr;
use std::time::Duration;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::program_terms::Rate;
use takings::v1::{
    Commission, CreateAffiliateLinkRequest, CreatePartnerRequest, CreatePayoutBatchRequest,
    CreateProgramRequest, GetPayoutBatchRequest, ListCommissionsRequest, PayoutMethod, PayoutState,
    ProgramTerms, SettlePayoutRequest, TaxProfile,
};
use tonic::transport::Channel;
use uuid::Uuid;

/// For so many tenths of a second a webhook and the job behind it are waited for.
const PATIENCE: usize = 300;

type Affiliates = AffiliateServiceClient<Channel>;

/// A partner, alone in a program.
pub struct Partner {
    affiliates: Affiliates,
    program: String,
    /// The partner's id.
    pub id: String,
}

impl Partner {
    /// Makes a program of 20 %, without a hold, and a partner in it with a link of that code.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub async fn hire(address: SocketAddr, code: &str) -> anyhow::Result<Partner> {
        let mut affiliates = Affiliates::connect(format!("http://{address}")).await?;
        let terms = ProgramTerms {
            currency_code: "USD".into(),
            rate: Some(Rate::RateBps(2_000)),
            hold_days: Some(0),
            ..ProgramTerms::default()
        };
        let program = CreateProgramRequest {
            name: "Demo partners".into(),
            destination_url: "https://example.com/pricing".into(),
            terms: Some(terms),
            request_id: request_id(),
            ..CreateProgramRequest::default()
        };
        let program = affiliates.create_program(program).await?.into_inner().program;
        let program = program.context("no program")?.program_id;
        let partner = CreatePartnerRequest {
            program_id: program.clone(),
            name: "Grace".into(),
            email: "grace@partners.example".into(),
            payout_method: PayoutMethod::Paypal.into(),
            payout_account: "grace@partners.example".into(),
            tax_profile: TaxProfile::NotRequired.into(),
            request_id: request_id(),
            ..CreatePartnerRequest::default()
        };
        let partner = affiliates.create_partner(partner).await?.into_inner().partner;
        let id = partner.context("no partner")?.partner_id;
        let link = CreateAffiliateLinkRequest {
            partner_id: id.clone(),
            code: code.into(),
            request_id: request_id(),
            ..CreateAffiliateLinkRequest::default()
        };
        affiliates.create_affiliate_link(link).await?;
        Ok(Partner { affiliates, program, id })
    }

    /// What the partner's sales have posted, oldest first, once there are so many: a line each.
    ///
    /// # Errors
    ///
    /// If there are not so many in half a minute.
    pub async fn posted(&mut self, count: usize) -> anyhow::Result<Vec<String>> {
        for _ in 0..PATIENCE {
            let program_id = self.program.clone();
            let asked = ListCommissionsRequest { program_id, ..Default::default() };
            let found = self.affiliates.list_commissions(asked).await?.into_inner().commissions;
            if found.len() >= count {
                return Ok(found.iter().rev().map(commission).collect());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("no commission came of it")
    }

    /// Pays everything that is due: a line for each payout.
    ///
    /// # Errors
    ///
    /// If nothing is due.
    pub async fn pay_out(&mut self) -> anyhow::Result<Vec<String>> {
        let (program_id, request_id) = (self.program.clone(), request_id());
        let asked = CreatePayoutBatchRequest { program_id, request_id, ..Default::default() };
        let batch = self.affiliates.create_payout_batch(asked).await?.into_inner().payout_batch;
        let payout_batch_id = batch.context("no batch")?.payout_batch_id;
        let asked = GetPayoutBatchRequest { payout_batch_id, ..Default::default() };
        let payouts = self.affiliates.get_payout_batch(asked).await?.into_inner().payouts;
        let mut lines = Vec::new();
        for payout in payouts {
            let settled = SettlePayoutRequest {
                payout_id: payout.payout_id.clone(),
                outcome: PayoutState::Paid.into(),
                reference: "demo".into(),
                request_id: self::request_id(),
                ..SettlePayoutRequest::default()
            };
            self.affiliates.settle_payout(settled).await?;
            lines.push(line("paid out", &amount(payout.amount.as_ref()), &payout.payout_id));
        }
        Ok(lines)
    }
}

fn commission(it: &Commission) -> String {
    let kind = it.kind().as_str_name().trim_start_matches("COMMISSION_KIND_").to_lowercase();
    line(&kind, &amount(it.amount.as_ref()), &it.sale_id)
}

fn line(what: &str, amount: &str, about: &str) -> String {
    format!("{what:<12}{amount:>10} {about}")
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}
