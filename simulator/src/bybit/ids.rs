//! Ids in Bybit's forms, made from what they name: the same world has the same ids, however it is read.

use crate::random::{Random, hash};

/// `e0cbe81d-0f18-5866-9415-cf319b5dab3b`
pub(super) fn uuid(of: &[u64]) -> String {
    // Of two sequences: together they have more states than one.
    let text = Random::new(hash(of), "bybit").hex(16) + &Random::new(hash(of), "uuid").hex(16);
    let cuts = [0..8, 8..12, 12..16, 16..20, 20..32];
    cuts.into_iter().filter_map(|cut| text.get(cut)).collect::<Vec<_>>().join("-")
}

/// Nineteen digits.
pub(super) fn number(of: &[u64]) -> String {
    (1_000_000_000_000_000_000 + hash(of) % 9_000_000_000_000_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_venues_form_and_depend_on_what_they_name() {
        let lengths: Vec<usize> = uuid(&[1, 2]).split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(number(&[7]).len(), 19);
        assert!(uuid(&[1]) == uuid(&[1]) && uuid(&[1]) != uuid(&[2]) && number(&[1]) != number(&[2]));
    }
}
