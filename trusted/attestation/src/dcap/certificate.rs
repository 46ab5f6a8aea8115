//! Certificates and revocation lists of Intel's PKI, as far as the prechecks need them: P-256 and SHA-256 throughout.
//! `dcap-qvl` judges the same bytes again; what is read here gives each refusal its class.

use super::der::{self, Element, Reader};
use super::signatures::verify_signature;
use base64::prelude::{BASE64_STANDARD, Engine as _};

/// AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 section 3.2).
const ECDSA_SHA256: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point (RFC 5480).
const P256_KEY: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// First byte of KeyUsage (RFC 5280 section 4.2.1.3).
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;
/// Extensions of one certificate. Intel's have seven; each is compared with those before it.
const EXTENSIONS: usize = 32;
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// What the prechecks need of a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    /// Names as they are encoded: they are compared, never interpreted.
    issuer: Vec<u8>,
    subject: Vec<u8>,
    common_name: String,
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    /// The uncompressed point.
    pub(crate) public_key: Vec<u8>,
    pub(crate) is_ca: bool,
    key_usage: Option<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let (signed, signature) = signed_parts(der)?;
        let mut fields = Reader::sequence(signed)?;
        let version = fields.read(0xa0)?;
        if version.value != [der::INTEGER, 1, 2] {
            return None; // version 3
        }
        let serial = der::unsigned(fields.read(der::INTEGER)?)?.to_vec();
        if fields.read(der::SEQUENCE)?.whole != ECDSA_SHA256 {
            return None;
        }
        let issuer = fields.read(der::SEQUENCE)?.whole.to_vec();
        let mut validity = Reader::new(fields.read(der::SEQUENCE)?.value);
        let (not_before, not_after) = (der::time(validity.any()?)?, der::time(validity.any()?)?);
        let subject = fields.read(der::SEQUENCE)?.whole;
        let public_key = fields.read(der::SEQUENCE)?.whole.strip_prefix(P256_KEY)?.to_vec();
        let extensions = Reader::sequence(fields.read(0xa3)?.value)?;
        if !validity.is_empty() || !fields.is_empty() || public_key.len() != 65 {
            return None;
        }
        let common_name = common_name(subject)?;
        let (is_ca, key_usage) = constraints(extensions)?;
        Some(Self {
            der: der.to_vec(),
            serial,
            issuer,
            subject: subject.to_vec(),
            common_name,
            not_before,
            not_after,
            public_key,
            is_ca,
            key_usage,
            signed: signed.to_vec(),
            signature: signature.to_vec(),
        })
    }

    /// The certificates of a PEM chain, in their order. Between them only white space and the zero byte that Intel's
    /// quotes end with; nothing if one does not parse or there are more than `limit`.
    pub(crate) fn parse_chain(pem: &[u8], limit: usize) -> Option<Vec<Self>> {
        let mut rest = core::str::from_utf8(pem).ok()?;
        let mut chain = Vec::new();
        loop {
            rest = rest
                .trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '\0');
            if rest.is_empty() {
                return (!chain.is_empty()).then_some(chain);
            }
            if chain.len() == limit {
                return None;
            }
            let (body, after) = rest.strip_prefix(PEM_BEGIN)?.split_once(PEM_END)?;
            let base64: String = body.split_ascii_whitespace().collect();
            chain.push(Self::parse(&BASE64_STANDARD.decode(base64).ok()?)?);
            rest = after;
        }
    }

    /// A self-issued CA whose own signature verifies.
    pub(crate) fn is_root(&self) -> bool {
        self.is_issued_by(self)
    }

    /// Issued and signed by `issuer`, which may issue.
    pub(crate) fn is_issued_by(&self, issuer: &Self) -> bool {
        let may_issue = issuer.is_ca && issuer.key_usage.is_none_or(|usage| usage & KEY_CERT_SIGN != 0);
        may_issue
            && self.issuer == issuer.subject
            && verify_signature(&issuer.public_key, &self.signed, &self.signature)
    }

    /// This root, or another copy of it: same key, and whole by its own signature.
    pub(crate) fn is_copy_of(&self, root: &Self) -> bool {
        self.der == root.der || (self.public_key == root.public_key && self.is_root())
    }

    pub(crate) fn is_named(&self, words: &str) -> bool {
        self.common_name.contains(words)
    }
}

/// What the prechecks need of a revocation list.
#[derive(Debug)]
pub(crate) struct RevocationList {
    issuer: Vec<u8>,
    pub(crate) this_update: u64,
    pub(crate) next_update: u64,
    revoked: Vec<Vec<u8>>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl RevocationList {
    /// RFC 5280 section 5.1, version 2, with a next update and without critical extensions (which would mean a list
    /// that is not complete).
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let (signed, signature) = signed_parts(der)?;
        let mut fields = Reader::sequence(signed)?;
        if fields.read(der::INTEGER)?.value != [1] || fields.read(der::SEQUENCE)?.whole != ECDSA_SHA256 {
            return None;
        }
        let issuer = fields.read(der::SEQUENCE)?.whole.to_vec();
        let (this_update, next_update) = (der::time(fields.any()?)?, der::time(fields.any()?)?);
        let mut revoked = Vec::new();
        if let Some(list) = fields.optional(&[der::SEQUENCE]) {
            let mut entries = Reader::new(list.value);
            while !entries.is_empty() {
                let mut entry = Reader::new(entries.read(der::SEQUENCE)?.value);
                revoked.push(der::unsigned(entry.read(der::INTEGER)?)?.to_vec());
            }
        }
        let mut extensions = Reader::sequence(fields.read(0xa0)?.value)?;
        while !extensions.is_empty() {
            if extension(extensions.read(der::SEQUENCE)?)?.critical {
                return None;
            }
        }
        let list = Self {
            issuer,
            this_update,
            next_update,
            revoked,
            signed: signed.to_vec(),
            signature: signature.to_vec(),
        };
        fields.is_empty().then_some(list)
    }

    pub(crate) fn names_issuer(&self, issuer: &Certificate) -> bool {
        self.issuer == issuer.subject
    }

    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        issuer.key_usage.is_none_or(|usage| usage & CRL_SIGN != 0)
            && verify_signature(&issuer.public_key, &self.signed, &self.signature)
    }

    pub(crate) fn revokes(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(&certificate.serial)
    }
}

/// SEQUENCE { signed, ecdsa-with-SHA256, BIT STRING }: the form of certificates and lists alike.
fn signed_parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = Reader::sequence(der)?;
    let signed = parts.read(der::SEQUENCE)?.whole;
    let algorithm = parts.read(der::SEQUENCE)?.whole;
    let signature = parts.read(der::BIT_STRING)?.value.strip_prefix(&[0])?;
    (algorithm == ECDSA_SHA256 && parts.is_empty()).then_some((signed, signature))
}

fn common_name(name: &[u8]) -> Option<String> {
    let mut sets = Reader::sequence(name)?;
    while !sets.is_empty() {
        let mut pair = Reader::sequence(sets.read(0x31)?.value)?;
        if pair.read(der::OBJECT_IDENTIFIER)?.value == COMMON_NAME {
            return String::from_utf8(pair.any()?.value.to_vec()).ok();
        }
    }
    None
}

struct Extension<'a> {
    id: &'a [u8],
    critical: bool,
    value: &'a [u8],
}

fn extension(element: Element<'_>) -> Option<Extension<'_>> {
    let mut parts = Reader::new(element.value);
    let id = parts.read(der::OBJECT_IDENTIFIER)?.value;
    let critical = parts.optional(&[der::BOOLEAN]).is_some_and(|flag| flag.value != [0]);
    let value = parts.read(der::OCTET_STRING)?.value;
    parts.is_empty().then_some(Extension { id, critical, value })
}

/// CA flag and first byte of the key usage; nothing if an extension appears twice or there are too many.
fn constraints(mut extensions: Reader<'_>) -> Option<(bool, Option<u8>)> {
    let (mut is_ca, mut key_usage, mut seen) = (false, None, Vec::new());
    while !extensions.is_empty() {
        let Extension { id, value, .. } = extension(extensions.read(der::SEQUENCE)?)?;
        if seen.contains(&id) || seen.len() == EXTENSIONS {
            return None;
        }
        seen.push(id);
        if id == BASIC_CONSTRAINTS {
            is_ca =
                Reader::sequence(value)?.optional(&[der::BOOLEAN]).is_some_and(|flag| flag.value == [0xff]);
        } else if id == KEY_USAGE {
            key_usage = Some(*Reader::new(value).read(der::BIT_STRING)?.value.get(1)?);
        }
    }
    Some((is_ca, key_usage))
}
