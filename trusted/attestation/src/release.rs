//! A measured build, as a policy names it (ATTESTATION.md section 5): each family by its own fields, which also say
//! which family it is of.

use serde::{Deserialize, Deserializer, de::Error};

/// x87, SSE, AVX and AVX-512: the processor state that a release may use unless it says otherwise.
const XFRM_DEFAULT: u64 = 0xe7;

/// One measured build.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Release {
    /// An SGX enclave.
    Sgx(SgxRelease),
    /// A trust domain.
    Tdx(Box<TdxRelease>),
    /// An SEV-SNP guest.
    Snp(SnpRelease),
    /// A Nitro enclave.
    Nitro(Box<NitroRelease>),
}

/// An SGX enclave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SgxRelease {
    /// The measurement: this is what is trusted.
    #[serde(deserialize_with = "hash")]
    pub mr_enclave: [u8; 32],
    /// The signer: a second check.
    #[serde(deserialize_with = "hash")]
    pub mr_signer: [u8; 32],
    /// The product number.
    pub isv_prod_id: u16,
    /// The lowest security version.
    pub min_isv_svn: u16,
    /// Advisories that this build mitigates.
    #[serde(default)]
    pub accepted_advisories: Vec<String>,
    /// Processor state (XFRM) that may be enabled.
    #[serde(default = "xfrm_default")]
    pub xfrm_mask: u64,
    /// The exact MISCSELECT.
    #[serde(default)]
    pub miscselect: u32,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default)]
    pub not_after: Option<u64>,
}

/// A trust domain. MRTD measures its firmware only, the registers what that started: a register that is left out is
/// not compared, so a release names all four unless it has a reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TdxRelease {
    /// The measurement.
    #[serde(deserialize_with = "hash")]
    pub mr_td: [u8; 48],
    /// Firmware configuration.
    #[serde(default, deserialize_with = "some_hash")]
    pub rtmr0: Option<[u8; 48]>,
    /// Loader and kernel.
    #[serde(default, deserialize_with = "some_hash")]
    pub rtmr1: Option<[u8; 48]>,
    /// Command line and initial file system.
    #[serde(default, deserialize_with = "some_hash")]
    pub rtmr2: Option<[u8; 48]>,
    /// What the system extended by itself.
    #[serde(default, deserialize_with = "some_hash")]
    pub rtmr3: Option<[u8; 48]>,
    /// Advisories that this build mitigates.
    #[serde(default)]
    pub accepted_advisories: Vec<String>,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default)]
    pub not_after: Option<u64>,
}

/// An SEV-SNP guest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnpRelease {
    /// The measurement at launch.
    #[serde(deserialize_with = "hash")]
    pub measurement: [u8; 48],
    /// HOST_DATA, if the release uses it.
    #[serde(default, deserialize_with = "some_hash")]
    pub host_data: Option<[u8; 32]>,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default)]
    pub not_after: Option<u64>,
}

/// A Nitro enclave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NitroRelease {
    /// The image.
    #[serde(deserialize_with = "hash")]
    pub pcr0: [u8; 48],
    /// Kernel and boot file system.
    #[serde(deserialize_with = "hash")]
    pub pcr1: [u8; 48],
    /// The application.
    #[serde(deserialize_with = "hash")]
    pub pcr2: [u8; 48],
    /// The certificate that signed the image, if images are signed.
    #[serde(default, deserialize_with = "some_hash")]
    pub pcr8: Option<[u8; 48]>,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default)]
    pub not_after: Option<u64>,
}

const fn xfrm_default() -> u64 {
    XFRM_DEFAULT
}

fn hash<'de, const N: usize, D: Deserializer<'de>>(from: D) -> Result<[u8; N], D::Error> {
    let mut bytes = [0; N];
    hex::decode_to_slice(String::deserialize(from)?, &mut bytes)
        .map_err(|_| D::Error::custom("not a hash"))?;
    Ok(bytes)
}

/// A field that is there says something: `null` is not a hash.
fn some_hash<'de, const N: usize, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; N]>, D::Error> {
    hash(from).map(Some)
}
