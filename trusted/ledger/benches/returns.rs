//! How long the figures of a long series take: `cargo bench -p ledger --bench returns`. It measures, and judges nothing.
//!
//! Ten years of daily returns; each figure is the best and the middle of many runs, in microseconds.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    reason = "a measurement, not the product"
)]

use ledger::{
    Day, Decimal, Timestamp,
    returns::{
        Flow, Parameters, Valuation, benchmark, cashflows, confidence, months, rolling_sharpe, series,
    },
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const DAYS: usize = 3650;
const RUNS: usize = 400;

fn timed<T>(what: &str, run: impl Fn() -> T) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "a bench measures the machine it runs on")]
            let start = Instant::now();
            black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what:<44} {:>9.1} us best {:>9.1} us middle",
        microseconds(times[0]),
        microseconds(times[RUNS / 2])
    );
}

/// Returns of about 2% a day, from a fixed congruential generator.
fn returns(seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 20_000
    };
    (0..DAYS).map(|_| (next() as f64 + next() as f64 - 19_900.0) / 5e5).collect()
}

/// A year of daily equity with a valued flow every tenth day.
fn account() -> (Vec<Valuation>, Vec<Flow>) {
    let at = |hours: i64| Timestamp::from_millis(1_700_000_000_000 + hours * 3_600_000);
    let equity = |day: i64| -> Decimal { format!("{}.25", 100_000 + day * 37 % 9000).parse().unwrap() };
    let valuations = (0..366).map(|day| Valuation { at: at(24 * day), equity: equity(day) }).collect();
    let flow = |n: i64| Flow { at: at(240 * n + 7), amount: Decimal::from(250_i64), before: Some(equity(n)) };
    (valuations, (0..36).map(flow).collect())
}

fn main() {
    let (ours, theirs) = (returns(7), returns(8));
    let pairs: Vec<(f64, f64)> = ours.iter().copied().zip(theirs).collect();
    let parameters = Parameters::default();
    let first: Day = "2016-01-01".parse().unwrap();
    println!("{DAYS} daily returns, {RUNS} runs");
    timed("series", || series(black_box(&ours), Some(first), &parameters));
    timed("months", || months(black_box(&ours), first));
    timed("rolling Sharpe, 30 days", || rolling_sharpe(black_box(&ours), 30, &parameters));
    timed("benchmark", || benchmark(black_box(&pairs), &parameters));
    timed("confidence", || confidence(black_box(&ours), &parameters));
    timed("all of these: full metrics", || {
        (
            series(black_box(&ours), Some(first), &parameters),
            months(black_box(&ours), first),
            rolling_sharpe(black_box(&ours), 30, &parameters),
            benchmark(black_box(&pairs), &parameters),
            confidence(black_box(&ours), &parameters),
        )
    });
    let (valuations, flows) = account();
    timed("a year with 36 valued flows", || cashflows(black_box(&valuations), black_box(&flows)));
}
