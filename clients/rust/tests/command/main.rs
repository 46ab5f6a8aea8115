//! The command as people and scripts meet it, against a service that speaks the real protocol.
#![cfg(test)]

#[path = "../service/mod.rs"]
mod service;

mod desk;
mod pages;
mod register;
mod session;
mod ledger;
mod saved;
mod evidence;
mod watch;
mod failures;
