//! What is known of accounts with leases, under one lock: where each stands between its turns, and what has its key.
//!
//! Not here: who may poll (`polls.rs`), and who is due (`schedule.rs`).

use super::{
    schedule::{Rest, Schedule},
    seats::Seat,
};
use crate::{
    account::{Account, AccountKey},
    lease::Lease,
    poll::Strain,
    session::SessionKey,
    store::Claim,
};
use exchange::ExchangeConnector;
use ledger::Timestamp;
use std::{collections::HashMap, sync::Arc};
use tokio::task::JoinHandle;

/// All of them.
#[derive(Default)]
pub(super) struct State {
    pub(super) accounts: HashMap<AccountKey, Polled>,
    pub(super) schedule: Schedule,
    /// Accounts that rest in memory.
    pub(super) held: HashMap<AccountKey, Held>,
    turns: u64,
}

/// An account with leases.
#[derive(Default)]
pub(super) struct Polled {
    /// Few: an account rarely has more than one.
    pub(super) leases: Vec<Arc<Lease>>,
    /// Of the claim; none: it is not ours.
    pub(super) token: Option<u64>,
    pub(super) stage: Stage,
    /// What its rounds ran into; most run into nothing.
    pub(super) strain: Option<Box<Strain>>,
}

#[derive(Default)]
pub(super) enum Stage {
    /// Nobody polls it.
    #[default]
    Away,
    /// It is in the schedule.
    Resting(Rest),
    /// A task does, in this turn, since it was due.
    Polling { turn: u64, due: Timestamp, task: JoinHandle<()> },
}

/// An account that stays in memory between its rounds, with the connector that has its key.
pub(crate) struct Held {
    /// Of the lease that the key is from.
    pub(crate) session: SessionKey,
    pub(crate) account: Arc<Account>,
    pub(crate) connector: Box<dyn ExchangeConnector>,
    /// Why it may be in memory.
    pub(crate) seat: Seat,
}

/// What a task begins a turn with.
pub(crate) struct Turn {
    /// Its number: what ends a turn says which.
    pub(crate) number: u64,
    /// When it was due.
    pub(crate) due: Timestamp,
    /// The account, if it stayed in memory.
    pub(crate) held: Option<Held>,
    /// Room for it, if it did not. Without both of them a lease ended, and there is no round.
    pub(crate) seat: Option<Seat>,
    pub(crate) strain: Strain,
    /// Leases that ended meanwhile; their keys are wiped.
    pub(crate) ended: Vec<SessionKey>,
}

/// How a turn ends.
pub(crate) struct Rested {
    pub(crate) due: Timestamp,
    /// When it may be due if somebody wants it.
    pub(crate) soonest: Timestamp,
    pub(crate) held: Option<Held>,
    pub(crate) strain: Strain,
}

impl State {
    /// An account is due then, unless it is in its turn or in the schedule.
    pub(super) fn begin(&mut self, account: AccountKey, due: Timestamp) {
        let Self { accounts, schedule, .. } = self;
        let Some(polled) = accounts.get_mut(&account) else { return };
        let is_free = match &polled.stage {
            Stage::Away => true,
            Stage::Resting(_) => false,
            // It broke.
            Stage::Polling { task, .. } => task.is_finished(),
        };
        if is_free {
            polled.rest(account, due, due, false, schedule);
        }
    }

    /// An account's turn comes: it leaves the schedule, and a task has it.
    pub(super) fn start(
        &mut self,
        account: AccountKey,
        seat: Option<Seat>,
        now: Timestamp,
        task: impl Fn(AccountKey, Turn) -> JoinHandle<()>,
    ) {
        let Some(polled) = self.accounts.get_mut(&account) else { return };
        let Stage::Resting(rest) = polled.stage else { return };
        self.schedule.take(account, rest);
        self.turns = self.turns.wrapping_add(1);
        let over = polled.leases.extract_if(.., |lease| lease.is_over(now));
        let ended: Vec<SessionKey> = over.map(|lease| lease.session).collect();
        let mut held = self.held.remove(&account);
        held.take_if(|held| ended.contains(&held.session));
        let strain = polled.strain.take().map_or_else(Strain::default, |strain| *strain);
        let turn = Turn { number: self.turns, due: rest.due, held, seat, strain, ended };
        polled.stage = Stage::Polling { turn: self.turns, due: rest.due, task: task(account, turn) };
    }

    /// The seat of the account in memory that is due last, which leaves it.
    pub(super) fn make_room(&mut self, left: &mut Vec<(AccountKey, Arc<Account>)>) -> Option<Seat> {
        let key = self.schedule.last_held()?;
        if let Some(Polled { stage: Stage::Resting(rest), .. }) = self.accounts.get_mut(&key) {
            self.schedule.let_go(key, *rest);
            rest.held = false;
        }
        let Held { session: _, account, connector: _, seat } = self.held.remove(&key)?;
        left.push((key, account));
        Some(seat)
    }

    /// Takes an account out of its turn or its rest.
    pub(super) fn interrupt(&mut self, account: &AccountKey) -> Interrupted {
        let Some(polled) = self.accounts.get_mut(account) else { return Interrupted::default() };
        let task = match core::mem::take(&mut polled.stage) {
            Stage::Away => None,
            Stage::Resting(rest) => {
                self.schedule.take(*account, rest);
                None
            }
            Stage::Polling { task, .. } => Some(task),
        };
        Interrupted { task, held: self.held.remove(account) }
    }
}

impl Polled {
    pub(super) fn claim(&self, account: &AccountKey) -> Option<Claim> {
        self.token.map(|token| Claim { account: *account, token })
    }

    pub(super) fn is_in(&self, turn: u64) -> bool {
        matches!(&self.stage, Stage::Polling { turn: number, .. } if *number == turn)
    }

    /// Since when it waits for a round, or is in one; `None`: it does not.
    pub(super) fn waits_since(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.stage {
            Stage::Away => None,
            Stage::Resting(rest) => Some(rest.due).filter(|due| *due <= now),
            Stage::Polling { due, .. } => Some(*due),
        }
    }

    /// It rests until then, if it may be polled at all. Whether nothing is to be looked at before it.
    pub(super) fn rest(
        &mut self,
        account: AccountKey,
        due: Timestamp,
        soonest: Timestamp,
        held: bool,
        schedule: &mut Schedule,
    ) -> bool {
        // The first of them: its key is not to be here for longer.
        let end = self.leases.iter().map(|lease| lease.until).min().filter(|_| self.token.is_some());
        let Some(end) = end else {
            self.stage = Stage::Away;
            return false;
        };
        let rest = Rest { due, soonest, end, held };
        self.stage = Stage::Resting(rest);
        schedule.put(account, rest)
    }
}

/// What had a key, and is to be gone.
#[derive(Default)]
pub(super) struct Interrupted {
    task: Option<JoinHandle<()>>,
    held: Option<Held>,
}

impl Interrupted {
    /// Returns when it is, and the key with it.
    pub(super) async fn gone(self) {
        let Self { task, held } = self;
        drop(held);
        if let Some(task) = task {
            stopped(task).await;
        }
    }
}

/// Returns when a task is gone.
pub(super) async fn stopped(task: JoinHandle<()>) {
    task.abort();
    // Its outcome does not matter: cancelled, finished or panicked, it no longer holds the key.
    let _ = task.await;
}
