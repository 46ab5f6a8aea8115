//! Prices of assets from closed candles (METRICS.md section 2.7); of the pair, else the inverse pair, else through USDT,
//! BTC, ETH. At an instant: the minute's close, failing that the hour's, then the day's. At the end of a day: the close
//! of the day's candle, which opened at its 00:00 UTC; where a pair has none, that day goes the next way.
//!
//! Wanted candles of one symbol share a request when they lie in one span of what a request may ask for. A candle that the
//! venue does not keep any more is none: a coarser one may be.

use crate::{Finding, PriceAt, PriceWanted, Progress};
use ledger::{Asset, Decimal, Interval, NumberError, Price, PriceSource, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where a pair is missing, prices go through one of these, in this order.
const BRIDGES: [&str; 3] = ["USDT", "BTC", "ETH"];
/// A candle that is missing so shortly after its end may still come; hardly so if as many before it are missing, too.
/// Then nobody trades there, and who cannot wait does not: else an asset that was delisted would hold up everything.
const LATE_MS: i64 = 60_000;
const QUIET_CANDLES: i64 = 5;
/// Stablecoins of the dollar.
const DOLLARS: [&str; 2] = ["USDT", "USDC"];
/// The source of a price that is no market's.
pub const AT_PAR: &str = "stablecoin_at_par";
/// Significant digits of a price.
const DIGITS: usize = 28;

pub(crate) const fn length_ms(interval: Interval) -> i64 {
    match interval {
        Interval::Minute => 60_000,
        Interval::Hour => 3_600_000,
        Interval::Day => 86_400_000,
    }
}

/// The candles that a price may be the close of, the finest first, with their opening times.
fn candles(at: PriceAt) -> Vec<(Interval, i64)> {
    match at {
        PriceAt::EndOf(day) => vec![(Interval::Day, day.start().millis())],
        PriceAt::Instant(at) | PriceAt::Minute(at) => [Interval::Minute, Interval::Hour, Interval::Day]
            .map(|interval| (interval, at.millis().div_euclid(length_ms(interval)) * length_ms(interval)))
            .to_vec(),
    }
}

#[derive(Clone, Copy)]
enum Close {
    At(Price),
    /// The venue has no candle there.
    Missing,
    /// Not closed yet, or not there yet.
    Open,
    /// Not there, soon after its end, but those before it are not there either.
    Quiet,
}

/// The candles that were wanted since the last round that was received. Public, so a round that failed does not forget them.
#[derive(Default)]
pub(crate) struct Closes(BTreeMap<(Symbol, Interval), BTreeMap<i64, Close>>);

/// Which pairs a venue trades.
pub(crate) trait Pairs {
    /// The symbol that trades `base` against `quote` now.
    fn pair(&self, base: &Asset, quote: &Asset) -> Option<&Symbol>;
}

/// How far a venue's candles reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    /// Candles that one request may ask for.
    pub(crate) a_request: i64,
    /// Candles that there are of each length, the newest; `None`: all.
    pub(crate) kept: Option<i64>,
}

impl Depth {
    /// Whether a candle may still be had.
    fn reaches(self, interval: Interval, open_ms: i64, now: Timestamp) -> bool {
        let kept_ms = self.kept.map(|kept| kept.saturating_mul(length_ms(interval)));
        kept_ms.is_none_or(|kept_ms| open_ms > now.millis().saturating_sub(kept_ms))
    }
}

/// Candles that are to be asked for, bounds included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candles {
    pub(crate) symbol: Symbol,
    pub(crate) interval: Interval,
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) limit: i64,
}

/// One candle of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candle {
    pub(crate) open_ms: i64,
    /// Whether it is over.
    pub(crate) is_closed: bool,
    pub(crate) close: Price,
}

/// Candles of one request.
#[derive(Debug)]
struct Span {
    symbol: Symbol,
    interval: Interval,
    /// Opening times, ascending.
    opens_ms: Vec<i64>,
}

impl Span {
    /// Whether a candle is over since so shortly that it may not be there yet.
    fn may_be_late(&self, open_ms: i64, now: Timestamp) -> bool {
        open_ms + length_ms(self.interval) + LATE_MS > now.millis()
    }

    /// How far back it is looked whether anybody trades.
    fn quiet_ms(&self) -> i64 {
        QUIET_CANDLES * length_ms(self.interval)
    }
}

/// One task.
pub(crate) struct Pricing {
    depth: Depth,
    wanted: Vec<PriceWanted>,
    spans: VecDeque<Span>,
    done: u32,
    found: Vec<Finding>,
    /// The earliest instant whose price is waited for.
    pub(crate) owed_since_ms: Option<i64>,
}

/// A symbol on the way from one asset to another.
#[derive(Clone, Copy)]
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
    pub(crate) fn new(mut wanted: Vec<PriceWanted>, closes: &mut Closes, depth: Depth) -> Self {
        wanted.sort();
        wanted.dedup();
        for candles in closes.0.values_mut() {
            candles.retain(|_, close| !matches!(close, Close::Open | Close::Quiet));
        }
        Self { depth, wanted, spans: VecDeque::new(), done: 0, found: Vec::new(), owed_since_ms: None }
    }

    /// What became known.
    pub(crate) fn found(&mut self) -> Vec<Finding> {
        core::mem::take(&mut self.found)
    }

    /// What to ask for now; call it when all that is known was taken. `now` is the venue's time.
    pub(crate) fn next(&mut self, pairs: &impl Pairs, closes: &Closes, now: Timestamp) -> Option<Candles> {
        if self.spans.is_empty() {
            self.plan(pairs, closes, now);
        }
        let span = self.spans.front().filter(|_| self.found.is_empty())?;
        let (first, last_ms) = (*span.opens_ms.first()?, *span.opens_ms.last()?);
        let late = span.may_be_late(last_ms, now);
        let first_ms = if late { first.min(last_ms - span.quiet_ms()) } else { first };
        let limit = (last_ms - first_ms) / length_ms(span.interval) + 1;
        Some(Candles { symbol: span.symbol.clone(), interval: span.interval, first_ms, last_ms, limit })
    }

    pub(crate) fn progress(&self) -> Progress {
        let left = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
        Progress { done: self.done, total: self.done.saturating_add(left) }
    }

    fn plan(&mut self, pairs: &impl Pairs, closes: &Closes, now: Timestamp) {
        let mut missing: BTreeMap<(Symbol, Interval), BTreeSet<i64>> = BTreeMap::new();
        let mut left = Vec::new();
        for wanted in core::mem::take(&mut self.wanted) {
            match price(&wanted, pairs, closes, self.depth, now) {
                Answer::Known(price) => self.found.push(Finding::Price(wanted, price)),
                Answer::Later => {
                    // Only fills are told again.
                    if let PriceAt::Instant(at) = wanted.at {
                        self.owed_since_ms = earliest(self.owed_since_ms, Some(at.millis()));
                    }
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
                if span
                    .opens_ms
                    .first()
                    .is_some_and(|first| open_ms - first >= self.depth.a_request * length_ms(interval))
                {
                    let next = Span { symbol: symbol.clone(), interval, opens_ms: Vec::new() };
                    self.spans.push_back(core::mem::replace(&mut span, next));
                }
                span.opens_ms.push(open_ms);
            }
            self.spans.push_back(span);
        }
    }

    /// Takes the candles that were asked for; `None`: the venue does not know the symbol. `now` is the venue's time.
    pub(crate) fn take(&mut self, closes: &mut Closes, answer: Option<Vec<Candle>>, now: Timestamp) {
        let Some(span) = self.spans.front() else { return };
        let is_known = answer.is_some();
        let told: BTreeMap<i64, Close> = answer
            .into_iter()
            .flatten()
            .map(|Candle { open_ms, is_closed, close }| {
                let usable = is_closed && close.0.is_positive();
                (open_ms, if usable { Close::At(close) } else { Close::Open })
            })
            .collect();
        let candles = closes.0.entry((span.symbol.clone(), span.interval)).or_default();
        for &open_ms in &span.opens_ms {
            let trades = told.range(open_ms - span.quiet_ms()..open_ms).next().is_some();
            let absent = match (is_known && span.may_be_late(open_ms, now), trades) {
                (false, _) => Close::Missing,
                (true, false) => Close::Quiet,
                (true, true) => Close::Open,
            };
            candles.insert(open_ms, told.get(&open_ms).copied().unwrap_or(absent));
        }
        self.spans.pop_front();
        self.done = self.done.saturating_add(1);
    }
}

fn price(wanted: &PriceWanted, pairs: &impl Pairs, closes: &Closes, depth: Depth, now: Timestamp) -> Answer {
    let (candles, waits) = (candles(wanted.at), matches!(wanted.at, PriceAt::Instant(_)));
    let Some(&(finest, open_ms)) = candles.first() else { return Answer::Known(None) };
    if wanted.asset == wanted.quote {
        return Answer::Known(Some((
            Price(Decimal::ONE),
            PriceSource { path: Vec::new(), interval: finest },
        )));
    }
    // A pair may still be listed before it is over.
    if open_ms + length_ms(finest) > now.millis() {
        return Answer::Later;
    }
    for route in routes(&wanted.asset, &wanted.quote, pairs) {
        let (mut price, mut coarsest, mut ask, mut later) = (Ok(Decimal::ONE), finest, Vec::new(), false);
        let mut missing = false;
        for hop in &route {
            match closes.first(hop.symbol, &candles, waits, (depth, now)) {
                Ok((_, Close::Missing)) => missing = true,
                Ok((_, Close::Open | Close::Quiet)) => later = true,
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
                    PriceSource { path, interval: coarsest },
                )));
            }
        }
    }
    Answer::Known(at_par(&wanted.asset, &wanted.quote, finest))
}

/// A dollar that nobody trades against its stablecoins is worth one of them, and the source of that price says so.
fn at_par(asset: &Asset, quote: &Asset, interval: Interval) -> Option<(Price, PriceSource)> {
    let is_dollar = asset.as_str() == "USD" && DOLLARS.contains(&quote.as_str());
    let path = || vec![AT_PAR.to_owned()];
    is_dollar.then(|| (Price(Decimal::ONE), PriceSource { path: path(), interval }))
}

/// Ways from one asset to another, the best first.
fn routes<'a>(asset: &Asset, quote: &Asset, pairs: &'a impl Pairs) -> Vec<Vec<Hop<'a>>> {
    let hops = |from: &Asset, to: &Asset| {
        let direct = pairs.pair(from, to).map(|symbol| Hop { symbol, inverse: false });
        let inverse = pairs.pair(to, from).map(|symbol| Hop { symbol, inverse: true });
        direct.into_iter().chain(inverse)
    };
    let mut routes: Vec<Vec<Hop<'a>>> = hops(asset, quote).map(|hop| vec![hop]).collect();
    for bridge in BRIDGES.map(Asset::from).iter().filter(|bridge| *bridge != asset && *bridge != quote) {
        routes.extend(
            hops(asset, bridge).flat_map(|first| hops(bridge, quote).map(move |second| vec![first, second])),
        );
    }
    routes
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

/// The earlier of two instants, where there is one.
pub(crate) fn earliest(one_ms: Option<i64>, other_ms: Option<i64>) -> Option<i64> {
    [one_ms, other_ms].into_iter().flatten().min()
}

impl Closes {
    /// The first of these candles that a symbol has; an error: look at this one first. Who `waits` takes a coarser one
    /// only when it is over, which all will agree on however late they ask; else what is not over does not exist.
    fn first(
        &self,
        symbol: &Symbol,
        candles: &[(Interval, i64)],
        waits: bool,
        (depth, now): (Depth, Timestamp),
    ) -> Result<(Interval, Close), (Interval, i64)> {
        for (coarser, &(interval, open_ms)) in candles.iter().enumerate() {
            // A candle that is not over is not looked at; nor is a coarser one: it ends later.
            if open_ms + length_ms(interval) > now.millis() {
                let close = if waits || coarser == 0 { Close::Open } else { Close::Missing };
                return Ok((interval, close));
            }
            let known = self.0.get(&(symbol.clone(), interval));
            match known.and_then(|known| known.get(&open_ms)) {
                None if depth.reaches(interval, open_ms, now) => return Err((interval, open_ms)),
                None => {}
                Some(Close::Missing) => {}
                Some(Close::Quiet) if !waits => {}
                Some(Close::Open) if !waits && coarser > 0 => {}
                Some(close) => return Ok((interval, *close)),
            }
        }
        Ok((Interval::Day, Close::Missing))
    }
}
