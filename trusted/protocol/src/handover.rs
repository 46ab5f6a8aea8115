//! What one enclave hands to another of the same program (ATTESTATION.md section 14): sealed to the newcomer's attested key,
//! to be signed by the giver's. HPKE base mode, the suite of sealed calls (`envelope.rs`).
//!
//! ```text
//! info       = "perf-aggregator/handover/v1" 0x00 ‖ newcomer's keyset hash ‖ giver's keyset hash
//! associated = id ‖ nonce that the giver answered ‖ nonce that the newcomer answered
//! signed     = "perf-aggregator/handover-signature/v1" 0x00 ‖ SHA-512(info ‖ associated ‖ enc ‖ ciphertext)
//! ```
//!
//! Not here: who may be handed something; both sides verify each other's evidence first.

use crate::envelope::EnvelopeKey;
use alloc::vec::Vec;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256,
    kem::X25519HkdfSha256, setup_receiver, setup_sender_with_rng,
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

const INFO_LABEL: &[u8] = b"perf-aggregator/handover/v1\0";
const SIGNATURE_LABEL: &[u8] = b"perf-aggregator/handover-signature/v1\0";

/// Whose handover it is: both sides, and this one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Chosen by the newcomer.
    pub id: [u8; 16],
    /// The newcomer's nonce, which the giver's evidence answers.
    pub giver_answered: [u8; 32],
    /// The giver's nonce, which the newcomer's evidence answers.
    pub newcomer_answered: [u8; 32],
    /// Names the newcomer's keys.
    pub newcomer: [u8; 64],
    /// Names the giver's keys.
    pub giver: [u8; 64],
}

/// What is handed over, for nobody but the newcomer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The encapsulated key.
    pub enc: [u8; 32],
    /// With its tag.
    pub ciphertext: Vec<u8>,
}

impl Handover {
    fn info(&self) -> Vec<u8> {
        [INFO_LABEL, &self.newcomer, &self.giver].concat()
    }

    fn associated(&self) -> Vec<u8> {
        [&self.id[..], &self.giver_answered, &self.newcomer_answered].concat()
    }

    /// Seals to the newcomer's key; none if that is no key.
    pub fn seal(&self, newcomer: &[u8; 32], secret: &[u8], rng: &mut impl CryptoRng) -> Option<Sealed> {
        let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(newcomer).ok()?;
        let (enc, mut context) = setup_sender_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &key,
            &self.info(),
            rng,
        )
        .ok()?;
        let ciphertext = context.seal(secret, &self.associated()).ok()?;
        Some(Sealed { enc: enc.to_bytes().into(), ciphertext })
    }

    /// Opens what was sealed to this key for this handover.
    pub fn open(&self, key: &EnvelopeKey, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&sealed.enc).ok()?;
        let mut context = setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            key.secret(),
            &enc,
            &self.info(),
        )
        .ok()?;
        context.open(&sealed.ciphertext, &self.associated()).ok().map(Zeroizing::new)
    }

    /// What the giver signs with its attested result key.
    pub fn signed_bytes(&self, sealed: &Sealed) -> Vec<u8> {
        let Sealed { enc, ciphertext } = sealed;
        let mut hash = Sha512::new();
        for part in [&self.info()[..], &self.associated(), enc, ciphertext] {
            hash.update(part);
        }
        [SIGNATURE_LABEL, &hash.finalize()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use core::convert::Infallible;

    struct Counting(u8);

    impl rand_core::TryRng for Counting {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            let mut word = [0; 4];
            self.try_fill_bytes(&mut word)?;
            Ok(u32::from_le_bytes(word))
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            let mut word = [0; 8];
            self.try_fill_bytes(&mut word)?;
            Ok(u64::from_le_bytes(word))
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            for byte in bytes {
                self.0 = self.0.wrapping_add(1);
                *byte = self.0;
            }
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for Counting {}

    fn handover() -> Handover {
        Handover {
            id: [1; 16],
            giver_answered: [2; 32],
            newcomer_answered: [3; 32],
            newcomer: [4; 64],
            giver: [5; 64],
        }
    }

    #[test]
    fn only_the_newcomer_opens_and_only_this_handover() {
        let key = EnvelopeKey::generate(&mut Counting(7));
        let other = EnvelopeKey::generate(&mut Counting(99));
        let sealed = handover().seal(key.public(), b"keys", &mut Counting(30)).unwrap();
        assert_eq!(handover().open(&key, &sealed).unwrap().as_slice(), b"keys");
        assert!(handover().open(&other, &sealed).is_none());
        for changed in [
            Handover { id: [9; 16], ..handover() },
            Handover { giver_answered: [9; 32], ..handover() },
            Handover { newcomer_answered: [9; 32], ..handover() },
            Handover { newcomer: [9; 64], ..handover() },
            Handover { giver: [9; 64], ..handover() },
        ] {
            assert!(changed.open(&key, &sealed).is_none(), "{changed:?}");
            assert_ne!(changed.signed_bytes(&sealed), handover().signed_bytes(&sealed));
        }
        let mut longer = sealed.clone();
        longer.ciphertext.extend(vec![0]);
        assert!(handover().open(&key, &longer).is_none());
    }

    #[test]
    fn it_is_no_sealed_call() {
        // The same key opens both: what is sealed for one use must not open in the other.
        let key = EnvelopeKey::generate(&mut Counting(7));
        let sealed = handover().seal(key.public(), b"{}", &mut Counting(30)).unwrap();
        let call = alloc::format!(
            r#"{{"v":1,"header":{{"envelope_id":"{}","route":"POST /enclave/sessions","keyset_hash":"{}","expires_at":1}},"enc":"{}","ciphertext":"{}"}}"#,
            crate::wire::encode(&handover().id),
            crate::wire::encode(&handover().newcomer),
            crate::wire::encode(&sealed.enc),
            crate::wire::encode(&sealed.ciphertext),
        );
        assert!(crate::Envelope::parse(call.as_bytes()).unwrap().open(&key).is_err());
    }
}
