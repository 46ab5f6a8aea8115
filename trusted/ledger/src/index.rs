//! A table from hashes of ids to indexes of a log: eight bytes a place, at most two thirds of the places taken.
//!
//! The hash has no secret, so that the same fills take the same steps on every machine. Ids are a venue's, which has no
//! interest to make them collide, and who replays a file that somebody made pays for it alone.

use crate::log::index;
use alloc::vec::Vec;

/// What stands in a place that is free.
const FREE: u32 = u32::MAX;

/// Indexes by hash. Whoever asks compares what stands at the index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    places: Vec<(u32, u32)>,
    taken: usize,
}

/// Mixes a word (the finaliser of splitmix64): every bit of it moves every bit of the hash.
#[inline]
pub(crate) fn mixed(word: u64) -> u32 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((word ^ (word >> 31)) & u64::from(u32::MAX)).unwrap_or(0)
}

/// A text as a word (FNV-1a).
pub(crate) fn word(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Index {
    fn mask(&self) -> usize {
        self.places.len().wrapping_sub(1)
    }

    /// The index of that hash that `is` the one.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash, is).and_then(|place| self.places.get(place)).map(|(_, at)| *at)
    }

    /// Reads the place where a hash belongs, and does nothing with it: while one waits for memory, others are asked for.
    #[inline(always)]
    pub(crate) fn expect(&self, hash: u32) {
        core::hint::black_box(self.places.get(index(hash) & self.mask()).map(|(held, _)| *held));
    }

    /// The index of that hash that `is` the one; if there is none, `at` is from now on.
    #[inline(always)]
    pub(crate) fn find_or_insert(&mut self, hash: u32, at: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.taken.saturating_mul(3) >= self.places.len().saturating_mul(2) {
            self.grow();
        }
        let mask = self.mask();
        let mut place = index(hash) & mask;
        while let Some(held) = self.places.get_mut(place) {
            if held.1 == FREE {
                *held = (hash, at);
                self.taken = self.taken.saturating_add(1);
                return None;
            }
            if held.0 == hash && is(held.1) {
                return Some(held.1);
            }
            place = place.wrapping_add(1) & mask;
        }
        None
    }

    fn place(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<usize> {
        let mut place = index(hash) & self.mask();
        // A table is never full, so the walk ends.
        while let Some((held, at)) = self.places.get(place).filter(|(_, at)| *at != FREE) {
            if *held == hash && is(*at) {
                return Some(place);
            }
            place = place.wrapping_add(1) & self.mask();
        }
        None
    }

    /// Adds an index that is not there.
    pub(crate) fn insert(&mut self, hash: u32, at: u32) {
        if self.taken.saturating_mul(3) >= self.places.len().saturating_mul(2) {
            self.grow();
        }
        self.taken = self.taken.saturating_add(1);
        self.put(hash, at);
    }

    fn put(&mut self, hash: u32, at: u32) {
        let mask = self.mask();
        let mut place = index(hash) & mask;
        while let Some(held) = self.places.get_mut(place) {
            if held.1 == FREE {
                *held = (hash, at);
                return;
            }
            place = place.wrapping_add(1) & mask;
        }
    }

    fn grow(&mut self) {
        let len = self.places.len().saturating_mul(2).max(16);
        let held = core::mem::replace(&mut self.places, alloc::vec![(0, FREE); len]);
        for (hash, at) in held.into_iter().filter(|(_, at)| *at != FREE) {
            self.put(hash, at);
        }
    }

    /// Removes an index that is there; what walked past it moves up.
    pub(crate) fn remove(&mut self, hash: u32, at: u32) {
        let Some(mut hole) = self.place(hash, |held| held == at) else { return };
        self.taken = self.taken.saturating_sub(1);
        let mask = self.mask();
        let mut next = hole;
        loop {
            next = next.wrapping_add(1) & mask;
            let Some(&(hash, at)) = self.places.get(next).filter(|(_, at)| *at != FREE) else { break };
            let home = index(hash) & mask;
            // It may move to the hole if its home is not between the hole and where it stands.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                if let Some(place) = self.places.get_mut(hole) {
                    *place = (hash, at);
                }
                hole = next;
            }
        }
        if let Some(place) = self.places.get_mut(hole) {
            *place = (0, FREE);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn what_was_put_in_is_found_until_it_is_removed() {
        // Few hashes, so that most collide.
        let hash = |at: u32| mixed(u64::from(at) % 37) % 64;
        let (mut index, mut held, mut state) = (Index::default(), BTreeMap::new(), 5_u32);
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 16) % 500;
            if held.remove(&at).is_some() {
                index.remove(hash(at), at);
            } else {
                held.insert(at, ());
                index.insert(hash(at), at);
            }
            let asked = (state >> 8) % 500;
            assert_eq!(index.find(hash(asked), |found| found == asked).is_some(), held.contains_key(&asked));
            assert_eq!(index.taken, held.len());
        }
    }
}
