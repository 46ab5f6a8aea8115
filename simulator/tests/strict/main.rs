//! The rules of EXCHANGES.md sections 2 and 15, each against the running program.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod auth;
mod fills;
mod market;
mod wallet;
mod weights;

const ACCOUNT: &str = "/api/v3/account";
const TRADES: &str = "/api/v3/myTrades";
const DEPOSITS: &str = "/sapi/v1/capital/deposit/hisrec";
const WITHDRAWALS: &str = "/sapi/v1/capital/withdraw/history";
