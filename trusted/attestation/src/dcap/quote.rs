//! The SGX DCAP quote, version 3, and the report of an enclave (Intel SGX ECDSA QuoteLibReference, appendix A.4).
//! Fixed offsets; lengths are compared with what is there, never used to allocate.

use crate::failure::{Class, Refusal, ensure, refuse};

const INTEL_QE_VENDOR: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
const HEADER: usize = 48;
const REPORT: usize = 384;
/// The key type of ECDSA P-256, and the certification data type of a PEM chain.
const ECDSA_P256: u16 = 2;
const PCK_CHAIN: u16 = 5;
/// The quoting enclave's own authentication data.
const QE_AUTH_DATA: usize = 32;

/// The header, before it is known whether the rest can be judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) version: u16,
    key_type: u16,
    tee_type: u32,
    vendor: [u8; 16],
}

impl Header {
    /// Step 1.
    pub(crate) fn parse(quote: &[u8]) -> Result<Self, Refusal> {
        let mut bytes = Bytes { rest: quote };
        let header = (|| {
            let (version, key_type, tee_type) = (bytes.u16()?, bytes.u16()?, bytes.u32()?);
            let _svns = bytes.u32()?;
            let vendor = bytes.array()?;
            let _user_data = bytes.array::<20>()?;
            Some(Self { version, key_type, tee_type, vendor })
        })();
        header.map_or_else(|| refuse(Class::Malformed, "the quote ends inside its header"), Ok)
    }

    /// Step 2.
    pub(crate) fn supported(self) -> Result<(), Refusal> {
        ensure(self.version == 3, Class::Unsupported, "the quote is not of version 3")?;
        ensure(self.key_type == ECDSA_P256, Class::Unsupported, "the quote's key type is not ECDSA P-256")?;
        ensure(self.tee_type == 0, Class::Unsupported, "the quote is not of an SGX enclave")?;
        ensure(self.vendor == INTEL_QE_VENDOR, Class::Unsupported, "the quoting enclave is of another vendor")
    }
}

/// What an enclave's report says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) misc_select: u32,
    pub(crate) flags: u64,
    pub(crate) xfrm: u64,
    pub(crate) mr_enclave: [u8; 32],
    pub(crate) mr_signer: [u8; 32],
    pub(crate) isv_prod_id: u16,
    pub(crate) isv_svn: u16,
    pub(crate) report_data: [u8; 64],
}

impl Report {
    fn parse(report: &[u8; REPORT]) -> Option<Self> {
        let mut bytes = Bytes { rest: report };
        bytes.skip(16)?; // CPUSVN: the TCB is judged by the certificate's
        let misc_select = bytes.u32()?;
        bytes.skip(28)?;
        let (flags, xfrm) = (bytes.u64()?, bytes.u64()?);
        let mr_enclave = bytes.array()?;
        bytes.skip(32)?;
        let mr_signer = bytes.array()?;
        bytes.skip(96)?;
        let (isv_prod_id, isv_svn) = (bytes.u16()?, bytes.u16()?);
        bytes.skip(60)?;
        Some(Self {
            misc_select,
            flags,
            xfrm,
            mr_enclave,
            mr_signer,
            isv_prod_id,
            isv_svn,
            report_data: bytes.array()?,
        })
    }

    /// The sixteen attribute bytes, as the vendor's identity masks them.
    pub(crate) fn attributes(&self) -> [u8; 16] {
        (u128::from(self.xfrm) << 64 | u128::from(self.flags)).to_le_bytes()
    }

    pub(crate) const fn is_debug(&self) -> bool {
        self.flags & 0x02 != 0
    }
}

/// A quote of version 3.
#[derive(Clone, Debug)]
pub(crate) struct Quote {
    /// Header and body: what the attestation key signs.
    pub(crate) signed: Vec<u8>,
    pub(crate) report: Report,
    pub(crate) signature: [u8; 64],
    /// x || y of the attestation key.
    pub(crate) attestation_key: [u8; 64],
    pub(crate) qe_report: Report,
    pub(crate) qe_report_bytes: [u8; REPORT],
    pub(crate) qe_report_signature: [u8; 64],
    pub(crate) qe_auth_data: [u8; QE_AUTH_DATA],
    pub(crate) chain_pem: Vec<u8>,
}

impl Quote {
    /// Parses everything after the header; bytes after the declared signature length are ignored.
    pub(crate) fn parse(quote: &[u8]) -> Result<Self, Refusal> {
        match Self::parse_parts(quote) {
            Some((quote, PCK_CHAIN)) => Ok(quote),
            Some(_) => {
                refuse(Class::Unsupported, "the quote's certification data is not a certificate chain")
            }
            None => refuse(Class::Malformed, "the quote's lengths do not fit its form"),
        }
    }

    fn parse_parts(quote: &[u8]) -> Option<(Self, u16)> {
        let signed = quote.get(..HEADER + REPORT)?.to_vec();
        let mut bytes = Bytes { rest: quote };
        bytes.skip(HEADER)?;
        let report = Report::parse(&bytes.array()?)?;
        let length = bytes.u32()?;
        let mut bytes = Bytes { rest: bytes.take(usize::try_from(length).ok()?)? };
        let (signature, attestation_key) = (bytes.array()?, bytes.array()?);
        let qe_report_bytes = bytes.array()?;
        let qe_report_signature = bytes.array()?;
        let auth_length = bytes.u16()?;
        let qe_auth_data = bytes.take(usize::from(auth_length))?.try_into().ok()?;
        let kind = bytes.u16()?;
        let length = bytes.u32()?;
        let chain_pem = bytes.take(usize::try_from(length).ok()?)?.to_vec();
        let qe_report = Report::parse(&qe_report_bytes)?;
        let quote = Self {
            signed,
            report,
            signature,
            attestation_key,
            qe_report,
            qe_report_bytes,
            qe_report_signature,
            qe_auth_data,
            chain_pem,
        };
        bytes.rest.is_empty().then_some((quote, kind))
    }
}

struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(|_| ())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
