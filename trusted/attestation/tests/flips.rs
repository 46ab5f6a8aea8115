//! Each byte of evidence and collateral takes other values, one byte at a time. What is still accepted says the same as
//! before, and the changed byte is one that nothing reads: padding behind a quote, or the white space and case of a text
//! encoding.
//!
//! Usually one bit of each byte of a sample of each kind is flipped. `PERFAGG_FLIPS` is how many values each byte takes in a
//! long run, of every sample there is: first the eight that are one bit away, then others by seed; 255 are all.
#![cfg(test)]

mod seeded;
mod vectors;

use attestation::{
    Collateral, DcapCollateral, Policy, Roots, SnpCollateral, Tee, VerifiedEvidence, verify_evidence,
};
use seeded::{Seeded, asked};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

/// What is judged, as the files it lies in.
#[derive(Clone)]
struct Sample {
    name: String,
    tee: Tee,
    /// The evidence first.
    parts: Vec<Vec<u8>>,
    roots: Roots,
    now: u64,
}

impl Sample {
    fn read(folder: &Path, tee: Tee) -> Self {
        let file = |name: &&str| std::fs::read(folder.join(name)).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&file(&"expected.json")).unwrap();
        let files: &[&str] = match tee {
            Tee::SevSnp => &["report.bin", "vek.der", "chain.pem"],
            Tee::Nitro => &["document.cbor"],
            Tee::SgxDcap | Tee::Tdx | Tee::DevSgx | Tee::DevTdx => &["quote.bin", "collateral.json"],
        };
        let root = std::fs::read(folder.join("root.der")).ok();
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            tee,
            parts: files.iter().map(file).collect(),
            roots: root.map_or_else(Roots::default, |root| Roots::dangerous_development(&root).unwrap()),
            now: expected["verification_time"].as_u64().unwrap(),
        }
    }

    /// Nothing if the collateral does not parse; the inner nothing is Nitro's.
    #[expect(
        clippy::option_option,
        reason = "the outer one is malformed, the inner one a kind that has none"
    )]
    fn collateral(&self) -> Option<Option<Collateral>> {
        match &self.parts[1..] {
            [] => Some(None),
            [json] => Collateral::parse(json).ok().map(Some),
            [vek, chain, ..] => {
                SnpCollateral::from_files(vek, chain).ok().map(|collateral| Some(Collateral::Snp(collateral)))
            }
        }
    }

    fn judge(&self, collateral: Option<&Collateral>) -> Option<VerifiedEvidence> {
        let policy = Policy::dangerous_claims_only();
        let Self { tee, parts, roots, now, .. } = self;
        verify_evidence(*tee, &parts[0], collateral, &policy, roots, None, *now).ok()
    }

    /// Where what is read of the evidence ends: a quote's declared signature data, or the whole.
    fn declared_end(&self) -> usize {
        let evidence = &self.parts[0];
        if self.parts.len() != 2 {
            return evidence.len();
        }
        let body = match (evidence[0], evidence[48]) {
            (3, _) => 48 + 384,
            (4, _) => 48 + 584,
            (5, 2) => 54 + 584,
            (5, 3) => 54 + 648,
            _ => 54 + 885,
        };
        let length: [u8; 4] = evidence[body..body + 4].try_into().unwrap();
        body + 4 + usize::try_from(u32::from_le_bytes(length)).unwrap()
    }
}

fn same_claims(one: &VerifiedEvidence, other: &VerifiedEvidence) -> bool {
    let claims = |of: &VerifiedEvidence| {
        let tcb = (of.tcb_status(), of.advisories().to_vec(), of.tcb_evaluation_number());
        (of.identity().clone(), of.report_data().to_vec(), tcb, of.earliest_expiration())
    };
    claims(one) == claims(other)
}

/// Intel's collateral without the white space between the lines of its PEM texts, which nothing reads; the signed texts
/// and all else stay as they are.
fn without_white_space(collateral: &Collateral) -> Collateral {
    let Collateral::Dcap(collateral) = collateral else { return collateral.clone() };
    let plain = |pem: &str| pem.split_ascii_whitespace().collect::<Vec<_>>().join("");
    Collateral::Dcap(DcapCollateral {
        pck_crl_issuer_chain: plain(&collateral.pck_crl_issuer_chain),
        tcb_info_issuer_chain: plain(&collateral.tcb_info_issuer_chain),
        qe_identity_issuer_chain: plain(&collateral.qe_identity_issuer_chain),
        pck_certificate_chain: collateral.pck_certificate_chain.as_deref().map(plain),
        ..collateral.clone()
    })
}

/// The values that the byte at this place takes, besides its own.
fn values(at: usize, original: u8, wanted: usize) -> Vec<u8> {
    let mut values: Vec<u8> = (0..8).map(|bit| original ^ 1 << ((at + bit) % 8)).collect();
    let mut random = Seeded(at as u64);
    while values.len() < wanted.min(255) {
        let value = random.byte();
        if value != original && !values.contains(&value) {
            values.push(value);
        }
    }
    values.truncate(wanted);
    values
}

/// Changes the bytes of one part in a range, one after the other; how many changes were accepted.
fn change(sample: &Sample, part: usize, range: Range<usize>, wanted: usize) -> usize {
    let good = sample.collateral().unwrap();
    let before = sample.judge(good.as_ref());
    let (mut changed, end, name) = (sample.clone(), sample.declared_end(), &sample.name);
    let mut accepted = 0;
    for at in range {
        let original = sample.parts[part][at];
        for value in values(at, original, wanted) {
            changed.parts[part][at] = value;
            let collateral = if part == 0 { Some(good.clone()) } else { changed.collateral() };
            // Hex in another case is the same bytes: nothing has changed.
            let Some(collateral) = collateral.filter(|collateral| part == 0 || *collateral != good) else {
                continue;
            };
            let Some(verified) = changed.judge(collateral.as_ref()) else { continue };
            let place = format!("{name}, part {part}, byte {at}, {original:#04x} to {value:#04x}");
            let before = before.as_ref().unwrap_or_else(|| panic!("{place}: what was refused is accepted"));
            assert!(same_claims(before, &verified), "{place}: other claims");
            if part == 0 {
                let is_white = |byte: u8| byte.is_ascii_whitespace() || byte == 0;
                let is_ignored = at >= end || (is_white(original) && is_white(value));
                assert!(is_ignored, "{place}: accepted, and something reads it");
            } else {
                let plain = |collateral: &Option<Collateral>| collateral.as_ref().map(without_white_space);
                assert_eq!(plain(&collateral), plain(&good), "{place}");
            }
            accepted += 1;
        }
        changed.parts[part][at] = original;
    }
    accepted
}

/// Every part of a sample, by as many threads as there are processors.
fn check(sample: &Sample) {
    let wanted = usize::try_from(asked("PERFAGG_FLIPS").unwrap_or(1)).unwrap();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for (part, bytes) in sample.parts.iter().enumerate() {
        // Small shares: some bytes are refused sooner than others.
        let share = bytes.len().div_ceil(threads * 8);
        let accepted: usize = thread::scope(|scope| {
            let run = |first: usize| {
                move || {
                    let starts = (first * share..bytes.len()).step_by(share * threads);
                    let ranges = starts.map(|start| start..bytes.len().min(start + share));
                    ranges.map(|range| change(sample, part, range, wanted)).sum::<usize>()
                }
            };
            let running: Vec<_> = (0..threads).map(|first| scope.spawn(run(first))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        if part == 0 && sample.judge(sample.collateral().unwrap().as_ref()).is_some() {
            let padding = bytes.len() - sample.declared_end();
            assert!(accepted >= padding * wanted, "{}: padding is ignored", sample.name);
        }
    }
}

/// The sample of this name; in a long run every one of the folder.
fn check_folder(folder: Option<PathBuf>, usual: &str, tee: fn(&Path) -> Tee) {
    let Some(folder) = folder else { return };
    if asked("PERFAGG_FLIPS").is_none() {
        return check(&Sample::read(&folder.join(usual), tee(&folder.join(usual))));
    }
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir() && tee(folder) == tee(&folder.with_file_name(usual)));
    folders.sort();
    folders.iter().for_each(|folder| check(&Sample::read(folder, tee(folder))));
}

/// The kind of development evidence, by its file's header.
fn of_development(folder: &Path) -> Tee {
    let quote = std::fs::read(folder.join("quote.bin")).unwrap();
    if quote[4] == 0x81 { Tee::DevTdx } else { Tee::DevSgx }
}

#[test]
fn no_byte_of_an_enclaves_evidence_says_something_else() {
    check_folder(Some(vectors::own("evidence")), "sgx-control-platform-ca", of_development);
}

#[test]
fn no_byte_of_a_trust_domains_evidence_says_something_else() {
    check_folder(Some(vectors::own("evidence")), "tdx-td-control", of_development);
}

#[test]
fn no_byte_of_a_real_enclaves_evidence_says_something_else() {
    check_folder(vectors::shared("attestation/sgx"), "v3-nondebug-platform-ca", |_| Tee::SgxDcap);
}

#[test]
fn no_byte_of_a_real_trust_domains_evidence_says_something_else() {
    check_folder(vectors::shared("attestation/tdx"), "v4-td10-uptodate", |_| Tee::Tdx);
}

#[test]
fn no_byte_of_a_real_guests_evidence_says_something_else() {
    check_folder(vectors::shared("attestation/snp"), "milan-v3-vcek", |_| Tee::SevSnp);
}

#[test]
fn no_byte_of_a_real_nitro_document_says_something_else() {
    check_folder(vectors::shared("attestation/nitro"), "nondebug", |_| Tee::Nitro);
}
