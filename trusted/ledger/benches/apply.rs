//! How long applying fills and asking for performance takes: `cargo bench -p ledger --bench apply`. It measures, and judges
//! nothing. The first argument that is a number says how many fills (1,000,000 without one).
//!
//! Lines that begin with `figure` are for machines: `figure <name> <value> <unit>`. Making fills and dropping them is outside
//! of the time that is taken. Where the system tells (Linux), long runs are in time on the core, so that what else the
//! machine does is not counted; short ones are by the clock. A second argument is the name of the one run to make.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement, not the product"
)]

use ledger::{
    Asset, Decimal, Fill, Instrument, InstrumentKind, Liquidity, Names, Price, Quantity, RawFill, Side,
    Symbol, Timestamp, TradeAggregator,
};
use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

const PAGE: u64 = 1000;
const RUNS: usize = 5;
const NOW: Timestamp = Timestamp::from_millis(4_000_000_000_000);

/// How long a run took.
#[derive(Clone, Copy)]
struct Took {
    core: Duration,
    clock: Duration,
}

/// Runs once and tells how long it was on the core; by the clock where nobody knows.
fn worked<T>(run: impl FnOnce() -> T) -> (Took, T) {
    let before = on_core();
    let (clock, result) = timed(run);
    let core = before.zip(on_core()).map(|(before, after)| after.saturating_sub(before));
    let core = core.filter(|core| *core > Duration::from_millis(20)).unwrap_or(clock);
    (Took { core, clock }, result)
}

/// Applies pages in order.
fn apply(ledger: &mut TradeAggregator, pages: &[Vec<Fill>]) -> Took {
    let run = || {
        for page in pages {
            ledger.apply_slice(page, NOW).unwrap();
        }
    };
    worked(run).0
}

/// The fastest of some runs, each with a ledger of its own: what else the machine does makes one slower, never faster.
fn fastest(new: impl Fn() -> TradeAggregator, pages: &[Vec<Fill>]) -> (Took, TradeAggregator) {
    let run = || {
        let mut ledger = new();
        (apply(&mut ledger, pages), ledger)
    };
    (0..RUNS).map(|_| run()).min_by_key(|(took, _)| took.core).unwrap()
}

/// Time that this process has been on a core, to a few milliseconds.
fn on_core() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Runs once and tells how long it took by the clock.
fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    #[expect(clippy::disallowed_methods, reason = "a bench measures the machine it runs on")]
    let start = Instant::now();
    let result = run();
    (start.elapsed(), result)
}

fn figure(name: &str, value: impl std::fmt::Display, unit: &str) {
    println!("figure {name} {value} {unit}");
}

fn per_second(name: &str, fills: u64, took: Took) {
    for (name, took) in [(name.to_owned(), took.core), (format!("{name}_by_the_clock"), took.clock)] {
        figure(&name, u128::from(fills) * 1_000_000_000 / took.as_nanos().max(1), "fills/s");
    }
}

/// What the fills of a run are like.
#[derive(Clone, Copy)]
struct Kind {
    symbols: u64,
    /// Ids do not rise with time.
    shuffled: bool,
    /// Orders are filled in turns, not one after the other.
    interleaved: bool,
}

const PLAIN: Kind = Kind { symbols: 1, shuffled: false, interleaved: false };

/// Buys and sells in the order of time, from a fixed congruential generator.
struct Fills {
    kind: Kind,
    state: u64,
    account: Arc<str>,
    symbols: Vec<Symbol>,
    assets: [Asset; 2],
}

fn decimal(mantissa: u64, decimals: u32) -> Decimal {
    let unit = 10_u64.pow(decimals);
    format!("{}.{:02$}", mantissa / unit, mantissa % unit, decimals as usize).parse().unwrap()
}

impl Fills {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: 7,
            account: "account".into(),
            symbols: (0..kind.symbols).map(|n| format!("S{n}USDT").as_str().into()).collect(),
            assets: ["USDT".into(), "BNB".into()],
        }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    fn fill(&mut self, n: u64) -> Fill {
        let symbol = self.next(self.kind.symbols) as usize;
        let (quantity, price) = (1 + self.next(500_000_000), 100_000 + self.next(6_000_000));
        // An odd number times n is another permutation of 64 bits.
        let id = if self.kind.shuffled { n.wrapping_mul(0x9e37_79b9_7f4a_7c15) } else { 1_000_000 + n };
        let order = if self.kind.interleaved { n / 96 * 32 + n % 32 } else { n / 3 };
        Fill {
            account: self.account.clone(),
            symbol: self.symbols[symbol].clone(),
            id: id.into(),
            order_id: Some((500_000 + order).into()),
            time: Timestamp::from_millis(1_700_000_000_000 + (n * 1500) as i64),
            sequence: None,
            side: if self.next(2) == 0 { Side::Buy } else { Side::Sell },
            quantity: Quantity(decimal(quantity, 8)),
            price: Price(decimal(price, 2)),
            fee: decimal(quantity / 7 + 1, 8),
            fee_asset: self.assets[self.next(2) as usize].clone(),
            liquidity: if self.next(3) == 0 { Liquidity::Maker } else { Liquidity::Taker },
            fee_rate: Some(Price(decimal(30_000 + self.next(900), 2))),
            reporting_rate: None,
        }
    }

    fn page(&mut self, page: u64) -> Vec<Fill> {
        (page * PAGE..(page + 1) * PAGE).map(|n| self.fill(n)).collect()
    }
}

fn ledger(symbols: u64, kind: InstrumentKind) -> TradeAggregator {
    let mut ledger = TradeAggregator::new("USDT".into());
    for n in 0..symbols {
        ledger
            .add_instrument(Instrument {
                symbol: format!("S{n}USDT").as_str().into(),
                kind,
                base: format!("S{n}").as_str().into(),
                quote: "USDT".into(),
                multiplier: Decimal::ONE,
            })
            .unwrap();
    }
    ledger
}

/// Applies fills in order.
fn in_order(name: &str, count: u64, kind: Kind) -> TradeAggregator {
    let mut fills = Fills::new(kind);
    let pages: Vec<Vec<Fill>> = (0..count / PAGE).map(|page| fills.page(page)).collect();
    let (took, ledger) = fastest(|| ledger(kind.symbols, InstrumentKind::Linear), &pages);
    per_second(name, count / PAGE * PAGE, took);
    ledger
}

/// Each page comes together with the one before it, as a venue's overlapping answers do.
fn told_twice(name: &str, count: u64, kind: Kind) {
    let mut fills = Fills::new(kind);
    let mut before = Vec::new();
    let mut pages = Vec::new();
    for page in 0..count / PAGE {
        let page = fills.page(page);
        pages.push([before, page.clone()].concat());
        before = page;
    }
    let (took, _) = fastest(|| ledger(kind.symbols, InstrumentKind::Linear), &pages);
    per_second(name, count / PAGE * PAGE * 2, took);
}

fn one_by_one(count: u64) {
    let mut fills = Fills::new(Kind { symbols: 12, ..PLAIN });
    let batches: Vec<Vec<Fill>> = (0..count).map(|n| vec![fills.fill(n)]).collect();
    let (took, _) = fastest(|| ledger(12, InstrumentKind::Linear), &batches);
    per_second("in_order_one_fill_a_batch", count, took);
}

/// A ledger with so many open lots.
struct Lots {
    ledger: TradeAggregator,
    fills: Fills,
    open: u64,
    next: u64,
}

impl Lots {
    fn new(open: u64) -> Self {
        let (ledger, fills) = (ledger(1, InstrumentKind::Spot), Fills::new(PLAIN));
        let mut lots = Self { ledger, fills, open, next: 0 };
        while lots.next < open {
            // Page by page, so that the memory of the process is that of the ledger.
            let page = lots.pages(PAGE.min(open - lots.next), |_| Side::Buy);
            apply(&mut lots.ledger, &page);
        }
        lots
    }

    fn pages(&mut self, count: u64, side: fn(u64) -> Side) -> Vec<Vec<Fill>> {
        let mut fill = |n: u64| {
            let (quantity, fee_asset) = (Quantity(decimal(15_000_000, 8)), self.fills.assets[0].clone());
            Fill { side: side(n), quantity, fee_asset, order_id: Some(n.into()), ..self.fills.fill(n) }
        };
        let (from, to) = (self.next, self.next + count);
        self.next = to;
        let pages = (from..to).step_by(PAGE as usize);
        pages.map(|page| (page..to.min(page + PAGE)).map(&mut fill).collect()).collect()
    }

    /// Sells that close the oldest lot, and buys that open the next, while so many stay open.
    fn in_turns(&mut self, count: u64) -> Took {
        let pages = self.pages(count, |n| if n % 2 == 0 { Side::Sell } else { Side::Buy });
        let took = apply(&mut self.ledger, &pages);
        assert_eq!(self.ledger.open(&"S0USDT".into()).open_lots, self.open);
        took
    }
}

/// Few open lots against many, in turns: both take new memory from the system as they grow.
fn open_lots(count: u64) {
    let before = resident_bytes();
    let mut ledgers = [Lots::new(count), Lots::new(10)];
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        figure("bytes_an_open_lot", after.saturating_sub(before) / count, "bytes");
    }
    let runs: Vec<[Took; 2]> =
        (0..RUNS).map(|_| ledgers.each_mut().map(|lots| lots.in_turns(count))).collect();
    for (at, lots) in ledgers.iter().enumerate() {
        let took = runs.iter().map(|run| run[at]).min_by_key(|took| took.core).unwrap();
        per_second(&format!("in_order_with_{}_open_lots", lots.open), count, took);
    }
}

/// Memory of this process, where the system tells.
fn resident_bytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

fn late(mut ledger: TradeAggregator, count: u64) {
    let mut fills = Fills::new(PLAIN);
    // The first late one makes the table of ids and the list of the order.
    for (name, after) in [
        ("that_is_the_first", count - 5),
        ("last", count - 10),
        ("at_90_percent", count / 10 * 9),
        ("first", 0),
    ] {
        let mut late = fills.fill(after);
        late.id = (after + 1).into();
        late.time = Timestamp::from_millis(late.time.millis() + 1);
        let (took, applied) = timed(|| ledger.apply(vec![late], NOW).unwrap());
        assert_eq!(applied.replayed, 1);
        figure(&format!("late_fill_{name}"), took.as_micros(), "us");
    }
}

fn queries(ledger: &TradeAggregator, name: &str) {
    let (took, total) = timed(|| ledger.total());
    figure(&format!("total_{name}"), took.as_micros(), "us");
    let figures = total.trades.figures.unwrap();
    println!(
        "{} matches, {} trades, net {:?}, runs of {} and {}",
        total.matches,
        total.trades.count,
        total.realized_net,
        figures.max_consecutive_wins,
        figures.max_consecutive_losses
    );
    let (took, walked) = timed(|| ledger.fills().filter(|fill| fill.side == Side::Buy).count());
    assert!(walked > 0);
    figure(&format!("walk_all_fills_{name}"), took.as_micros(), "us");
}

/// A history as text, one line a fill, read and applied.
fn replay(count: u64) {
    let mut fills = Fills::new(Kind { symbols: 12, ..PLAIN });
    let mut text = String::new();
    for n in 0..count {
        let fill = fills.fill(n);
        let side = if fill.side == Side::Buy { "buy" } else { "sell" };
        let liquidity = if fill.liquidity == Liquidity::Maker { "maker" } else { "taker" };
        let (order, rate) = (fill.order_id.unwrap(), fill.fee_rate.unwrap());
        let (account, symbol, id, time) = (&fill.account, &fill.symbol, &fill.id, fill.time.millis());
        writeln!(
            text,
            "{account} {symbol} {id} {order} {time} {side} {} {} {} {} {liquidity} {rate}",
            fill.quantity, fill.price, fill.fee, fill.fee_asset
        )
        .unwrap();
    }
    let (mut ledger, mut names) = (ledger(12, InstrumentKind::Linear), Names::default());
    let (took, ()) = worked(|| {
        let mut page = Vec::with_capacity(PAGE as usize);
        for line in text.lines() {
            let mut fields = line.split(' ');
            let mut field = || fields.next().unwrap();
            let raw = RawFill {
                account: field(),
                symbol: field(),
                id: field(),
                order_id: Some(field()),
                time: field(),
                sequence: None,
                side: field(),
                quantity: field(),
                price: field(),
                fee: field(),
                fee_asset: field(),
                liquidity: field(),
                fee_rate: Some(field()),
                reporting_rate: None,
            };
            page.push(raw.read(&mut names).unwrap());
            if page.len() == PAGE as usize {
                ledger.apply_slice(&page, NOW).unwrap();
                page.clear();
            }
        }
        ledger.apply_slice(&page, NOW).unwrap();
    });
    figure("replay_from_text", took.core.as_millis(), "ms");
    per_second("replay_from_text_rate", count, took);
    queries(&ledger, "12_books");
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let count = arguments.iter().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let only = arguments.iter().find(|argument| argument.parse::<u64>().is_err());
    let runs: [(&str, &dyn Fn()); 9] = [
        // First, while nothing else has used the memory of this process.
        ("open_lots", &|| open_lots(count)),
        ("in_order", &|| {
            let ledger = in_order("in_order", count, PLAIN);
            queries(&ledger, "1_book");
            late(ledger, count);
        }),
        ("books", &|| drop(in_order("in_order_12_books", count, Kind { symbols: 12, ..PLAIN }))),
        ("turns", &|| drop(in_order("in_order_orders_in_turns", count, Kind { interleaved: true, ..PLAIN }))),
        ("single", &|| one_by_one(count.min(200_000))),
        ("table", &|| drop(in_order("deduplicated_by_table", count, Kind { shuffled: true, ..PLAIN }))),
        ("twice", &|| told_twice("deduplicated_everything_twice", count, PLAIN)),
        ("twice_table", &|| {
            told_twice("deduplicated_everything_twice_by_table", count, Kind { shuffled: true, ..PLAIN });
        }),
        ("replay", &|| replay(count)),
    ];
    for (_, run) in runs.iter().filter(|(name, _)| only.is_none_or(|only| only == name)) {
        run();
    }
}
