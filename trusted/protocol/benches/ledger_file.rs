//! How long a long history takes to replay from its ledger file: `cargo bench -p protocol`. It measures, and judges nothing.
//!
//! The first argument that is a number says how many fills (1,000,000 without one). The file is in memory: a disk would
//! be measured otherwise.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement, not the product"
)]

use ledger::{
    Asset, Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, Quantity, Side, Symbol, Timestamp,
    record::{Account, Record},
};
use protocol::{
    ledger_file::{Export, LedgerFile, read},
    statement::Frame,
};
use std::{sync::Arc, time::Instant};

const SYMBOLS: u64 = 12;
/// 2025-01-01T00:00:00Z
const START_MS: i64 = 1_735_689_600_000;

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let before = history(count);
    let (text, wrote) = timed(|| {
        let export = Export::new(&before.record, &before.frame, before.as_of).unwrap();
        export.pages(1 << 20).fold(String::new(), |text, page| text + &page)
    });
    let per_fill = text.len() as f64 / count as f64;
    println!("{count} fills, {} bytes, {per_fill:.1} bytes a fill", text.len());
    println!("write                      {wrote}");
    drop(before);
    let mut best_ms = f64::INFINITY;
    for run in 1..=3 {
        let (file, reading) = timed(|| read(text.as_bytes()).unwrap());
        let ((fills, _), figuring) = timed(|| figures(&file));
        assert_eq!(fills, count);
        println!("run {run}: read and apply      {reading}");
        println!("       with figures        {}", reading + figuring);
        let fills: Vec<Fill> = file.record.aggregator.fills().collect();
        let ((), applying) = timed(|| apply(&file, &fills));
        println!("       of which apply      {applying}");
        best_ms = best_ms.min((reading + figuring).own_ms());
    }
    println!("figure replay_{count} {best_ms:.0} ms");
}

/// The same fills once more, already read: what is left of reading and applying is reading.
fn apply(file: &LedgerFile, fills: &[Fill]) {
    let mut again = ledger::TradeAggregator::new(Asset::from("USDT"));
    for instrument in file.record.aggregator.instruments() {
        again.add_instrument(instrument.clone()).unwrap();
    }
    for batch in fills.chunks(8192) {
        again.apply_slice(batch, file.as_of).unwrap();
    }
}

/// Everything that fills say: in total, by symbol, by month.
fn figures(file: &LedgerFile) -> (u64, usize) {
    let ledger = &file.record.aggregator;
    let symbols = ledger.symbols().into_iter().map(|symbol| {
        let performance = ledger.symbol(symbol, ledger::Currency::Settlement);
        (performance.fills, ledger.open(symbol).open_lots)
    });
    let symbols = symbols.filter(|(fills, _)| *fills > 0).count();
    assert!(!ledger.months().is_empty());
    (ledger.total().fills, symbols)
}

/// What ran, and its milliseconds: by the wall, and on the processor where the system tells (a machine that is shared
/// makes the first longer).
fn timed<T>(run: impl FnOnce() -> T) -> (T, Times) {
    #[expect(clippy::disallowed_methods, reason = "a bench measures the machine it runs on")]
    let start = Instant::now();
    let before = on_processor_ms();
    let result = run();
    let processor = on_processor_ms().zip(before).map(|(after, before)| after - before);
    (result, Times { wall: start.elapsed().as_secs_f64() * 1000.0, processor })
}

#[derive(Clone, Copy)]
struct Times {
    wall: f64,
    processor: Option<f64>,
}

impl Times {
    /// On the processor, where the system tells.
    fn own_ms(self) -> f64 {
        self.processor.unwrap_or(self.wall)
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>8.0} ms", self.wall)?;
        self.processor.map_or(Ok(()), |processor| write!(f, ", {processor:>6.0} ms on the processor"))
    }
}

impl std::ops::Add for Times {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let processor = self.processor.zip(other.processor).map(|(one, more)| one + more);
        Self { wall: self.wall + other.wall, processor }
    }
}

/// Linux counts the nanoseconds that a thread ran.
fn on_processor_ms() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e6)
}

/// Buys and sells of several symbols in the order of time, from a fixed congruential generator.
fn history(count: u64) -> LedgerFile {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut record = Record::new(Asset::from("USDT"), Asset::from("BTC"));
    let (account, quote, third) = (Arc::<str>::from("main"), Asset::from("USDT"), Asset::from("BNB"));
    let symbols: Vec<Symbol> = (0..SYMBOLS).map(|n| Symbol::from(format!("COIN{n}USDT"))).collect();
    for (n, symbol) in symbols.iter().enumerate() {
        let (symbol, base) = (symbol.clone(), format!("COIN{n}").into());
        let (quote, multiplier) = (quote.clone(), Decimal::ONE);
        let kind = InstrumentKind::Spot;
        record.aggregator.add_instrument(Instrument { symbol, kind, base, quote, multiplier }).unwrap();
    }
    let mut at_ms = START_MS;
    let fills = (0..count).map(|n| {
        at_ms += next(60_000) as i64;
        let in_bnb = next(3) == 0;
        // Up to five of a coin at up to 61,000, and 0.075% of that for the venue.
        let (units, cents) = (1 + next(5_000_000), 100_000 + next(6_000_000));
        let fee = if in_bnb { units * cents / 800_000 } else { units * cents * 3 / 4000 };
        Fill {
            account: Arc::clone(&account),
            symbol: symbols[next(SYMBOLS) as usize].clone(),
            id: format!("{}", 1_400_000_000 + n).into(),
            order_id: Some(format!("{}", 23_400_000_000 + n / 2).into()),
            time: Timestamp::from_millis(at_ms),
            sequence: None,
            side: if next(2) == 0 { Side::Buy } else { Side::Sell },
            quantity: Quantity(decimal(units, 6)),
            price: Price(decimal(cents, 2)),
            fee: decimal(fee, 8),
            fee_asset: if in_bnb { third.clone() } else { quote.clone() },
            liquidity: if next(2) == 0 { Liquidity::Maker } else { Liquidity::Taker },
            fee_rate: in_bnb.then(|| Price(decimal(60_000 + next(5000), 2))),
            reporting_rate: None,
        }
    });
    record.aggregator.apply(fills.collect(), Timestamp::from_millis(i64::MAX)).unwrap();
    let registered = Timestamp::from_millis(START_MS);
    let known = Account {
        registered,
        complete_from: registered,
        since_opening: true,
        gaps: Vec::new(),
        observations: Vec::new(),
    };
    record.accounts.insert(account, known);
    let mut frame = Frame::default();
    frame.accounts.insert("main".to_owned(), protocol::api::Account::default());
    LedgerFile { frame, record, as_of: Timestamp::from_millis(at_ms) }
}

fn decimal(mantissa: u64, decimals: u32) -> Decimal {
    let unit = 10_u64.pow(decimals);
    format!("{}.{:0width$}", mantissa / unit, mantissa % unit, width = decimals as usize).parse().unwrap()
}
