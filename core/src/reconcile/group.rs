//! What belongs together: an object and the balance transactions that settle it.

use super::cause;
use super::{Account, Books, Cause, Line, MARGIN, Posted, Report, day_of};
use crate::billing::facts::BalanceTransaction;
use crate::ledger;
use crate::money::Currency;
use crate::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// An object with its balance transactions; one without a source is a group of its own.
pub(super) struct Group<'a> {
    /// The source's id, else the transaction's.
    id: &'a str,
    /// By id; as Stripe lists them, else as the ledger knows them.
    pub(super) transactions: BTreeMap<&'a str, &'a BalanceTransaction>,
    /// Those among them that Stripe lists.
    listed: BTreeSet<&'a str>,
    posted: Vec<&'a Posted>,
    /// Whether the source was seen.
    pub(super) seen: bool,
    pub(super) listed_until: Day,
}

/// What the days hold of one account and currency.
type Sums = BTreeMap<Day, i64>;

/// Every group, by id.
pub(super) fn groups(books: &Books) -> Vec<Group<'_>> {
    let mut sources: BTreeMap<&str, &str> = BTreeMap::new();
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    let group = |id| {
        let (transactions, listed, posted) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        let (seen, listed_until) = (books.seen.contains(id), books.listed_until);
        Group { id, transactions, listed, posted, seen, listed_until }
    };
    for (it, listed) in both(books) {
        let source = it.source.as_deref().unwrap_or(&it.id);
        let charge = books.charges.get(source).filter(|_| ledger::releases(it));
        let id = charge.map_or(source, String::as_str);
        sources.insert(&it.id, id);
        let group = groups.entry(id).or_insert_with(|| group(id));
        group.transactions.insert(&it.id, it);
        if listed {
            group.listed.insert(&it.id);
        }
    }
    for it in &books.posted {
        let id = sources.get(it.object.as_str()).copied().unwrap_or(&it.object);
        groups.entry(id).or_insert_with(|| group(id)).posted.push(it);
    }
    groups.into_values().collect()
}

/// What the ledger knows, and then, to win over it, what Stripe lists.
fn both(books: &Books) -> impl Iterator<Item = (&BalanceTransaction, bool)> {
    let known = books.known.iter().map(|it| (it, false));
    known.chain(books.listed.iter().map(|it| (it, true)))
}

impl Group<'_> {
    /// Whether the source itself has posted, or nothing else could have.
    pub(super) fn posts_itself(&self) -> bool {
        self.posted
            .iter()
            .any(|it| it.object == self.id && !self.transactions.contains_key(self.id))
    }

    pub(super) fn is_payout(&self) -> bool {
        let payout = |it: &&BalanceTransaction| {
            it.category.as_deref().is_some_and(|category| category.starts_with("payout"))
        };
        self.transactions.values().any(payout)
    }

    /// The last day on which anything happened.
    pub(super) fn newest(&self) -> Day {
        self.days().max().unwrap_or_default()
    }

    /// Whether anything of it lies on the days compared, or on those that are looked at again.
    pub(super) fn happened(&self, first: Day, end: Day) -> bool {
        self.days().any(|day| first.0 - MARGIN <= day.0 && day < end)
    }

    fn days(&self) -> impl Iterator<Item = Day> {
        let made = self.transactions.values().map(|it| day_of(it.created));
        made.chain(self.posted.iter().map(|it| it.day))
    }

    /// Adds the lines of both accounts.
    pub(super) fn explain(&self, first: Day, end: Day, report: &mut Report) {
        for (currency, sums) in self.balance(Day(first.0 - MARGIN)) {
            self.lines(Account::StripeBalance, currency, &sums, (first, end), report);
        }
        for (currency, sums) in self.sums(Account::StripePending) {
            self.lines(Account::StripePending, currency, &sums, (first, end), report);
        }
    }

    /// What the ledger's balance has beyond what Stripe lists, since the first day listed.
    fn balance(&self, since: Day) -> BTreeMap<Currency, Sums> {
        let mut sums = self.sums(Account::StripeBalance);
        for id in &self.listed {
            let it = self.transactions[id];
            let day = sums.entry(it.currency).or_default().entry(day_of(it.created)).or_default();
            *day -= it.amount - it.fee;
        }
        let read = |day: Day| since <= day && day < self.listed_until;
        sums.values_mut().for_each(|days| days.retain(|day, _| read(*day)));
        sums
    }

    fn sums(&self, account: Account) -> BTreeMap<Currency, Sums> {
        let mut sums: BTreeMap<Currency, Sums> = BTreeMap::new();
        for it in self.posted.iter().filter(|it| it.account == account) {
            *sums.entry(it.currency).or_default().entry(it.day).or_default() += it.amount;
        }
        sums
    }

    /// What is left of all days, and what lies on the days compared beyond that.
    fn lines(
        &self,
        account: Account,
        currency: Currency,
        sums: &Sums,
        (first, end): (Day, Day),
        report: &mut Report,
    ) {
        let left: i64 = sums.values().sum();
        let compared: Sums = sums.range(first..end).map(|(day, sum)| (*day, *sum)).collect();
        let last = |sums: &Sums| sums.iter().rev().find(|(_, sum)| **sum != 0).map(|(day, _)| *day);
        let mut line = |cause, day: Option<Day>, amount| {
            let object = self.id.to_owned();
            let transaction = self.transactions.keys().next_back().map(|id| (*id).to_owned());
            if let (Some(day), true) = (day, amount != 0) {
                report.lines.push(Line {
                    cause,
                    object,
                    transaction,
                    account,
                    currency,
                    day,
                    amount,
                });
            }
        };
        line(cause::of(self, left), last(sums), left);
        line(
            Cause::OtherDay,
            last(&compared).or(last(sums)),
            compared.values().sum::<i64>() - left,
        );
    }
}
