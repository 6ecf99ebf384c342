//! Settlements: invoices, their payments, refunds, disputes and notes, and what they post.

use super::facts::Stored;
use super::links::{Link, Links, fingerprint, read_link};
use super::measures::{self, Measure, Measures};
use super::output::{Batch, Mirror, Output, Sums};
use super::{Key, Trouble, store, tables, word, write_marks};
use crate::db::{Insert, Row, Rows, Tx};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::{Invoice, InvoiceStatus, Seconds, State};
use takings_core::ledger::{
    Account, Books, Member, NetKey, TransferKey, TransferKind, books, difference,
};
use takings_core::money::Currency;
use takings_core::time::{Month, Timestamp};
use takings_core::unconfirmed::Reason;
use takings_core::version::settle;

/// The settlements of a unit of work, by name.
pub(super) struct Settlements {
    touched: BTreeSet<Key>,
}

/// One settlement as it is stored.
#[derive(Default)]
struct Loaded {
    /// Every id in it, those only named included.
    ids: BTreeSet<String>,
    members: Vec<Member>,
}

/// One settlement as it should be.
struct Derived {
    ids: BTreeSet<String>,
    members: Vec<Member>,
    books: Books,
}

impl Settlements {
    /// The settlements of those names.
    pub(super) fn new(touched: BTreeSet<Key>) -> Settlements {
        Settlements { touched }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// Derives every settlement, and puts the differences into `output`.
    pub(super) async fn derive(
        self,
        tx: &mut Tx<'_>,
        links: &mut Links,
        output: &mut Output,
        batch: Batch,
    ) -> Result<(), Trouble> {
        let (grouped, mut stored) = self.load(tx, links).await?;
        let mut derived: BTreeMap<Key, Derived> = BTreeMap::new();
        for (root, Loaded { ids, members }) in grouped {
            let books =
                books(&members, stored.closed).map_err(|error| Trouble::Data(error.to_string()))?;
            derived.insert(root, Derived { ids, members, books });
        }
        let mut wanted: Vec<(Key, Measures)> = Vec::new();
        for ((source, root), it) in &derived {
            output.changed_sales.push([(*source).into(), root.as_str().into(), batch.id.into()]);
            post_transfers(output, *source, it, &stored.entries, batch)?;
            measure(&mut wanted, *source, it)?;
            post_marks(output, *source, it, &mut stored.marks, batch);
            mirror(output, *source, it, batch);
        }
        measures::compare(output, batch, wanted, stored.measures)
    }

    /// Every settlement's members, with their moments; settlements that became one are one.
    async fn load(
        &self,
        tx: &mut Tx<'_>,
        links: &mut Links,
    ) -> Result<(BTreeMap<Key, Loaded>, Posted), Trouble> {
        let mut roots = Rows::default();
        for (source, root) in links.former(&self.touched) {
            roots.push([source.into(), root.into()]);
        }
        let (mut facts, mut posted) = (Stored::default(), Posted::default());
        let mut adopted: BTreeMap<Key, Link> = BTreeMap::new();
        for row in tx.fetch(&store::SETTLEMENTS, &roots).await? {
            if row.int(0)? == 4 {
                posted.closed = row.opt_int(1)?.and_then(|it| i32::try_from(it).ok()).map(Month);
                continue;
            }
            let key = (row.int(1)?, row.text(2)?);
            if row.int(0)? > 0 {
                posted.read(key, &row)?;
                continue;
            }
            if row.opt_int(6)?.is_some() {
                facts.read(key.clone(), &row, 6)?;
            }
            adopted.insert(key, read_link(&row, 3)?);
        }
        let mut grouped: BTreeMap<Key, Loaded> = BTreeMap::new();
        for (key, link) in adopted {
            links.adopt(&key, link);
            if let Some(root) = links.root(&key) {
                grouped.entry((key.0, root)).or_default().ids.insert(key.1);
            }
        }
        for (key, versions) in facts.versions()? {
            let Some(root) = links.root(&key) else { continue };
            let member = Member { id: key.1, moments: settle(None, &versions) };
            grouped.entry((key.0, root)).or_default().members.push(member);
        }
        Ok((grouped, posted))
    }
}

/// What is stored of the settlements' targets.
#[derive(Default)]
struct Posted {
    entries: StoredNets,
    /// The newest month closed.
    closed: Option<Month>,
    measures: BTreeMap<Key, measures::Nets>,
    marks: Marks,
}

impl Posted {
    /// Takes in a row of the query that is no fact.
    fn read(&mut self, key: Key, row: &Row) -> Result<(), Trouble> {
        let (at, revision, sum) = (Timestamp(row.int(6)?), row.int(9)?, row.int(10)?);
        match row.int(0)? {
            1 => {
                let transfer = transfer(&key, row)?;
                let (net, amount) = transfer.signed(sum);
                let (total, newest) = self.entries.entry(key).or_default().entry(net).or_default();
                *total += amount;
                *newest = revision.max(*newest);
            }
            2 => {
                let measure = Measure { kind: row.text(3)?, currency: row.text(7)?, occurred: at };
                self.measures.entry(key).or_default().insert(measure, (sum, revision));
            }
            _ => {
                let name = row.text(3)?;
                let reason = Reason::parse(&name).ok_or_else(|| unknown("reason", &name))?;
                self.marks.entry(key).or_default().insert((reason, at.secs()));
            }
        }
        Ok(())
    }
}

fn transfer(key: &Key, row: &Row) -> Result<TransferKey, Trouble> {
    let account = |text: String| Account::parse(&text).ok_or_else(|| unknown("account", &text));
    let (kind, currency) = (row.text(3)?, row.text(7)?);
    Ok(TransferKey {
        object: key.1.clone(),
        kind: TransferKind::parse(&kind).ok_or_else(|| unknown("transfer kind", &kind))?,
        debit: account(row.text(4)?)?,
        credit: account(row.text(5)?)?,
        currency: Currency::parse(&currency).map_err(|_| unknown("currency", &currency))?,
        occurred: Timestamp(row.int(6)?),
    })
}

/// What is stored of a target: the net, and the newest revision.
type StoredNets = BTreeMap<Key, BTreeMap<NetKey, (i64, i64)>>;

fn unknown(what: &'static str, text: &str) -> Trouble {
    Trouble::Unreadable { what, why: format!("`{text}` is not known to this binary") }
}

type Marks = BTreeMap<Key, BTreeSet<(Reason, i64)>>;

fn post_transfers(
    output: &mut Output,
    source: i64,
    it: &Derived,
    stored: &StoredNets,
    batch: Batch,
) -> Result<(), Trouble> {
    let nets = it.members.iter().filter_map(|member| stored.get(&(source, member.id.clone())));
    let nets: BTreeMap<NetKey, (i64, i64)> =
        nets.flatten().map(|(key, net)| (key.clone(), *net)).collect();
    let amounts = nets.iter().map(|(key, (amount, _))| (key.clone(), *amount)).collect();
    let rows = difference(&it.books, &amounts).map_err(|error| Trouble::Data(error.to_string()))?;
    for (transfer, posting) in rows {
        let (net, _) = transfer.signed(posting.amount);
        let revision = nets.get(&net).map_or(0, |(_, revision)| *revision) + 1;
        let (debit, credit) = (transfer.debit.to_string(), transfer.credit.to_string());
        let currency = transfer.currency.as_str();
        for (account, sign) in [(&debit, 1), (&credit, -1)] {
            let sums = Sums { amount: sign * posting.amount, ..Sums::default() };
            output.roll_up(
                ("ledger", account, currency),
                source,
                transfer.occurred,
                sums,
                false,
            )?;
        }
        let kind = transfer.kind.as_str();
        let target = format!("{kind}|{}|{}|{currency}", net.low, net.high);
        output.entries.push([
            source.into(),
            transfer.object.as_str().into(),
            fingerprint(transfer.occurred.0, &target).into(),
            revision.into(),
            kind.into(),
            debit.into(),
            credit.into(),
            currency.into(),
            posting.amount.into(),
            transfer.occurred.0.into(),
            it.books.links.customer.as_deref().into(),
            posting.observation.as_str().into(),
            batch.id.into(),
        ]);
    }
    Ok(())
}

/// What is measured of every member: revenue by kind, invoices attempted and paid.
fn measure(wanted: &mut Vec<(Key, Measures)>, source: i64, it: &Derived) -> Result<(), Trouble> {
    let customer = it.books.links.customer.clone();
    let mut measures: BTreeMap<&str, Measures> = BTreeMap::new();
    for member in &it.members {
        measures.insert(&member.id, Measures { customer: customer.clone(), ..Default::default() });
    }
    for (key, posting) in &it.books.revenue {
        let measure = Measure {
            kind: key.kind.as_str().to_owned(),
            currency: key.currency.as_str().to_owned(),
            occurred: key.occurred,
        };
        let of = measures.entry(&key.object).or_default();
        of.add(measure, posting.amount, &posting.observation)?;
    }
    for member in &it.members {
        if let Some(of) = measures.get_mut(member.id.as_str()) {
            attempts(of, member)?;
        }
    }
    wanted.extend(measures.into_iter().map(|(id, of)| ((source, id.to_owned()), of)));
    Ok(())
}

/// An invoice counts as attempted from its first attempt on, never later than it was paid, and as
/// paid when it is.
fn attempts(measures: &mut Measures, member: &Member) -> Result<(), Trouble> {
    let invoices = member.moments.iter().filter_map(|moment| match &moment.state {
        State::Invoice(it) => Some((moment, it)),
        _ => None,
    });
    let (mut attempted, mut paid) = (false, false);
    for (place, (moment, it)) in invoices.enumerate() {
        let Some(currency) = it.currency.filter(|_| it.amount_due > 0) else { continue };
        let dated = |kind: &str, second: i64| Measure {
            kind: kind.into(),
            currency: currency.as_str().into(),
            occurred: Timestamp::from_secs(second),
        };
        if it.attempted && !attempted {
            // One that was first seen attempted was so before it was fetched.
            let at = if place == 0 { it.finalized_at.unwrap_or(it.created) } else { moment.second };
            let at = it.paid_at.map_or(at, |paid| paid.min(at));
            measures.add(dated("invoices:attempted", at), 1, &moment.event)?;
            attempted = true;
        }
        if it.attempted && it.paid_at.is_some() && !paid {
            let at = it.paid_at.unwrap_or(moment.second);
            measures.add(dated("invoices:paid", at), 1, &moment.event)?;
            paid = true;
        }
    }
    Ok(())
}

fn post_marks(output: &mut Output, source: i64, it: &Derived, stored: &mut Marks, batch: Batch) {
    let mut targets: BTreeMap<&str, BTreeSet<(Reason, i64)>> = BTreeMap::new();
    let mut firsts: BTreeMap<&str, i64> = BTreeMap::new();
    for member in &it.members {
        let target = targets.entry(&member.id).or_default();
        for moment in &member.moments {
            target.extend(moment.marks.iter().map(|reason| (*reason, moment.second)));
        }
        firsts.insert(&member.id, member.moments.first().map_or(0, |moment| moment.second));
    }
    for mark in &it.books.marks {
        let since = firsts.get(mark.object.as_str()).copied().unwrap_or(0);
        targets.entry(&mark.object).or_default().insert((mark.reason, since));
    }
    for id in &it.ids {
        let stored = stored.remove(&(source, id.clone())).unwrap_or_default();
        let target = targets.remove(id.as_str()).unwrap_or_default();
        write_marks(output, (source, id), (stored, target), batch);
    }
}

/// The mirrors of the members that readers list.
fn mirror(output: &mut Output, source: i64, it: &Derived, batch: Batch) {
    for member in &it.members {
        let Some(last) = member.moments.last() else { continue };
        if let State::Invoice(it) = &last.state {
            output.billed.insert((source, member.id.clone()), paid(it));
        }
        let Some((table, parent, status, amount, created)) = face(&last.state, it, &member.id)
        else {
            continue;
        };
        let currency = match &last.state {
            State::Invoice(it) => it.currency,
            State::Charge(it) => it.currency,
            State::Refund(it) => it.currency,
            State::Dispute(it) => it.currency,
            _ => None,
        };
        let mirror = Mirror {
            customer: it.books.links.customer.as_deref(),
            parent,
            status: Some(status),
            currency: currency.map(|currency| currency.as_str().to_owned()),
            amount,
            created,
            deleted: last.deleted,
            content: serde_json::to_string(&last.state).unwrap_or_default(),
            personal: None,
            event: &last.event,
        };
        output.mirror(table, &(source, member.id.clone()), mirror, batch);
    }
}

/// The subscription that an invoice of more than zero paid for, and when; old shapes do not tell
/// when, so there it is when the invoice was made.
fn paid(invoice: &Invoice) -> Option<(String, Seconds)> {
    let counts = invoice.status == InvoiceStatus::Paid && invoice.total > 0;
    let subscription = invoice.subscription.clone().filter(|_| counts)?;
    Some((subscription, invoice.paid_at.unwrap_or(invoice.created)))
}

type Face<'a> = (&'static Insert, Option<&'a str>, String, i64, i64);

/// Where a state is mirrored, what it belongs to, its status, amount and date of birth.
fn face<'a>(state: &'a State, it: &'a Derived, id: &str) -> Option<Face<'a>> {
    let invoice = it.books.links.invoices.get(id).map(String::as_str);
    Some(match state {
        State::Invoice(it) => {
            let parent = it.subscription.as_deref();
            (&tables::INVOICES, parent, word(&it.status), it.total, it.created)
        }
        State::Charge(it) => (&tables::PAYMENTS, invoice, it.status.clone(), it.amount, it.created),
        State::Refund(it) => (&tables::REFUNDS, invoice, it.status.clone(), it.amount, it.created),
        State::Dispute(it) => {
            (&tables::DISPUTES, invoice, it.status.clone(), it.amount, it.created)
        }
        _ => return None,
    })
}
