//! The attestation document of a Nitro enclave: COSE_Sign1 (RFC 9052) over a map of fixed keys (AWS, "Verifying the root
//! of trust", attestation document specification). Read strictly: no other keys, none twice, every field within the
//! bounds that AWS gives.

use super::cbor::{Reader, put_bytes};
use crate::evidence::limits;
use crate::failure::{Class, Refusal, ensure};
use crate::genuine::NitroIdentity;
use std::collections::BTreeMap;

/// Of the CBOR tag for COSE_Sign1, which AWS leaves out.
const COSE_SIGN1: u64 = 18;
/// The header parameter that names the algorithm, and ES384 (-35) as CBOR counts negatives.
const ALGORITHM: u64 = 1;
const ES384: u64 = 34;
const CERTIFICATE_MAX: usize = 1024;
const PUBLIC_KEY_MAX: usize = 1024;
const USER_DATA_MAX: usize = 512;
const NONCE_MAX: usize = 512;
const MODULE_ID_MAX: usize = 128;
const PCRS: u8 = 32;

/// A document as it was received.
#[derive(Debug)]
pub(super) struct Document<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    pub(super) signature: [u8; 96],
    algorithm: u64,
    digest: &'a str,
    module_id: &'a str,
    pub(super) timestamp_ms: u64,
    pcrs: BTreeMap<u8, &'a [u8]>,
    pub(super) certificate: &'a [u8],
    pub(super) cabundle: Vec<&'a [u8]>,
    pub(super) public_key: Option<&'a [u8]>,
    pub(super) user_data: Option<&'a [u8]>,
    pub(super) nonce: Option<&'a [u8]>,
}

impl<'a> Document<'a> {
    /// Step 1. Nothing unless it is exactly of this form.
    pub(super) fn parse(evidence: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(evidence);
        if reader.optional_tag().is_some_and(|tag| tag != COSE_SIGN1) || reader.array()? != 4 {
            return None;
        }
        let protected = reader.bytes()?;
        if reader.map()? != 0 {
            return None; // nothing unprotected
        }
        let (payload, signature) = (reader.bytes()?, reader.bytes()?.try_into().ok()?);
        let algorithm = algorithm(protected)?;
        let fields = Fields::parse(payload)?;
        reader.is_empty().then_some(())?;
        Some(Self {
            protected,
            payload,
            signature,
            algorithm,
            digest: fields.digest?,
            module_id: fields.module_id?,
            timestamp_ms: fields.timestamp_ms?,
            pcrs: fields.pcrs?,
            certificate: fields.certificate?,
            cabundle: fields.cabundle?,
            public_key: fields.public_key.flatten(),
            user_data: fields.user_data.flatten(),
            nonce: fields.nonce.flatten(),
        })
    }

    /// Step 2.
    pub(super) fn supported(&self) -> Result<(), Refusal> {
        ensure(self.algorithm == ES384, Class::Unsupported, "the document is not signed with ES384")?;
        let sha384 = self.digest == "SHA384" && self.pcrs.values().all(|pcr| pcr.len() == 48);
        ensure(sha384, Class::Unsupported, "the registers are not of SHA-384")?;
        let measured = [0, 1, 2].iter().all(|pcr| self.pcrs.contains_key(pcr));
        ensure(measured, Class::Malformed, "PCR0, PCR1 or PCR2 is missing")
    }

    /// What the signature is over (RFC 9052 section 4.4).
    pub(super) fn signed(&self) -> Option<Vec<u8>> {
        let mut signed = b"\x84\x6aSignature1".to_vec();
        put_bytes(&mut signed, self.protected)?;
        put_bytes(&mut signed, b"")?;
        put_bytes(&mut signed, self.payload)?;
        Some(signed)
    }

    /// True if a register of the image is zero: so it is for an enclave whose console the host can read.
    pub(super) fn is_debug(&self) -> bool {
        let zero = |pcr| self.pcrs.get(pcr).is_none_or(|value| value.iter().all(|&byte| byte == 0));
        [0, 1, 2].iter().any(zero)
    }

    pub(super) fn pcr(&self, number: u8) -> Option<&[u8]> {
        self.pcrs.get(&number).copied()
    }

    /// The instance that the module's name begins with.
    pub(super) fn instance(&self) -> &str {
        self.module_id.split_once("-enc").map_or(self.module_id, |(instance, _)| instance)
    }

    pub(super) fn identity(&self) -> NitroIdentity {
        NitroIdentity {
            pcrs: self.pcrs.iter().map(|(&number, value)| (number, value.to_vec())).collect(),
            module_id: self.module_id.to_owned(),
            timestamp_ms: self.timestamp_ms,
        }
    }
}

/// The one entry of the protected header.
fn algorithm(protected: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(protected);
    let known = reader.map()? == 1 && reader.unsigned()? == ALGORITHM;
    let algorithm = reader.negative()?;
    (known && reader.is_empty()).then_some(algorithm)
}

/// The payload's entries, each as it is met.
#[derive(Default)]
struct Fields<'a> {
    module_id: Option<&'a str>,
    digest: Option<&'a str>,
    timestamp_ms: Option<u64>,
    pcrs: Option<BTreeMap<u8, &'a [u8]>>,
    certificate: Option<&'a [u8]>,
    cabundle: Option<Vec<&'a [u8]>>,
    public_key: Option<Option<&'a [u8]>>,
    user_data: Option<Option<&'a [u8]>>,
    nonce: Option<Option<&'a [u8]>>,
}

impl<'a> Fields<'a> {
    fn parse(payload: &'a [u8]) -> Option<Self> {
        let (mut reader, mut fields) = (Reader::new(payload), Self::default());
        for _ in 0..reader.map()? {
            fields.read(&mut reader)?;
        }
        reader.is_empty().then_some(fields)
    }

    /// One entry: a known key that was not there before, and a value within its bounds.
    fn read(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        match reader.text()? {
            "module_id" => {
                let text = reader.text()?;
                let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
                once(&mut self.module_id, text, plain && text.len() <= MODULE_ID_MAX)
            }
            "digest" => once(&mut self.digest, reader.text()?, true),
            "timestamp" => once(&mut self.timestamp_ms, reader.unsigned()?, true),
            "pcrs" => once(&mut self.pcrs, pcrs(reader)?, true),
            "certificate" => {
                let der = certificate(reader)?;
                once(&mut self.certificate, der, true)
            }
            "cabundle" => once(&mut self.cabundle, cabundle(reader)?, true),
            "public_key" => optional(&mut self.public_key, reader.bytes_or_null()?, PUBLIC_KEY_MAX),
            "user_data" => optional(&mut self.user_data, reader.bytes_or_null()?, USER_DATA_MAX),
            "nonce" => optional(&mut self.nonce, reader.bytes_or_null()?, NONCE_MAX),
            _ => None,
        }
    }
}

fn once<T>(field: &mut Option<T>, value: T, fits: bool) -> Option<()> {
    (fits && field.replace(value).is_none()).then_some(())
}

fn optional<'a>(field: &mut Option<Option<&'a [u8]>>, value: Option<&'a [u8]>, limit: usize) -> Option<()> {
    once(field, value, value.is_none_or(|bytes| bytes.len() <= limit))
}

fn certificate<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    reader.bytes().filter(|der| (1..=CERTIFICATE_MAX).contains(&der.len()))
}

/// The issuers, the root first; with the leaf they are one chain.
fn cabundle<'a>(reader: &mut Reader<'a>) -> Option<Vec<&'a [u8]>> {
    let count = usize::try_from(reader.array()?).ok()?;
    if !(1..limits::CHAIN).contains(&count) {
        return None;
    }
    (0..count).map(|_| certificate(reader)).collect()
}

fn pcrs<'a>(reader: &mut Reader<'a>) -> Option<BTreeMap<u8, &'a [u8]>> {
    let count = u8::try_from(reader.map()?).ok().filter(|count| (1..=PCRS).contains(count))?;
    let mut pcrs = BTreeMap::new();
    for _ in 0..count {
        let number = u8::try_from(reader.unsigned()?).ok().filter(|number| *number < PCRS)?;
        let value = reader.bytes().filter(|value| matches!(value.len(), 32 | 48 | 64))?;
        if pcrs.insert(number, value).is_some() {
            return None;
        }
    }
    Some(pcrs)
}
