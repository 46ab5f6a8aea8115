//! AMD's products, as far as they differ: what the bytes of a TCB version and of a chip id mean in each (AMD document
//! 56860, table TCB_VERSION; document 57230, table of VCEK extensions). Siena and Bergamo are certified as Genoa.

use crate::policy::{SnpProduct, SnpTcb};
use x509_cert::der::oid::ObjectIdentifier;

/// Its arcs are the components of a TCB version.
const TCB: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.3704.1.3");

const BOOTLOADER: u32 = 1;
const TEE: u32 = 2;
const SNP: u32 = 3;
const MICROCODE: u32 = 8;
const FMC: u32 = 9;

impl SnpProduct {
    pub(super) const ALL: [Self; 3] = [Self::Milan, Self::Genoa, Self::Turin];

    /// Its name in certificates.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// For each byte of a TCB version, the last arc of the extension that certifies it; 4 to 7 are reserved.
    const fn layout(self) -> [u32; 8] {
        match self {
            Self::Milan | Self::Genoa => [BOOTLOADER, TEE, 4, 5, 6, 7, SNP, MICROCODE],
            Self::Turin => [FMC, BOOTLOADER, TEE, SNP, 5, 6, 7, MICROCODE],
        }
    }

    /// How many bytes of CHIP_ID name the chip; the rest is zero.
    pub(super) const fn chip_id_length(self) -> usize {
        match self {
            Self::Milan | Self::Genoa => 64,
            Self::Turin => 8,
        }
    }

    /// The last arc of each component's extension, and the component.
    pub(super) fn components(self, tcb: [u8; 8]) -> impl Iterator<Item = (u32, u8)> {
        self.layout().into_iter().zip(tcb)
    }

    /// A TCB version by its names.
    pub(super) fn tcb(self, tcb: [u8; 8]) -> SnpTcb {
        let component = |arc| self.components(tcb).find(|(found, _)| *found == arc).map(|(_, value)| value);
        SnpTcb {
            bootloader: component(BOOTLOADER).unwrap_or(0),
            tee: component(TEE).unwrap_or(0),
            snp: component(SNP).unwrap_or(0),
            microcode: component(MICROCODE).unwrap_or(0),
            fmc: component(FMC),
        }
    }
}

/// The last arc of a TCB component's identifier, known or not.
pub(super) fn tcb_component(id: ObjectIdentifier) -> Option<u32> {
    (id.parent() == Some(TCB)).then(|| id.arcs().last()).flatten()
}

/// Every version is at least the one asked for. What is not asked of a component is not compared.
pub(super) fn reaches(tcb: &SnpTcb, least: &SnpTcb) -> bool {
    let SnpTcb { bootloader, tee, snp, microcode, fmc } = *least;
    tcb.bootloader >= bootloader
        && tcb.tee >= tee
        && tcb.snp >= snp
        && tcb.microcode >= microcode
        && fmc.is_none_or(|least| tcb.fmc.is_some_and(|fmc| fmc >= least))
}

/// For people.
pub(super) fn in_words(tcb: &SnpTcb) -> String {
    let SnpTcb { bootloader, tee, snp, microcode, fmc } = tcb;
    let fmc = fmc.map_or_else(String::new, |fmc| format!(", FMC {fmc}"));
    format!("bootloader {bootloader}, TEE {tee}, SNP {snp}, microcode {microcode}{fmc}")
}
