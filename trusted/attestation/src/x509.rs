//! Certificates and revocation lists of AMD's and AWS's PKIs (RFC 5280): form and signatures, nothing of what they are
//! for. `x509-cert` reads them, `rsa` and `p384` check signatures; both compile wherever a verifier runs, wasm included.
//! A signature is always checked over the received bytes.
//!
//! Intel's are read beside `dcap-qvl`, in `dcap/certificate.rs`.

use p384::ecdsa::signature::Verifier;
use p384::ecdsa::{DerSignature, Signature, VerifyingKey};
use rsa::{BoxedUint, pss};
use sha2::Sha384;
use x509_cert::crl::CertificateList;
use x509_cert::der::asn1::{BitString, Ia5StringRef, UintRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::oid::db::{rfc4519, rfc5280, rfc5912};
use x509_cert::der::{AnyRef, Decode, Encode, Reader, SliceReader};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{Certificate as Parsed, Version};

/// Extensions of one certificate. AMD's have eleven, AWS's five; each is compared with those before it.
const EXTENSIONS: usize = 32;
/// RSASSA-PSS-params (RFC 4055 section 3.1) with SHA-384, MGF1 of SHA-384 and a salt of 48 bytes: the one meaning that is
/// accepted, in the two spellings AMD uses. The second writes out the default trailer.
const PSS_SHA384: [&[u8]; 2] = [
    &[
        0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
        0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03,
        0x02, 0x01, 0x30,
    ],
    &[
        0x30, 0x39, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
        0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03,
        0x02, 0x01, 0x30, 0xa3, 0x03, 0x02, 0x01, 0x01,
    ],
];

/// A certificate of version 3 whose every critical extension is understood here.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    parsed: Parsed,
    pub(crate) is_ca: bool,
    /// How many certificates may stand between this one and a leaf.
    path_length: Option<u8>,
    key_usage: Option<KeyUsage>,
}

impl Certificate {
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let parsed = Parsed::from_der(der).ok()?;
        let tbs = parsed.tbs_certificate();
        let same = tbs.signature() == parsed.signature_algorithm();
        let plain = tbs.issuer_unique_id().is_none() && tbs.subject_unique_id().is_none();
        if tbs.version() != Version::V3 || !same || !plain || !understood(tbs.extensions()?) {
            return None;
        }
        let constraints = tbs.get_extension::<BasicConstraints>().ok()?.map(|(_, value)| value);
        let key_usage = tbs.get_extension::<KeyUsage>().ok()?.map(|(_, value)| value);
        let is_ca = constraints.as_ref().is_some_and(|constraints| constraints.ca);
        let path_length = constraints.and_then(|constraints| constraints.path_len_constraint);
        Some(Self { der: der.to_vec(), is_ca, path_length, key_usage, parsed })
    }

    /// First second it is valid, Unix time.
    pub(crate) fn not_before(&self) -> u64 {
        self.parsed.tbs_certificate().validity().not_before.to_unix_duration().as_secs()
    }

    /// Last second it is valid, Unix time.
    pub(crate) fn not_after(&self) -> u64 {
        self.parsed.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }

    /// Issued and signed by `issuer`, which may issue with `below` further issuers between itself and the leaf.
    pub(crate) fn is_issued_by(&self, issuer: &Self, below: u8) -> bool {
        let usage = issuer.key_usage.is_none_or(|usage| usage.0.contains(KeyUsages::KeyCertSign));
        let deep_enough = issuer.path_length.is_none_or(|allowed| below <= allowed);
        let named = self.parsed.tbs_certificate().issuer() == issuer.parsed.tbs_certificate().subject();
        let signed =
            || issuer.signed_here(&self.der, self.parsed.signature_algorithm(), self.parsed.signature());
        issuer.is_ca && usage && deep_enough && named && signed()
    }

    /// The value of the one common name of the subject.
    pub(crate) fn common_name(&self) -> Option<&str> {
        let mut pairs = self.parsed.tbs_certificate().subject().iter();
        let value = pairs.find(|pair| pair.oid == rfc4519::COMMON_NAME)?.value.value();
        core::str::from_utf8(value).ok()
    }

    /// The contents of the extension with this identifier.
    pub(crate) fn extension(&self, id: ObjectIdentifier) -> Option<&[u8]> {
        self.extensions().find(|(found, _)| *found == id).map(|(_, value)| value)
    }

    pub(crate) fn extensions(&self) -> impl Iterator<Item = (ObjectIdentifier, &[u8])> {
        let extensions = self.parsed.tbs_certificate().extensions().map_or(&[][..], Vec::as_slice);
        extensions.iter().map(|extension| (extension.extn_id, extension.extn_value.as_bytes()))
    }

    /// ECDSA P-384 with SHA-384 by this certificate's key, which may sign; the signature is `r || s`, big-endian.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8; 96]) -> bool {
        let usage = self.key_usage.is_none_or(|usage| usage.0.contains(KeyUsages::DigitalSignature));
        let key = p384_key(self.parsed.tbs_certificate().subject_public_key_info());
        let signature = Signature::from_slice(signature).ok();
        let valid = |(key, signature): (VerifyingKey, Signature)| key.verify(message, &signature).is_ok();
        usage && key.zip(signature).is_some_and(valid)
    }

    /// The signature at the end of a certificate or list, by this certificate's key.
    fn signed_here(&self, der: &[u8], algorithm: &AlgorithmIdentifierOwned, signature: &BitString) -> bool {
        let key = self.parsed.tbs_certificate().subject_public_key_info();
        let verdict = (|| {
            let (signed, signature) = (first_part(der)?, signature.as_bytes()?);
            let parameters = algorithm.parameters.as_ref().map(Encode::to_der).transpose().ok()?;
            match (algorithm.oid, parameters) {
                (rfc5912::ID_RSASSA_PSS, Some(parameters)) if PSS_SHA384.contains(&&parameters[..]) => {
                    let signature = pss::Signature::try_from(signature).ok()?;
                    pss::VerifyingKey::<Sha384>::new(rsa_key(key)?).verify(signed, &signature).ok()
                }
                (rfc5912::ECDSA_WITH_SHA_384, None) => {
                    let signature = DerSignature::try_from(signature).ok()?;
                    p384_key(key)?.verify(signed, &signature).ok()
                }
                _ => None,
            }
        })();
        verdict.is_some()
    }
}

/// A complete revocation list of version 2 with a next update.
#[derive(Debug)]
pub(crate) struct RevocationList {
    der: Vec<u8>,
    parsed: CertificateList,
    pub(crate) this_update: u64,
    pub(crate) next_update: u64,
}

impl RevocationList {
    /// Critical extensions are refused: they would mean a list that is not complete, or of other issuers.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let parsed = CertificateList::from_der(der).ok()?;
        let list = &parsed.tbs_cert_list;
        let entries = list.revoked_certificates.iter().flatten();
        let mut extensions = entries
            .filter_map(|entry| entry.crl_entry_extensions.as_ref())
            .chain(&list.crl_extensions)
            .flatten();
        let critical = extensions.any(|extension| extension.critical);
        if list.version != Version::V2 || list.signature != parsed.signature_algorithm || critical {
            return None;
        }
        let this_update = list.this_update.to_unix_duration().as_secs();
        let next_update = list.next_update?.to_unix_duration().as_secs();
        Some(Self { der: der.to_vec(), parsed, this_update, next_update })
    }

    /// Of and signed by `issuer`, which may sign lists.
    pub(crate) fn is_issued_by(&self, issuer: &Certificate) -> bool {
        let usage = issuer.key_usage.is_none_or(|usage| usage.0.contains(KeyUsages::CRLSign));
        let list: (&Name, _) = (&self.parsed.tbs_cert_list.issuer, &self.parsed.signature);
        let named = list.0 == issuer.parsed.tbs_certificate().subject();
        usage && named && issuer.signed_here(&self.der, &self.parsed.signature_algorithm, list.1)
    }

    pub(crate) fn revokes(&self, certificate: &Certificate) -> bool {
        let serial = certificate.parsed.tbs_certificate().serial_number();
        let mut entries = self.parsed.tbs_cert_list.revoked_certificates.iter().flatten();
        entries.any(|entry| entry.serial_number == *serial)
    }
}

/// The first element inside a SEQUENCE, as it was received: what the signature is over.
fn first_part(der: &[u8]) -> Option<&[u8]> {
    SliceReader::new(AnyRef::from_der(der).ok()?.value()).ok()?.tlv_bytes().ok()
}

/// No extension twice, not too many, and none critical that nothing here reads.
fn understood(extensions: &[Extension]) -> bool {
    let known = [rfc5280::ID_CE_BASIC_CONSTRAINTS, rfc5280::ID_CE_KEY_USAGE];
    extensions.len() <= EXTENSIONS
        && extensions.iter().enumerate().all(|(at, extension)| {
            let mut before = extensions.iter().take(at);
            let twice = before.any(|other| other.extn_id == extension.extn_id);
            !twice && (!extension.critical || known.contains(&extension.extn_id))
        })
}

/// An RSA key (RFC 8017 appendix A.1.1) of a size that is neither weak nor a burden; AMD's have 4096 bits.
fn rsa_key(key: &SubjectPublicKeyInfoOwned) -> Option<rsa::PublicKey> {
    let null = key.algorithm.parameters.as_ref().is_some_and(|parameters| parameters.is_null());
    if key.algorithm.oid != rfc5912::RSA_ENCRYPTION || !null {
        return None;
    }
    let numbers = AnyRef::from_der(key.subject_public_key.as_bytes()?).ok()?;
    let mut reader = SliceReader::new(numbers.value()).ok()?;
    let number = |reader: &mut SliceReader<'_>| {
        UintRef::decode(reader).ok().map(|number| BoxedUint::from_be_slice_vartime(number.as_bytes()))
    };
    let (modulus, exponent) = (number(&mut reader)?, number(&mut reader)?);
    reader.finish().ok()?;
    rsa::PublicKey::new_with_size_limits(modulus, exponent, 2048..=4096).ok()
}

/// An uncompressed P-384 point (RFC 5480).
fn p384_key(key: &SubjectPublicKeyInfoOwned) -> Option<VerifyingKey> {
    let curve = key.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()?;
    let point = key.subject_public_key.as_bytes()?;
    let uncompressed = point.len() == 97 && point.first() == Some(&4);
    if key.algorithm.oid != rfc5912::ID_EC_PUBLIC_KEY || curve != rfc5912::SECP_384_R_1 || !uncompressed {
        return None;
    }
    VerifyingKey::from_sec1_bytes(point).ok()
}

/// The value of an INTEGER that fits a byte: AMD puts DER values into its extensions.
pub(crate) fn small_integer(der: &[u8]) -> Option<u8> {
    u8::from_der(der).ok()
}

/// The text of an IA5String.
pub(crate) fn ia5_string(der: &[u8]) -> Option<&str> {
    Ia5StringRef::from_der(der).ok().map(|text| text.as_str())
}
