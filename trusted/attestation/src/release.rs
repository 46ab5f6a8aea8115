//! A measured build, as a policy names it (ATTESTATION.md section 5): each family by its own fields, which also say
//! which family it is of.

use serde::{Deserialize, Serialize};

/// x87, SSE, AVX and AVX-512: the processor state that a release may use unless it says otherwise.
const XFRM_DEFAULT: u64 = 0xe7;

/// One measured build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SgxRelease {
    /// The published name, for people: nothing is compared with it.
    #[serde(default, with = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The measurement: this is what is trusted.
    #[serde(with = "hash")]
    pub mr_enclave: [u8; 32],
    /// The signer: a second check.
    #[serde(with = "hash")]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<u64>,
}

/// A trust domain. MRTD measures its firmware only, the registers what that started: a register that is left out is
/// not compared, so a release names all four unless it has a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TdxRelease {
    /// The published name, for people: nothing is compared with it.
    #[serde(default, with = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The measurement.
    #[serde(with = "hash")]
    pub mr_td: [u8; 48],
    /// Firmware configuration.
    #[serde(default, with = "some_hash", skip_serializing_if = "Option::is_none")]
    pub rtmr0: Option<[u8; 48]>,
    /// Loader and kernel.
    #[serde(default, with = "some_hash", skip_serializing_if = "Option::is_none")]
    pub rtmr1: Option<[u8; 48]>,
    /// Command line and initial file system.
    #[serde(default, with = "some_hash", skip_serializing_if = "Option::is_none")]
    pub rtmr2: Option<[u8; 48]>,
    /// What the system extended by itself.
    #[serde(default, with = "some_hash", skip_serializing_if = "Option::is_none")]
    pub rtmr3: Option<[u8; 48]>,
    /// Advisories that this build mitigates.
    #[serde(default)]
    pub accepted_advisories: Vec<String>,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<u64>,
}

/// An SEV-SNP guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnpRelease {
    /// The published name, for people: nothing is compared with it.
    #[serde(default, with = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The measurement at launch.
    #[serde(with = "hash")]
    pub measurement: [u8; 48],
    /// HOST_DATA, if the release uses it.
    #[serde(default, with = "some_hash", skip_serializing_if = "Option::is_none")]
    pub host_data: Option<[u8; 32]>,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<u64>,
}

/// A Nitro enclave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NitroRelease {
    /// The published name, for people: nothing is compared with it.
    #[serde(default, with = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The image.
    #[serde(with = "hash")]
    pub pcr0: [u8; 48],
    /// Kernel and boot file system.
    #[serde(with = "hash")]
    pub pcr1: [u8; 48],
    /// The application.
    #[serde(with = "hash")]
    pub pcr2: [u8; 48],
    /// The certificate that signed the image, if images are signed.
    #[serde(default, with = "some_hash", skip_serializing_if = "Option::is_none")]
    pub pcr8: Option<[u8; 48]>,
    /// The last second this release is accepted, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<u64>,
}

const fn xfrm_default() -> u64 {
    XFRM_DEFAULT
}

impl Release {
    /// The name it was published under, if the policy gives one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Sgx(release) => release.name.as_deref(),
            Self::Tdx(release) => release.name.as_deref(),
            Self::Snp(release) => release.name.as_deref(),
            Self::Nitro(release) => release.name.as_deref(),
        }
    }

    /// The last second it is accepted, Unix seconds.
    pub fn not_after(&self) -> Option<u64> {
        match self {
            Self::Sgx(release) => release.not_after,
            Self::Tdx(release) => release.not_after,
            Self::Snp(release) => release.not_after,
            Self::Nitro(release) => release.not_after,
        }
    }

    /// The one value that names the program: MRENCLAVE, MRTD, MEASUREMENT or PCR0.
    pub fn measurement(&self) -> &[u8] {
        match self {
            Self::Sgx(release) => &release.mr_enclave,
            Self::Tdx(release) => &release.mr_td,
            Self::Snp(release) => &release.measurement,
            Self::Nitro(release) => &release.pcr0,
        }
    }

    /// The advisories it mitigates, where the vendor publishes some by platform.
    pub(crate) fn accepted_advisories(&mut self) -> Option<&mut Vec<String>> {
        match self {
            Self::Sgx(release) => Some(&mut release.accepted_advisories),
            Self::Tdx(release) => Some(&mut release.accepted_advisories),
            Self::Snp(_) | Self::Nitro(_) => None,
        }
    }
}

mod hash {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<const N: usize, S: Serializer>(
        bytes: &[u8; N],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[u8; N], D::Error> {
        let mut bytes = [0; N];
        hex::decode_to_slice(String::deserialize(from)?, &mut bytes)
            .map_err(|_| D::Error::custom("not a hash"))?;
        Ok(bytes)
    }
}

/// A field that is there says something: `null` is not a hash.
mod some_hash {
    use super::hash;
    use serde::{Deserializer, Serialize, Serializer};

    pub(super) fn serialize<const N: usize, S: Serializer>(
        bytes: &Option<[u8; N]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.map(hex::encode).serialize(to)
    }

    pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<[u8; N]>, D::Error> {
        hash::deserialize(from).map(Some)
    }
}

/// 1 to 64 printable characters of ASCII, with none to hide at either end: a name is shown beside a verdict.
mod name {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    const CHARS_MAX: usize = 64;

    pub(super) fn serialize<S: Serializer>(name: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        name.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let name = String::deserialize(from)?;
        let printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        let fits = (1..=CHARS_MAX).contains(&name.len()) && name.trim() == name;
        if printable && fits { Ok(Some(name)) } else { Err(D::Error::custom("not a name")) }
    }
}
