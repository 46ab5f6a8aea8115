//! What client and enclave agree on, byte for byte: sealed calls, bodies, error codes, bounds. Pure.
#![no_std]

extern crate alloc;

mod credentials;

pub use credentials::{Credentials, Secret};
