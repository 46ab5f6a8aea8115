//! Coinbase's account: read from a venue in a table, which can do what no simulator does, and over HTTP from the simulator, where
//! it is what Binance tells of the same account.
#![cfg(test)]

mod desk;
#[path = "../running/mod.rs"]
mod running;
mod simulated;
mod told;
