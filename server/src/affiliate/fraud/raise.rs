//! Signs are looked for, and signals raised.

use super::{HOLD, REJECT, State, decision_id, store};
use crate::affiliate::{clicks, new_id};
use crate::db::Tx;
use crate::ingest::Trouble;
use takings_core::affiliate::Terms;
use takings_core::affiliate::fraud::{
    Evidence, PartnerSigns, Party, SaleSigns, Signal, of_partner, of_sale,
};
use takings_core::lead::email::lists::{Class, class};
use takings_core::lead::email::{Address, Options};
use takings_core::time::Timestamp;

/// A sale that earns a commission.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The program.
    pub program: &'a str,
    /// Who is paid.
    pub partner: &'a str,
    /// The number of the sale's source.
    pub source: i64,
    /// Who bought.
    pub customer: &'a str,
    /// The sale's id.
    pub sale: &'a str,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// The click that brought the customer.
    pub click: Option<&'a str>,
}

/// Counts what is known of a partner: once for all sales of a transaction, because there may be many
/// customers. Who came without a click is counted only where `terms` ask for it.
///
/// # Errors
///
/// If the database does not answer.
pub async fn count(
    tx: &mut Tx<'_>,
    terms: &Terms,
    (program, partner): (&str, &str),
) -> Result<PartnerSigns, Trouble> {
    let (customers, refunded_customers) = store::counted(tx, program, partner).await?;
    let leads_without_click = match terms.max_leads_without_click {
        Some(_) => store::clickless::count(tx, program, partner).await?,
        None => 0,
    };
    Ok(PartnerSigns { customers, refunded_customers, leads_without_click })
}

/// Looks for signs about a sale and about its partner, and raises what is found. Tells whether a
/// decision was added, so that the sale stands otherwise than before.
///
/// # Errors
///
/// If the database does not answer.
pub async fn examine(
    tx: &mut Tx<'_>,
    terms: &Terms,
    case: &Case<'_>,
    partner: &PartnerSigns,
    now: Timestamp,
) -> Result<bool, Trouble> {
    let of_sale = signs(tx, terms, case).await?;
    let of_partner = of_partner(terms, partner);
    let about_sale = raise(tx, case, &of_sale, now).await?;
    let whole = Case { customer: "", ..*case };
    Ok(raise(tx, &whole, &of_partner, now).await? || about_sale)
}

/// Raises signals about a sale, each once a customer, or, with an empty customer, once a partner.
/// While a signal is open it holds the sale; confirmed before, it rejects it; dismissed before, it
/// says nothing. Tells whether a decision was added.
///
/// # Errors
///
/// If the database does not answer.
pub async fn raise(
    tx: &mut Tx<'_>,
    case: &Case<'_>,
    found: &[Evidence],
    now: Timestamp,
) -> Result<bool, Trouble> {
    if found.is_empty() {
        return Ok(false);
    }
    let known = store::standing(tx, case).await?;
    let is_new = |it: &&Evidence| known.iter().all(|(_, kind, _)| kind != it.signal.as_str());
    let new: Vec<(String, &Evidence)> =
        found.iter().filter(is_new).map(|it| (new_id("frd"), it)).collect();
    store::raise(tx, case, &new, now).await?;
    let raised = new.into_iter().map(|(id, it)| (id, it.signal.as_str().to_owned(), State::Open));
    let mut decisions = Vec::new();
    for (id, kind, state) in known.into_iter().chain(raised) {
        let Some(evidence) = found.iter().find(|it| it.signal.as_str() == kind) else { continue };
        let act = match state {
            State::Open => HOLD,
            State::Confirmed => REJECT,
            State::Dismissed => continue,
        };
        let decision = decision_id(&id, act, case.source, case.sale);
        decisions.push((decision, act, evidence.text.as_str()));
    }
    let sale = (case.program, case.source, case.sale);
    store::decide(tx, sale, &decisions, now).await
}

/// The signs of one sale.
async fn signs(tx: &mut Tx<'_>, terms: &Terms, case: &Case<'_>) -> Result<Vec<Evidence>, Trouble> {
    let Some(partner) = store::partner(tx, case.partner).await? else { return Ok(Vec::new()) };
    let email = store::email(tx, case.source, case.customer).await?;
    let (own, theirs) = (address(&partner.email), email.as_deref().and_then(address));
    let indexes = tx.vault().unlocked_indexes()?;
    let told = theirs.as_ref().map(|it| indexes.equal("email", &it.key()));
    // A customer of a call that named an address is known by a key of it alone.
    let keyed = own.as_ref().map(|it| indexes.equal("customer", &it.key()));
    let keyed = keyed.map(|it| format!("email:{it}"));
    let same = keyed.as_deref() == Some(case.customer);
    let customer_key = told.or_else(|| same.then(|| partner.email_key.clone()));
    let ids: Vec<&str> = case.click.into_iter().collect();
    let click = clicks::load(tx, &ids).await?.pop();
    let visitors = store::visitors::shared(tx, case).await?;
    let visitors: Vec<&str> = visitors.iter().map(String::as_str).collect();
    let seconds = click.as_ref().map(|click| case.paid_at.secs() - click.at.secs());
    let found = of_sale(
        terms,
        &SaleSigns {
            partner: party(Some(partner.email_key.as_str()), own.as_ref(), &visitors),
            customer: party(customer_key.as_deref(), theirs.as_ref(), &visitors),
            disposable_email: theirs.as_ref().and_then(provider) == Some(Class::Disposable),
            query: click.as_ref().and_then(|it| it.ad_parameter.as_deref()).unwrap_or_default(),
            referrer: click.as_ref().and_then(|it| it.referrer_host.as_deref()),
            click_to_sale: seconds,
        },
    );
    let shared = partner.shares_account.then(|| Evidence {
        signal: Signal::SamePayment,
        text: "another partner of the program is paid into the same account".to_owned(),
    });
    Ok(found.into_iter().chain(shared).collect())
}

/// One side of a sale. Whoever has an address with a provider shares its domain with strangers.
fn party<'a>(
    email_key: Option<&'a str>,
    address: Option<&'a Address>,
    visitors: &'a [&'a str],
) -> Party<'a> {
    let domain = address.and_then(Address::registrable);
    let free_domain = address.and_then(provider).is_some();
    Party { email_key, domain, free_domain, visitors, payment: None }
}

fn address(text: &str) -> Option<Address> {
    Address::parse(text, &Options::default()).ok()
}

fn provider(address: &Address) -> Option<Class> {
    address.host().and_then(class)
}
