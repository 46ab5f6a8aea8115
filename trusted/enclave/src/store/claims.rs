//! Who polls which account, where one process owns the store: claims end with the process, so nothing of them is written.
//! Whoever opens such a store enrols again what its rows say. Used envelopes are here for the same reason: no envelope that
//! was sealed before a restart opens after it.
//!
//! A process that lives holds what it claimed until it gives it back, and an enrolment lasts until it is withdrawn: a
//! clock is not needed here, and the instants that the trait is told are not judged.

use super::{Claim, Instance, StoreError};
use protocol::limits;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Enrolments, claims and used envelopes of one process.
#[derive(Default)]
pub(super) struct Claims(Mutex<State>);

#[derive(Default)]
struct State {
    /// Enrolled accounts, and who holds them.
    enrolled: BTreeMap<[u8; 32], Option<Held>>,
    /// Those of them that nobody holds.
    free: BTreeSet<[u8; 32]>,
    last_token: u64,
    used: BTreeSet<[u8; 16]>,
    used_by_expiry: BTreeSet<(u64, [u8; 16])>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Held {
    by: Instance,
    token: u64,
}

impl Claims {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enroll(&self, account: [u8; 32]) {
        let mut state = self.state();
        if state.enrolled.contains_key(&account) {
            return;
        }
        state.enrolled.insert(account, None);
        state.free.insert(account);
    }

    pub(super) fn withdraw(&self, account: [u8; 32]) {
        let mut state = self.state();
        state.enrolled.remove(&account);
        state.free.remove(&account);
    }

    pub(super) fn claim(&self, by: Instance, at_most: usize) -> Vec<Claim> {
        let mut state = self.state();
        let accounts: Vec<_> = state.free.iter().copied().take(at_most).collect();
        accounts.into_iter().filter_map(|account| state.hand_to(by, account)).collect()
    }

    pub(super) fn claim_one(&self, by: Instance, account: [u8; 32]) -> Option<Claim> {
        self.state().hand_to(by, account)
    }

    pub(super) fn held(&self, by: Instance) -> Vec<Claim> {
        let state = self.state();
        let held = state.enrolled.iter().filter_map(|(account, held)| held.map(|held| (*account, held)));
        held.filter(|(_, held)| held.by == by)
            .map(|(account, held)| Claim { account, token: held.token })
            .collect()
    }

    pub(super) fn release(&self, by: Instance, account: Option<[u8; 32]>) {
        let mut state = self.state();
        let State { enrolled, free, .. } = &mut *state;
        let only = |key: &[u8; 32]| account.is_none_or(|account| account == *key);
        for (key, held) in enrolled.iter_mut().filter(|(key, _)| only(key)) {
            if held.is_some_and(|held| held.by == by) {
                *held = None;
                free.insert(*key);
            }
        }
    }

    /// Whether all of these claims still hold.
    pub(super) fn hold(&self, fences: &[Claim]) -> bool {
        let state = self.state();
        fences.iter().all(|claim| {
            let held = state.enrolled.get(&claim.account).copied().flatten();
            held.is_some_and(|held| held.token == claim.token)
        })
    }

    pub(super) fn use_envelope(&self, id: [u8; 16], expires_s: u64) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.used.contains(&id) {
            return Ok(false);
        }
        // No header lives longer than this, so this much before the latest end it is past every earlier one.
        let past_s = expires_s.saturating_sub(limits::ENVELOPE_LIFE_S_MAX);
        while let Some(&(expiry_s, old)) =
            state.used_by_expiry.first().filter(|(expiry_s, _)| *expiry_s < past_s)
        {
            state.used_by_expiry.remove(&(expiry_s, old));
            state.used.remove(&old);
        }
        if state.used.len() >= limits::ENVELOPES_REMEMBERED_MAX {
            return Err(StoreError::Full);
        }
        state.used.insert(id);
        state.used_by_expiry.insert((expires_s, id));
        Ok(true)
    }
}

impl State {
    fn hand_to(&mut self, by: Instance, account: [u8; 32]) -> Option<Claim> {
        if !self.free.remove(&account) {
            return None;
        }
        self.last_token = self.last_token.saturating_add(1);
        let token = self.last_token;
        self.enrolled.insert(account, Some(Held { by, token }));
        Some(Claim { account, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_forgotten_when_no_header_of_its_time_can_live() {
        let claims = Claims::default();
        assert_eq!(claims.use_envelope([1; 16], 1000), Ok(true));
        assert_eq!(claims.use_envelope([2; 16], 1000 + limits::ENVELOPE_LIFE_S_MAX), Ok(true));
        assert_eq!(claims.use_envelope([1; 16], 1000), Ok(false), "its last second may be now");
        assert_eq!(claims.use_envelope([3; 16], 1001 + limits::ENVELOPE_LIFE_S_MAX), Ok(true));
        assert_eq!(claims.state().used.len(), 2, "the first is forgotten");
    }
}
