//! What to play: how long, how much, in which of Stripe's shapes.

/// The API version whose shapes the events take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiVersion {
    /// `2017-08-15`: period and plan on the subscription, discounts embedded with their coupon,
    /// refunds listed inside `charge.refunded`.
    V2017,
    /// `2024-09-30.acacia`: prices, `discounts` beside the old `discount`, `invoice.charge`.
    Acacia,
    /// `2025-03-31.basil`: periods on items, `invoice.parent`, invoice payments.
    Basil,
    /// `2025-09-30.clover`: a discount names its coupon by id only.
    Clover,
    /// `2026-03-25.dahlia`.
    Dahlia,
    /// `2026-10-28.endive`: subscriptions can be paused.
    Endive,
}

impl ApiVersion {
    /// Every version the simulator speaks, oldest first.
    pub const ALL: [Self; 6] =
        [Self::V2017, Self::Acacia, Self::Basil, Self::Clover, Self::Dahlia, Self::Endive];

    /// The version as Stripe writes it in `api_version`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2017 => "2017-08-15",
            Self::Acacia => "2024-09-30.acacia",
            Self::Basil => "2025-03-31.basil",
            Self::Clover => "2025-09-30.clover",
            Self::Dahlia => "2026-03-25.dahlia",
            Self::Endive => "2026-10-28.endive",
        }
    }

    /// Invoice payments, `parent` and `pricing` exist, and items carry their own periods.
    pub(crate) fn is_basil(self) -> bool {
        self >= Self::Basil
    }

    /// A discount holds its coupon's id instead of its body.
    pub(crate) fn is_clover(self) -> bool {
        self >= Self::Clover
    }
}

/// A business to play. Equal plans give equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seeds every decision.
    pub seed: u64,
    /// The first second of the story, in Unix seconds.
    pub start: i64,
    /// How many days the story lasts; no event lies after them.
    pub days: u32,
    /// The number of events aimed at; it is never exceeded.
    pub events: usize,
    /// The shapes the events take.
    pub version: ApiVersion,
    /// What `livemode` says in every object.
    pub livemode: bool,
}

/// 2024-10-01T00:00:00Z.
const OPENING_DAY: i64 = 1_727_740_800;

impl Plan {
    /// Two years of at most 20,000 events.
    pub const fn two_years(seed: u64) -> Self {
        Self::new(seed, 730, 20_000)
    }

    /// A quarter of at most 1,500 events.
    pub const fn quarter(seed: u64) -> Self {
        Self::new(seed, 91, 1_500)
    }

    /// Forty days of at most 440 events, and hardly ever less than 300.
    pub const fn small(seed: u64) -> Self {
        Self::new(seed, 40, 440)
    }

    /// The same business in another API version.
    #[must_use]
    pub const fn in_version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// The first second after the story.
    pub const fn end(&self) -> i64 {
        self.start + self.days as i64 * 86_400
    }

    const fn new(seed: u64, days: u32, events: usize) -> Self {
        Self { seed, start: OPENING_DAY, days, events, version: ApiVersion::Endive, livemode: true }
    }
}
