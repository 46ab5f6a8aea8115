//! One collection by ours: a new connection, a new connector, no knowledge of the account. Then its fills are applied.

use crate::simulator::{NOW_MS, on_core};
use exchange::{
    Clock, ExchangeConnector, Finding, Hosts, Next, Progress, Refusal, Reply, SharedMarkets, Task, Transport,
    Venue, VenueError, Wait,
};
use ledger::{Asset, Decimal, Fill, Instrument, Price, Symbol, Timestamp, TradeAggregator};
use protocol::{Credentials, Secret};
use serde_json::json;
use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

const PAGES: &str = "/api/v3/myTrades";
/// As `main.rs` of the enclave has them.
const WORKERS: usize = 4;
const MINUTE_MS: i64 = 60_000;

/// Arguments: url, key, secret; it finds the symbols itself.
pub(crate) fn run(arguments: &[String]) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().unwrap();
    let secret = |index: usize| Secret::new(arguments[index].clone());
    let address = arguments[0].strip_prefix("http://").unwrap().parse().unwrap();

    let before = on_core(std::process::id());
    let clock = Unhurried { began: Instant::now(), moved_ms: AtomicI64::new(0) };
    let credentials = Credentials { api_key: secret(1), secret: secret(2), passphrase: None };
    let mut connector = Timed {
        inner: Venue::Binance.connector_sharing(credentials, &SharedMarkets::default(), &["spot"]),
        clock: &clock,
        collects: false,
        asked: None,
        pages: Duration::ZERO,
        requests: 0,
    };
    let transport = Transport::new(Hosts::dangerous_development(address).unwrap(), 7);
    let mut told = Told::default();
    runtime.block_on(async {
        let mut task = Task::CheckKey;
        loop {
            let on_findings = &mut |findings: Vec<Finding>, _| told.add(findings);
            transport.converse(&mut connector, &clock, task.clone(), on_findings).await.unwrap();
            // In parts, as the service keeps them.
            if task == Task::Collect && !core::mem::take(&mut told.more) {
                break;
            }
            task = Task::Collect;
        }
    });
    let seconds = clock.began.elapsed().as_secs_f64();
    let core = on_core(std::process::id()).saturating_sub(before);

    let (distinct, quantity) = told.sums();
    told.value();
    let began = Instant::now();
    black_box(told.applied().total());
    let applied = began.elapsed().as_secs_f64();
    println!(
        "{}",
        json!({
            "fills": distinct,
            "quantity": quantity,
            "seconds": seconds,
            "seconds_on_core": core.as_secs_f64(),
            "seconds_of_pages": connector.pages.as_secs_f64(),
            "seconds_with_ledger": seconds + applied,
            "requests": connector.requests,
        })
    );
}

/// Everything that a collection told and the ledger needs.
#[derive(Default)]
struct Told {
    instruments: BTreeMap<Symbol, Instrument>,
    /// Page by page, as they were told: who keeps them copies none.
    fills: Vec<Vec<Fill>>,
    rest: Vec<Finding>,
    /// The last round was a part.
    more: bool,
}

impl Told {
    fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            match finding {
                Finding::Fills(fills) => self.fills.push(fills),
                Finding::Instrument(instrument) => {
                    self.instruments.insert(instrument.symbol.clone(), instrument);
                }
                Finding::Unread { what, why } => panic!("{what}: {why}"),
                Finding::More => self.more = true,
                other => self.rest.push(other),
            }
        }
    }

    /// How many fills there are, each once, and the sum of all quantities.
    fn sums(&self) -> (usize, String) {
        // What is close to the end of what is known is told again.
        let fills = self.fills.iter().flatten();
        let distinct: BTreeMap<_, _> =
            fills.map(|fill| ((&fill.symbol, &fill.id), fill.quantity.0)).collect();
        let sum = distinct.values().fold(Decimal::ZERO, |sum, quantity| sum.checked_add(*quantity).unwrap());
        let text = sum.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        (distinct.len(), format!("{whole}.{part:0<8}"))
    }

    /// Rates as if all were worth the same: what they are is asked for elsewhere.
    fn value(&mut self) {
        let one = Some(Price(Decimal::ONE));
        for fill in self.fills.iter_mut().flatten() {
            (fill.fee_rate, fill.reporting_rate) = (one, one);
        }
    }

    fn applied(&self) -> TradeAggregator {
        let mut ledger = TradeAggregator::new(Asset::from("USDT"));
        for instrument in self.instruments.values() {
            ledger.add_instrument(instrument.clone()).unwrap();
        }
        for page in &self.fills {
            ledger.apply_slice(page, Timestamp::from_millis(NOW_MS)).unwrap();
        }
        ledger
    }
}

/// A clock by which a minute passes after each answer to a collection: so no budget is ever used up, and the transport, which keeps to
/// the venue's limits as ever, never waits.
struct Unhurried {
    began: Instant,
    moved_ms: AtomicI64,
}

impl Unhurried {
    fn moved_ms(&self) -> i64 {
        self.moved_ms.load(Ordering::Relaxed)
    }
}

impl Clock for Unhurried {
    fn now(&self) -> Timestamp {
        let run_ms = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(NOW_MS + run_ms + self.moved_ms())
    }

    fn sleep_until(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            while let Ok(left @ 1..) = u64::try_from(at.millis() - self.now().millis()) {
                tokio::time::sleep(Duration::from_millis(left)).await;
            }
        })
    }
}

/// A connector by whose clock nothing was moved; and how long its pages took, from the question to the fills.
struct Timed<'a> {
    inner: Box<dyn ExchangeConnector>,
    clock: &'a Unhurried,
    /// A check of a key has to end within the minute.
    collects: bool,
    asked: Option<(&'static str, Instant)>,
    pages: Duration,
    requests: u32,
}

impl Timed<'_> {
    fn own(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis() - self.clock.moved_ms())
    }
}

impl ExchangeConnector for Timed<'_> {
    fn start(&mut self, task: Task) {
        self.collects = task == Task::Collect;
        self.inner.start(task);
    }

    fn next(&mut self, now: Timestamp) -> Next {
        let (began, next) = (Instant::now(), self.inner.next(self.own(now)));
        if let Next::Ask(request) = &next {
            self.asked = Some((request.path, began));
        }
        next
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        let taken = self.inner.take(reply, self.own(now));
        if let Some((_, began)) = self.asked.filter(|(path, _)| *path == PAGES) {
            self.pages += began.elapsed();
        }
        self.requests += 1;
        let passes_ms = if self.collects { MINUTE_MS } else { 0 };
        self.clock.moved_ms.fetch_add(passes_ms, Ordering::Relaxed);
        taken
    }

    fn absent(&mut self, now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        self.inner.absent(now)
    }

    fn progress(&self) -> Progress {
        self.inner.progress()
    }

    fn saved(&self) -> Vec<u8> {
        self.inner.saved()
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        self.inner.resume(saved)
    }
}
