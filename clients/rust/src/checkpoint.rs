//! What a client remembers of a service's store (DESIGN.md section 6): the last checkpoint of each account and record that it
//! saw. A store that is behind one of them was put back to an older state, and figures of it leave out what was already told.

use crate::failure::Failure;
use protocol::{api::Checkpoint, wire};
use serde::{Deserialize, Serialize};

/// Accounts and records that are remembered at once; those that were not seen for the longest time go first.
const SEEN_MAX: usize = 256;

/// The last checkpoint that was seen of each account and record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checkpoints(Vec<Seen>);

/// A checkpoint, and what it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The key that signs results there, base64url.
    deployment: String,
    /// The fingerprint of an account, or the public key of a record's holder.
    of: String,
    seq: u64,
    root: String,
    #[serde(default)]
    anchored: bool,
}

impl Seen {
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { seq: self.seq, root: self.root.clone(), anchored: self.anchored }
    }
}

impl Checkpoints {
    /// How many accounts and records are remembered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last one that was seen at the deployment with this result key, of an account (its fingerprint) or a record (its
    /// holder's public key).
    pub fn last(&self, deployment: &[u8; 32], of: &str) -> Option<Checkpoint> {
        let deployment = wire::encode(deployment);
        self.0.iter().find(|seen| seen.deployment == deployment && seen.of == of).map(Seen::checkpoint)
    }

    /// Remembers one. What is behind the one that is remembered changes nothing.
    pub fn saw(&mut self, deployment: &[u8; 32], of: &str, checkpoint: &Checkpoint) {
        let (deployment, of) = (wire::encode(deployment), of.to_owned());
        let Checkpoint { seq, root, anchored } = checkpoint.clone();
        self.add(Seen { deployment, of, seq, root, anchored });
    }

    /// Forgets what was seen of an account or a record.
    pub fn forget(&mut self, deployment: &[u8; 32], of: &str) {
        let deployment = wire::encode(deployment);
        self.0.retain(|seen| !(seen.deployment == deployment && seen.of == of));
    }

    /// Remembers all that another memory has, too.
    pub fn join(&mut self, others: Self) {
        others.0.into_iter().for_each(|seen| self.add(seen));
    }

    /// The last one seen stands last.
    fn add(&mut self, seen: Seen) {
        let same = |known: &Seen| known.deployment == seen.deployment && known.of == seen.of;
        match self.0.iter().position(same) {
            Some(place) => {
                let known = self.0.remove(place);
                let behind = judge(&seen.checkpoint(), Some(&known.checkpoint())).is_err();
                self.0.push(if behind { known } else { seen });
            }
            None => self.0.push(seen),
        }
        if self.0.len() > SEEN_MAX {
            self.0.remove(0);
        }
    }
}

/// Judges a checkpoint that came by one that was seen.
pub(crate) fn judge(came: &Checkpoint, seen: Option<&Checkpoint>) -> Result<(), Failure> {
    let Some(seen) = seen else { return Ok(()) };
    match came.seq.cmp(&seen.seq) {
        core::cmp::Ordering::Greater => Ok(()),
        core::cmp::Ordering::Equal if came.root == seen.root => Ok(()),
        _ => Err(Failure::RolledBack { seen: seen.seq, came: came.seq }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64, root: &str) -> Checkpoint {
        Checkpoint { seq, root: root.to_owned(), anchored: false }
    }

    #[test]
    fn a_store_goes_on_or_stands_still() {
        for (came, seen, good) in [
            (at(7, "a"), None, true),
            (at(7, "a"), Some(at(7, "a")), true),
            (Checkpoint { anchored: true, ..at(7, "a") }, Some(at(7, "a")), true),
            (at(8, "b"), Some(at(7, "a")), true),
            (at(7, "b"), Some(at(7, "a")), false),
            (at(6, "a"), Some(at(7, "a")), false),
            (at(0, "a"), Some(at(u64::MAX, "a")), false),
        ] {
            assert_eq!(judge(&came, seen.as_ref()).is_ok(), good, "{came:?} after {seen:?}");
        }
    }

    #[test]
    fn a_memory_keeps_the_later_of_two_and_deployments_apart() {
        let mut memory = Checkpoints::default();
        memory.saw(&[1; 32], "x", &at(5, "e"));
        memory.saw(&[1; 32], "x", &at(4, "d"));
        memory.saw(&[1; 32], "x", &at(5, "other"));
        memory.saw(&[2; 32], "x", &at(1, "a"));
        memory.saw(&[1; 32], "y", &at(9, "i"));
        assert_eq!(memory.last(&[1; 32], "x"), Some(at(5, "e")));
        assert_eq!(memory.last(&[2; 32], "x"), Some(at(1, "a")));
        let mut other = Checkpoints::default();
        other.saw(&[1; 32], "x", &at(6, "f"));
        other.saw(&[1; 32], "y", &at(8, "h"));
        memory.join(other);
        assert_eq!(memory.last(&[1; 32], "x"), Some(at(6, "f")));
        assert_eq!(memory.last(&[1; 32], "y"), Some(at(9, "i")));
        memory.forget(&[1; 32], "y");
        assert_eq!((memory.last(&[1; 32], "y"), memory.len()), (None, 2));
    }

    #[test]
    fn a_memory_has_a_bound_and_forgets_what_was_not_seen_for_the_longest_time() {
        let mut memory = Checkpoints::default();
        for number in 0..SEEN_MAX {
            memory.saw(&[1; 32], &number.to_string(), &at(1, "a"));
        }
        memory.saw(&[1; 32], "0", &at(1, "a"));
        memory.saw(&[1; 32], "new", &at(1, "a"));
        assert_eq!(memory.len(), SEEN_MAX);
        assert!(memory.last(&[1; 32], "0").is_some() && memory.last(&[1; 32], "1").is_none());
    }
}
