//! How long applying fills and asking for performance takes: `cargo bench -p ledger`. It measures, and judges nothing.
//!
//! The first argument that is a number says how many fills (200,000 without one).

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement, not the product"
)]

use ledger::{
    Asset, Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, Quantity, Side, Timestamp,
    TradeAggregator,
};
use std::time::{Duration, Instant};

const SYMBOLS: u64 = 12;

/// Runs once and prints fills per second.
fn timed<T>(what: &str, fills: usize, run: impl FnOnce() -> T) -> T {
    #[expect(clippy::disallowed_methods, reason = "a bench measures the machine it runs on")]
    let start = Instant::now();
    let result = run();
    let elapsed: Duration = start.elapsed();
    let per_second = fills as u128 * 1_000_000 / elapsed.as_micros().max(1);
    println!("{what:<44} {:>9} us {per_second:>12} fills/s", elapsed.as_micros());
    result
}

/// Buys and sells of several symbols in the order of time, from a fixed congruential generator.
fn fills(count: u64) -> Vec<Fill> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let decimal = |mantissa: u64, decimals: usize| -> Decimal {
        format!(
            "{}.{:0decimals$}",
            mantissa / 10_u64.pow(decimals as u32),
            mantissa % 10_u64.pow(decimals as u32)
        )
        .parse()
        .unwrap()
    };
    let account = std::sync::Arc::<str>::from("account");
    let symbols: Vec<ledger::Symbol> = (0..SYMBOLS).map(|n| format!("S{n}USDT").as_str().into()).collect();
    let (quote, third) = (Asset::from("USDT"), Asset::from("BNB"));
    (0..count)
        .map(|n| {
            let symbol = next(SYMBOLS) as usize;
            let (quantity, price) = (1 + next(500_000_000), 100_000 + next(6_000_000));
            Fill {
                account: account.clone(),
                symbol: symbols[symbol].clone(),
                id: (1_000_000 + n).to_string().into(),
                order_id: Some((500_000 + n / 3).to_string().into()),
                time: Timestamp::from_millis(1_700_000_000_000 + (n * 1500) as i64),
                sequence: None,
                side: if next(2) == 0 { Side::Buy } else { Side::Sell },
                quantity: Quantity(decimal(quantity, 8)),
                price: Price(decimal(price, 2)),
                fee: decimal(quantity / 7 + 1, 8),
                fee_asset: if next(2) == 0 { third.clone() } else { quote.clone() },
                liquidity: if next(3) == 0 { Liquidity::Maker } else { Liquidity::Taker },
                fee_rate: Some(Price(decimal(30_000 + next(900), 2))),
                reporting_rate: None,
            }
        })
        .collect()
}

fn ledger() -> TradeAggregator {
    let mut ledger = TradeAggregator::new("USDT".into());
    for n in 0..SYMBOLS {
        ledger
            .add_instrument(Instrument {
                symbol: format!("S{n}USDT").as_str().into(),
                kind: InstrumentKind::Spot,
                base: format!("S{n}").as_str().into(),
                quote: "USDT".into(),
                multiplier: Decimal::ONE,
            })
            .unwrap();
    }
    ledger
}

fn main() {
    let count: usize =
        std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(200_000);
    let fills = fills(count as u64);

    let (mut one_by_one, singles) = (ledger(), fills.clone());
    timed("apply, one fill a batch, in order", count, || {
        for fill in singles {
            one_by_one.apply(vec![fill]).unwrap();
        }
    });
    let (mut paged, pages) = (ledger(), fills.clone());
    timed("apply, a thousand fills a batch, in order", count, || {
        let mut pages = pages.into_iter();
        loop {
            let page: Vec<Fill> = pages.by_ref().take(1000).collect();
            if page.is_empty() {
                break;
            }
            paged.apply(page).unwrap();
        }
    });
    let (mut whole, reversed) = (ledger(), fills.iter().rev().cloned().collect());
    timed("apply, one batch, newest first", count, || whole.apply(reversed).unwrap());
    let copies = fills.clone();
    timed("apply, everything a second time", count, || whole.apply(copies).unwrap());
    let mut late = fills[0].clone();
    late.id = "1".into();
    timed("apply, one fill before all others", count, || whole.apply(vec![late]).unwrap());
    let total = timed("total", count, || paged.total());
    println!("{} matches, {} trades, net {:?}", total.matches, total.trades.count, total.realized_net);
}
