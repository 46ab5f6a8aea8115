//! Where evidence says which 64 bytes it vouches for: a backend hands out nothing that vouches for others.
//!
//! Not here: judging evidence; that is `attestation::verify`. Fixed offsets, and lengths only compared with what is there.

use super::trouble::Trouble;
use attestation::Tee;

/// Refuses evidence that is not of its form, or vouches for anything but `asked`.
pub(crate) fn vouches(tee: Tee, evidence: &[u8], asked: &[u8; 64]) -> Result<(), Trouble> {
    match data(tee, evidence) {
        None => Err(Trouble::Form),
        Some(found) if found == *asked => Ok(()),
        Some(_) => Err(Trouble::ReportData),
    }
}

/// The report data of a quote or report of the versions that clients judge; `None` if it is none of them, or whole.
pub(crate) fn data(tee: Tee, evidence: &[u8]) -> Option<[u8; 64]> {
    match tee {
        Tee::SgxDcap => sgx(evidence),
        Tee::Tdx => tdx(evidence),
        Tee::SevSnp => snp(evidence),
        Tee::Nitro | Tee::DevSgx | Tee::DevTdx => None,
    }
}

const HEADER: usize = 48;

/// A quote of version 3: header, an enclave's report of 384 bytes that ends in its data, the signature's length.
fn sgx(quote: &[u8]) -> Option<[u8; 64]> {
    const REPORT: usize = 384;
    let fits = u16_at(quote, 0)? == 3 && u32_at(quote, 4)? == 0;
    (fits && signed(quote, HEADER + REPORT)).then(|| array(quote, HEADER + REPORT - 64))?
}

/// Quotes of version 4 (a body of 584 bytes) and 5 (its kind, its length, then a body that begins the same way).
fn tdx(quote: &[u8]) -> Option<[u8; 64]> {
    const TDX: u32 = 0x81;
    const BODY: usize = 584;
    const DATA: usize = 520;
    let (body, length) = match (u16_at(quote, 0)?, u32_at(quote, 4)?) {
        (4, TDX) => (HEADER, BODY),
        (5, TDX) if (2..=4).contains(&u16_at(quote, HEADER)?) => {
            (HEADER + 6, usize::try_from(u32_at(quote, HEADER + 2)?).ok()?)
        }
        _ => return None,
    };
    (length >= BODY && signed(quote, body.checked_add(length)?)).then(|| array(quote, body + DATA))?
}

/// A report of version 2, 3 or 5: always 1184 bytes.
fn snp(report: &[u8]) -> Option<[u8; 64]> {
    let fits = report.len() == 1184 && matches!(u32_at(report, 0)?, 2 | 3 | 5);
    fits.then(|| array(report, 0x50))?
}

/// True if a signature of the length that stands at `at` is there and not empty.
fn signed(quote: &[u8], at: usize) -> bool {
    let length = u32_at(quote, at).and_then(|length| usize::try_from(length).ok());
    let rest = at.checked_add(4).and_then(|from| quote.get(from..)).unwrap_or_default();
    length.is_some_and(|length| length > 0 && length <= rest.len())
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
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
                assert_eq!(data(*tee, &evidence[..length]), None, "{tee:?} cut at {length}");
            }
            for other in [Tee::SgxDcap, Tee::Tdx, Tee::SevSnp, Tee::Nitro, Tee::DevSgx] {
                assert_eq!(data(other, evidence).is_some(), other == *tee, "{tee:?} as {other:?}");
            }
        }
        let mut lying = imitation::sgx_quote(&[5; 64]);
        lying[432..436].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(data(Tee::SgxDcap, &lying), None);
        let mut lying = imitation::tdx_quote(&[5; 64], 5);
        lying[50..54].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(data(Tee::Tdx, &lying), None);
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
                let _ = data(tee, &bytes);
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
                let found = data(tee, &fs::read(entry.join(file)).unwrap()).expect("whole and known");
                let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(found, wanted, "{}", entry.display());
                seen += 1;
            }
        }
        assert!(seen >= 18, "{seen}");
    }
}
