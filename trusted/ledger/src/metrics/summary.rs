//! What statistics need of a list of profits (METRICS.md section 5): sums, extremes and runs of a part of the list, which
//! add up to those of the whole. So a list that grows, or changes in one place, is never read again as a whole.

use crate::{Decimal, Measured, Reason, amount::SquareSum};

/// A profit up to 10^-20 is a scratch: it may be what the rounded shares of a fee leave of an exact zero.
const PROFIT_MIN_DECIMALS: u8 = 20;

/// How a trade ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Scratch,
    Win,
    Loss,
}

impl Sign {
    /// Of a profit; one that does not exist is none.
    pub(crate) fn of(net: Measured<Decimal>) -> Self {
        match net {
            Ok(net) if !net.is_beyond(PROFIT_MIN_DECIMALS) => Self::Scratch,
            Ok(net) if net.is_positive() => Self::Win,
            Ok(_) => Self::Loss,
            Err(_) => Self::Scratch,
        }
    }
}

/// Runs of wins and of losses of a part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Runs {
    len: u64,
    first: (Sign, u64),
    last: (Sign, u64),
    pub(crate) wins_max: u64,
    pub(crate) losses_max: u64,
}

impl Default for Runs {
    fn default() -> Self {
        let none = (Sign::Scratch, 0);
        Self { len: 0, first: none, last: none, wins_max: 0, losses_max: 0 }
    }
}

impl Runs {
    /// One more at the end. Hardly a branch: how trades end cannot be foreseen.
    #[inline(always)]
    pub(crate) fn push(&mut self, sign: Sign) {
        let (last, run) = self.last;
        let run = if last == sign { run.saturating_add(1) } else { 1 };
        self.last = (sign, run);
        if self.first.1 == self.len && (self.len == 0 || self.first.0 == sign) {
            self.first = (sign, self.len.saturating_add(1));
        }
        self.len = self.len.saturating_add(1);
        self.wins_max = self.wins_max.max(if sign == Sign::Win { run } else { 0 });
        self.losses_max = self.losses_max.max(if sign == Sign::Loss { run } else { 0 });
    }

    fn longest(&mut self, (sign, len): (Sign, u64)) {
        match sign {
            Sign::Win => self.wins_max = self.wins_max.max(len),
            Sign::Loss => self.losses_max = self.losses_max.max(len),
            Sign::Scratch => {}
        }
    }

    /// Another part behind this one.
    pub(crate) fn append(&mut self, next: &Self) {
        if self.len == 0 {
            *self = *next;
            return;
        }
        if next.len == 0 {
            return;
        }
        let joined = self.last.0 == next.first.0;
        let across = (next.first.0, self.last.1.saturating_add(next.first.1));
        if joined {
            self.longest(across);
            if self.first.1 == self.len {
                self.first = across;
            }
        }
        self.last = if joined && next.last.1 == next.len { across } else { next.last };
        self.wins_max = self.wins_max.max(next.wins_max);
        self.losses_max = self.losses_max.max(next.losses_max);
        self.len = self.len.saturating_add(next.len);
    }
}

/// A part of a list of profits, summed up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) count: u64,
    pub(crate) wins: u64,
    pub(crate) losses: u64,
    /// Sum of the wins, and of the losses; or why one of the profits, or the sum, does not exist.
    pub(crate) won: Measured<Decimal>,
    pub(crate) lost: Measured<Decimal>,
    pub(crate) most: Option<Decimal>,
    pub(crate) least: Option<Decimal>,
    pub(crate) squares: SquareSum,
    /// Sum of the holding times.
    pub(crate) held_ms: Measured<Decimal>,
    pub(crate) runs: Runs,
}

impl Default for Summary {
    fn default() -> Self {
        let none = Ok(Decimal::ZERO);
        Self {
            count: 0,
            wins: 0,
            losses: 0,
            won: none,
            lost: none,
            most: None,
            least: None,
            squares: SquareSum::default(),
            held_ms: none,
            runs: Runs::default(),
        }
    }
}

impl Summary {
    /// One more at the end.
    pub(crate) fn push(&mut self, net: Measured<Decimal>, held_ms: Measured<Decimal>) {
        self.count = self.count.saturating_add(1);
        sum_in(&mut self.held_ms, held_ms);
        let sign = Sign::of(net);
        self.runs.push(sign);
        let net = match (net, sign) {
            (Err(why), _) => return self.withhold(why),
            (Ok(_), Sign::Scratch) => Decimal::ZERO,
            (Ok(net), Sign::Win | Sign::Loss) => net,
        };
        self.wins = self.wins.saturating_add((sign == Sign::Win).into());
        self.losses = self.losses.saturating_add((sign == Sign::Loss).into());
        // A scratch adds nothing to either.
        sum_in(if sign == Sign::Win { &mut self.won } else { &mut self.lost }, Ok(net));
        self.extend(net, net);
        self.squares.add(net);
    }

    fn extend(&mut self, most: Decimal, least: Decimal) {
        if self.most.is_none_or(|held| most > held) {
            self.most = Some(most);
        }
        if self.least.is_none_or(|held| least < held) {
            self.least = Some(least);
        }
    }

    /// A profit does not exist.
    fn withhold(&mut self, why: Reason) {
        sum_in(&mut self.won, Err(why));
        sum_in(&mut self.lost, Err(why));
    }

    /// Another part behind this one.
    pub(crate) fn append(&mut self, next: &Self) {
        self.count = self.count.saturating_add(next.count);
        self.wins = self.wins.saturating_add(next.wins);
        self.losses = self.losses.saturating_add(next.losses);
        sum_in(&mut self.won, next.won);
        sum_in(&mut self.lost, next.lost);
        if let (Some(most), Some(least)) = (next.most, next.least) {
            self.extend(most, least);
        }
        self.squares.append(&next.squares);
        sum_in(&mut self.held_ms, next.held_ms);
        self.runs.append(&next.runs);
    }

    /// All amounts are withheld.
    pub(crate) fn withheld(mut self, why: Reason) -> Self {
        if self.count > 0 {
            (self.won, self.lost) = (Err(why), Err(why));
        }
        self
    }
}

/// Adds to a sum that may not exist. Of several reasons the first of their list is told, whatever the order.
fn sum_in(sum: &mut Measured<Decimal>, amount: Measured<Decimal>) {
    match (&mut *sum, amount) {
        (Ok(held), Ok(amount)) => {
            if held.accumulate(amount).is_err() {
                *sum = Err(Reason::Overflow);
            }
        }
        (Ok(_), Err(why)) => *sum = Err(why),
        (Err(held), Err(why)) => *held = why.min(*held),
        (Err(_), Ok(_)) => {}
    }
}
