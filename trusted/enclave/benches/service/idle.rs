//! Accounts on which nothing happens and that nobody reads: what it costs to hold their keys, to wait for them, to hand out
//! those that are due and to reckon when they are due again. A round is left out, and with it the venue and the store.

use crate::{
    Scratch,
    account::AccountKey,
    composed, figure,
    poll::{self, Seen},
    polls::{self, Rested, Turn},
    rows, runtime,
    service::Service,
};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long the machine's own time is measured.
const STRETCH: Duration = Duration::from_secs(60);

/// Turns that were taken.
static TURNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn measure(accounts: u64) {
    let scratch = Scratch::new();
    runtime().block_on(async {
        let (service, _) = composed::compose(&scratch.0, "127.0.0.1:9".parse().unwrap()).await;
        let before_kib = resident_kib();
        lend(&service, accounts).await;
        let driver = tokio::spawn(polls::drive(Arc::clone(&service), rests_again));
        let (start, start_s) = (Instant::now(), on_a_core_s());
        tokio::time::sleep(STRETCH).await;
        let share = (on_a_core_s() - start_s) / start.elapsed().as_secs_f64();
        let turns = TURNS.load(Ordering::Acquire);
        figure("idle_accounts_core", share * 100.0, "%");
        figure("idle_accounts_turns", turns as f64 / start.elapsed().as_secs_f64(), "turns/s");
        figure(
            "idle_account_memory",
            (resident_kib() - before_kib) as f64 * 1024.0 / accounts as f64,
            "bytes",
        );
        driver.abort();
    });
}

/// Keys for so many accounts, whose turns are spread over an hour.
async fn lend(service: &Arc<Service>, accounts: u64) {
    let (store, now) = (service.vault.store(), service.clock.now());
    let all = usize::try_from(accounts).unwrap();
    for number in 0..accounts {
        let (session, key) = rows::keys(service, number);
        service.polls.grant(service, key, rows::lease(session, number, rows::later(now, 30)), None);
        store.enroll(key, u64::MAX).await.unwrap();
        let claim = store.claim_one(service.polls.instance, key).await.unwrap().unwrap();
        service.polls.claimed(
            claim,
            Seen { accounts: all, ..seen(service, &key) }.resumed(&key, now, Some(rows::later(now, -1))),
        );
    }
}

/// Of an account on which nothing happened for a month.
fn seen(service: &Service, key: &AccountKey) -> Seen {
    let now = service.clock.now();
    Seen {
        changed_at: rows::later(now, -30),
        read_at: service.accounts.read_at(key),
        slot: poll::next_slot(service, key, now, now),
        key_check: rows::later(now, 1),
        accounts: service.polls.len(),
    }
}

/// As after a round.
async fn rests_again(service: Arc<Service>, key: AccountKey, turn: Turn) {
    let due = seen(&service, &key).next(&key, service.clock.now());
    TURNS.fetch_add(1, Ordering::AcqRel);
    let Turn { number, strain, .. } = turn;
    service.polls.rests(key, number, Rested { due, soonest: due, held: None, strain });
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// How long all threads together were on a core.
fn on_a_core_s() -> f64 {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let on_a_core_ns = threads.map(|thread| {
        // One that has ended meanwhile has none.
        let stat = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap_or_default();
        stat.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0)
    });
    on_a_core_ns.sum::<u64>() as f64 / 1e9
}
