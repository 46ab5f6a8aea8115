//! Our side of the race against other libraries: `cargo xtask bench` runs it with a directory, into which it writes what
//! it measured on, so that `xtask/bench/peers.py` measures on the very same. It judges nothing.
//!
//! `fills.f64`: signed quantity, price and fee of each fill. `returns.f64`: daily returns. Doubles, little-endian.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement, not the product"
)]

use ledger::{
    Asset, Day, Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, Quantity, Side, Symbol,
    Timestamp, TradeAggregator,
    returns::{self, Confidence, MonthReturn, Parameters, SeriesFigures},
};
use std::{
    fs,
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const FILLS: usize = 200_000;
/// As many as a connector hands over at once.
const BATCH: usize = 1000;
const RUNS: usize = 5;
/// Shorter runs are by the clock.
const SHORT: Duration = Duration::from_millis(20);
const NOW: Timestamp = Timestamp::from_millis(4_000_000_000_000);
/// Ten years of days.
const DAYS: usize = 3653;

fn main() {
    let orders = orders();
    let fills = fills(&orders);
    let (ledger, fastest) = best(|| fills.as_slice(), applied);
    let total = ledger.total();
    assert!(ledger.books().all(|(_, _, book)| book.open_lots().count() == 0), "the last fill closes all");
    println!("figure race_ours {:.0} fills/s", FILLS as f64 / fastest.as_secs_f64());
    println!("figure race_ours_gross {} USDT", total.realized_gross.unwrap());
    println!("{} matches, {} trades, net {}", total.matches, total.trades.count, total.realized_net.unwrap());

    let returns = series();
    let (_, fastest) = best(|| returns.as_slice(), metrics);
    println!("figure metrics_10y {:.4} ms", fastest.as_secs_f64() * 1e3);
    if let Some(directory) = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')) {
        let directory = Path::new(&directory);
        let numbers = orders.iter().flat_map(Order::numbers).flat_map(f64::to_le_bytes);
        fs::write(directory.join("fills.f64"), numbers.collect::<Vec<u8>>()).unwrap();
        let numbers = returns.iter().copied().flat_map(f64::to_le_bytes);
        fs::write(directory.join("returns.f64"), numbers.collect::<Vec<u8>>()).unwrap();
    }
}

/// What a run makes, and how long the fastest takes. What it works on is made before.
fn best<I, T>(input: impl Fn() -> I, run: impl Fn(I) -> T) -> (T, Duration) {
    let timed = || {
        let input = input();
        let (core, clock) = (on_core(), now());
        let made = run(input);
        let core = core.zip(on_core()).map(|(before, after)| after.saturating_sub(before));
        let clock = clock.elapsed();
        (made, core.filter(|_| clock > SHORT).unwrap_or(clock))
    };
    (0..RUNS).map(|_| timed()).min_by_key(|(_, took)| *took).unwrap()
}

/// How long this process was on a core, where the system tells (Linux): what else the machine does does not count, as
/// it does not for the others. It is told every few milliseconds.
fn on_core() -> Option<Duration> {
    let told = fs::read_to_string("/proc/self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures the machine it runs on")]
fn now() -> Instant {
    Instant::now()
}

/// Everything of METRICS.md sections 4 and 7 that a series alone decides, and its months.
fn metrics(series: &[f64]) -> (SeriesFigures, Confidence, Vec<MonthReturn>) {
    let (first, parameters) = (Day::from_number(16_436), Parameters::default());
    (
        returns::series(series, Some(first), &parameters).unwrap(),
        returns::confidence(series, &parameters).unwrap(),
        returns::months(series, first).unwrap(),
    )
}

/// All fills, and their statistics, which the others make too.
fn applied(fills: &[Fill]) -> TradeAggregator {
    let mut ledger = TradeAggregator::new("USDT".into());
    ledger
        .add_instrument(Instrument {
            symbol: "BTCUSDT".into(),
            kind: InstrumentKind::Linear,
            base: "BTC".into(),
            quote: "USDT".into(),
            multiplier: Decimal::ONE,
        })
        .unwrap();
    for batch in fills.chunks(BATCH) {
        ledger.apply_slice(batch, NOW).unwrap();
    }
    black_box(ledger.total());
    ledger
}

/// In units of the last place: quantity of 4 decimals, price of 1, fee of 4.
struct Order {
    quantity: i64,
    price: i64,
    fee: i64,
}

impl Order {
    fn numbers(&self) -> [f64; 3] {
        // Divided, so that each is the double nearest to the decimal.
        [self.quantity as f64 / 1e4, self.price as f64 / 1e1, self.fee as f64 / 1e4]
    }
}

/// A perpetual traded both ways, never far from flat; the last one closes what is open.
fn orders() -> Vec<Order> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below) as i64
    };
    let (mut position, mut price) = (0_i64, 300_000_i64);
    let mut made: Vec<Order> = (1..FILLS)
        .map(|_| {
            let size = 1 + next(50_000);
            // The further from flat, the likelier is the way back.
            let sells = next(2_000_000) - 1_000_000 < position;
            let quantity = if sells { -size } else { size };
            position += quantity;
            price = (price + next(201) - 100).clamp(100_000, 900_000);
            Order { quantity, price, fee: 1 + next(20_000) }
        })
        .collect();
    let quantity = if position == 0 { 1 } else { -position };
    made.push(Order { quantity, price, fee: 1 });
    made
}

/// The fills of the orders, with one allocation for each name, as a connector makes them.
fn fills(orders: &[Order]) -> Vec<Fill> {
    let (account, symbol, quote) =
        (Arc::<str>::from("account"), Symbol::from("BTCUSDT"), Asset::from("USDT"));
    let fill = |(n, order): (usize, &Order)| Fill {
        account: Arc::clone(&account),
        symbol: symbol.clone(),
        id: (1_000_000 + n as u64).into(),
        // A fill is an order of its own, as it is for the others.
        order_id: None,
        time: Timestamp::from_millis(1_700_000_000_000 + 1500 * n as i64),
        sequence: None,
        side: if order.quantity > 0 { Side::Buy } else { Side::Sell },
        quantity: Quantity(decimal(order.quantity.unsigned_abs(), 4)),
        price: Price(decimal(order.price.unsigned_abs(), 1)),
        fee: decimal(order.fee.unsigned_abs(), 4),
        fee_asset: quote.clone(),
        liquidity: Liquidity::Taker,
        fee_rate: None,
        reporting_rate: None,
    };
    orders.iter().enumerate().map(fill).collect()
}

fn decimal(units: u64, decimals: usize) -> Decimal {
    let unit = 10_u64.pow(decimals as u32);
    format!("{}.{:0decimals$}", units / unit, units % unit).parse().unwrap()
}

/// Daily returns between -4% and +4%.
fn series() -> Vec<f64> {
    let mut state = 11_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 / (1_u64 << 31) as f64 - 0.49) * 0.08
    };
    std::iter::repeat_with(next).take(DAYS).collect()
}
