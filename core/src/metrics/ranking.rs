//! How well a score tells apart who converts and who does not.

// Statistics live here: a quality is shown, never posted.
#![allow(clippy::float_arithmetic)]

#[cfg(test)]
mod tests;

use super::interval::{Interval, wilson};

/// One subject of a closed cohort: what it was scored before, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The score; more is better.
    pub score: f64,
    /// Whether it converted.
    pub converted: bool,
}

/// Why subjects cannot be ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrankable {
    /// A score is no number, or without end.
    #[error("a score must be a finite number")]
    NotFinite,
    /// A forecast is no probability.
    #[error("a forecast must lie between 0 and 1")]
    NoProbability,
}

/// A closed cohort, the best score first. What share equal scores, they share alike: no result
/// depends on the order of the subjects.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    ties: Vec<Tie>,
}

/// Subjects of one score.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tie {
    score: f64,
    count: i64,
    converted: i64,
}

/// A tenth of a ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decile {
    /// How many subjects.
    pub count: i64,
    /// How many of them converted; of equal scores that reach into the next tenth, their share.
    pub converted: f64,
    /// The one through the other, and its interval of 95 % by Wilson; `None` of nobody.
    pub rate: Option<(f64, Interval)>,
    /// The lowest score in it; `None` of nobody.
    pub lowest: Option<f64>,
}

/// The tenths of a ranking, the best first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deciles(pub [Decile; 10]);

impl Deciles {
    /// What an earlier cohort forecasts for a score: the rate of the tenth that it would stand in;
    /// `None` where there was nobody. What is below all is in the last.
    pub fn forecast(&self, score: f64) -> Option<f64> {
        let mut filled = self.0.iter().filter(|it| it.count > 0);
        let last = filled.clone().next_back()?;
        let own = filled.find(|it| it.lowest.is_some_and(|lowest| score >= lowest));
        own.unwrap_or(last).rate.map(|(rate, _)| rate)
    }
}

impl Ranking {
    /// Ranks subjects; their order makes no difference.
    pub fn new(subjects: &[Scored]) -> Result<Ranking, Unrankable> {
        if subjects.iter().any(|it| !it.score.is_finite()) {
            return Err(Unrankable::NotFinite);
        }
        let mut sorted = subjects.to_vec();
        sorted.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        let mut ties: Vec<Tie> = Vec::new();
        for Scored { score, converted } in sorted {
            match ties.last_mut().filter(|tie| tie.score == score) {
                Some(tie) => {
                    tie.count += 1;
                    tie.converted += i64::from(converted);
                }
                None => ties.push(Tie { score, count: 1, converted: i64::from(converted) }),
            }
        }
        Ok(Ranking { ties })
    }

    /// How many subjects.
    pub fn count(&self) -> i64 {
        self.ties.iter().map(|tie| tie.count).sum()
    }

    /// How many of them converted.
    pub fn converted(&self) -> i64 {
        self.ties.iter().map(|tie| tie.converted).sum()
    }

    /// The area under the receiver's curve: how often one who converted was scored above one who
    /// did not, a tie counting half (Mann and Whitney's U); `None` where one of the two is missing.
    pub fn auc(&self) -> Option<f64> {
        let converted = i128::from(self.converted());
        let others = i128::from(self.count()) - converted;
        // Twice the pairs that are in order, and once those that are tied.
        let (mut above, mut halves) = (0_i128, 0_i128);
        for tie in &self.ties {
            let own = i128::from(tie.converted);
            let rest = i128::from(tie.count) - own;
            halves += rest * (2 * above + own);
            above += own;
        }
        let pairs = converted * others;
        (pairs > 0).then(|| halves as f64 / (2 * pairs) as f64)
    }

    /// How much more often the best `percent` of all, rounded up to whole subjects, converted than
    /// all did; `None` where nobody converted. Of equal scores at the edge each counts its share.
    pub fn lift(&self, percent: u32) -> Option<f64> {
        let (count, converted) = (self.count(), self.converted());
        let top = ceil_share(count, i64::from(percent.min(100)), 100);
        let best = self.converted_within(top);
        (converted > 0 && top > 0).then(|| best / top as f64 / (converted as f64 / count as f64))
    }

    /// The tenths, the best first. The first k of them hold `ceil(k n / 10)` subjects, so with
    /// fewer than ten subjects some hold nobody.
    pub fn deciles(&self) -> Deciles {
        Deciles(std::array::from_fn(|place| {
            let edge = |k: usize| ceil_share(self.count(), k as i64, 10);
            let (from, to) = (edge(place), edge(place + 1));
            let count = to - from;
            let converted = self.converted_within(to) - self.converted_within(from);
            let rate = || {
                let rate = (converted / count as f64).clamp(0.0, 1.0);
                (rate, wilson(rate, count as f64))
            };
            let rate = (count > 0).then(rate);
            let lowest = rate.and_then(|_| self.score_of(to));
            Decile { count, converted, rate, lowest }
        }))
    }

    /// How many of the first so many converted; of equal scores at the edge, their share.
    fn converted_within(&self, top: i64) -> f64 {
        let (mut left, mut sum) = (top, 0.0);
        for tie in &self.ties {
            let taken = left.min(tie.count);
            sum += tie.converted as f64 * taken as f64 / tie.count as f64;
            left -= taken;
        }
        sum
    }

    /// The score at a rank, counted from 1.
    fn score_of(&self, rank: i64) -> Option<f64> {
        let mut left = rank;
        self.ties.iter().find_map(|tie| {
            left -= tie.count;
            (left <= 0).then_some(tie.score)
        })
    }
}

/// `ceil(count * part / whole)`.
fn ceil_share(count: i64, part: i64, whole: i64) -> i64 {
    (count * part + whole - 1).div_euclid(whole)
}

/// The mean of `(forecast - outcome)^2` (G. W. Brier 1950): 0 is best, and who always forecasts a
/// half has 0.25. `scores` are the forecasts, as probabilities; `None` of nobody.
pub fn brier(forecasts: &[Scored]) -> Result<Option<f64>, Unrankable> {
    if forecasts.iter().any(|it| !(0.0..=1.0).contains(&it.score)) {
        return Err(Unrankable::NoProbability);
    }
    let square = |it: &Scored| {
        let outcome = f64::from(u8::from(it.converted));
        (it.score - outcome) * (it.score - outcome)
    };
    let mut squares: Vec<f64> = forecasts.iter().map(square).collect();
    // Sums of floats depend on their order.
    squares.sort_unstable_by(f64::total_cmp);
    let count = squares.len() as f64;
    Ok((!squares.is_empty()).then(|| squares.iter().sum::<f64>() / count))
}
