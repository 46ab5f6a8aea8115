//! Sessions with their accounts and ledgers, written by the program's own code as registrations and rounds write them; and
//! the leases of keys that outlive the process.

use crate::{
    account::{Account, AccountKey, AccountRecord, Rows, SyncState, Ties, account_name},
    composed,
    kept::{self, Saving},
    lease::Lease,
    service::Service,
    session::{Session, SessionKey, Terms},
    store::Writes,
};
use exchange::{KeyRights, Venue, Verdict};
use ledger::{
    Asset, Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, PriceSource, Quantity, Side,
    Timestamp, record::Observation,
};
use protocol::{Credentials, Secret, api, wire};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::task::JoinSet;

/// Writers at once: as many as share a transaction.
const WRITERS: u64 = 256;
/// Fills of each ledger, one every three days.
const FILLS: i64 = 20;
const DAY_MS: i64 = 86_400_000;
const VENUE: Venue = Venue::Binance;

/// So many sessions in the store of a directory. Their keys ended with whoever had them.
pub(crate) async fn sessions(directory: &Path, venue: SocketAddr, count: u64) {
    let (service, _) = composed::compose(directory, venue).await;
    each(count, |number| {
        let service = Arc::clone(&service);
        async move { open(&service, number).await }
    })
    .await;
}

/// Keys for all of them, which outlive a process.
pub(crate) async fn leases(directory: &Path, venue: SocketAddr, count: u64) {
    let (service, _) = composed::compose(directory, venue).await;
    each(count, |number| {
        let service = Arc::clone(&service);
        async move { lend(&service, number).await }
    })
    .await;
}

/// The id of a session.
pub(crate) fn id(number: u64) -> String {
    format!("session_1795305600_{number:022}")
}

async fn each<F: Future<Output = ()> + Send + 'static>(count: u64, write: impl Fn(u64) -> F) {
    let (mut writers, mut numbers) = (JoinSet::new(), 0..count);
    numbers.by_ref().take(WRITERS as usize).for_each(|number| drop(writers.spawn(write(number))));
    while let Some(written) = writers.join_next().await {
        written.unwrap();
        numbers.next().map(|number| writers.spawn(write(number)));
    }
}

/// Of a session and its account.
pub(crate) fn keys(service: &Service, number: u64) -> (SessionKey, AccountKey) {
    let account = number.to_string();
    let id = id(number);
    let of_account = service.vault.id("account", &[VENUE.name().as_bytes(), account.as_bytes()]);
    (service.vault.id("session", &[id.as_bytes()]), of_account)
}

/// A key with which an account is read.
pub(crate) fn lease(session: SessionKey, number: u64, until: Timestamp) -> Lease {
    let part = |name: &str| Secret::new(format!("{name}-{number:056}"));
    let credentials = Credentials { api_key: part("key"), secret: part("secret"), passphrase: None };
    Lease { session, site: VENUE.into(), until, trading_accepted: false, types: Vec::new(), credentials }
}

pub(crate) fn later(from: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_millis(from.millis() + days * DAY_MS)
}

/// What a registration and a first round write.
async fn open(service: &Service, number: u64) {
    let now = service.clock.now();
    let ((session, key), expires_at) = (keys(service, number), later(now, 7));
    let shown = api::Account {
        venue: VENUE.name().to_owned(),
        fingerprint: wire::encode(&key[..16]),
        types: vec!["spot".to_owned()],
    };
    let terms = Terms {
        opened_at: now,
        expires_at,
        bearer: true,
        account: key,
        shown: shown.clone(),
        label: Some("main".to_owned()),
        holder: None,
        lease_until: expires_at,
    };
    let mut writes = Writes::new();
    Session::opened(session, terms, &mut writes);
    let mut ties = Ties { read_until: expires_at.millis(), ..Ties::default() };
    ties.lease(now, expires_at);
    kept::put_ties(&key, &ties, 0, &mut writes);
    let no = Some(false);
    let rights = KeyRights {
        read: true,
        trade: no,
        withdraw: no,
        transfer: no,
        ip_restricted: no,
        verdict: Verdict::Accept,
    };
    let account =
        Account::new(key, VENUE.into(), shown, AccountRecord::new(VENUE, rights, now), Rows::default());
    let saving = Saving { what: "registered", cursor: None, claim: None, state: None, at: now };
    kept::save(&service.vault, &account, saving, writes).await.unwrap();
    collected(&mut account.record_mut(), now);
    let cursor = lease(session, number, expires_at).connector(&service.markets).saved();
    let saving = Saving { what: "round", cursor: Some(&cursor), state: Some(SyncState::Live(now)), ..saving };
    kept::save(&service.vault, &account, saving, Writes::new()).await.unwrap();
}

/// What a first round finds: some purchases, what is held, and the prices of now.
fn collected(known: &mut AccountRecord, now: Timestamp) {
    let as_of = ledger::minute(now);
    let instrument = Instrument {
        symbol: "BTCUSDT".into(),
        kind: InstrumentKind::Spot,
        base: "BTC".into(),
        quote: "USDT".into(),
        multiplier: Decimal::ONE,
    };
    let fills = (1..=FILLS).map(|number| Fill {
        account: account_name(VENUE),
        symbol: "BTCUSDT".into(),
        id: (4_000_000_000 + number).to_string().as_str().into(),
        order_id: None,
        time: later(as_of, -3 * number),
        sequence: None,
        side: if number % 3 == 0 { Side::Sell } else { Side::Buy },
        quantity: Quantity("0.0125".parse().unwrap()),
        price: format!("{}.25", 60_000 + 137 * number).parse().unwrap(),
        fee: "0.75".parse().unwrap(),
        fee_asset: "USDT".into(),
        liquidity: Liquidity::Taker,
        fee_rate: None,
        reporting_rate: None,
    });
    let record = Arc::make_mut(&mut known.record);
    record.aggregator.add_instrument(instrument).unwrap();
    record.aggregator.apply(fills.collect(), as_of).unwrap();
    let held =
        [("BTC", "0.1"), ("USDT", "1234.5")].map(|(name, held)| (Asset::from(name), held.parse().unwrap()));
    let observation = Observation { at: as_of, balances: held.into() };
    record.accounts.get_mut(&account_name(VENUE)).unwrap().observe(observation);
    let price: Price = "61000".parse().unwrap();
    let source = PriceSource { path: vec!["BTCUSDT".to_owned()], interval: ledger::Interval::Minute };
    record.prices.learn_at("BTC".into(), as_of, Some((price, source.clone())));
    known.waiting.passing.insert(as_of, vec![("BTC".into(), Some((price, source)))]);
    (known.as_of, known.revision, known.settled_until) = (Some(as_of), 1, as_of);
}

/// What a registration writes for a key that is given for longer.
async fn lend(service: &Service, number: u64) {
    let now = service.clock.now();
    let ((session, key), until) = (keys(service, number), later(now, 30));
    let mut writes = Writes::new();
    lease(session, number, until).keep(&key, &mut writes);
    let (mut ties, version) = kept::ties(&service.vault, &key).await.unwrap();
    ties.lease(now, until);
    kept::put_ties(&key, &ties, version, &mut writes);
    service.vault.commit(writes).await.unwrap();
}
