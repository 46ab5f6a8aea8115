//! Envelope ids that were used: each opens once for the life of its header. They are kept in memory, since a restart makes new keys and no
//! envelope sealed before opens again; where several enclaves share keys, the database is asked too (`Store::use_envelope`).

use crate::failure::Failure;
use ledger::Timestamp;
use protocol::{Code, limits};
use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, PoisonError},
};

/// Envelope ids that were used, each for the life of its header.
#[derive(Default)]
pub(crate) struct UsedEnvelopes(Mutex<Used>);

#[derive(Default)]
struct Used {
    ids: HashSet<[u8; 16]>,
    by_expiry: BTreeSet<(u64, [u8; 16])>,
}

impl UsedEnvelopes {
    /// Marks an id as used; an id that is used already is refused. `expires_at` is that of its header.
    pub(crate) fn insert(&self, id: [u8; 16], expires_at: u64, now: Timestamp) -> Result<(), Failure> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now_s = u64::try_from(now.seconds()).unwrap_or(0);
        // An envelope is valid until and including its second, so an id is dropped after it.
        while let Some(&(expiry, old)) = used.by_expiry.first().filter(|(expiry, _)| *expiry < now_s) {
            used.by_expiry.remove(&(expiry, old));
            used.ids.remove(&old);
        }
        if used.ids.contains(&id) {
            return Err(Code::EnvelopeReplayed.into());
        }
        if used.ids.len() >= limits::ENVELOPES_REMEMBERED_MAX {
            return Err(Failure::from(Code::RateLimited).retry_after(60));
        }
        used.ids.insert(id);
        used.by_expiry.insert((expires_at, id));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_used_once_as_long_as_its_header_lives() {
        let (used, at) = (UsedEnvelopes::default(), |s: i64| Timestamp::from_millis(s * 1000));
        assert_eq!(used.insert([1; 16], 100, at(50)), Ok(()));
        assert_eq!(used.insert([1; 16], 100, at(100)).unwrap_err().code, Code::EnvelopeReplayed);
        assert_eq!(used.insert([2; 16], 100, at(100)), Ok(()));
        used.insert([3; 16], 300, at(101)).unwrap();
        assert_eq!(used.0.lock().unwrap().ids.len(), 1, "what expired is forgotten");
    }
}
