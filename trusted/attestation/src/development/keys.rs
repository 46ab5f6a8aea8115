//! P-256 keys derived from a seed, with deterministic signatures (RFC 6979), so that evidence is stable.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use sha2::{Digest, Sha256};

#[derive(Clone)]
pub(super) struct Key {
    secret: SigningKey,
    point: Vec<u8>,
}

impl Key {
    /// The key of one purpose: the first candidate, in counter order, that is a scalar of the curve.
    pub(super) fn derive(seed: &[u8; 32], purpose: &str) -> Self {
        let secret = (0_u8..=u8::MAX)
            .find_map(|counter| {
                let candidate = Sha256::new()
                    .chain_update("perf-aggregator/development-key/v1\0")
                    .chain_update(seed)
                    .chain_update([counter])
                    .chain_update(purpose)
                    .finalize();
                SigningKey::from_slice(&candidate).ok()
            })
            .expect("one of 256 hashes is below the order of P-256, which is above 2^255");
        let point = secret.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Self { secret, point }
    }

    /// x || y.
    pub(super) fn raw_public(&self) -> &[u8] {
        self.point.get(1..).unwrap_or_default()
    }

    /// r || s.
    pub(super) fn sign_raw(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.secret.sign(message);
        signature.to_bytes().into()
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = self.secret.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}
