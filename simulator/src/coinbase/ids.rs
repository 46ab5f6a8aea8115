//! Ids in Coinbase's forms, made from what they name: the same world has the same ids, however it is read.

use crate::random::{Random, hash, name};

/// `8bfc20d7-f7c6-4422-bf07-8243ca4169fe`: an account, an order, a trade, a transaction, a portfolio.
pub(crate) fn uuid(kind: &str, of: &[u64]) -> String {
    let text = drawn(kind, of, 32);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-b{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// 64 hexadecimal digits: the entry of a fill.
pub(crate) fn entry(of: &[u64]) -> String {
    drawn("entry", of, 64)
}

fn drawn(kind: &str, of: &[u64], digits: usize) -> String {
    // Of two sequences: together they have more states than one.
    let (first, second) = (digits / 2, digits - digits / 2);
    let mut one = Random::new(hash(of), kind);
    let mut other = Random::new(hash(&[hash(of), name(kind)]), "more");
    format!("{}{}", one.hex(first), other.hex(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_venues_form_and_depend_on_what_they_name() {
        let id = uuid("order", &[1, 2]);
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!((uuid("order", &[7]), entry(&[7]).len()), (uuid("order", &[7]), 64));
        assert!(uuid("order", &[7]) != uuid("order", &[8]) && uuid("order", &[7]) != uuid("trade", &[7]));
    }
}
