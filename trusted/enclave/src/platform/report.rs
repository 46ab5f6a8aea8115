//! A backend hands out no evidence that vouches for other bytes than it was asked for, or that no client could read.
//!
//! Not here: judging evidence; that is `attestation::verify`.

use super::trouble::Trouble;
use attestation::{Tee, claimed_report_data};

/// Refuses evidence that is not of its form, or vouches for anything but `asked`.
pub(crate) fn vouches(tee: Tee, evidence: &[u8], asked: &[u8; 64]) -> Result<(), Trouble> {
    match claimed_report_data(tee, evidence) {
        None => Err(Trouble::Form),
        Some(found) if found == *asked => Ok(()),
        Some(_) => Err(Trouble::ReportData),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::imitation;
    use std::{fs, path::PathBuf};

    #[test]
    fn nothing_cut_short_or_of_another_kind_vouches() {
        let kinds = [
            (Tee::SgxDcap, imitation::sgx_quote(&[5; 64])),
            (Tee::Tdx, imitation::tdx_quote(&[5; 64], 4)),
            (Tee::Tdx, imitation::tdx_quote(&[5; 64], 5)),
            (Tee::SevSnp, imitation::snp_report(&[5; 64])),
        ];
        for (tee, evidence) in &kinds {
            assert_eq!(vouches(*tee, evidence, &[5; 64]), Ok(()), "{tee:?}");
            assert_eq!(vouches(*tee, evidence, &[6; 64]), Err(Trouble::ReportData), "{tee:?}");
            for length in 0..evidence.len() {
                assert_eq!(claimed_report_data(*tee, &evidence[..length]), None, "{tee:?} cut at {length}");
            }
            for other in [Tee::SgxDcap, Tee::Tdx, Tee::SevSnp, Tee::Nitro] {
                assert_eq!(
                    claimed_report_data(other, evidence).is_some(),
                    other == *tee,
                    "{tee:?} as {other:?}"
                );
            }
        }
        let mut lying = imitation::sgx_quote(&[5; 64]);
        lying[432..436].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(claimed_report_data(Tee::SgxDcap, &lying), None);
        let mut lying = imitation::tdx_quote(&[5; 64], 5);
        lying[50..54].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(claimed_report_data(Tee::Tdx, &lying), None);
    }

    #[test]
    fn no_bytes_make_the_readers_panic() {
        let mut seeds = vec![imitation::sgx_quote(&[5; 64]), imitation::tdx_quote(&[5; 64], 5)];
        seeds.push(imitation::snp_report(&[5; 64]));
        seeds.push(imitation::table(&[
            (1, vec![1; 40]),
            (0xc0b4_06a4_a803_4952_9743_3fb6_014c_d0ae, vec![2; 40]),
        ]));
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap()
        };
        for round in 0..40_000 {
            let mut bytes = seeds[round % seeds.len()].clone();
            for _ in 0..=random() % 4 {
                // Most of what is read stands at the front.
                let at = random() % if random() % 4 == 0 { bytes.len() } else { 128 };
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, random().to_le_bytes()[0]][random() % 6];
            }
            bytes.truncate(random() % (2 * bytes.len()));
            for tee in [Tee::SgxDcap, Tee::Tdx, Tee::SevSnp] {
                let _ = claimed_report_data(tee, &bytes);
            }
            let _ = crate::platform::certificates::chain(&bytes);
        }
    }

    #[test]
    fn real_evidence_says_where_its_report_data_is() {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
        let Some(vectors) = std::env::var_os("PERFAGG_VECTORS") else {
            println!("skipped: PERFAGG_VECTORS is not set");
            return;
        };
        let base = PathBuf::from(vectors).join("attestation");
        let mut seen = 0;
        for (folder, file, tee) in [
            ("sgx", "quote.bin", Tee::SgxDcap),
            ("tdx", "quote.bin", Tee::Tdx),
            ("snp", "report.bin", Tee::SevSnp),
        ] {
            for entry in fs::read_dir(base.join(folder)).unwrap() {
                let entry = entry.unwrap().path();
                let expected = fs::read_to_string(entry.join("expected.json")).unwrap();
                let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
                let wanted =
                    expected["decoded"]["report_data"].as_str().expect("each says it").to_lowercase();
                let found =
                    claimed_report_data(tee, &fs::read(entry.join(file)).unwrap()).expect("whole and known");
                let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(found, wanted, "{}", entry.display());
                seen += 1;
            }
        }
        assert!(seen >= 18, "{seen}");
    }
}
