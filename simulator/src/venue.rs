//! What every imitated venue shares: one world, one clock, one mood, one kind of bad day. A venue is a way to tell of
//! them (`rest`, `kraken`), and has keys and budgets of its own.

use crate::{
    args::Rights,
    clock::Clock,
    faults::{Faults, HANG_MS},
    http::Outcome,
    world::World,
};
use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A request that hangs is closed after this much real time at the latest.
const HANG_PATIENCE: Duration = Duration::from_secs(60);

/// Where the venues stand.
pub(crate) struct Venue {
    pub(crate) clock: Clock,
    pub(crate) faults: Option<Faults>,
    /// Whether who asks too much is refused.
    pub(crate) is_limited: bool,
    world: Mutex<World>,
    settings: Mutex<Settings>,
    while_down: AtomicU64,
}

/// What tests change on the way.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) rights: Rights,
}

/// How the venues behave as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As they should.
    Normal,
    /// 503, or no answer.
    Down,
    /// Every signed request is refused.
    KeyRefused,
    /// Too many requests, for all.
    RateLimited,
    /// Not served where the client is.
    RegionBlocked,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Public,
    /// A key that reads.
    Read,
    /// A key that trades.
    Trade,
    /// A key that withdraws.
    Withdraw,
}

impl Access {
    pub(crate) fn is_within(self, rights: Rights) -> bool {
        match self {
            Self::Public | Self::Read => true,
            Self::Trade => rights == Rights::Trade,
            Self::Withdraw => rights == Rights::Withdraw,
        }
    }
}

impl Venue {
    pub(crate) fn new(world: World, clock: Clock, rights: Rights, faults: Option<Faults>) -> Self {
        Self {
            clock,
            faults,
            is_limited: true,
            world: Mutex::new(world),
            settings: Mutex::new(Settings { mode: Mode::Normal, rights }),
            while_down: AtomicU64::new(0),
        }
    }

    /// With or without budgets.
    pub(crate) fn limited(self, is_limited: bool) -> Self {
        Self { is_limited, ..self }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The venues' own time: ours, and what their clock is off.
    pub(crate) fn now_ms(&self) -> i64 {
        let now_ms = self.clock.now_ms();
        now_ms + self.faults.as_ref().map_or(0, |faults| faults.skew_ms(now_ms))
    }

    /// Whether a venue that is down says nothing this time. In turns, so that a client meets both.
    pub(crate) fn is_silent(&self) -> bool {
        !self.while_down.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }

    /// Nothing comes, until the connection closes.
    pub(crate) async fn hang(&self) -> Outcome {
        self.clock.wait_until(self.clock.now_ms() + HANG_MS, HANG_PATIENCE).await;
        Outcome::Dropped
    }
}
