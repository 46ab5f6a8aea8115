//! The certificate table that a host hands out with an SEV-SNP report, strictly into VEK, ASK and ARK.
//!
//! AMD document 56421 (GHCB), section 4.1.8.1, MSG_REPORT_REQ: entries of 24 bytes (GUID, offset and length as
//! little-endian 32-bit numbers, offsets from the start), ended by an entry of zeros; then the certificates. The host
//! fills it, so all of it is hostile: bounded, and judged by whoever verifies the report.

use super::trouble::Trouble;
use attestation::SnpCollateral;

/// Entries looked at: four kinds of certificate and a list, and what a host may add.
const ENTRIES_MAX: usize = 16;
const ENTRY: usize = 24;
/// 63da758d-e664-4564-adc5-f4b93be8accd
const VCEK: u128 = 0x63da_758d_e664_4564_adc5_f4b9_3be8_accd;
/// a8074bc2-a25a-483e-aae6-39c045a0b8a1
const VLEK: u128 = 0xa807_4bc2_a25a_483e_aae6_39c0_45a0_b8a1;
/// 4ab7b379-bbac-4fe4-a02f-05aef327c782
const ASK: u128 = 0x4ab7_b379_bbac_4fe4_a02f_05ae_f327_c782;
/// c0b406a4-a803-4952-9743-3fb6014cd0ae
const ARK: u128 = 0xc0b4_06a4_a803_4952_9743_3fb6_014c_d0ae;
/// 92f81bc3-5811-4d3d-97ff-d19f88dc67ea
const CRL: u128 = 0x92f8_1bc3_5811_4d3d_97ff_d19f_88dc_67ea;

/// Reads the table. Entries of unknown kinds are passed over; a kind that comes twice, an entry outside the table,
/// or a certificate that is not one whole DER value is refused.
pub(crate) fn chain(table: &[u8]) -> Result<SnpCollateral, Trouble> {
    if table.iter().all(|byte| *byte == 0) {
        // An empty file, or only the entry that ends the table.
        return Err(Trouble::NoCertificates);
    }
    let found = Found::read(table).ok_or(Trouble::Certificates)?;
    let vek = match (found.vcek, found.vlek) {
        (Some(vek), None) | (None, Some(vek)) => Some(vek),
        _ => None,
    };
    let chain = (|| {
        let (vek, ask, ark) = (vek?.to_vec(), found.ask?.to_vec(), found.ark?.to_vec());
        Some(SnpCollateral { vek, ask, ark, crl: found.crl.map(<[u8]>::to_vec) })
    })();
    chain.ok_or(Trouble::Certificates)
}

#[derive(Default)]
struct Found<'a> {
    vcek: Option<&'a [u8]>,
    vlek: Option<&'a [u8]>,
    ask: Option<&'a [u8]>,
    ark: Option<&'a [u8]>,
    crl: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn read(table: &'a [u8]) -> Option<Self> {
        let mut found = Self::default();
        for entry in table.chunks_exact(ENTRY).take(ENTRIES_MAX) {
            let (guid, rest) = entry.split_first_chunk::<16>()?;
            let (offset, rest) = rest.split_first_chunk::<4>()?;
            let (length, _) = rest.split_first_chunk::<4>()?;
            let place = match u128::from_be_bytes(*guid) {
                0 => return (entry.iter().all(|byte| *byte == 0)).then_some(found),
                VCEK => &mut found.vcek,
                VLEK => &mut found.vlek,
                ASK => &mut found.ask,
                ARK => &mut found.ark,
                CRL => &mut found.crl,
                _ => continue,
            };
            let offset = usize::try_from(u32::from_le_bytes(*offset)).ok()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let certificate = table.get(offset..offset.checked_add(length)?)?;
            if place.is_some() || !is_der_sequence(certificate) {
                return None;
            }
            *place = Some(certificate);
        }
        // No entry ended the table.
        None
    }
}

/// True for one DER SEQUENCE that fills `bytes`: neither PEM, nor padding, nor a certificate cut short.
fn is_der_sequence(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x82, high, low, content @ ..]
        if *high > 0 && usize::from(u16::from_be_bytes([*high, *low])) == content.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::imitation::{certificate, table};

    fn whole() -> Vec<(u128, Vec<u8>)> {
        vec![(VCEK, certificate(1)), (ASK, certificate(2)), (ARK, certificate(3))]
    }

    fn refused(entries: &[(u128, Vec<u8>)], why: &str) {
        assert_eq!(chain(&table(entries)), Err(Trouble::Certificates), "{why}");
    }

    #[test]
    fn a_whole_chain_of_either_kind_is_read_and_strange_entries_passed_over() {
        let read = chain(&table(&whole())).unwrap();
        let wanted =
            SnpCollateral { vek: certificate(1), ask: certificate(2), ark: certificate(3), crl: None };
        assert_eq!(read, wanted);
        let mut loaded = whole();
        loaded[0].0 = VLEK;
        loaded.insert(1, (0xecae_0c0f, b"a host's own words".to_vec()));
        loaded.push((CRL, certificate(4)));
        let wanted = SnpCollateral { crl: Some(certificate(4)), ..wanted };
        assert_eq!(chain(&table(&loaded)).unwrap(), wanted);
    }

    #[test]
    fn a_host_without_certificates_is_told_what_to_do() {
        for empty in [&[][..], &[0; 24], &[0; 4096]] {
            let error = chain(empty).unwrap_err();
            assert_eq!(error, Trouble::NoCertificates);
            assert!(error.to_string().contains("snphost import"), "{error}");
        }
    }

    #[test]
    fn a_table_that_is_not_whole_is_refused() {
        for missing in 0..3 {
            let mut entries = whole();
            entries.remove(missing);
            refused(&entries, "one is missing");
        }
        for twice in 0..3 {
            let mut entries = whole();
            entries.push(entries[twice].clone());
            refused(&entries, "one comes twice");
        }
        let mut both = whole();
        both.push((VLEK, certificate(5)));
        refused(&both, "two keys of the chip");
        for wrong in [
            b"-----BEGIN CERTIFICATE-----".to_vec(),
            Vec::new(),
            [certificate(1), vec![0]].concat(),
            certificate(1)[..700].to_vec(),
        ] {
            let mut entries = whole();
            entries[0].1 = wrong;
            refused(&entries, "not one DER value");
        }
        let many: Vec<_> = (1..=17).map(|kind| (kind, Vec::new())).chain(whole()).collect();
        refused(&many, "more entries than are looked at");
    }

    #[test]
    fn numbers_that_lie_lead_nowhere() {
        let whole = table(&whole());
        for at in [16, 20, 40, 44, 64, 68] {
            for lie in [u32::MAX, u32::MAX - 23, 0x8000_0000, 1] {
                let mut lying = whole.clone();
                lying[at..at + 4].copy_from_slice(&lie.to_le_bytes());
                assert_eq!(chain(&lying), Err(Trouble::Certificates), "{lie} at {at}");
            }
        }
        for length in 1..whole.len() {
            assert!(chain(&whole[..length]).is_err(), "cut at {length}");
        }
        let mut endless = whole;
        endless[72..96].fill(1);
        assert!(chain(&endless).is_err(), "nothing ends the entries");
    }
}
