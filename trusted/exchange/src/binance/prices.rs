//! Prices of assets at instants, from closed candles (METRICS.md section 2.7): the minute's close, failing that the
//! hour's, then the day's; of the pair, else the inverse pair, else through USDT, BTC, ETH.
//!
//! Wanted minutes of one symbol share a request when they lie in one span of a thousand candles.

use super::{
    endpoint::{Ask, KLINES},
    markets::Markets,
    wire,
};
use crate::{Finding, PriceSource, PriceWanted, Progress, VenueError};
use ledger::{Asset, Decimal, NumberError, Price, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where a pair is missing, prices go through one of these, in this order.
const BRIDGES: [&str; 3] = ["USDT", "BTC", "ETH"];
const CANDLES_MAX: i64 = 1000;
/// A candle that is missing so shortly after its end may still come.
const LATE_MS: i64 = 60_000;
/// Significant digits of a price.
const DIGITS: usize = 28;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Interval {
    Minute,
    Hour,
    Day,
}

impl Interval {
    const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    fn name(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }

    fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

#[derive(Clone, Copy)]
enum Close {
    At(Price),
    /// The venue has no candle there.
    Missing,
    /// Not closed yet, or not there yet.
    Open,
}

/// The candles that were wanted so far. Public, so a round that failed does not forget them.
#[derive(Default)]
pub(crate) struct Closes(BTreeMap<(Symbol, Interval), BTreeMap<i64, Close>>);

/// Candles of one request.
#[derive(Debug)]
struct Span {
    symbol: Symbol,
    interval: Interval,
    /// Opening times, ascending.
    opens_ms: Vec<i64>,
}

/// One task.
pub(crate) struct Pricing {
    wanted: Vec<PriceWanted>,
    spans: VecDeque<Span>,
    done: u32,
    found: Vec<Finding>,
    /// The earliest instant whose price must be asked for again.
    pub(crate) owed_since_ms: Option<i64>,
}

/// A symbol on the way from one asset to another.
struct Hop<'a> {
    symbol: &'a Symbol,
    inverse: bool,
}

enum Answer {
    Known(Option<(Price, PriceSource)>),
    /// These candles must be looked at first.
    Ask(Vec<(Symbol, Interval, i64)>),
    Later,
}

impl Pricing {
    pub(crate) fn new(mut wanted: Vec<PriceWanted>, closes: &mut Closes) -> Self {
        wanted.sort();
        wanted.dedup();
        for candles in closes.0.values_mut() {
            candles.retain(|_, close| !matches!(close, Close::Open));
        }
        Self { wanted, spans: VecDeque::new(), done: 0, found: Vec::new(), owed_since_ms: None }
    }

    /// What became known.
    pub(crate) fn found(&mut self) -> Vec<Finding> {
        core::mem::take(&mut self.found)
    }

    /// What to ask for now; call it when all that is known was taken. `now` is the venue's time.
    pub(crate) fn next(&mut self, markets: &Markets, closes: &Closes, now: Timestamp) -> Option<Ask> {
        if self.spans.is_empty() {
            self.plan(markets, closes, now);
        }
        let span = self.spans.front().filter(|_| self.found.is_empty())?;
        let (first, last) = (span.opens_ms.first()?, span.opens_ms.last()?);
        let limit = (last - first) / span.interval.ms() + 1;
        let ask = KLINES.ask().with("symbol", &span.symbol).with("interval", span.interval.name());
        Some(ask.with("startTime", first).with("endTime", last).with("limit", limit))
    }

    pub(crate) fn progress(&self) -> Progress {
        let left = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
        Progress { done: self.done, total: self.done.saturating_add(left) }
    }

    fn plan(&mut self, markets: &Markets, closes: &Closes, now: Timestamp) {
        let mut missing: BTreeMap<(Symbol, Interval), BTreeSet<i64>> = BTreeMap::new();
        let mut left = Vec::new();
        for wanted in core::mem::take(&mut self.wanted) {
            match price(&wanted, markets, closes, now) {
                Answer::Known(price) => self.found.push(Finding::Price(wanted, price)),
                Answer::Later => {
                    let at_ms = wanted.at.millis();
                    self.owed_since_ms =
                        Some(self.owed_since_ms.map_or(at_ms, |since_ms| since_ms.min(at_ms)));
                }
                Answer::Ask(candles) => {
                    for (symbol, interval, open_ms) in candles {
                        missing.entry((symbol, interval)).or_default().insert(open_ms);
                    }
                    left.push(wanted);
                }
            }
        }
        self.wanted = left;
        for ((symbol, interval), opens_ms) in missing {
            let mut span = Span { symbol: symbol.clone(), interval, opens_ms: Vec::new() };
            for open_ms in opens_ms {
                if span.opens_ms.first().is_some_and(|first| open_ms - first >= CANDLES_MAX * interval.ms()) {
                    let next = Span { symbol: symbol.clone(), interval, opens_ms: Vec::new() };
                    self.spans.push_back(core::mem::replace(&mut span, next));
                }
                span.opens_ms.push(open_ms);
            }
            self.spans.push_back(span);
        }
    }

    /// Reads the candles that were asked for; `None`: the venue does not know the symbol. `now` is the venue's time.
    pub(crate) fn take(
        &mut self,
        closes: &mut Closes,
        body: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        let Some(span) = self.spans.front() else { return Ok(()) };
        let at = KLINES.path;
        let rows: Vec<wire::Kline<'_>> = body.map_or(Ok(Vec::new()), |body| wire::read(at, body))?;
        let mut told = BTreeMap::new();
        for row in rows {
            let closed = row.close_time.time(at, "closeTime")? < now;
            let price: Price = Price(row.close.decimal(at, "close")?);
            let usable = closed && price.0.is_positive();
            told.insert(
                row.open_time.time(at, "openTime")?.millis(),
                if usable { Close::At(price) } else { Close::Open },
            );
        }
        let candles = closes.0.entry((span.symbol.clone(), span.interval)).or_default();
        for open_ms in &span.opens_ms {
            let late = body.is_some() && open_ms + span.interval.ms() + LATE_MS > now.millis();
            let absent = if late { Close::Open } else { Close::Missing };
            candles.insert(*open_ms, told.get(open_ms).copied().unwrap_or(absent));
        }
        self.spans.pop_front();
        self.done = self.done.saturating_add(1);
        Ok(())
    }
}

fn price(wanted: &PriceWanted, markets: &Markets, closes: &Closes, now: Timestamp) -> Answer {
    if wanted.asset == wanted.quote {
        let source = PriceSource { path: Vec::new(), interval: Interval::Minute.name() };
        return Answer::Known(Some((Price(Decimal::ONE), source)));
    }
    for route in routes(&wanted.asset, &wanted.quote, markets) {
        let (mut price, mut coarsest, mut ask, mut later) =
            (Ok(Decimal::ONE), Interval::Minute, Vec::new(), false);
        let mut missing = false;
        for hop in &route {
            match closes.at(hop.symbol, wanted.at.millis(), now) {
                Ok((_, Close::Missing)) => missing = true,
                Ok((_, Close::Open)) => later = true,
                Ok((interval, Close::At(close))) => {
                    coarsest = coarsest.max(interval);
                    price = price.and_then(|so_far: Decimal| so_far.checked_mul(hop.value(close)?));
                }
                Err((interval, open_ms)) => ask.push((hop.symbol.clone(), interval, open_ms)),
            }
        }
        match (missing, ask.is_empty(), later, price) {
            (true, ..) | (false, true, false, Err(_)) => {}
            (false, false, ..) => return Answer::Ask(ask),
            (false, true, true, _) => return Answer::Later,
            (false, true, false, Ok(price)) => {
                let path = route.iter().map(Hop::name).collect();
                return Answer::Known(Some((
                    Price(rounded(price)),
                    PriceSource { path, interval: coarsest.name() },
                )));
            }
        }
    }
    Answer::Known(None)
}

/// Ways from one asset to another, the best first.
fn routes<'a>(asset: &Asset, quote: &Asset, markets: &'a Markets) -> Vec<Vec<Hop<'a>>> {
    let hop = |from: &Asset, to: &Asset| {
        let direct = markets.pair(from, to).map(|symbol| Hop { symbol, inverse: false });
        direct.or_else(|| markets.pair(to, from).map(|symbol| Hop { symbol, inverse: true }))
    };
    let bridges = BRIDGES.map(Asset::from).into_iter().filter(|bridge| bridge != asset && bridge != quote);
    let through = bridges.filter_map(|bridge| Some(vec![hop(asset, &bridge)?, hop(&bridge, quote)?]));
    hop(asset, quote).map(|hop| vec![hop]).into_iter().chain(through).collect()
}

impl Hop<'_> {
    fn value(&self, close: Price) -> Result<Decimal, NumberError> {
        if self.inverse { Decimal::ONE.checked_div(close.0).map(rounded) } else { Ok(close.0) }
    }

    fn name(&self) -> String {
        if self.inverse { format!("1/{}", self.symbol) } else { self.symbol.to_string() }
    }
}

/// To 28 significant digits, half-even.
fn rounded(value: Decimal) -> Decimal {
    let text = value.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = match whole {
        "0" => DIGITS + fraction.bytes().take_while(|digit| *digit == b'0').count(),
        whole => DIGITS.saturating_sub(whole.len()),
    };
    value.rounded(u8::try_from(decimals).unwrap_or(u8::MAX))
}

impl Closes {
    /// The finest candle of a symbol that contains `at_ms`; an error: look at this one first.
    fn at(&self, symbol: &Symbol, at_ms: i64, now: Timestamp) -> Result<(Interval, Close), (Interval, i64)> {
        for interval in Interval::ALL {
            let open_ms = at_ms.div_euclid(interval.ms()) * interval.ms();
            // A candle that is not over is not looked at; nor is a coarser one: it ends later.
            if open_ms + interval.ms() > now.millis() {
                return Ok((interval, Close::Open));
            }
            let candles = self.0.get(&(symbol.clone(), interval));
            match candles.and_then(|candles| candles.get(&open_ms)) {
                None => return Err((interval, open_ms)),
                Some(Close::Missing) => {}
                Some(close) => return Ok((interval, *close)),
            }
        }
        Ok((Interval::Day, Close::Missing))
    }
}
