//! Session, then exchange, then fills, then ledger: one task a session, which owns the key and dies with it.
//!
//! A round is: collect what is new, drop what the ledger holds, price what needs a value, apply. The ledger sees
//! a round whole or not at all, so a fault half-way changes nothing.

use crate::{
    account::{AccountRecord, PriceUse, StopReason, SyncState},
    intake,
    publish::Figures,
    service::Service,
    session::Session,
};
use exchange::{
    ExchangeConnector, Finding, KeyRights, Movement, PriceSource, PriceWanted, Progress, Refusal, Task,
    VenueError,
};
use ledger::{Asset, Fill, Instrument, InstrumentKind, Price, Symbol, Timestamp};
use protocol::{api::Unread, limits};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Polls until the session's last instant. The key is in `connector`: it is wiped when this returns or is aborted.
pub(crate) async fn run(service: Arc<Service>, session: Arc<Session>, connector: Box<dyn ExchangeConnector>) {
    let _guard = TellsOfPanic(&session);
    tokio::select! {
        () = service.clock.sleep_until(session.expires_at) => {}
        () = rounds(&service, &session, connector) => {}
    }
}

/// A panic ends this task and wipes the key; the session goes on saying so, and the service goes on.
struct TellsOfPanic<'a>(&'a Session);

impl Drop for TellsOfPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut record = self.0.record_mut();
            record.state = SyncState::Stopped(record.collected_at(), StopReason::Fault);
        }
    }
}

async fn rounds(service: &Service, session: &Session, mut connector: Box<dyn ExchangeConnector>) {
    let mut key_checked = service.clock.now();
    let mut refused_since = None;
    loop {
        let now = service.clock.now();
        let mut outcome = Ok(());
        if now.millis() - key_checked.millis() >= ms(limits::KEY_CHECK_INTERVAL_S) {
            outcome = check_key(service, session, connector.as_mut()).await;
            key_checked = now;
        }
        if outcome.is_ok() {
            outcome = round(service, session, connector.as_mut()).await;
        }
        let venue = session.venue.name();
        let wait_s = match outcome {
            Ok(()) => {
                refused_since = None;
                service.counters.collection(venue, "ok");
                limits::POLL_INTERVAL_S
            }
            Err(Trouble::Stop(reason)) => return stop(service, session, reason),
            Err(Trouble::Venue(VenueError::Permanent(Refusal::Credentials | Refusal::Address))) => {
                // Venues answer the same to a temporary ban: only a second refusal, later, is believed.
                if refused_since.is_some() {
                    return stop(service, session, StopReason::Refused);
                }
                refused_since = Some(now);
                wait(service, session);
                limits::KEY_REFUSED_RETRY_S
            }
            Err(Trouble::Venue(error)) => {
                wait(service, session);
                match error {
                    VenueError::BackOff { retry_after_ms: Some(ms) } => {
                        ms.div_ceil(1000).max(limits::POLL_INTERVAL_S)
                    }
                    _ => limits::POLL_INTERVAL_S,
                }
            }
        };
        let next = service.clock.now().millis().saturating_add(ms(wait_s));
        service.clock.sleep_until(Timestamp::from_millis(next)).await;
    }
}

enum Trouble {
    Venue(VenueError),
    Stop(StopReason),
}

impl From<VenueError> for Trouble {
    fn from(error: VenueError) -> Self {
        Self::Venue(error)
    }
}

fn wait(service: &Service, session: &Session) {
    tracing::warn!(venue = session.venue.name(), "an account could not be collected; it is tried again");
    service.counters.collection(session.venue.name(), "failed");
    let mut record = session.record_mut();
    record.state = SyncState::Waiting(record.collected_at());
}

fn stop(service: &Service, session: &Session, reason: StopReason) {
    tracing::warn!(venue = session.venue.name(), ?reason, "a key is no longer used");
    service.counters.collection(session.venue.name(), "stopped");
    let mut record = session.record_mut();
    record.state = SyncState::Stopped(record.collected_at(), reason);
}

async fn check_key(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
) -> Result<(), Trouble> {
    let mut rights: Option<KeyRights> = None;
    converse(service, session, connector, Task::CheckKey, &mut |finding, _| {
        if let Finding::Rights(found) = finding {
            rights = Some(found);
        }
    })
    .await?;
    let Some(rights) = rights else { return Ok(()) };
    if intake::judge(&rights, session.trading_accepted).is_err() {
        return Err(Trouble::Stop(StopReason::RightsWidened));
    }
    let mut record = session.record_mut();
    record.rights = rights;
    record.rights_checks = record.rights_checks.saturating_add(1);
    Ok(())
}

/// Prices that were looked for. `None`: the venue has none; absent: its minute is not over yet.
type Prices = BTreeMap<PriceWanted, Option<(Price, PriceSource)>>;

/// What a round found before it is applied.
#[derive(Default)]
struct Collection {
    instruments: BTreeMap<Symbol, Instrument>,
    fills: Vec<Fill>,
    movements: Vec<Movement>,
    balances: Option<Vec<exchange::Balance>>,
    unread: BTreeSet<Unread>,
    too_many: bool,
}

async fn round(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
) -> Result<(), Trouble> {
    let mut found = Collection::default();
    converse(service, session, connector, Task::Collect, &mut |finding, progress| {
        show_progress(session, 0, 700, progress);
        found.add(finding, session);
    })
    .await?;

    let wanted = found.prices_wanted(&session.record());
    let mut prices = Prices::new();
    if !wanted.is_empty() {
        converse(
            service,
            session,
            connector,
            Task::Price(wanted.into_iter().collect()),
            &mut |finding, progress| {
                show_progress(session, 700, 300, progress);
                if let Finding::Price(wanted, price) = finding {
                    prices.insert(wanted, price);
                }
            },
        )
        .await?;
    }
    let changed = found.apply(&mut session.record_mut(), &prices);
    // Made under a reader's lock: it may take long, and this task is the only writer.
    let figures = changed.then(|| Arc::new(Figures::of(&session.record().ledger)));
    let mut record = session.record_mut();
    record.figures = figures.or_else(|| record.figures.take());
    record.state = SyncState::Live(service.clock.now());
    Ok(())
}

async fn converse(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
    task: Task,
    on_finding: &mut (dyn FnMut(Finding, Progress) + Send),
) -> Result<(), VenueError> {
    let venue = session.venue.name();
    service
        .transport
        .converse(connector, service.clock.as_ref(), task, &mut |findings, progress| {
            for finding in findings {
                if let Finding::VenueTime(at) = finding {
                    service.venue_times.heard(venue, at, service.clock.now());
                } else {
                    on_finding(finding, progress);
                }
            }
        })
        .await
}

/// The first collection is the one that takes long; later ones show nothing.
fn show_progress(session: &Session, from: u32, share: u32, progress: Progress) {
    let done =
        u64::from(share) * u64::from(progress.done.min(progress.total)) / u64::from(progress.total.max(1));
    let mut record = session.record_mut();
    if let SyncState::Collecting(shown) = record.state {
        // More may be discovered on the way; a bar that goes back would only confuse.
        record.state = SyncState::Collecting(shown.max(from + u32::try_from(done).unwrap_or(0)));
    }
}

impl Collection {
    fn add(&mut self, finding: Finding, session: &Session) {
        match finding {
            Finding::Instrument(instrument) => {
                self.instruments.insert(instrument.symbol.clone(), instrument);
            }
            Finding::Fills(fills) => {
                let record = session.record();
                self.fills.extend(fills.into_iter().filter(|fill| !record.ledger.holds(fill)));
                self.too_many |= self.fills.len() + record.ledger.len() > limits::FILLS_PER_ACCOUNT_MAX;
                if self.too_many {
                    self.fills.clear();
                }
            }
            Finding::Movement(movement) => self.movements.push(movement),
            Finding::Balances { balances, .. } => self.balances = Some(balances),
            Finding::Unread { what, why } => {
                self.unread.insert(Unread { what, why: why.to_owned() });
            }
            Finding::Rights(_) | Finding::Account { .. } | Finding::VenueTime(_) | Finding::Price(..) => {}
        }
    }

    /// The rates that the new fills need (METRICS.md sections 2.2 and 2.4), each minute once.
    fn prices_wanted(&self, record: &AccountRecord) -> BTreeSet<PriceWanted> {
        let mut wanted = BTreeSet::new();
        for fill in &self.fills {
            let Some(instrument) = self.instrument(record, &fill.symbol) else { continue };
            let (fee, reporting) = rates_needed(fill, instrument, record.ledger.reporting());
            wanted.extend(fee);
            wanted.extend(reporting);
        }
        wanted
    }

    fn instrument<'a>(&'a self, record: &'a AccountRecord, symbol: &Symbol) -> Option<&'a Instrument> {
        self.instruments.get(symbol).or_else(|| record.ledger.instrument(symbol))
    }

    /// Whether the figures must be made anew.
    fn apply(mut self, record: &mut AccountRecord, prices: &Prices) -> bool {
        let (fills, uses) = self.priced(record, prices);
        if self.too_many {
            record.gap("fills", "more than this enclave keeps for one account");
        }
        for instrument in self.instruments.into_values() {
            if record.ledger.add_instrument(instrument).is_err() {
                record.gap("fills", "an instrument changed its assets");
            }
        }
        let mut changed = record.figures.is_none();
        match record.ledger.apply(fills) {
            Ok(applied) => {
                changed |= applied.new > 0;
                for (source, fills) in uses {
                    *record.price_sources.entry(source).or_default() += fills;
                }
            }
            Err(error) => {
                // The venue contradicts itself, or a number does not fit: nothing of this round is believed.
                tracing::error!(code = error.code(), "a round of fills was refused by the ledger");
                record.gap("fills of a round", error.code());
            }
        }
        record.movements.extend(
            self.movements.into_iter().map(|movement| ((movement.kind, movement.id.clone()), movement)),
        );
        if let Some(balances) = self.balances {
            record.balances = balances;
        }
        record.unread = self.unread;
        changed
    }

    /// The fills whose prices are final. One of the running minute waits: the next round reads it again, as the
    /// connector's overlap promises, so that its price never depends on when it was first seen.
    fn priced(&mut self, record: &AccountRecord, prices: &Prices) -> (Vec<Fill>, BTreeMap<PriceUse, u64>) {
        let (mut priced, mut uses) = (Vec::with_capacity(self.fills.len()), BTreeMap::new());
        // A round may tell a fill twice; the ledger drops the copy, and it values nothing.
        let mut counted = BTreeSet::new();
        for mut fill in core::mem::take(&mut self.fills) {
            let Some(instrument) = self.instrument(record, &fill.symbol) else { continue };
            let (fee, reporting) = rates_needed(&fill, instrument, record.ledger.reporting());
            let found = |wanted: &Option<PriceWanted>| match wanted {
                Some(wanted) => prices.get(wanted).map(|found| found.as_ref().map(|(price, _)| *price)),
                None => Some(None),
            };
            let (Some(fee_rate), Some(reporting_rate)) = (found(&fee), found(&reporting)) else { continue };
            (fill.fee_rate, fill.reporting_rate) = (fee_rate, reporting_rate);
            let first = counted.insert((fill.symbol.clone(), fill.id.clone(), fill.side));
            for wanted in [fee, reporting].into_iter().flatten().filter(|_| first) {
                if let Some(Some((_, PriceSource { path, interval }))) = prices.get(&wanted) {
                    let PriceWanted { asset, quote, .. } = wanted;
                    *uses.entry(PriceUse { asset, quote, path: path.clone(), interval }).or_default() += 1;
                }
            }
            priced.push(fill);
        }
        (priced, uses)
    }
}

/// Value of the fee's asset in the settlement asset, and of the settlement asset in the reporting currency, where
/// they differ. A minute is as exact as candles are, so an instant is rounded down to its minute.
fn rates_needed(
    fill: &Fill,
    instrument: &Instrument,
    reporting: &Asset,
) -> (Option<PriceWanted>, Option<PriceWanted>) {
    let settlement = match instrument.kind {
        InstrumentKind::Spot | InstrumentKind::Linear => &instrument.quote,
        InstrumentKind::Inverse => &instrument.base,
    };
    let at = Timestamp::from_millis(fill.time.millis().div_euclid(60_000) * 60_000);
    let wanted =
        |asset: &Asset, quote: &Asset| PriceWanted { asset: asset.clone(), quote: quote.clone(), at };
    let third =
        fill.fee_asset != instrument.base && fill.fee_asset != instrument.quote && !fill.fee.is_zero();
    (
        third.then(|| wanted(&fill.fee_asset, settlement)),
        (settlement != reporting).then(|| wanted(settlement, reporting)),
    )
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::Verdict;
    use ledger::{Decimal, Liquidity, Quantity, Side};

    fn record() -> AccountRecord {
        let rights = KeyRights {
            read: true,
            trade: Some(false),
            withdraw: Some(false),
            transfer: Some(false),
            ip_restricted: None,
            verdict: Verdict::Accept,
        };
        AccountRecord::new(rights, Asset::from("USDT"))
    }

    /// A buy of one BTC whose fee is a BNB, a second after a minute began.
    fn fill(id: &str, price: &str) -> Fill {
        Fill {
            account: "binance/spot".into(),
            symbol: "BTCUSDT".into(),
            id: id.into(),
            order_id: None,
            time: Timestamp::from_millis(1_795_305_601_000),
            sequence: None,
            side: Side::Buy,
            quantity: Quantity(Decimal::ONE),
            price: price.parse().unwrap(),
            fee: Decimal::ONE,
            fee_asset: "BNB".into(),
            liquidity: Liquidity::Taker,
            fee_rate: None,
            reporting_rate: None,
        }
    }

    fn round(record: &mut AccountRecord, fills: Vec<Fill>, prices: &Prices) -> bool {
        let instrument = Instrument {
            symbol: "BTCUSDT".into(),
            kind: InstrumentKind::Spot,
            base: "BTC".into(),
            quote: "USDT".into(),
            multiplier: Decimal::ONE,
        };
        let instruments = BTreeMap::from([(instrument.symbol.clone(), instrument)]);
        Collection { instruments, fills, ..Collection::default() }.apply(record, prices)
    }

    fn prices(price: Option<&str>) -> Prices {
        let at = Timestamp::from_millis(1_795_305_600_000);
        let wanted = PriceWanted { asset: "BNB".into(), quote: "USDT".into(), at };
        let source = PriceSource { path: vec!["BNBUSDT".to_owned()], interval: "1m" };
        Prices::from([(wanted, price.map(|price| (price.parse().unwrap(), source)))])
    }

    #[test]
    fn a_fill_waits_until_the_minute_of_its_price_is_over() {
        let mut record = record();
        round(&mut record, vec![fill("1", "100")], &Prices::new());
        assert!(record.ledger.is_empty(), "its price may still move");
        // Told twice, it counts once.
        assert!(round(&mut record, vec![fill("1", "100"), fill("1", "100")], &prices(Some("600"))));
        assert_eq!(record.ledger.total().fees_valued.unwrap().to_string(), "600");
        assert_eq!(record.price_sources.values().sum::<u64>(), 1);
    }

    #[test]
    fn a_fee_without_any_price_is_told_and_not_left_out() {
        let mut record = record();
        round(&mut record, vec![fill("1", "100")], &prices(None));
        let total = record.ledger.total();
        assert_eq!(total.fills, 1);
        assert_eq!(total.fees_unvalued.get(&Asset::from("BNB")), Some(&Ok(Decimal::ONE)));
    }

    #[test]
    fn a_round_that_contradicts_the_ledger_is_missing_for_good_and_said_so() {
        let mut record = record();
        round(&mut record, vec![fill("1", "100")], &prices(Some("600")));
        round(&mut record, vec![fill("1", "101"), fill("2", "100")], &prices(Some("600")));
        assert_eq!(record.ledger.len(), 1, "nothing of that round");
        round(&mut record, Vec::new(), &Prices::new());
        let missing = record.missing();
        assert_eq!(missing.len(), 1, "{missing:?}");
        assert_eq!(missing[0].why, "DUPLICATE_CONFLICT");
    }
}
