//! The tree of nonces that one evidence answers (ATTESTATION.md section 3): RFC 6962 hashing, inclusion proofs of
//! RFC 9162 section 2.1.3.2. Building trees of more than one nonce is not in the first round.

use crate::evidence::limits;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// 32 random bytes of one request.
pub type Nonce = [u8; 32];

/// Where a nonce stands in the tree whose root is the binding's challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeProof {
    /// The leaf's number.
    pub index: u64,
    /// How many nonces the tree holds.
    pub size: u64,
    /// Sibling hashes, from the leaf upwards.
    #[serde(with = "hex_hashes")]
    pub path: Vec<[u8; 32]>,
}

impl ChallengeProof {
    /// The proof of a nonce that was answered alone: an empty path.
    pub const fn lone() -> Self {
        Self { index: 0, size: 1, path: Vec::new() }
    }

    /// Within the bounds of section 2, whatever it proves.
    pub(crate) fn is_bounded(&self) -> bool {
        self.size <= limits::NONCES && self.path.len() <= limits::PATH
    }

    /// The root that this proof leads to, or nothing if its shape is wrong (RFC 9162 section 2.1.3.2).
    pub fn root(&self, nonce: &Nonce) -> Option<[u8; 32]> {
        if self.index >= self.size || !self.is_bounded() {
            return None;
        }
        let mut number = self.index;
        let mut last = self.size - 1;
        let mut hash = leaf(nonce);
        for sibling in &self.path {
            if last == 0 {
                return None;
            }
            if number & 1 == 1 || number == last {
                hash = node(sibling, &hash);
                while number & 1 == 0 && number != 0 {
                    number >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node(&hash, sibling);
            }
            number >>= 1;
            last >>= 1;
        }
        (last == 0).then_some(hash)
    }
}

/// The challenge of a nonce that is answered alone.
pub(crate) fn leaf(nonce: &Nonce) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(nonce).finalize().into()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

mod hex_hashes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(path: &[[u8; 32]], to: S) -> Result<S::Ok, S::Error> {
        path.iter().map(hex::encode).collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let mut path = Vec::new();
        for text in Vec::<String>::deserialize(from)? {
            let mut hash = [0; 32];
            hex::decode_to_slice(&text, &mut hash).map_err(|_| D::Error::custom("not a hash"))?;
            path.push(hash);
        }
        Ok(path)
    }
}
