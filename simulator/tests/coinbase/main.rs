//! The rules of EXCHANGES.md section 6, each against the running program, and that Coinbase tells what Binance tells.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod client;
mod auth;
mod limits;
mod market;
mod fills;
mod wallets;
mod faults;
