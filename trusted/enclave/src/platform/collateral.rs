//! DCAP collateral: fetched outside, judged here, served to clients (ATTESTATION.md section 10).
//!
//! Whoever brings it, in the operator's directory or by `PUT /collateral`, can withhold it and nothing else: a set is
//! kept only if it verifies a fresh quote of this platform under the vendor's root, and is not older than the one
//! before. The last one is kept until a newer comes, even past its end: clients judge its dates by their own clock.

use super::files::Files;
use attestation::{
    BackendError, Class, Collateral, DcapCollateral, Policy, Roots, Tee, limits, verify_evidence,
};
use sha2::{Digest as _, Sha512};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// The file in the operator's directory.
const FILE: &str = "collateral.json";
/// How often it is read again.
const REFRESH_S: u64 = 6 * 3600;
/// How soon after a failure.
const RETRY_S: u64 = 60;
/// From this age on, and so long before its end, the log warns.
const AGE_S_MAX: u64 = 7 * 86_400;
const AHEAD_S_MIN: u64 = 5 * 86_400;

/// What quotes that are made for judging collateral vouch for. No binding has this hash: its domain is another.
pub(crate) fn sample_data() -> [u8; 64] {
    Sha512::digest("perf-aggregator/collateral-check/v1").into()
}

/// The collateral of this platform.
pub(crate) struct Keeper {
    tee: Tee,
    roots: Roots,
    files: Arc<dyn Files>,
    file: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    due_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    collateral: DcapCollateral,
    evaluation: u32,
    issued_at: u64,
    ends_at: u64,
}

impl Keeper {
    /// Nothing is held yet; `directory` is where a fetcher writes.
    pub(crate) fn new(tee: Tee, roots: Roots, files: Arc<dyn Files>, directory: Option<PathBuf>) -> Self {
        let file = directory.map(|directory| directory.join(FILE));
        Self { tee, roots, files, file, state: Mutex::default() }
    }

    /// The last set that verified.
    pub(crate) fn last(&self) -> Option<DcapCollateral> {
        self.state().held.as_ref().map(|held| held.collateral.clone())
    }

    /// Judges what somebody hands in, by a quote over [`sample_data`].
    pub(crate) fn offer(&self, json: &[u8], quote: &[u8], now: u64) -> Result<(), BackendError> {
        let new = self.judged(json, quote, now)?;
        let mut state = self.state();
        let older = state.held.as_ref().is_some_and(|held| {
            held.ends_at >= now && (new.evaluation, new.issued_at) < (held.evaluation, held.issued_at)
        });
        if older {
            return Err(BackendError::Older);
        }
        state.held = Some(new);
        state.due_at = now.saturating_add(REFRESH_S);
        Ok(())
    }

    /// Reads the directory again when it is time, and warns about what is old or ends soon.
    pub(crate) fn upkeep(&self, now: u64, quote: impl FnOnce() -> Result<Vec<u8>, BackendError>) {
        if now < self.state().due_at {
            return;
        }
        let reread = self.reread(now, quote);
        let mut state = self.state();
        state.due_at = now.saturating_add(if reread.is_ok() { REFRESH_S } else { RETRY_S });
        for code in warnings(state.held.as_ref(), now) {
            tracing::warn!(code, "collateral: docs/operations.md says what to do");
        }
    }

    fn reread(&self, now: u64, quote: impl FnOnce() -> Result<Vec<u8>, BackendError>) -> Result<(), ()> {
        let Some(file) = &self.file else {
            return if self.state().held.is_some() { Ok(()) } else { Err(()) };
        };
        let outcome = match self.files.read(file, limits::COLLATERAL) {
            Ok(json) => quote().and_then(|quote| self.offer(&json, &quote, now)),
            Err(error) => {
                let code = match error.kind() {
                    io::ErrorKind::NotFound => "collateral-file-absent",
                    io::ErrorKind::FileTooLarge => "collateral-file-too-large",
                    _ => "collateral-file-unreadable",
                };
                tracing::warn!(code, "ENCLAVE_COLLATERAL_DIR");
                return Err(());
            }
        };
        outcome.map_err(|error| {
            let class = if let BackendError::Collateral(class) = error { class.as_str() } else { "" };
            tracing::warn!(code = error.code(), class, "ENCLAVE_COLLATERAL_DIR");
        })
    }

    fn judged(&self, json: &[u8], quote: &[u8], now: u64) -> Result<Held, BackendError> {
        let refused = |failure: attestation::Failure| BackendError::Collateral(failure.class);
        let parsed = Collateral::parse(json).map_err(refused)?;
        // Whether a client can judge this platform at all; what it then accepts is its own policy's affair.
        let policy = Policy::dangerous_claims_only();
        let verified =
            verify_evidence(self.tee, quote, Some(&parsed), &policy, &self.roots, Some(&sample_data()), now)
                .map_err(refused)?;
        let malformed = BackendError::Collateral(Class::Malformed);
        let Collateral::Dcap(collateral) = parsed else { return Err(malformed) };
        let issued_at = [&collateral.tcb_info, &collateral.qe_identity]
            .into_iter()
            .map(|document| issued_at(document))
            .min()
            .flatten()
            .ok_or(malformed)?;
        Ok(Held {
            evaluation: verified.tcb_evaluation_number().ok_or(malformed)?,
            issued_at,
            ends_at: verified.earliest_expiration(),
            collateral,
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Whoever panicked with it had either replaced the set or not.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `issueDate` of a signed document that has been verified.
fn issued_at(document: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Issued {
        #[serde(rename = "issueDate")]
        issue_date: String,
    }
    let issued: Issued = serde_json::from_str(document).ok()?;
    u64::try_from(protocol::parse_rfc3339(&issued.issue_date)?.seconds()).ok()
}

/// What an operator must know of the set that is served.
fn warnings(held: Option<&Held>, now: u64) -> Vec<&'static str> {
    let Some(held) = held else { return vec!["collateral-none"] };
    let age = now.saturating_sub(held.issued_at);
    let ahead = held.ends_at.saturating_sub(now);
    [
        (held.ends_at < now, "collateral-ended"),
        (held.ends_at >= now && ahead < AHEAD_S_MIN, "collateral-ends-soon"),
        (age > AGE_S_MAX, "collateral-old"),
    ]
    .into_iter()
    .filter_map(|(told, code)| told.then_some(code))
    .collect()
}

#[cfg(test)]
mod tests;
