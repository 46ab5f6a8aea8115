//! A witness outside anchors the store (ATTESTATION.md section 13, Rollback): it remembers how far the store has come, which
//! the machine that holds the store could make it forget.
//!
//! The store has a log with its witness, a Merkle tree of blinded hashes. Each anchoring adds a leaf over the heads of accounts
//! that changed; the witness cosigns the log only if it continues the largest one that it ever saw. So a store that was put
//! back is behind its witness, and nothing of it is served any more. At each start a leaf that nobody could foresee is
//! cosigned before anything is.
//!
//! ```text
//! heads ─► leaf ─► pending, in the store ─► witness ─► cosigned, in the store ─► `anchored` is told
//! ```
//!
//! The key that signs the log follows from the keys of the store and the witness's key, and is kept nowhere. A store without
//! the log's row, or one from before there was a witness, is then no new log but an old state of the same one.
//!
//! What this finds is a store that was put back with the row of its log. Rows of accounts that are put back beside the row of
//! now are found by who saw more of them (`checkpoint.rs`).

mod tree;
mod note;
mod log;
mod asking;
mod heads;
mod keeping;

pub(crate) use asking::Witness;
pub(crate) use keeping::keep;
pub(crate) use note::WitnessKey;

use crate::{account::AccountKey, checkpoint::Chain, failure::Failure, store::Vault};
use heads::Known;
use note::LogKey;
use protocol::{Code, limits};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Whether what the store holds may be served, and how much of it is anchored.
pub(crate) struct Anchors {
    watched: Option<Watched>,
    state: watch::Sender<State>,
    known: Mutex<Known>,
}

/// The log of a store with a witness.
struct Watched {
    witness: Witness,
    key: LogKey,
    /// Where it is kept.
    row: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody watches.
    Unwatched,
    /// The witness was not heard since the start.
    Unproven,
    /// It said that there is no later state than this one.
    Proven,
    /// It said that there is another.
    RolledBack,
}

impl Anchors {
    /// Nobody watches the store.
    pub(crate) fn none() -> Self {
        Self { watched: None, state: watch::Sender::new(State::Unwatched), known: Mutex::default() }
    }

    /// The witness of the settings watches the store, if there is one. `keeps`: what is written outlives the process.
    pub(crate) fn of(witness: Option<&Witness>, keeps: bool, vault: &Vault) -> anyhow::Result<Self> {
        let Some(witness) = witness.cloned() else { return Ok(Self::none()) };
        anyhow::ensure!(
            keeps,
            "WITNESS_URL is set, and nothing of the store outlives this process: there is nothing to put back. Unset it"
        );
        let of = witness.key.as_str().as_bytes();
        let key = LogKey::new(&vault.id("witness-log-key", &[of]));
        let row = vault.id("witness-log", &[of]);
        let watched = Some(Watched { witness, key, row });
        Ok(Self { watched, state: watch::Sender::new(State::Unproven), known: Mutex::default() })
    }

    /// Refuses while it is not known that the store is the latest one, and when it is not.
    pub(crate) fn admit(&self) -> Result<(), Failure> {
        match *self.state.borrow() {
            State::Unwatched | State::Proven => Ok(()),
            State::Unproven => Err(Failure::new(
                Code::StoreUnavailable,
                "The enclave has started, and its witness has not yet confirmed that its store is the latest one: nothing is \
                 served of it until then. Try again later; if it stays so, ask the operator, who finds the reason in the log.",
            )
            .retry_after(limits::STORE_RETRY_S)),
            State::RolledBack => Err(Failure::new(
                Code::StateRolledBack,
                "The enclave's witness knows a later state of its store: an older copy was put in its place, or another one \
                 went on. Nothing is served of it. Ask the operator, who finds in docs/store.md what to do.",
            )),
        }
    }

    /// Returns when the store may be used.
    pub(crate) async fn proven(&self) {
        let mut state = self.state.subscribe();
        // The sender is here as long as we are.
        let _ = state.wait_for(|state| matches!(state, State::Unwatched | State::Proven)).await;
    }

    /// An account has come so far, and it is written.
    pub(crate) fn note(&self, account: AccountKey, chain: Chain) {
        if self.watched.is_some() {
            self.known().note(account, chain);
        }
    }

    /// Whether the witness has cosigned a log that has this head of an account. One that is not in it comes into it.
    pub(crate) fn has(&self, account: AccountKey, chain: Chain) -> bool {
        if self.watched.is_none() {
            return false;
        }
        let mut known = self.known();
        let has = known.has(&account, chain);
        if !has {
            known.note(account, chain);
        }
        has
    }

    /// What the witness has to know of the log.
    pub(crate) fn log_key(&self) -> Option<String> {
        self.watched.as_ref().map(|watched| watched.key.public())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 2] = [
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
    ];

    fn witness(key: &str) -> Witness {
        let at = exchange::Recipient::parse("https://w.example").unwrap();
        Witness { at, key: WitnessKey::parse(key).unwrap() }
    }

    fn refusal(anchors: &Anchors) -> Option<Code> {
        anchors.admit().err().map(|failure| failure.code)
    }

    #[test]
    fn what_is_refused_follows_from_what_the_witness_said() {
        let (vault, account, chain) = (Vault::in_memory(), [1; 32], Chain::default().after(b"a change"));
        let none = Anchors::none();
        none.note(account, chain);
        assert!(refusal(&none).is_none() && !none.has(account, chain) && none.known().next().is_empty());
        assert_eq!(none.log_key(), None);

        let anchors = Anchors::of(Some(&witness(KEYS[0])), true, &vault).unwrap();
        assert_eq!(refusal(&anchors), Some(Code::StoreUnavailable));
        assert!(!anchors.has(account, chain));
        let heads = anchors.known().next().clone();
        assert_eq!(heads.len(), 1, "who asked wants it anchored");
        anchors.known().anchored(heads);
        anchors.state.send_replace(State::Proven);
        assert!(refusal(&anchors).is_none() && anchors.has(account, chain));
        anchors.state.send_replace(State::RolledBack);
        assert_eq!(refusal(&anchors), Some(Code::StateRolledBack));
    }

    #[test]
    fn a_store_has_one_log_with_each_witness_however_often_it_is_opened() {
        let (vault, other) = (Vault::in_memory(), Vault::in_memory());
        let log = |vault, key| {
            let anchors = Anchors::of(Some(&witness(key)), true, vault).unwrap();
            (anchors.log_key().unwrap(), anchors.watched.unwrap().row)
        };
        assert_eq!(log(&vault, KEYS[0]), log(&vault, KEYS[0]));
        let logs = [log(&vault, KEYS[0]), log(&vault, KEYS[1]), log(&other, KEYS[0])];
        assert!(logs[0].0 != logs[1].0 && logs[0].0 != logs[2].0);
        assert!(logs[0].1 != logs[1].1 && logs[0].1 != logs[2].1);
    }

    #[test]
    fn what_ends_with_the_process_is_watched_by_nobody() {
        let vault = Vault::in_memory();
        let said = Anchors::of(Some(&witness(KEYS[0])), false, &vault).err().unwrap().to_string();
        assert!(said.starts_with("WITNESS_URL"), "{said}");
        assert!(Anchors::of(None, false, &vault).is_ok());
    }
}
