//! What a family is given to judge, and what genuine evidence says, whatever its family, once steps 1 to 14 of
//! ATTESTATION.md section 4 have passed.
//!
//! Not here: how it is judged; each family does that in its own folder.

use crate::dcap::Tcb;
use crate::evidence::{Collateral, Tee};
use crate::outcome::Outcome;
use crate::policy::{Policy, SnpProduct, SnpTcb};
use crate::release::Release;
use crate::roots::Roots;
use std::collections::BTreeMap;

/// What one family is given: its steps look at nothing else.
pub(crate) struct Case<'a> {
    pub(crate) tee: Tee,
    pub(crate) evidence: &'a [u8],
    pub(crate) collateral: Option<&'a Collateral>,
    pub(crate) policy: &'a Policy,
    pub(crate) roots: &'a Roots,
    pub(crate) now: u64,
}

/// Evidence that its vendor vouches for.
#[derive(Clone, Debug)]
pub(crate) struct Genuine {
    pub(crate) identity: Identity,
    /// What step 15 compares: 64 bytes of report data. Nitro's `user_data` is what was given to it, and may be of
    /// another length.
    pub(crate) report_data: Vec<u8>,
    /// The fields of a Nitro document that must match the binding as well; none elsewhere.
    pub(crate) also: Option<AlsoBound>,
    pub(crate) debug: bool,
    /// Intel's judgement of the platform; the other vendors sign none.
    pub(crate) tcb: Option<Tcb>,
    /// When the first certificate, list or document ends, Unix seconds.
    pub(crate) earliest_expiration: u64,
    /// How it passed step 12; none if no policy judged it.
    pub(crate) outcome: Option<Outcome>,
    /// What `platform.allowed_platform_ids` is compared with; none where the platform hides it.
    pub(crate) platform_ids: Vec<String>,
    /// The release it is of; none if it was not compared with any.
    pub(crate) release: Option<Release>,
}

/// What a Nitro document vouches for besides `user_data` (ATTESTATION.md section 3, placement).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlsoBound {
    /// Must be the binding's challenge.
    pub(crate) nonce: Option<Vec<u8>>,
    /// Must be the binding's HPKE key.
    pub(crate) public_key: Option<Vec<u8>>,
}

/// Which program runs, and as what, in the words of its family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// An SGX enclave.
    Sgx(SgxIdentity),
    /// A trust domain.
    Tdx(Box<TdxIdentity>),
    /// An SEV-SNP guest.
    Snp(Box<SnpIdentity>),
    /// A Nitro enclave.
    Nitro(NitroIdentity),
}

/// An SGX enclave's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SgxIdentity {
    /// The measurement.
    pub mr_enclave: [u8; 32],
    /// The hash of the signer's key.
    pub mr_signer: [u8; 32],
    /// The product number.
    pub isv_prod_id: u16,
    /// The security version.
    pub isv_svn: u16,
    /// ATTRIBUTES.FLAGS.
    pub flags: u64,
    /// ATTRIBUTES.XFRM: the processor state that may be used.
    pub xfrm: u64,
    /// MISCSELECT.
    pub misc_select: u32,
}

/// A trust domain's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdxIdentity {
    /// The measurement of what the trust domain started with.
    pub mr_td: [u8; 48],
    /// The registers that are extended while it runs.
    pub rtmr: [[u8; 48]; 4],
    /// The measurement of the TDX module.
    pub mr_seam: [u8; 48],
    /// Configuration by its owner, not measured in `mr_td`.
    pub mr_config_id: [u8; 48],
    /// Who owns it.
    pub mr_owner: [u8; 48],
    /// Configuration by the owner.
    pub mr_owner_config: [u8; 48],
    /// TEE_TCB_SVN: the versions it started under.
    pub tee_tcb_svn: [u8; 16],
    /// ATTRIBUTES of the trust domain.
    pub attributes: u64,
    /// XFAM: the processor state that may be used.
    pub xfam: u64,
}

/// An SEV-SNP guest's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnpIdentity {
    /// The measurement at launch.
    pub measurement: [u8; 48],
    /// Given by the host at launch.
    pub host_data: [u8; 32],
    /// The processor; shorter ids are filled up with zeros, a masked one is all zero.
    pub chip_id: [u8; 64],
    /// The product line.
    pub product: SnpProduct,
    /// The privilege level that asked for the report.
    pub vmpl: u32,
    /// The guest policy.
    pub policy: u64,
    /// The guest's own security version.
    pub guest_svn: u32,
    /// The platform's versions that the signing key is derived from.
    pub reported_tcb: SnpTcb,
    /// The kind of the signing key.
    pub signing_key: SnpSigningKey,
}

/// Which key signed an SEV-SNP report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnpSigningKey {
    /// Of one chip.
    Vcek,
    /// Of a cloud provider.
    Vlek,
}

/// A Nitro enclave's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NitroIdentity {
    /// The platform configuration registers.
    pub pcrs: BTreeMap<u8, Vec<u8>>,
    /// The instance and the enclave.
    pub module_id: String,
    /// When the document was made, milliseconds by the hypervisor's clock.
    pub timestamp_ms: u64,
}

impl Identity {
    /// The one value that names the program: MRENCLAVE, MRTD, MEASUREMENT or PCR0.
    pub fn measurement(&self) -> &[u8] {
        match self {
            Self::Sgx(enclave) => &enclave.mr_enclave,
            Self::Tdx(domain) => &domain.mr_td,
            Self::Snp(guest) => &guest.measurement,
            Self::Nitro(enclave) => enclave.pcrs.get(&0).map_or(&[], Vec::as_slice),
        }
    }

    /// Who signed the program, where the family knows a signer: MRSIGNER or PCR8.
    pub fn signer(&self) -> Option<&[u8]> {
        match self {
            Self::Sgx(enclave) => Some(&enclave.mr_signer),
            Self::Nitro(enclave) => enclave.pcrs.get(&8).map(Vec::as_slice),
            Self::Tdx(_) | Self::Snp(_) => None,
        }
    }

    /// Product number and security version, where the family has them.
    pub fn product(&self) -> Option<(u16, u16)> {
        match self {
            Self::Sgx(enclave) => Some((enclave.isv_prod_id, enclave.isv_svn)),
            Self::Tdx(_) | Self::Snp(_) | Self::Nitro(_) => None,
        }
    }
}
