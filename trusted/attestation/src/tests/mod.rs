//! What only this crate's own tests use.

pub(crate) mod throw_away;
