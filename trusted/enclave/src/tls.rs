//! TLS that ends in the enclave: keys born here, the certificates over them, and what a handshake is answered with
//! (ATTESTATION.md sections 3, 8 and 12).
//!
//! What clients of ours trust is the key, which evidence vouches for. A certificate is for those that cannot verify
//! evidence, browsers and simple tools: it is signed by the key itself until the operator has one made by an authority.
//! The request for that is for a *next* key, which waits until its certificate comes and then replaces the present one,
//! in a new epoch: the binding names one key at a time.
//!
//! Not here: sockets (`http/server.rs`), and when an epoch turns (`identity.rs`).

mod certificate;

pub(crate) use certificate::{CertificateError, Names, PEM_BYTES_MAX, names};

use crate::random;
use core::fmt;
use p256::{
    ecdsa::{DerSignature, SigningKey, signature::Signer as _},
    elliptic_curve::Generate as _,
    pkcs8::EncodePublicKey as _,
};
use protocol::limits;
use rustls::{
    ServerConfig, SignatureAlgorithm, SignatureScheme,
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::{CertifiedKey, Signer},
};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// However long a certificate lasts, its key is replaced when it is so old.
const KEY_LIFE_S_MAX: u64 = 100 * 86_400;
/// So long before its end the log warns of a certificate.
const AHEAD_S_MIN: u64 = 14 * 86_400;

/// The TLS keys of this enclave.
pub(crate) struct Tls {
    names: Names,
    keys: Mutex<Keys>,
}

struct Keys {
    present: Own,
    /// Waits for a certificate.
    next: Option<Key>,
}

/// A key and what is shown for it.
#[derive(Clone)]
pub(crate) struct Own {
    key: Key,
    shown: Arc<CertifiedKey>,
    /// The end of the certificate that an authority made, Unix seconds.
    certified_until_s: Option<u64>,
}

/// A key and what is shown for it, as it is handed over.
pub(crate) struct Parts {
    pub(crate) secret: Zeroizing<[u8; 32]>,
    pub(crate) born_at_s: u64,
    /// None for a certificate that the key signed itself.
    pub(crate) certified_until_s: Option<u64>,
    /// DER.
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// A key born here, or in another enclave of the same program. It is wiped when the last handshake with it is over.
#[derive(Clone)]
struct Key {
    secret: Arc<SigningKey>,
    spki: Vec<u8>,
    born_at_s: u64,
}

/// What came of a certificate that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loaded {
    /// For the present key: a renewal.
    Present,
    /// For the next key: a new epoch must begin with it.
    Next,
}

impl Tls {
    /// A first key, with a certificate that it signs itself.
    pub(crate) fn new(names: Names, now_s: u64) -> anyhow::Result<Self> {
        let present = Own::self_signed(Key::born(now_s)?, &names, now_s)?;
        Ok(Self { names, keys: Mutex::new(Keys { present, next: None }) })
    }

    /// What is shown now.
    pub(crate) fn shown(&self) -> Own {
        self.keys().present.clone()
    }

    /// What a new epoch shows: a new key, unless an authority's certificate for the present one lasts.
    pub(crate) fn due(&self, now_s: u64) -> Own {
        let present = self.shown();
        if present.lasts(now_s) {
            return present;
        }
        Key::born(now_s).and_then(|key| Own::self_signed(key, &self.names, now_s)).unwrap_or_else(|_| {
            tracing::error!("no new TLS key could be made: the present one stays");
            present
        })
    }

    /// Shows this from now on.
    pub(crate) fn show(&self, own: Own) {
        self.keys().present = own;
    }

    /// A request for a certificate (RFC 2986), PEM: for the next key, which waits for it.
    pub(crate) fn request(&self, now_s: u64) -> anyhow::Result<String> {
        let mut keys = self.keys();
        let next = match keys.next.take() {
            // One that would have to be replaced at once is not worth a certificate.
            Some(next) if now_s.saturating_sub(next.born_at_s) < KEY_LIFE_S_MAX / 2 => next,
            _ => Key::born(now_s)?,
        };
        let request = certificate::request(&next.secret, &self.names);
        keys.next = Some(next);
        request
    }

    /// Takes a certificate and what leads to its root, PEM, for a key of ours: what is to be shown from now on, or from the
    /// epoch on that it needs.
    pub(crate) fn load(&self, pem: &[u8], now_s: u64) -> Result<(Own, Loaded), CertificateError> {
        let chain = certificate::chain(pem, now_s)?;
        let mut keys = self.keys();
        let (key, loaded) = match &keys.next {
            Some(next) if next.spki == chain.spki => (next.clone(), Loaded::Next),
            _ if keys.present.key.spki == chain.spki => (keys.present.key.clone(), Loaded::Present),
            _ => return Err(CertificateError::OtherKey),
        };
        if loaded == Loaded::Next {
            keys.next = None;
        }
        Ok((Own::with(key, chain.certificates, Some(chain.not_after_s)), loaded))
    }

    /// What an operator must know, by its code.
    pub(crate) fn warning(&self, now_s: u64) -> Option<&'static str> {
        let keys = self.keys();
        let until_s = keys.present.certified_until_s?;
        let until_s = until_s.min(keys.present.key.born_at_s.saturating_add(KEY_LIFE_S_MAX));
        (until_s.saturating_sub(now_s) < AHEAD_S_MIN).then_some("tls-certificate-ends-soon")
    }

    /// How handshakes are answered: TLS 1.3 and 1.2, always with the present key. Nothing is resumed, so that no
    /// connection outlives the key that the evidence names by more than itself.
    pub(crate) fn config(self: &Arc<Self>) -> anyhow::Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Self>::clone(self));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, Keys> {
        // Whoever panicked with it had either replaced a key or not.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Tls {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.keys().present.shown))
    }
}

impl Own {
    fn with(key: Key, certificates: Vec<CertificateDer<'static>>, certified_until_s: Option<u64>) -> Self {
        Self { shown: key.shown_with(certificates), certified_until_s, key }
    }

    fn self_signed(key: Key, names: &Names, now_s: u64) -> anyhow::Result<Self> {
        let certificate = certificate::self_signed(&key.secret, names, now_s)?;
        Ok(Self::with(key, vec![certificate], None))
    }

    /// What the binding names.
    pub(crate) fn spki_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.key.spki).into()
    }

    /// In parts, for another enclave of the same program; the key's secret among them.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            secret: Zeroizing::new(self.key.secret.to_bytes().into()),
            born_at_s: self.key.born_at_s,
            certified_until_s: self.certified_until_s,
            certificates: self.shown.cert.iter().map(|certificate| certificate.to_vec()).collect(),
        }
    }

    /// Of parts; none if they hold no key.
    pub(crate) fn of_parts(parts: Parts) -> Option<Self> {
        let Parts { secret, born_at_s, certified_until_s, certificates } = parts;
        let key = Key::of(SigningKey::from_bytes((&*secret).into()).ok()?, born_at_s).ok()?;
        let certificates = certificates.into_iter().map(CertificateDer::from).collect();
        Some(Self::with(key, certificates, certified_until_s))
    }

    /// Through the epoch that begins now.
    fn lasts(&self, now_s: u64) -> bool {
        let epoch_ends_s = now_s.saturating_add(limits::EPOCH_LIFE_S);
        self.certified_until_s.is_some_and(|until_s| until_s > epoch_ends_s)
            && epoch_ends_s.saturating_sub(self.key.born_at_s) < KEY_LIFE_S_MAX
    }
}

impl Key {
    fn born(now_s: u64) -> anyhow::Result<Self> {
        Self::of(SigningKey::generate_from_rng(&mut random::system()), now_s)
    }

    fn of(secret: SigningKey, born_at_s: u64) -> anyhow::Result<Self> {
        let spki = secret.verifying_key().to_public_key_der()?.into_vec();
        Ok(Self { secret: Arc::new(secret), spki, born_at_s })
    }

    fn shown_with(&self, certificates: Vec<CertificateDer<'static>>) -> Arc<CertifiedKey> {
        Arc::new(CertifiedKey::new(certificates, Arc::new(self.clone())))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Signs handshakes: ECDSA on P-256 with SHA-256, which every browser knows.
impl rustls::sign::SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::ECDSA_NISTP256_SHA256).then(|| Box::new(self.clone()) as _)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.spki.as_slice()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature: DerSignature = self
            .secret
            .try_sign(message)
            .map_err(|_| rustls::Error::General("the handshake could not be signed".to_owned()))?;
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

#[cfg(test)]
mod tests;
