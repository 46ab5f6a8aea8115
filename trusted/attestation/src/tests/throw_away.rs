//! Throw-away certificates for this crate's own tests, in the shape of AMD's and AWS's, with every part an argument. The
//! keys are public by being here; no build trusts them.

use crate::{
    Binding, Bundle, ChallengeProof, Class, Config, EnclaveTime, Evidence, Expected, Failure, Policy, Roots,
    Step, Tee, Validity, VerifiedEvidence, verify,
};
use core::convert::Infallible;
use p384::ecdsa::signature::Signer;
use p384::ecdsa::{Signature, SigningKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey, pss};
use sha2::Sha384;
use std::time::Duration;
use x509_cert::der::asn1::UtcTime;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{DateTime, Encode};

const PRIMES: [[&str; 2]; 2] = [
    [
        "cfb9648b4e80bdc4441e521535a762f1dadff5c9da5b1ab1b91e455e28c050b6b7726f11828cc624506eb555856631d85784f94b00cb6ccebd0bb2597af5a47fef19ad1ae5ebb8137db233ad0f554b61390b0343fd5723b48f9bf85d142262d2ef781d1868d4c2e5b9215b6afc73f0f076ac5ad77f4b5c039a2c104eeca23291",
        "cf7947bfeca38663ebac72eff7de606aea1f02bd613734c3014d1019439e04722abf1c028982d321fcfbe8713bc3a1ff12b9baab28220ac618e07942f69ead9115e2db1b07be309aab64da100533591724b8cd8d880060dd68f84e1768102ff8ae2370f957f6a7cb5d9468f93c1ad752bbcfbbd57585f6f85f5d168264595cb3",
    ],
    [
        "dabdbf479b6fbc90f046ead7f7fa9bbaa56a3e251bc36784d7d111be68dfb110f69199620e6b55fe0166b602c02b542c40bbe686b2146d322babb714cd6ddfa163aa23aae95ee179fbe29c32ab945701ac27c1c2ca319fe8d4d5ecb31a024939beb81dc3e9a56ffd07870735958aeb5801f0bef5ee5359010b340a8cbe78fda3",
        "b649c10e60c813abd45e6d6ee4ab93c58b1e167fd2760ce12248294ba077a725c3be6cfe4ebb1ccfdf781df00135a72308ecdc56be5178daf144319f372a6675403dc4753c77bc3ab829630eb9d8c33eb031e4916630197e92f296416ad1056b593255b6e10d30db9a481cde77f2d3ca2149d1abcb04f67da0d7ed61f2ede279",
    ],
];

/// A key that signs certificates.
#[derive(Clone)]
pub(crate) enum Key {
    Rsa(Box<PrivateKey>),
    P384(Box<SigningKey>),
}

impl Key {
    /// One of two.
    pub(crate) fn rsa(which: usize) -> Self {
        let number = |text: &str| BoxedUint::from_be_slice_vartime(&hex::decode(text).unwrap());
        let [p, q] = PRIMES[which].map(number);
        Self::Rsa(Box::new(PrivateKey::from_p_q(p, q, BoxedUint::from(65_537_u64)).unwrap()))
    }

    pub(crate) fn p384(seed: u8) -> Self {
        Self::P384(Box::new(SigningKey::from_slice(&[seed; 48]).unwrap()))
    }

    /// `r || s` over a message; nothing for RSA keys.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> [u8; 96] {
        let Self::P384(key) = self else { panic!("an RSA key signs certificates only") };
        let signature: Signature = key.sign(message);
        signature.to_bytes().as_slice().try_into().unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let key = pss::SigningKey::<Sha384>::new((**key).clone());
                key.sign_with_rng(&mut Sevens, message).to_vec()
            }
            Self::P384(key) => {
                let signature: Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }

    /// AlgorithmIdentifier of its signatures.
    fn algorithm(&self) -> Vec<u8> {
        let of_rsa = "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130";
        hex::decode(match self {
            Self::Rsa(_) => of_rsa,
            Self::P384(_) => "300a06082a8648ce3d040303",
        })
        .unwrap()
    }

    /// SubjectPublicKeyInfo.
    fn public(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Rsa(key) => {
                let numbers = [&integer(&key.n_bytes())[..], &integer(&key.e_bytes())].concat();
                ("300d06092a864886f70d0101010500", tlv(0x30, &numbers))
            }
            Self::P384(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                ("301006072a8648ce3d020106052b81040022", point.as_bytes().to_vec())
            }
        };
        tlv(0x30, &[hex::decode(algorithm).unwrap(), tlv(0x03, &[&[0], &key[..]].concat())].concat())
    }
}

/// Salts need not be secret here.
struct Sevens;

impl TryRng for Sevens {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for Sevens {}

/// A certificate before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) serial: u8,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) dates: (u64, u64),
    /// Authority, and if so with which path length.
    pub(crate) authority: Option<Option<u8>>,
    /// First byte of the key usage.
    pub(crate) key_usage: Option<u8>,
    pub(crate) extensions: Vec<(&'static str, bool, Vec<u8>)>,
}

impl Draft {
    pub(crate) fn new(issuer: &str, subject: &str, dates: (u64, u64)) -> Self {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        Self { serial: 1, issuer, subject, dates, authority: None, key_usage: None, extensions: Vec::new() }
    }

    /// Signs certificates and lists.
    pub(crate) fn authority(self, path_length: Option<u8>) -> Self {
        Self { authority: Some(path_length), key_usage: Some(0x06), ..self }
    }

    pub(crate) fn signed(&self, key: &Key, signer: &Key) -> Vec<u8> {
        let mut extensions = Vec::new();
        if let Some(path_length) = self.authority {
            let length = path_length.map_or_else(Vec::new, |length| integer(&[length]));
            let value = tlv(0x30, &[&[0x01, 0x01, 0xff], &length[..]].concat());
            extensions.push(extension("2.5.29.19", true, &value));
        }
        if let Some(usage) = self.key_usage {
            let unused = u8::try_from(usage.trailing_zeros()).unwrap();
            extensions.push(extension("2.5.29.15", true, &tlv(0x03, &[unused, usage])));
        }
        extensions
            .extend(self.extensions.iter().map(|(id, critical, value)| extension(id, *critical, value)));
        let validity = [time(self.dates.0), time(self.dates.1)].concat();
        let tbs = [
            tlv(0xa0, &integer(&[2])),
            integer(&[self.serial]),
            signer.algorithm(),
            name(&self.issuer),
            tlv(0x30, &validity),
            name(&self.subject),
            key.public(),
            tlv(0xa3, &tlv(0x30, &extensions.concat())),
        ];
        sealed(&tlv(0x30, &tbs.concat()), signer)
    }
}

/// A revocation list.
pub(crate) fn list(issuer: &str, dates: (u64, u64), revoked: &[u8], signer: &Key) -> Vec<u8> {
    let entries: Vec<_> =
        revoked.iter().map(|&serial| tlv(0x30, &[integer(&[serial]), time(dates.0)].concat())).collect();
    let entries = if entries.is_empty() { Vec::new() } else { tlv(0x30, &entries.concat()) };
    let number = tlv(0x30, &extension("2.5.29.20", false, &integer(&[1])));
    let tbs = [
        integer(&[1]),
        signer.algorithm(),
        name(issuer),
        time(dates.0),
        time(dates.1),
        entries,
        tlv(0xa0, &number),
    ];
    sealed(&tlv(0x30, &tbs.concat()), signer)
}

fn sealed(tbs: &[u8], signer: &Key) -> Vec<u8> {
    let signature = tlv(0x03, &[&[0], &signer.sign(tbs)[..]].concat());
    tlv(0x30, &[tbs, &signer.algorithm(), &signature].concat())
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let id = ObjectIdentifier::new(id).unwrap().to_der().unwrap();
    let critical = if critical { &[0x01, 0x01, 0xff][..] } else { &[] };
    tlv(0x30, &[&id, critical, &tlv(0x04, value)].concat())
}

/// A name of one common name.
fn name(text: &str) -> Vec<u8> {
    let pair = [&[0x06, 0x03, 0x55, 0x04, 0x03], &tlv(0x0c, text.as_bytes())[..]].concat();
    tlv(0x30, &tlv(0x31, &tlv(0x30, &pair)))
}

fn time(seconds: u64) -> Vec<u8> {
    let time = DateTime::from_unix_duration(Duration::from_secs(seconds)).unwrap();
    UtcTime::from_date_time(time).unwrap().to_der().unwrap()
}

pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { &[0][..] } else { &[] };
    tlv(0x02, &[sign, bytes].concat())
}

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, short @ 0..=0x7f] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [&header, value].concat()
}

/// Refused at this step with this class, after every step before it has passed.
pub(crate) fn refused_at(verdict: Result<VerifiedEvidence, Failure>, step: Step, class: Class) {
    let failure = verdict.map(drop).expect_err(class.as_str());
    assert_eq!((failure.step, failure.class), (step, class), "{failure}");
    assert_eq!(failure.passed.len(), usize::from(step.number()) - 1, "{failure}");
}

/// The nonce that `asked` has sent.
const NONCE: [u8; 32] = [7; 32];

/// A binding that answers a request of this time, and the configuration it names.
fn binding(tee: Tee, now: u64) -> (Binding, Config) {
    let config = Config::parse(r#"{"environment":["live"]}"#).unwrap();
    let mut binding = Binding {
        tee,
        epoch: 42,
        hpke: [3; 32],
        result_key: [4; 32],
        tls_spki: None,
        config: config.sha256(),
        log: None,
        validity: Validity { not_before: now - 60, not_after: now + 86_400 },
        challenge: None,
        channel: None,
    };
    binding.answer(&NONCE);
    (binding, config)
}

/// The verdict over a bundle of evidence that is made over a binding: to who asked for it.
pub(crate) fn bundle_verdict(
    tee: Tee,
    now: u64,
    policy: &Policy,
    evidence: impl FnOnce(&Binding) -> (Evidence, Roots),
) -> Result<(), (u8, Class)> {
    bundle_verdict_at(tee, now, policy, (NONCE, now), evidence)
}

/// The same to who asked with this nonce, and looks at this time.
pub(crate) fn bundle_verdict_at(
    tee: Tee,
    now: u64,
    policy: &Policy,
    (nonce, looked_at): ([u8; 32], u64),
    evidence: impl FnOnce(&Binding) -> (Evidence, Roots),
) -> Result<(), (u8, Class)> {
    let (binding, config) = binding(tee, now);
    let (evidence, roots) = evidence(&binding);
    let time = EnclaveTime { enclave: now, ..EnclaveTime::default() };
    let json = Bundle::encode(&binding, Some(ChallengeProof::lone()), evidence, &config, time);
    let expected = Expected { nonce: Some(nonce), asked_at: now, ..Expected::default() };
    let bundle = Bundle::parse(json.as_bytes()).unwrap();
    let verdict = verify(&bundle, policy, &roots, &expected, looked_at);
    verdict.map(drop).map_err(|failure| (failure.step.number(), failure.class))
}

/// Evidence answers the request it was made for, for a minute.
pub(crate) fn answers_one_request(
    tee: Tee,
    now: u64,
    policy: &Policy,
    evidence: impl Fn(&Binding) -> (Evidence, Roots),
) {
    let at = |nonce, looked_at| bundle_verdict_at(tee, now, policy, (nonce, looked_at), &evidence);
    let stale = Err((Step::Freshness.number(), Class::Freshness));
    assert_eq!(at(NONCE, now), Ok(()));
    assert_eq!(at(NONCE, now + 59), Ok(()));
    assert_eq!(at(NONCE, now + 60), stale, "the same again");
    assert_eq!(at([8; 32], now), stale, "another request");
}
