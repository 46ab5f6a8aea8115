//! Prices of assets in the record's quote currency (METRICS.md section 2.7): at the midnights that end days, and at
//! minutes. Each knows where it came from. Absent is not `None`: the first was never asked for, the second does not exist.

use crate::{Asset, Day, Decimal, Price, Timestamp};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

const MINUTE_MS: i64 = 60_000;

/// How long the candle was whose close a price is; the coarsest where a path has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// `1m`
    Minute,
    /// `1h`
    Hour,
    /// `1d`
    Day,
}

impl Interval {
    /// As it stands in answers and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }

    /// The interval of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Minute, Self::Hour, Self::Day].into_iter().find(|interval| interval.as_str() == name)
    }
}

/// How a price was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceSource {
    /// The pairs used, in order; one written `1/X` was inverted. Empty: an asset in itself.
    pub path: Vec<String>,
    /// The candle.
    pub interval: Interval,
}

/// A price that is wanted to compute figures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Of an asset at the ends of days, both included.
    Days {
        /// Which asset.
        asset: Asset,
        /// The first day.
        from: Day,
        /// The last day.
        to: Day,
    },
    /// Of an asset in the minute that begins at `at`.
    At {
        /// Which asset.
        asset: Asset,
        /// When: a whole minute.
        at: Timestamp,
    },
}

/// What is known of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was never asked for.
    Unasked,
    /// The venue has none.
    Absent,
    /// This is it.
    At(Price),
}

/// A price, and the number of its source; `None`: the venue has none.
type Close = Option<(Price, u32)>;

/// Prices in one quote currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    quote: Asset,
    sources: Vec<PriceSource>,
    days: BTreeMap<Asset, BTreeMap<Day, Close>>,
    minutes: BTreeMap<Asset, BTreeMap<Timestamp, Close>>,
}

impl Prices {
    /// None yet, in `quote`.
    pub const fn new(quote: Asset) -> Self {
        Self { quote, sources: Vec::new(), days: BTreeMap::new(), minutes: BTreeMap::new() }
    }

    /// What prices are in.
    pub const fn quote(&self) -> &Asset {
        &self.quote
    }

    /// The price of an asset at the midnight that ends a day.
    pub fn day(&self, asset: &Asset, day: Day) -> Known {
        self.known(asset, self.days.get(asset).and_then(|days| days.get(&day)))
    }

    /// The price of an asset in the minute that an instant lies in.
    pub fn at(&self, asset: &Asset, time: Timestamp) -> Known {
        self.known(asset, self.minutes.get(asset).and_then(|minutes| minutes.get(&minute(time))))
    }

    /// The last price of an asset that is known from before an instant.
    pub(crate) fn last_before(&self, asset: &Asset, time: Timestamp) -> Option<Price> {
        if *asset == self.quote {
            return Some(Price(Decimal::ONE));
        }
        let day = self.days.get(asset).and_then(|days| {
            let (day, (price, _)) = last(days.range(..Day::of(time)))?;
            Some((day.end(), price))
        });
        let minute = self.minutes.get(asset).and_then(|minutes| {
            let (at, (price, _)) = last(minutes.range(..minute(time)))?;
            Some((at, price))
        });
        // The close of a minute is known when it is over: of two at one instant, that of the day is the later.
        let day_first = |(at, _): (Timestamp, Price)| minute.is_none_or(|(other, _)| at >= other);
        day.filter(|day| day_first(*day)).or(minute).map(|(_, price)| price)
    }

    fn known(&self, asset: &Asset, close: Option<&Close>) -> Known {
        if *asset == self.quote {
            return Known::At(Price(Decimal::ONE));
        }
        match close {
            None => Known::Unasked,
            Some(None) => Known::Absent,
            Some(Some((price, _))) => Known::At(*price),
        }
    }

    /// Remembers the price at the end of a day; `None`: the venue has none.
    pub fn learn_day(&mut self, asset: Asset, day: Day, found: Option<(Price, PriceSource)>) {
        let close = self.close(found);
        self.days.entry(asset).or_default().insert(day, close);
    }

    /// Remembers the price in a minute; `None`: the venue has none.
    pub fn learn_at(&mut self, asset: Asset, time: Timestamp, found: Option<(Price, PriceSource)>) {
        let close = self.close(found);
        self.minutes.entry(asset).or_default().insert(minute(time), close);
    }

    /// Forgets what was learned of a minute: the price of an instant that is over. What is still needed is wanted again.
    pub fn forget_minute(&mut self, time: Timestamp) {
        for minutes in self.minutes.values_mut() {
            minutes.remove(&minute(time));
        }
        self.minutes.retain(|_, minutes| !minutes.is_empty());
    }

    fn close(&mut self, found: Option<(Price, PriceSource)>) -> Close {
        let (price, source) = found?;
        let known = self.sources.iter().position(|known| *known == source);
        let number = known.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len().saturating_sub(1)
        });
        Some((price, u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// Every price at the end of a day, by asset and day.
    pub fn days(&self) -> impl Iterator<Item = (&Asset, Day, Option<(Price, &PriceSource)>)> {
        self.days.iter().flat_map(move |(asset, days)| {
            days.iter().map(move |(day, close)| (asset, *day, self.told(*close)))
        })
    }

    /// Every price in a minute, by asset and time.
    pub fn minutes(&self) -> impl Iterator<Item = (&Asset, Timestamp, Option<(Price, &PriceSource)>)> {
        self.minutes.iter().flat_map(move |(asset, at)| {
            at.iter().map(move |(time, close)| (asset, *time, self.told(*close)))
        })
    }

    fn told(&self, close: Close) -> Option<(Price, &PriceSource)> {
        let (price, number) = close?;
        Some((price, self.sources.get(usize::try_from(number).ok()?)?))
    }
}

/// The last of some closes that exists.
fn last<'a, T: Copy + 'a>(
    closes: impl DoubleEndedIterator<Item = (&'a T, &'a Close)>,
) -> Option<(T, (Price, u32))> {
    closes.rev().find_map(|(at, close)| Some((*at, (*close)?)))
}

/// The beginning of the minute that an instant lies in.
pub fn minute(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.millis().div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS))
}
