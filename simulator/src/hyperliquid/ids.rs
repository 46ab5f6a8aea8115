//! Ids in the venue's forms, made from what they name: the same world has the same ids, however it is read.

use crate::random::{Random, hash};

/// The name of a fill: fifty bits, the same on both sides of a trade.
pub(crate) fn fill(of: &[u64]) -> u64 {
    hash(of) >> 14
}

/// The name of an order, of all markets together.
pub(crate) fn order(of: &[u64]) -> u64 {
    hash(of) >> 27
}

/// A transaction on the venue's chain.
pub(crate) fn transaction(of: &[u64]) -> String {
    format!("0x{}", Random::new(hash(of), "transaction").hex(64))
}

/// Another address, of the venue or outside.
pub(crate) fn address(of: &[u64]) -> String {
    format!("0x{}", Random::new(hash(of), "address").hex(40))
}

/// A token's long name.
pub(crate) fn token(of: &[u64]) -> String {
    format!("0x{}", Random::new(hash(of), "token").hex(32))
}
