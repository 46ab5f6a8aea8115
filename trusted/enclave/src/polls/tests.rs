//! Who is handed out when, by a clock that a test moves.

use super::*;
use crate::{
    account::{Account, AccountRecord, Rows},
    identity::Identity,
    keys::ResultKey,
    random, service,
    settings::Settings,
    store::{KeyRing, Memory, Vault},
};
use attestation::development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED};
use core::sync::atomic::{AtomicI64, Ordering};
use exchange::{Clock, Hosts, KeyRights, Transport, Venue, Verdict, Wait};
use protocol::{Credentials, Secret, api, limits};
use tokio::{sync::watch, task::yield_now};

const START_MS: i64 = 1_795_521_600_000;
const MINUTE_MS: i64 = 60_000;

/// Stands still until a test moves it.
struct HandClock(AtomicI64, watch::Sender<()>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::Acquire))
    }

    fn sleep_until(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            let mut moved = self.1.subscribe();
            while self.now() < at {
                let _ = moved.changed().await;
            }
        })
    }
}

/// So many milliseconds after the start.
fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + ms)
}

/// A service whose turns a test takes.
struct World {
    service: Arc<Service>,
    clock: Arc<HandClock>,
    /// The turns that were handed out and not taken yet, with their accounts.
    turns: Arc<Mutex<Vec<(AccountKey, Turn)>>>,
}

impl World {
    fn start() -> Self {
        Self::over(Arc::new(Vault::in_memory()))
    }

    fn over(vault: Arc<Vault>) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(0), watch::Sender::new(())));
        let configuration =
            service::configuration("development", "process", (86_400, 604_800), "none", None, &[]);
        let backend = Box::new(DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, [0; 32]).unwrap());
        let result_key = ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap();
        let identity = Identity::new(backend, &configuration, result_key, None, at(0)).unwrap();
        let transport = Transport::new(Hosts::default(), 1);
        let as_clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&clock);
        let service = Arc::new(Service::new("development", identity, as_clock, transport, vault));
        let turns = Arc::<Mutex<Vec<_>>>::default();
        let taken = Arc::clone(&turns);
        tokio::spawn(drive(Arc::clone(&service), move |_, key, turn| {
            taken.lock().unwrap().push((key, turn));
            // Until it is ended.
            core::future::pending()
        }));
        Self { service, clock, turns }
    }

    /// An account with a lease of so many minutes, due after so many milliseconds.
    fn lend(&self, number: u16, minutes: i64, due_ms: i64) {
        let lease = lease(number, at(minutes * MINUTE_MS));
        let (polls, account) = (&self.service.polls, key(number));
        polls.grant(&self.service, account, lease, None);
        polls.claimed(Claim { account, token: 1 }, at(due_ms));
    }

    /// Time goes on, and whoever waited for it acts.
    async fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::AcqRel);
        self.clock.1.send_replace(());
        for _ in 0..50 {
            yield_now().await;
        }
    }

    fn taken(&self) -> Vec<(AccountKey, Turn)> {
        core::mem::take(&mut *self.turns.lock().unwrap())
    }

    fn handed_out(&self) -> Vec<u16> {
        self.turns.lock().unwrap().iter().map(|(key, _)| u16::from_be_bytes([key[0], key[1]])).collect()
    }

    /// A turn is over.
    fn rest(&self, key: AccountKey, turn: Turn, due_ms: i64, soonest_ms: i64) -> std::sync::Weak<Account> {
        let account = account(key);
        let seen = Arc::downgrade(&account);
        let connector = lease(0, at(0)).connector(&self.service.markets);
        let seat = turn.seat.or(turn.held.map(|held| held.seat)).unwrap();
        let held = Some(Held { session: session(key), account, connector, seat });
        let rested = Rested { due: at(due_ms), soonest: at(soonest_ms), held, strain: turn.strain };
        self.service.polls.rests(key, turn.number, rested);
        seen
    }
}

fn key(number: u16) -> AccountKey {
    let mut key = [9; 32];
    key[..2].copy_from_slice(&number.to_be_bytes());
    key
}

fn session(of: AccountKey) -> SessionKey {
    of.map(|byte| byte ^ 1)
}

fn lease(number: u16, until: Timestamp) -> Lease {
    let part = |name: &str| Secret::new(name.to_owned());
    let credentials = Credentials { api_key: part("key"), secret: part("secret"), passphrase: None };
    Lease {
        session: session(key(number)),
        site: Venue::Binance.into(),
        until,
        trading_accepted: false,
        types: Vec::new(),
        credentials,
    }
}

fn account(key: AccountKey) -> Arc<Account> {
    let no = Some(false);
    let (read, verdict) = (true, Verdict::Accept);
    let rights = KeyRights { read, trade: no, withdraw: no, transfer: no, ip_restricted: no, verdict };
    let known = AccountRecord::new(Venue::Binance, rights, at(0));
    Arc::new(Account::new(key, Venue::Binance.into(), api::Account::default(), known, Rows::default()))
}

#[tokio::test]
async fn accounts_are_handed_out_when_they_are_due_and_rest_in_between() {
    let world = World::start();
    for (number, due_ms) in [(1, 30_000), (2, 0), (3, 20_000)] {
        world.lend(number, 1000, due_ms);
    }
    world.pass(0).await;
    assert_eq!(world.handed_out(), [2]);
    world.pass(19_999).await;
    assert_eq!(world.handed_out(), [2]);
    world.pass(10_001).await;
    assert_eq!(world.handed_out(), [2, 3, 1], "who waits longest is first");
    assert_eq!(world.service.polls.lag_s(at(30_000)), 30, "the first one is in its round since then");
    for (key, turn) in world.taken() {
        assert!(turn.seat.is_some() && turn.ended.is_empty());
        world.rest(key, turn, 90_000, 90_000);
    }
    world.pass(59_999).await;
    assert!(world.handed_out().is_empty() && world.service.polls.lag_s(at(89_999)) == 0);
    world.pass(1).await;
    assert_eq!(world.handed_out().len(), 3);
    assert!(world.taken().iter().all(|(_, turn)| turn.held.is_some()), "they stayed in memory");
    assert_eq!(world.service.polls.counts(), (3, 3));
}

#[tokio::test]
async fn a_reader_makes_a_resting_account_due_and_no_sooner_than_it_may() {
    let world = World::start();
    for number in [1, 2] {
        world.lend(number, 1000, 0);
    }
    world.pass(0).await;
    for ((key, turn), soonest) in world.taken().into_iter().zip([1, 60]) {
        world.rest(key, turn, 60 * MINUTE_MS, soonest * MINUTE_MS);
    }
    world.pass(10 * MINUTE_MS).await;
    assert!(world.handed_out().is_empty());
    let wanted = [1, 2, 3].map(|number| world.service.polls.wanted(key(number)));
    assert_eq!(wanted, [true, true, false], "the last one is not polled here");
    world.service.polls.changed.notify_one();
    world.pass(0).await;
    assert_eq!(world.handed_out(), [1], "the venue sent the other one away until then");
    let (first, turn) = world.taken().remove(0);
    assert_eq!(turn.due, at(MINUTE_MS), "it goes before all that are due since");
    world.rest(first, turn, 70 * MINUTE_MS, 11 * MINUTE_MS);
    assert!(world.service.polls.wanted(first));
    world.pass(MINUTE_MS).await;
    assert_eq!(world.handed_out(), [1]);
}

#[tokio::test]
async fn a_reader_at_another_enclave_makes_an_account_due_as_well() {
    let vault = Arc::new(Vault::new(Arc::new(Memory::shared()), KeyRing::born(random::bytes)));
    let (there, here) = (World::over(Arc::clone(&vault)), World::over(vault));
    let account = key(1);
    here.service.vault.store().enroll(account, u64::MAX).await.unwrap();
    let claim = here.service.vault.store().claim_one(here.service.polls.instance, account).await.unwrap();
    here.service.polls.grant(&here.service, account, lease(1, at(1000 * MINUTE_MS)), claim);
    here.pass(0).await;
    let (_, turn) = here.taken().remove(0);
    here.rest(account, turn, 60 * MINUTE_MS, MINUTE_MS);
    here.pass(10 * MINUTE_MS).await;
    assert!(here.handed_out().is_empty());

    assert!(!there.service.polls.wanted(account));
    calls::call(&there.service, &[account, key(2)]).await;
    calls::call(&there.service, &[account]).await;
    assert!(calls::heard(&there.service).await.unwrap().is_empty(), "it is polled elsewhere");
    here.service.polls.keep_claims(&here.service).await.unwrap();
    here.pass(0).await;
    assert_eq!(here.handed_out(), [1]);
    assert!(calls::heard(&here.service).await.unwrap().is_empty(), "it was heard once");
}

#[tokio::test]
async fn a_lease_that_ends_waits_for_no_seat_and_its_key_is_gone() {
    let world = World::start();
    let seats = u16::try_from(limits::ACCOUNTS_IN_MEMORY_MAX).unwrap();
    world.lend(0, 10, 0);
    world.pass(0).await;
    let (first, turn) = world.taken().remove(0);
    let in_memory = world.rest(first, turn, 60 * MINUTE_MS, 60 * MINUTE_MS);
    for number in 1..seats {
        world.lend(number, 1000, 0);
    }
    world.pass(0).await;
    let in_their_rounds = world.taken();
    assert_eq!(in_their_rounds.len(), usize::from(seats) - 1);
    world.lend(seats, 10, 5 * MINUTE_MS);
    world.lend(seats + 1, 1000, 5 * MINUTE_MS);
    assert!(in_their_rounds.iter().all(|(key, _)| *key != first));
    assert!(in_memory.upgrade().is_some());
    world.pass(5 * MINUTE_MS).await;
    assert_eq!(
        world.handed_out(),
        [seats],
        "the one that rests in memory makes room for it, and for no other"
    );
    assert!(in_memory.upgrade().is_none());
    let _in_its_round = world.taken();
    world.pass(5 * MINUTE_MS - 1).await;
    assert!(world.handed_out().is_empty());
    world.pass(1).await;
    let (key, turn) = world.taken().remove(0);
    assert_eq!((key, turn.ended), (first, vec![session(first)]));
    assert!(turn.seat.is_none() && turn.held.is_none());
    assert!(!world.service.polls.has(&first) && world.service.polls.best(&first, None, at(0)).is_none());
}

#[tokio::test]
async fn who_finds_no_seat_is_handed_out_when_one_is_left() {
    let world = World::start();
    let seats = u16::try_from(limits::ACCOUNTS_IN_MEMORY_MAX).unwrap();
    for number in 0..=seats {
        world.lend(number, 1000, i64::from(number));
    }
    world.pass(MINUTE_MS).await;
    let mut taken = world.taken();
    assert_eq!(taken.len(), usize::from(seats));
    // A store that failed: it leaves memory, and its seat with it.
    let (key, turn) = taken.remove(7);
    let rested = Rested { due: at(3 * MINUTE_MS), soonest: at(0), held: None, strain: turn.strain };
    drop(turn.seat);
    world.service.polls.rests(key, turn.number, rested);
    world.pass(0).await;
    assert_eq!(world.handed_out(), [seats]);
}

#[tokio::test]
async fn the_end_of_a_lease_returns_when_nothing_has_its_key_and_what_was_ended_says_no_more() {
    let world = World::start();
    let polls = &world.service.polls;
    world.lend(1, 1000, 0);
    world.lend(2, 1000, 0);
    world.pass(0).await;
    let mut taken = world.taken();
    let (resting, turn) = taken.remove(0);
    let in_memory = world.rest(resting, turn, MINUTE_MS, MINUTE_MS);
    assert!(polls.end(&world.service, &resting, &session(resting)).await);
    assert!(in_memory.upgrade().is_none(), "its connector went with it");
    assert!(!polls.end(&world.service, &resting, &session(resting)).await, "it is gone");

    // In its turn: the task is ended, and what it would still say is not heard.
    let (polled, turn) = taken.remove(0);
    assert!(polls.end(&world.service, &polled, &session(polled)).await);
    let number = turn.number;
    world.lend(2, 1000, 2 * MINUTE_MS);
    world.rest(polled, turn, MINUTE_MS, MINUTE_MS);
    polls.ended(polled, number, true, at(0));
    world.pass(MINUTE_MS).await;
    assert!(world.handed_out().is_empty(), "it rests as it was lent again");
    world.pass(MINUTE_MS).await;
    assert_eq!(world.handed_out(), [2]);
}
