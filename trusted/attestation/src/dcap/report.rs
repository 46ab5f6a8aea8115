//! What the hardware reports of an SGX enclave (384 bytes) and of a trust domain (584, 648 or 885 bytes), and the reader
//! of fixed little-endian fields that quotes are read with.

use crate::genuine::{SgxIdentity, TdxIdentity};

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
    pub(crate) fn parse(report: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::new(report);
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

    pub(crate) const fn identity(&self) -> SgxIdentity {
        let Self { misc_select, flags, xfrm, mr_enclave, mr_signer, isv_prod_id, isv_svn, report_data: _ } =
            *self;
        SgxIdentity { mr_enclave, mr_signer, isv_prod_id, isv_svn, flags, xfrm, misc_select }
    }

    /// The sixteen attribute bytes, as the vendor's identity masks them.
    pub(crate) fn attributes(&self) -> [u8; 16] {
        (u128::from(self.xfrm) << 64 | u128::from(self.flags)).to_le_bytes()
    }

    pub(crate) const fn is_debug(&self) -> bool {
        self.flags & 0x02 != 0
    }
}

/// Bits of a trust domain's ATTRIBUTES (Intel TDX Module ABI Specification, table 3.23). The lowest byte is TUD, a
/// domain under debug: DEBUG, and profiling by the host.
const UNDER_DEBUG: u64 = 0xff;
const SERVICE_DOMAIN_EXTENSION: u64 = 1 << 17;
const SEPT_VE_DISABLE: u64 = 1 << 28;
const MIGRATABLE: u64 = 1 << 29;
/// Must be zero: 1-3, 7-15, 23-26 and 32-61.
const RESERVED: u64 = 0x3fff_ffff_0780_ff8e;

/// What a trust domain's report says of it.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
    pub(crate) identity: TdxIdentity,
    pub(crate) mr_signer_seam: [u8; 48],
    pub(crate) seam_attributes: u64,
    /// TEE_TCB_SVN2 of TDX 1.5: the versions it runs under now, after an update of the module below it.
    pub(crate) current_svn: Option<[u8; 16]>,
    /// The hash of the service domains bound to it; zero before TDX 1.5.
    mr_service_td: [u8; 48],
    pub(crate) report_data: [u8; 64],
}

impl Domain {
    /// Bytes of the three forms.
    pub(crate) const TD_10: usize = 584;
    pub(crate) const TD_15: usize = Self::TD_10 + 64;
    pub(crate) const TD_15_EX: usize = Self::TD_15 + 237;

    pub(crate) fn parse(report: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::new(report);
        let (tee_tcb_svn, mr_seam, mr_signer_seam) = (bytes.array()?, bytes.array()?, bytes.array()?);
        let (seam_attributes, attributes, xfam) = (bytes.u64()?, bytes.u64()?, bytes.u64()?);
        let (mr_td, mr_config_id) = (bytes.array()?, bytes.array()?);
        let (mr_owner, mr_owner_config) = (bytes.array()?, bytes.array()?);
        let rtmr = [bytes.array()?, bytes.array()?, bytes.array()?, bytes.array()?];
        let report_data = bytes.array()?;
        let (current_svn, mr_service_td) =
            if bytes.is_empty() { (None, [0; 48]) } else { (Some(bytes.array()?), bytes.array()?) };
        // What TDX 1.5 with extensions adds speaks of service domains: those are refused as a whole.
        let identity = TdxIdentity {
            mr_td,
            rtmr,
            mr_seam,
            mr_config_id,
            mr_owner,
            mr_owner_config,
            tee_tcb_svn,
            attributes,
            xfam,
        };
        Some(Self { identity, mr_signer_seam, seam_attributes, current_svn, mr_service_td, report_data })
    }

    pub(crate) const fn is_debug(&self) -> bool {
        self.identity.attributes & UNDER_DEBUG & !RESERVED != 0
    }

    /// What is wrong with its attributes besides debug, if anything is.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        let set = |bits: u64| self.identity.attributes & bits != 0;
        let flaws = [
            (set(RESERVED), "the trust domain has reserved attributes set"),
            (
                !set(SEPT_VE_DISABLE),
                "the host may interrupt the trust domain by taking pages (SEPT_VE_DISABLE)",
            ),
            (set(MIGRATABLE), "the trust domain can be migrated"),
            (
                set(SERVICE_DOMAIN_EXTENSION) || self.mr_service_td != [0; 48],
                "a service domain is bound to the trust domain",
            ),
        ];
        flaws.into_iter().find(|(flawed, _)| *flawed).map(|(_, text)| text)
    }
}

/// Reads little-endian fields one after another.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many are left.
    pub(crate) const fn len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(|_| ())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// What a length of four bytes announces.
    pub(crate) fn counted_u32(&mut self) -> Option<Self> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.take(length).map(Self::new)
    }
}
