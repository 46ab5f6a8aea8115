//! Intel's service for DCAP collateral (PCS, version 4) and caches that speak like it (PCCS): where each document is,
//! and what an answer must look like. Pure; nothing here judges what a document says.
//!
//! <https://api.portal.trustedservices.intel.com/content/documentation.html>

use crate::service_url::{ServiceUrl, UrlDefect};
use attestation::{ClaimedPlatform, Tee};
use core::fmt;
use hyper::Uri;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Where Intel's service is.
pub const PCS: &str = "https://api.trustedservices.intel.com";
/// Where Intel's root publishes its revocation list.
pub const ROOT_CRL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

/// Bytes of a chain in a header, as it is encoded: two certificates take about three thousand.
const CHAIN_BYTES_MAX: usize = 16 * 1024;
/// A raw P-256 signature.
const SIGNATURE_BYTES: usize = 64;
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Where collateral is fetched from: https anywhere, http on this machine only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pcs: ServiceUrl,
    root_crl: ServiceUrl,
    root_crl_path: String,
}

impl Source {
    /// The service at `pcs`, and the root's revocation list in the file at `root_crl`.
    ///
    /// # Errors
    /// Which of the two cannot be used, and why.
    pub fn new(pcs: &str, root_crl: &str) -> Result<Self, SourceDefect> {
        let pcs = ServiceUrl::parse(pcs).map_err(SourceDefect::Pcs)?;
        let file = SourceDefect::RootCrl;
        let uri: Uri = root_crl.trim().parse().map_err(|_| file(UrlDefect::Form))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(file(UrlDefect::Form));
        };
        let service = ServiceUrl::parse(&format!("{scheme}://{authority}")).map_err(file)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        if path == "/" || root_crl.contains('#') {
            return Err(file(UrlDefect::Path));
        }
        Ok(Self { pcs, root_crl: service, root_crl_path: path.to_owned() })
    }

    /// Who has a document, and under which path.
    pub(super) fn place(
        &self,
        document: Document,
        platform: &ClaimedPlatform,
        update: Update,
    ) -> (&ServiceUrl, String) {
        let kind = if matches!(platform.tee, Tee::Tdx | Tee::DevTdx) { "tdx" } else { "sgx" };
        let path = match document {
            Document::TcbInfo => {
                let fmspc = hex::encode(platform.fmspc);
                format!("/{kind}/certification/v4/tcb?fmspc={fmspc}&update={}", update.name())
            }
            Document::QeIdentity => {
                format!("/{kind}/certification/v4/qe/identity?update={}", update.name())
            }
            Document::PckCrl => {
                format!("/sgx/certification/v4/pckcrl?ca={}&encoding=der", platform.ca.name())
            }
            Document::RootCrl => return (&self.root_crl, self.root_crl_path.clone()),
        };
        (&self.pcs, path)
    }
}

/// Which address of a source cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceDefect {
    /// That of the service.
    Pcs(UrlDefect),
    /// That of the root's revocation list.
    RootCrl(UrlDefect),
}

/// Which of Intel's data sets: the one that holds, or the one that will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// What clients are judged by.
    Standard,
    /// The same, as soon as a TCB recovery is published.
    Early,
}

impl Update {
    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Early => "early",
        }
    }
}

/// What collateral is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// What Intel says of a platform's patch levels.
    TcbInfo,
    /// What Intel says of its quoting enclave.
    QeIdentity,
    /// Which platforms are revoked.
    PckCrl,
    /// Which of the root's certificates are revoked.
    RootCrl,
}

impl Document {
    /// The header in which its issuer's chain comes; the root needs none.
    pub(super) const fn chain_header(self) -> Option<&'static str> {
        match self {
            Self::TcbInfo => Some("tcb-info-issuer-chain"),
            Self::QeIdentity => Some("sgx-enclave-identity-issuer-chain"),
            Self::PckCrl => Some("sgx-pck-crl-issuer-chain"),
            Self::RootCrl => None,
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TcbInfo => "the TCB info",
            Self::QeIdentity => "the QE identity",
            Self::PckCrl => "the PCK revocation list",
            Self::RootCrl => "the root's revocation list",
        })
    }
}

/// Why an answer cannot be what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// No bytes.
    Empty,
    /// A page for people.
    WebPage,
    /// The text ends too early.
    CutShort,
    /// Other text, or other bytes.
    Form,
    /// No document in it.
    NoDocument,
    /// No signature in it, or one of another form.
    Signature,
    /// The header with the issuer's chain is missing, or there are several.
    NoChain,
    /// That header is longer than any chain.
    ChainTooLong,
    /// That header is not PEM certificates, percent-encoded.
    ChainForm,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::WebPage => "is a web page",
            Self::CutShort => "is cut short",
            Self::Form => "is not of the form of version 4 of Intel's service",
            Self::NoDocument => "holds no document",
            Self::Signature => "lacks its signature, or has one that is not 64 bytes in hex",
            Self::NoChain => "came without the header that holds its issuer's chain",
            Self::ChainTooLong => "came with an issuer's chain that is too long",
            Self::ChainForm => "came with an issuer's chain that is not PEM, percent-encoded",
        })
    }
}

/// A signed document: the text exactly as it was signed, and the signature over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) text: String,
    pub(super) signature: Vec<u8>,
}

/// `{"tcbInfo":{…},"signature":"…"}`, or the same with `enclaveIdentity`. Members that are new do not matter.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, rename = "tcbInfo", default)]
    tcb_info: Option<&'a RawValue>,
    #[serde(borrow, rename = "enclaveIdentity", default)]
    qe_identity: Option<&'a RawValue>,
    #[serde(default)]
    signature: Option<String>,
}

/// The signed document of an answer.
pub(super) fn signed(document: Document, body: &[u8]) -> Result<Signed, Defect> {
    readable(body)?;
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Defect::Form);
    }
    let answer: Answer<'_> = serde_json::from_slice(body)
        .map_err(|error| if error.is_eof() { Defect::CutShort } else { Defect::Form })?;
    let text = match document {
        Document::QeIdentity => answer.qe_identity,
        _ => answer.tcb_info,
    };
    let text = text.map(RawValue::get).filter(|text| text.starts_with('{')).ok_or(Defect::NoDocument)?;
    let signature = answer.signature.and_then(|signature| hex::decode(signature).ok());
    let signature = signature.filter(|bytes| bytes.len() == SIGNATURE_BYTES).ok_or(Defect::Signature)?;
    Ok(Signed { text: text.to_owned(), signature })
}

/// The revocation list of an answer, DER. Caches may write it in hex.
pub(super) fn list(body: &[u8]) -> Result<Vec<u8>, Defect> {
    const SEQUENCE: u8 = 0x30;
    if body.first() == Some(&SEQUENCE) {
        return Ok(body.to_vec());
    }
    readable(body)?;
    let der = hex::decode(body.trim_ascii()).ok();
    der.filter(|der| der.first() == Some(&SEQUENCE)).ok_or(Defect::Form)
}

/// The PEM chain in a header. Intel percent-encodes it; a cache may write spaces as `+`, as forms do.
pub(super) fn chain(header: &[u8]) -> Result<String, Defect> {
    if header.len() > CHAIN_BYTES_MAX {
        return Err(Defect::ChainTooLong);
    }
    let spaces_as_plus = header.starts_with(b"-----BEGIN+");
    let mut text = String::with_capacity(header.len());
    let mut rest = header;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let byte = match byte {
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>().ok_or(Defect::ChainForm)?;
                rest = after;
                let [byte] = <[u8; 1]>::try_from(hex::decode(digits).map_err(|_| Defect::ChainForm)?)
                    .map_err(|_| Defect::ChainForm)?;
                byte
            }
            b'+' if spaces_as_plus => b' ',
            byte => byte,
        };
        if !(byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r')) {
            return Err(Defect::ChainForm);
        }
        text.push(char::from(byte));
    }
    if text.starts_with(PEM_BEGIN) { Ok(text) } else { Err(Defect::ChainForm) }
}

/// What is said of an answer that no parser needs to see.
fn readable(body: &[u8]) -> Result<(), Defect> {
    match body.trim_ascii_start().first() {
        None => Err(Defect::Empty),
        Some(b'<') => Err(Defect::WebPage),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
