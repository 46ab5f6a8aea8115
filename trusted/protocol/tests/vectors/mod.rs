//! Vectors of this repository, their hex, and randomness that repeats.
#![allow(dead_code, reason = "each test binary uses a part")]

use protocol::{EnvelopeKey, Header, Route};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub(crate) fn json(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// `vectors/envelope/cases.json`.
pub(crate) fn sealed_calls() -> Value {
    json(&root().join("vectors/envelope/cases.json"))
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The enclave's key in the sealed-call vectors.
pub(crate) fn recipient(vectors: &Value) -> EnvelopeKey {
    EnvelopeKey::from_bytes(&bytes(&vectors["recipient_private_key"]).try_into().unwrap()).unwrap()
}

pub(crate) fn header(route: Route) -> Header {
    Header { envelope_id: [1; 16], route, keyset_hash: [2; 64], expires_at: 1_770_000_000 }
}

/// Gives the bytes it was made of, then always the same: sealing becomes repeatable.
pub(crate) struct Scripted(pub(crate) Vec<u8>);

impl TryRng for Scripted {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Self::Error> {
        for byte in target {
            *byte = if self.0.is_empty() { 0x5a } else { self.0.remove(0) };
        }
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}
