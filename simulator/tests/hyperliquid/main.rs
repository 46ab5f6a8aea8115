//! The rules of EXCHANGES.md section 11, each against the running program, and that Hyperliquid tells what Binance tells.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod client;
mod questions;
mod market;
mod history;
mod state;
mod faults;
