//! The rules of EXCHANGES.md section 5, each against the running program, and that Kraken tells what Binance tells.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod client;
mod auth;
mod limits;
mod market;
mod history;
mod ledger;
mod funding;
mod faults;
