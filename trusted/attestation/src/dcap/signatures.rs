//! ECDSA P-256 with SHA-256, the one kind of signature in Intel's family, computed once for each.
//!
//! Our steps and `dcap-qvl` look at the same nine signatures, and computing them is nearly all that a verification costs.
//! So what has been found valid is remembered while the verification lasts: the key, the message and the signature, all
//! their bytes. `dcap-qvl` finds its own way from the evidence to these three; only if it arrives at exactly the same ones
//! is the answer taken from here, and if not, it is computed. An answer is thus never more than the cryptography (`ring`;
//! in wasm, plain Rust) gave for the same question: whatever is remembered, no verdict changes. What was refused is not remembered.
//!
//! It has to lie beside the call and not in it, because the library takes its cryptography as a type.

use dcap_qvl::config::{Config, CryptoProvider};
#[cfg(not(target_arch = "wasm32"))]
use dcap_qvl::{configs::RingConfig as Given, crypto::RingCrypto as GivenCrypto};
#[cfg(target_arch = "wasm32")]
use dcap_qvl::{configs::RustCryptoConfig as Given, crypto::RustCryptoCrypto as GivenCrypto};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use std::cell::Cell;

/// Signatures of one verification: nine, two more for copies of the root, two more for a second copy of an issuer.
const REMEMBERED: usize = 16;

thread_local! {
    /// What was found valid; nothing where no verification is under way.
    static VALID: Cell<Option<Vec<Signed>>> = const { Cell::new(None) };
}

/// What a valid signature is over, and by whom.
struct Signed {
    public_key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn of(public_key: &[u8], message: &[u8], signature: &[u8]) -> Self {
        Self { public_key: public_key.to_vec(), message: message.to_vec(), signature: signature.to_vec() }
    }

    fn is(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        self.public_key == public_key && self.message == message && self.signature == signature
    }
}

/// One verification: what was found valid is remembered from its begin until it is dropped, and no longer.
pub(crate) struct OneVerification(());

impl OneVerification {
    pub(crate) fn begin() -> Self {
        remember(Some(Vec::new()));
        Self(())
    }
}

impl Drop for OneVerification {
    fn drop(&mut self) {
        remember(None);
    }
}

fn remember(valid: Option<Vec<Signed>>) {
    // A thread that is ending has no memory left: then every signature is computed.
    let _ = VALID.try_with(|remembered| remembered.set(valid));
}

/// The key is an uncompressed point, the signature DER.
pub(crate) fn verify_signature(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    Once.verify_signature(public_key, message, signature).is_ok()
}

/// The same with a raw `r || s`.
pub(crate) fn verify_raw_signature(public_key: &[u8], message: &[u8], signature: &[u8; 64]) -> bool {
    let (r, s) = signature.split_at(32);
    let body = [unsigned_integer(r), unsigned_integer(s)].concat();
    let Ok(length) = u8::try_from(body.len()) else { return false };
    verify_signature(public_key, message, &[&[0x30, length], &body[..]].concat())
}

/// A DER INTEGER that is not negative, of at most 33 bytes.
fn unsigned_integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count().min(bytes.len() - 1);
    let mut value = bytes.iter().skip(zeros).copied().collect::<Vec<_>>();
    if value.first().is_some_and(|&byte| byte & 0x80 != 0) {
        value.insert(0, 0);
    }
    let length = u8::try_from(value.len()).unwrap_or(0);
    [&[0x02, length], &value[..]].concat()
}

/// What `dcap-qvl` is run with: its own parts, and signatures computed once.
pub(crate) struct OnceConfig;

impl Config for OnceConfig {
    type X509 = <Given as Config>::X509;
    type SigEncoder = <Given as Config>::SigEncoder;
    type Crypto = OnceCrypto;
}

/// `dcap-qvl`'s own cryptography, but for the signatures that were computed before.
pub(crate) struct OnceCrypto;

impl CryptoProvider for OnceCrypto {
    fn sig_algo() -> &'static dyn SignatureVerificationAlgorithm {
        &Once
    }

    fn sha256(data: &[u8]) -> [u8; 32] {
        GivenCrypto::sha256(data)
    }

    fn sha384(data: &[u8]) -> [u8; 48] {
        GivenCrypto::sha384(data)
    }
}

#[derive(Debug)]
struct Once;

impl SignatureVerificationAlgorithm for Once {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let given = GivenCrypto::sig_algo();
        let Some(mut valid) = VALID.try_with(Cell::take).unwrap_or_default() else {
            return given.verify_signature(public_key, message, signature);
        };
        let known = valid.iter().any(|known| known.is(public_key, message, signature));
        let verdict = if known { Ok(()) } else { given.verify_signature(public_key, message, signature) };
        #[cfg(test)]
        tests::COMPUTED.set(tests::COMPUTED.get() + usize::from(!known));
        if verdict.is_ok() && !known && valid.len() < REMEMBERED {
            valid.push(Signed::of(public_key, message, signature));
        }
        remember(Some(valid));
        verdict
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        GivenCrypto::sig_algo().public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        GivenCrypto::sig_algo().signature_alg_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        /// How many signatures were computed while something was remembered.
        pub(super) static COMPUTED: Cell<usize> = const { Cell::new(0) };
    }

    fn remembered() -> Option<usize> {
        let valid = VALID.take();
        let count = valid.as_ref().map(Vec::len);
        remember(valid);
        count
    }

    fn intel() -> super::super::Certificate {
        super::super::Certificate::parse(include_bytes!("../roots/intel-sgx-root-ca.der")).unwrap()
    }

    #[test]
    fn nothing_is_remembered_outside_of_a_verification() {
        assert!(intel().is_root());
        assert_eq!(remembered(), None);
        let one = OneVerification::begin();
        assert!(intel().is_root());
        assert_eq!(remembered(), Some(1));
        drop(one);
        assert_eq!(remembered(), None);
    }

    /// Whatever differs in a byte is another question.
    #[test]
    fn only_the_same_key_message_and_signature_are_known() {
        let _one = OneVerification::begin();
        assert!(intel().is_root());
        let valid = VALID.take().unwrap().pop().unwrap();
        let (key, message, signature) = (valid.public_key, valid.message, valid.signature);
        remember(Some(vec![Signed::of(&key, &message, &signature)]));
        COMPUTED.set(0);
        assert!(verify_signature(&key, &message, &signature));
        assert_eq!(COMPUTED.get(), 0);
        for (which, length) in [key.len(), message.len(), signature.len()].into_iter().enumerate() {
            for at in 0..length {
                let mut parts = [key.clone(), message.clone(), signature.clone()];
                parts[which][at] ^= 1;
                assert!(!verify_signature(&parts[0], &parts[1], &parts[2]), "part {which}, byte {at}");
            }
        }
        assert_eq!(COMPUTED.get(), key.len() + message.len() + signature.len());
        assert_eq!(remembered(), Some(1), "what was refused is not remembered");
    }

    #[test]
    fn not_more_is_remembered_than_one_verification_needs() {
        let _one = OneVerification::begin();
        let signed = || Signed::of(b"key", b"message", b"signature");
        remember(Some(core::iter::repeat_with(signed).take(REMEMBERED).collect()));
        assert!(intel().is_root() && intel().is_root());
        assert_eq!(remembered(), Some(REMEMBERED));
    }

    /// Root CRL, TCB signer, TCB info, QE identity, PCK CA, PCK, PCK CRL, QE report, quote: `dcap-qvl` asks for the same
    /// nine that our steps have asked for.
    #[cfg(feature = "development")]
    #[test]
    fn each_signature_of_genuine_evidence_is_computed_once() {
        use crate::development::{DevelopmentBackend, Knobs, TdxKnobs};
        use crate::{Backend, Policy, Roots, verify_evidence};

        for tdx in [None, Some(TdxKnobs::default())] {
            let knobs = Knobs { tdx, ..Knobs::default() };
            let backend = DevelopmentBackend::with_knobs([1; 32], [2; 32], knobs).unwrap();
            let now = 1_795_521_600;
            let made = backend.evidence([3; 64], now).unwrap();
            let roots = Roots::dangerous_development(backend.root_der()).unwrap();
            let (policy, collateral) = (Policy::dangerous_claims_only(), made.collateral.as_ref());
            COMPUTED.set(0);
            let verdict =
                verify_evidence(backend.tee(), &made.evidence, collateral, &policy, &roots, None, now);
            assert!(verdict.is_ok(), "{verdict:?}");
            assert_eq!(COMPUTED.get(), 9);
            assert_eq!(remembered(), None);
        }
    }
}
