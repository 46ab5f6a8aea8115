//! Enclaves that share a database share keys: those of its rows, the result key and the epochs' (ATTESTATION.md section 14).
//! So any of them opens any call and reads any row, and to a client they are one.
//!
//! Keys reach an enclave only from another one, after each has verified fresh evidence of the other: the same program in the
//! same configuration, on a platform that is no worse (`Policy::of_peers`). Messages are rows of the database, which nobody
//! trusts: it can withhold them, and then nobody is given anything.
//!
//! ```text
//! newcomer                                giver, any of the others
//!   ask       nonce                  ─►
//!                                    ◄─    offer     evidence over that nonce, a nonce
//!   evidence  over the giver's nonce ─►
//!                                    ◄─    keys      sealed to the newcomer's attested key, signed by the giver's
//! ```
//!
//! The keys of the next epoch go the same way each day, a minute before it begins: an enclave that can no longer prove what
//! it is drops out. A sealed row names the last epoch, so that one enclave founds the next and the others ask for it.

mod message;
mod secrets;
mod epoch_row;
mod peer;
mod giver;
mod newcomer;
mod keep;
#[cfg(test)]
mod tests;

pub(crate) use keep::Keeper;
pub(crate) use newcomer::Start;
