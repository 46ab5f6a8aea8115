//! The holder's key (DESIGN.md section 3): an Ed25519 key that the trader makes and keeps. A record belongs to it, and a
//! session that was registered with it answers only calls that it signed (`protocol::holder`).
//!
//! Not here: where it is kept (`holder_file`).

use crate::seal;
use core::fmt;
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::{holder, wire};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What the text of a key begins with. The public half stands in it too: a text that was damaged is found.
const FORM: &str = "perfagg-holder/1";

/// A holder's key. It is wiped when it is dropped, and shows nothing of itself.
pub struct HolderKey(SigningKey);

impl HolderKey {
    /// A new one, of the system's randomness.
    pub fn generate() -> Self {
        let seed = Zeroizing::new(seal::random::<32>());
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads what [`Self::export`] wrote; `None` if it is not that, or not whole.
    pub fn import(text: &str) -> Option<Self> {
        let (form, halves) = text.trim_ascii().split_once(':')?;
        let (public, secret) = halves.split_once(':').filter(|_| form == FORM)?;
        let seed = Zeroizing::new(wire::decode(secret)?);
        let key = Self(SigningKey::try_from(seed.as_slice()).ok()?);
        (wire::decode_array(public) == Some(key.public())).then_some(key)
    }

    /// The key as text, private half and all: whoever has it is the holder.
    pub fn export(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(wire::encode(self.0.as_bytes()));
        Zeroizing::new([FORM, &self.public_text(), &secret].join(":"))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The public half as calls name it: base64url.
    pub fn public_text(&self) -> String {
        wire::encode(&self.public())
    }

    /// A short name for people to compare: it names the public half and gives nothing away.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.public())
    }

    /// The body of a call as it is sent: with the signature over it and the id of its envelope. None if it is no object.
    pub(crate) fn signed(&self, envelope_id: &[u8; 16], body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = Zeroizing::new(holder::signed_bytes(envelope_id, body));
        holder::join(body, &self.0.sign(&bytes).to_bytes()).map(Zeroizing::new)
    }
}

impl fmt::Debug for HolderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HolderKey").field(&self.fingerprint()).finish()
    }
}

/// The short name of a public key: the first 8 bytes of its SHA-256, in four groups.
pub fn fingerprint(public: &[u8; 32]) -> String {
    let digest = hex::encode(Sha256::digest(public));
    let groups: Vec<&str> = (0..4).filter_map(|place| digest.get(place * 4..place * 4 + 4)).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/holder/cases.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn text<'a>(case: &'a Value, member: &str) -> &'a str {
        case[member].as_str().unwrap()
    }

    #[test]
    fn calls_are_signed_as_another_implementation_signs_them() {
        let vectors = vectors();
        for case in vectors["cases"].as_array().unwrap() {
            let key = HolderKey::import(text(case, "key")).unwrap();
            assert_eq!(*key.export(), text(case, "key"));
            assert_eq!(key.public_text(), text(case, "public_key"));
            assert_eq!(key.fingerprint(), text(case, "fingerprint"));
            let id = wire::decode_array(text(case, "envelope_id")).unwrap();
            let signed = key.signed(&id, text(case, "body").as_bytes()).unwrap();
            assert_eq!(core::str::from_utf8(&signed), Ok(text(case, "joined")), "{}", case["name"]);
        }
    }

    #[test]
    fn a_text_that_was_damaged_is_no_key() {
        let vectors = vectors();
        for case in vectors["bad_keys"].as_array().unwrap() {
            assert!(HolderKey::import(text(case, "key")).is_none(), "{}", case["name"]);
        }
        let whole = text(&vectors["cases"][0], "key");
        assert!(HolderKey::import(&format!("{whole}\r\n")).is_some(), "as editors leave it");
    }

    #[test]
    fn two_new_keys_are_two_and_show_their_public_half_only() {
        let (one, other) = (HolderKey::generate(), HolderKey::generate());
        assert_ne!(one.public(), other.public());
        assert_eq!(HolderKey::import(&one.export()).unwrap().public(), one.public());
        assert_eq!(format!("{one:?}"), format!("HolderKey({:?})", one.fingerprint()));
    }
}
