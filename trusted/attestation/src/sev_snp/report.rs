//! The attestation report of an SNP guest, versions 2, 3 and 5 (AMD document 56860, "SEV Secure Nested Paging Firmware
//! ABI", table ATTESTATION_REPORT). Fixed offsets, exact length, reserved fields zero as the document says.

use crate::failure::{Class, Refusal, ensure, refuse};
use crate::genuine::{SnpIdentity, SnpSigningKey};
use crate::policy::SnpProduct;

/// Bytes of a report: what is signed, then the signature.
pub(crate) const REPORT: usize = 0x4a0;
pub(crate) const SIGNED: usize = 0x2a0;
/// Bytes of R and of S, each zero-extended little-endian.
const SCALAR_FIELD: usize = 72;
const SCALAR: usize = 48;
const ECDSA_P384_SHA384: u32 = 1;

/// Bits of POLICY.
const POLICY_ALWAYS_ONE: u64 = 1 << 17;
const POLICY_MIGRATE_MA: u64 = 1 << 18;
const POLICY_DEBUG: u64 = 1 << 19;
/// From here on reserved, must be zero.
const POLICY_RESERVED: u32 = 26;
/// Bits of PLATFORM_INFO.
const PLATFORM_SMT: u64 = 1 << 0;
/// Bits of the word at 0x48: AUTHOR_KEY_EN, MASK_CHIP_KEY, SIGNING_KEY; what is above is reserved.
const SIGNING_KEY_SHIFT: u32 = 2;
const FLAGS_USED: u32 = 5;

/// What a report says of a guest.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) version: u32,
    guest_svn: u32,
    policy: u64,
    pub(crate) vmpl: u32,
    platform_info: u64,
    pub(crate) signing_key: SnpSigningKey,
    pub(crate) report_data: [u8; 64],
    pub(crate) measurement: [u8; 48],
    pub(crate) host_data: [u8; 32],
    pub(crate) reported_tcb: [u8; 8],
    pub(crate) chip_id: [u8; 64],
    /// `r || s`, big-endian.
    pub(crate) signature: [u8; 96],
}

impl Report {
    /// Step 2: version and signature algorithm are known, and the rest has the form that they promise.
    pub(crate) fn parse(evidence: &[u8]) -> Result<Self, Refusal> {
        ensure(evidence.len() == REPORT, Class::Malformed, "the report has not exactly 1184 bytes")?;
        let fields = Fields(evidence);
        let Some(version @ (2 | 3 | 5)) = fields.u32(0) else {
            return refuse(Class::Unsupported, "the report is not of version 2, 3 or 5");
        };
        let ecdsa = fields.u32(0x34) == Some(ECDSA_P384_SHA384);
        ensure(ecdsa, Class::Unsupported, "the report's signature is not ECDSA P-384 with SHA-384")?;
        let flags = fields.u32(0x48).unwrap_or(u32::MAX);
        let signing_key = match flags >> SIGNING_KEY_SHIFT & 7 {
            0 => SnpSigningKey::Vcek,
            1 => SnpSigningKey::Vlek,
            _ => return refuse(Class::Unsupported, "the report is signed by neither a VCEK nor a VLEK"),
        };
        let reserved = fields.reserved(version) && flags >> FLAGS_USED == 0;
        ensure(reserved, Class::Malformed, "a reserved field of the report is not zero")?;
        let report = fields.read(version, signing_key);
        let Some(report) = report else {
            return refuse(Class::Malformed, "the report's signature is longer than its curve");
        };
        let policy = report.policy & POLICY_ALWAYS_ONE != 0 && report.policy >> POLICY_RESERVED == 0;
        ensure(policy, Class::Malformed, "a reserved bit of the guest policy is not as it must be")?;
        Ok(report)
    }

    pub(crate) fn identity(&self, product: SnpProduct) -> SnpIdentity {
        SnpIdentity {
            measurement: self.measurement,
            host_data: self.host_data,
            chip_id: self.chip_id,
            product,
            vmpl: self.vmpl,
            policy: self.policy,
            guest_svn: self.guest_svn,
            reported_tcb: product.tcb(self.reported_tcb),
            signing_key: self.signing_key,
        }
    }

    pub(crate) fn is_debug(&self) -> bool {
        self.policy & POLICY_DEBUG != 0
    }

    /// True if a migration agent may hold the guest's keys.
    pub(crate) fn is_migratable(&self) -> bool {
        self.policy & POLICY_MIGRATE_MA != 0
    }

    pub(crate) fn has_smt(&self) -> bool {
        self.platform_info & PLATFORM_SMT != 0
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..)?.first_chunk().copied()
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// A number of the signature, big-endian; nothing if it is longer than the curve's.
    fn scalar(&self, at: usize) -> Option<[u8; SCALAR]> {
        let (value, zeros) = self.0.get(at..at + SCALAR_FIELD)?.split_first_chunk::<SCALAR>()?;
        let mut value = *value;
        value.reverse();
        zeros.iter().all(|&byte| byte == 0).then_some(value)
    }

    /// All fields that are reserved in this version are zero. PLATFORM_INFO has reserved bits that firmware has come to
    /// use, and is not among them.
    fn reserved(&self, version: u32) -> bool {
        // Version 3 names the processor, version 5 the mitigations of the firmware.
        let processor_end = if version < 3 { 0x188 } else { 0x18b };
        let mitigations_end = if version < 5 { 0x1f8 } else { 0x208 };
        let ranges = [
            0x4c..0x50,
            processor_end..0x1a0,
            0x1eb..0x1ec,
            0x1ef..0x1f0,
            mitigations_end..SIGNED,
            SIGNED + 2 * SCALAR_FIELD..REPORT,
        ];
        ranges
            .into_iter()
            .all(|range| self.0.get(range).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0)))
    }

    fn read(&self, version: u32, signing_key: SnpSigningKey) -> Option<Report> {
        let (r, s) = (self.scalar(SIGNED)?, self.scalar(SIGNED + SCALAR_FIELD)?);
        let mut signature = [0; 2 * SCALAR];
        signature.first_chunk_mut().map(|half| *half = r)?;
        signature.last_chunk_mut().map(|half| *half = s)?;
        Some(Report {
            version,
            guest_svn: self.u32(0x04)?,
            policy: self.u64(0x08)?,
            vmpl: self.u32(0x30)?,
            platform_info: self.u64(0x40)?,
            signing_key,
            report_data: self.array(0x50)?,
            measurement: self.array(0x90)?,
            host_data: self.array(0xc0)?,
            reported_tcb: self.array(0x180)?,
            chip_id: self.array(0x1a0)?,
            signature,
        })
    }
}
