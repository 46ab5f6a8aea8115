//! Prices as figures ask for them (METRICS.md section 2.7). What was never looked for is noted: so the very computation
//! of the figures tells which prices it needs.
//!
//! An instant is priced by the close of the minute that it lies in; where that minute is not over at the instant of the
//! figures, by the last one that is. Midnights are priced by the candle of the day that they end.

use crate::{Asset, Day, Decimal, Known, Price, Prices, Timestamp, Wanted, minute};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

const MINUTE_MS: i64 = 60_000;

/// Which candle's close prices an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// That of a day.
    End(Day),
    /// That of the minute that begins then.
    Minute(Timestamp),
}

/// Prices, and which of them are missing.
pub(super) struct Pricing<'a> {
    prices: &'a Prices,
    last_minute: Timestamp,
    days: BTreeMap<Asset, BTreeSet<Day>>,
    minutes: BTreeSet<(Asset, Timestamp)>,
}

impl<'a> Pricing<'a> {
    /// Of figures at `as_of`.
    pub(super) fn new(prices: &'a Prices, as_of: Timestamp) -> Self {
        let last = minute(as_of).millis().saturating_sub(MINUTE_MS);
        Self {
            prices,
            last_minute: Timestamp::from_millis(last),
            days: BTreeMap::new(),
            minutes: BTreeSet::new(),
        }
    }

    /// The candle for an instant.
    pub(super) fn moment(&self, time: Timestamp) -> Moment {
        Moment::Minute(minute(time).min(self.last_minute))
    }

    /// The candle for an instant at which everything is valued: that of the day, if it is a midnight.
    pub(super) fn valuation(&self, time: Timestamp) -> Moment {
        let day = Day::of(time);
        if day.start() == time { Moment::End(day.previous()) } else { self.moment(time) }
    }

    /// What is known of the price of an asset. That it was never looked for is noted.
    pub(super) fn known(&mut self, asset: &Asset, moment: Moment) -> Known {
        let known = match moment {
            Moment::End(day) => self.prices.day(asset, day),
            Moment::Minute(at) => self.prices.at(asset, at),
        };
        match (known, moment) {
            (Known::At(_) | Known::Absent, _) => {}
            (Known::Unasked, Moment::End(day)) => {
                self.days.entry(asset.clone()).or_default().insert(day);
            }
            (Known::Unasked, Moment::Minute(at)) => {
                self.minutes.insert((asset.clone(), at));
            }
        }
        known
    }

    /// The price of an asset; `None`: there is none, or it was never looked for.
    pub(super) fn price(&mut self, asset: &Asset, moment: Moment) -> Option<Decimal> {
        match self.known(asset, moment) {
            Known::At(Price(price)) => Some(price),
            Known::Absent | Known::Unasked => None,
        }
    }

    /// The last price of an asset that is known from before an instant.
    pub(super) fn last_before(&self, asset: &Asset, time: Timestamp) -> Option<Decimal> {
        self.prices.last_before(asset, time).map(|price| price.0)
    }

    /// How many prices are missing.
    pub(super) fn missing(&self) -> usize {
        self.days.values().fold(self.minutes.len(), |sum, days| sum.saturating_add(days.len()))
    }

    /// What is missing, days in runs.
    pub(super) fn wanted(self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (asset, days) in self.days {
            let mut run: Option<(Day, Day)> = None;
            for day in days {
                run = match run {
                    Some((from, to)) if to.next() == day => Some((from, day)),
                    Some((from, to)) => {
                        wanted.push(Wanted::Days { asset: asset.clone(), from, to });
                        Some((day, day))
                    }
                    None => Some((day, day)),
                };
            }
            wanted.extend(run.map(|(from, to)| Wanted::Days { asset, from, to }));
        }
        wanted.extend(self.minutes.into_iter().map(|(asset, at)| Wanted::At { asset, at }));
        wanted
    }
}
