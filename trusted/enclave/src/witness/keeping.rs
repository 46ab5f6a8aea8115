//! When there is an anchoring, and what each step of it means.
//!
//! A leaf is written before the witness hears of it: whoever comes after a crash finds it and asks again, and the witness
//! answers the same. Enclaves that share a store share its log. Each adds leaves of its own, and settles one that it finds
//! pending, whoever added it; the version of the row says who was first.

use super::{
    Anchors, State, Watched,
    asking::{Unhelpful, Verdict},
    log::{self, Heads, Log},
    tree::{Hash, Range},
};
use crate::{
    random,
    service::Service,
    store::{StoreError, Vault},
};
use core::{fmt, future::Future};
use ledger::Timestamp;
use protocol::limits;
use std::sync::Arc;

/// Others may add leaves meanwhile.
const TRIES: usize = 16;

/// Why a store is not anchored. Its text is safe in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Store(StoreError),
    Witness(Unhelpful),
    /// Others were first each time.
    Busy,
    /// The witness knows another state than this one.
    RolledBack,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Witness(unhelpful) => unhelpful.fmt(f),
            Self::Busy => f.write_str("other enclaves were first each time"),
            Self::RolledBack => f.write_str("the witness knows a later state"),
        }
    }
}

/// Anchors the store as long as the service runs, or until its witness says that it was put back.
pub(crate) async fn keep(service: Arc<Service>) {
    let anchors = &service.anchors;
    let Some(watched) = &anchors.watched else { return };
    tracing::info!(
        log = watched.key.public(),
        "anchoring: what is served of the store waits for its witness"
    );
    let (mut last, mut failures) = (None, 0_u32);
    loop {
        let heads = anchors.known().next().clone();
        if is_due(&heads, last, service.clock.now()) || failures > 0 {
            match anchor(&service.vault, &watched.row, &heads, watched).await {
                Ok(()) => {
                    anchored(anchors, heads);
                    service.counters.anchoring("ok");
                    (last, failures) = (Some(service.clock.now()), 0);
                }
                Err(Trouble::RolledBack) => break,
                Err(trouble) => {
                    service.counters.anchoring("failed");
                    let proven = *anchors.state.borrow() == State::Proven;
                    tracing::warn!(
                        code = "not-anchored",
                        proven,
                        "the store could not be anchored: {trouble}"
                    );
                    failures = failures.saturating_add(1);
                }
            }
        }
        sleep(&service, wait_s(failures)).await;
    }
    rolled_back(&service).await;
}

/// Whether something is to be anchored; without anything the witness is asked once an hour.
fn is_due(heads: &Heads, last: Option<Timestamp>, now: Timestamp) -> bool {
    let idle_ms = i64::try_from(limits::ANCHOR_IDLE_S).unwrap_or(3600).saturating_mul(1000);
    !heads.is_empty() || last.is_none_or(|last| now.millis().saturating_sub(last.millis()) >= idle_ms)
}

/// Until the next look: soon after a failure, and then less and less often.
fn wait_s(failures: u32) -> u64 {
    match failures {
        0 => limits::ANCHOR_INTERVAL_S,
        failures => (1_u64 << failures.min(16)).min(limits::ANCHOR_INTERVAL_S),
    }
}

fn anchored(anchors: &Anchors, heads: Heads) {
    anchors.known().anchored(heads);
    if anchors.state.send_replace(State::Proven) == State::Unproven {
        tracing::info!("the witness confirms that the store is the latest one");
    }
}

/// Nothing is served from here on, and no key is used. It does not end but with the process.
async fn rolled_back(service: &Arc<Service>) {
    service.anchors.state.send_replace(State::RolledBack);
    service.counters.anchoring("rolled_back");
    tracing::error!(
        code = "state-rolled-back",
        "the witness knows a later state of this store, or another one of the same age: an older copy was put in its place, \
         or a copy goes on elsewhere. Nothing is served of it. Put the latest one back, or begin with an empty store and new \
         keys (docs/store.md)"
    );
    service.streams.stop();
    loop {
        // Again: a call that was let in before may have opened a session since.
        service.polls.end_all(service).await;
        sleep(service, limits::ANCHOR_INTERVAL_S).await;
    }
}

async fn sleep(service: &Service, seconds: u64) {
    let ms = i64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
    service.clock.sleep_until(Timestamp::from_millis(service.clock.now().millis().saturating_add(ms))).await;
}

/// Who is asked about a log with a leaf more.
trait Asked {
    fn ask(&self, cosigned: &Range, leaf: &Hash) -> impl Future<Output = Result<Verdict, Unhelpful>> + Send;
}

impl Asked for Watched {
    async fn ask(&self, cosigned: &Range, leaf: &Hash) -> Result<Verdict, Unhelpful> {
        self.witness.ask(&self.key, cosigned, leaf).await
    }
}

/// Adds a leaf over these heads, and has it cosigned.
async fn anchor(vault: &Vault, row: &[u8; 32], heads: &Heads, witness: &impl Asked) -> Result<(), Trouble> {
    let ours = log::leaf(random::bytes(), heads);
    for _ in 0..TRIES {
        let (log, version) = Log::read(vault, row).await?;
        let Some(pending) = log.pending else {
            let next = Log { pending: Some(ours), ..log };
            match next.write(vault, row, version).await {
                Ok(()) | Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error.into()),
            }
        };
        match witness.ask(&log.cosigned, &pending).await.map_err(Trouble::Witness)? {
            Verdict::Cosigned => {
                let next = Log { cosigned: log.cosigned.and(&pending), pending: None };
                match next.write(vault, row, version).await {
                    // Who was first wrote the same, or more.
                    Ok(()) | Err(StoreError::Conflict) if pending == ours => return Ok(()),
                    Ok(()) | Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            // Another enclave may have gone on meanwhile. If none did, it was not this store that the witness saw.
            Verdict::Otherwise if Log::read(vault, row).await?.1 == version => {
                return Err(Trouble::RolledBack);
            }
            Verdict::Otherwise => {}
        }
    }
    Err(Trouble::Busy)
}

#[cfg(test)]
mod tests;
