//! The command as people and scripts meet it, against a service that speaks the real protocol.
#![cfg(test)]

#[path = "../asked/mod.rs"]
mod asked;
#[path = "../service/mod.rs"]
mod service;
#[path = "../pcs/mod.rs"]
mod pcs;

mod desk;
mod pages;
mod exchanges;
mod register;
mod session;
mod holder;
mod record;
mod checkpoints;
mod ledger;
mod saved;
mod evidence;
mod policy;
mod watch;
mod failures;
mod collateral;
mod audit;
mod man_in_the_middle;
