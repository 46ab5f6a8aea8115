//! Seeded mutations of real structure: no bytes make anything panic, and nothing altered passes as something else. The
//! corpora are what the repository has and makes, and the real evidence that `PERFAGG_VECTORS` names.
//!
//! `PERFAGG_FUZZ_ROUNDS` multiplies the rounds. At 50, which a long run asks for, each parser meets a million inputs or
//! more (ATTESTATION.md section 16).
#![cfg(test)]
#![cfg(feature = "development")]

mod seeded;
mod vectors;
mod world;

use attestation::development::{Knobs, TdxKnobs};
use attestation::{
    Backend, Collateral, DcapCollateral, Evidence, Failure, Policy, Roots, SnpCollateral, Step, Tee,
    VerifiedEvidence, fuzz_binding, fuzz_bundle, fuzz_collateral, fuzz_config, fuzz_nitro_document,
    fuzz_policy, fuzz_quote, fuzz_snp_report, fuzz_x509, verify_evidence,
};
use seeded::{Seeded, asked};
use world::{NOW, World};

const JSON: &[u8] = b"\"{}[]:,\\0-.eEtfn_ ";
const BINARY: &[u8] = &[0, 1, 2, 3, 5, 6, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff];

/// How many rounds a test of random inputs makes: its own number times `PERFAGG_FUZZ_ROUNDS`.
fn rounds(usual: u64) -> u64 {
    usual * asked("PERFAGG_FUZZ_ROUNDS").unwrap_or(1)
}

impl Seeded {
    /// Some bytes changed, cut off, doubled or put in; `alphabet` is what the format knows.
    fn bite(&mut self, bytes: &[u8], alphabet: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(8) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, alphabet[self.below(alphabet.len())]),
                2 if !bytes.is_empty() => drop(bytes.remove(at)),
                3 => {
                    let piece: Vec<u8> = bytes.iter().skip(at).take(self.below(40)).copied().collect();
                    bytes.splice(at..at, piece);
                }
                4 if !bytes.is_empty() => bytes[at] = alphabet[self.below(alphabet.len())],
                _ if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}

fn mutate(corpus: &[Vec<u8>], alphabet: &[u8], seed: u64, usual: u64, target: fn(&[u8])) {
    corpus.iter().for_each(|input| target(input));
    let mut random = Seeded(seed);
    for _ in 0..rounds(usual) {
        let input = &corpus[random.below(corpus.len())];
        target(&random.bite(input, alphabet));
    }
}

fn synthetic(file: &str) -> Vec<Vec<u8>> {
    let folders = std::fs::read_dir(vectors::own("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = folders.map(|folder| folder.join(file)).filter(|file| file.exists()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn bindings_of_any_bytes() {
    let text = std::fs::read_to_string(vectors::own("binding/vectors.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let all = ["valid", "invalid"].iter().flat_map(|kind| cases[kind].as_array().unwrap());
    let corpus: Vec<_> = all.map(|case| hex::decode(case["binding"].as_str().unwrap()).unwrap()).collect();
    mutate(&corpus, BINARY, 1, 40_000, fuzz_binding);
}

#[test]
fn quotes_of_any_bytes() {
    let mut corpus = synthetic("quote.bin");
    corpus.extend(["attestation/sgx", "attestation/tdx"].iter().flat_map(|family| real(family, "quote.bin")));
    for body_type in [3, 4] {
        let tdx = TdxKnobs { quote_version: 5, body_type, ..TdxKnobs::default() };
        let world = World::with(Knobs { tdx: Some(tdx), ..Knobs::default() });
        corpus.push(world.evidence(&world.binding()).evidence);
    }
    mutate(&corpus, BINARY, 2, 20_000, fuzz_quote);
}

#[test]
fn collateral_of_any_bytes() {
    let mut corpus = synthetic("collateral.json");
    let families = ["attestation/sgx", "attestation/tdx"];
    corpus.extend(families.iter().flat_map(|family| real(family, "collateral.json")));
    mutate(&corpus, JSON, 3, 20_000, fuzz_collateral);
}

/// AMD's and AWS's root certificates, which are compiled in.
const ROOTS: [&[u8]; 4] = [
    include_bytes!("../src/roots/amd-ark-milan.der"),
    include_bytes!("../src/roots/amd-ark-genoa.der"),
    include_bytes!("../src/roots/amd-ark-turin.der"),
    include_bytes!("../src/roots/aws-nitro-root-g1.der"),
];

/// The real samples of a family, if they are there.
fn real(family: &str, file: &str) -> Vec<Vec<u8>> {
    let Some(folder) = vectors::shared(family) else { return Vec::new() };
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = folders.map(|folder| folder.join(file)).filter(|file| file.exists()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn snp_reports_of_any_bytes() {
    let mut corpus = real("attestation/snp", "report.bin");
    for version in [2, 3, 5] {
        let mut report = vec![0; 1184];
        (report[0], report[0x0a], report[0x34]) = (version, 2, 1);
        corpus.push(report);
    }
    mutate(&corpus, BINARY, 8, 20_000, fuzz_snp_report);
}

#[test]
fn nitro_documents_of_any_bytes() {
    let bytes = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        match length {
            [0, short @ 0..=23] => [&[0x40 | short], bytes].concat(),
            [0, length] => [&[0x58, length], bytes].concat(),
            length => [&[0x59], &length[..], bytes].concat(),
        }
    };
    let pcrs: Vec<_> = (0..3_u8).flat_map(|number| [vec![number], bytes(&[number; 48])].concat()).collect();
    let payload = [
        b"\xa9imodule_idhi-0-enc0fdigestfSHA384itimestamp\x01dpcrs\xa3".to_vec(),
        pcrs,
        [b"kcertificate", &bytes(ROOTS[3])[..]].concat(),
        [b"hcabundle\x82", &bytes(ROOTS[3])[..], &bytes(ROOTS[3])].concat(),
        b"jpublic_key\xf6iuser_data\x41\x00enonce\x40".to_vec(),
    ];
    let parts = [&bytes(&[0xa1, 1, 0x38, 0x22]), &[0xa0][..], &bytes(&payload.concat()), &bytes(&[1; 96])];
    let document = [&[0x84], &parts.concat()[..]].concat();
    let policy = Policy::dangerous_claims_only();
    let verdict = verify_evidence(Tee::Nitro, &document, None, &policy, &Roots::default(), None, 0);
    assert_eq!(verdict.unwrap_err().step, Step::Dates, "the seed is well-formed");
    let mut corpus = real("attestation/nitro", "document.cbor");
    corpus.push(document);
    mutate(&corpus, BINARY, 9, 20_000, fuzz_nitro_document);
}

#[test]
fn certificates_of_any_bytes() {
    let mut corpus = real("attestation/snp", "vek.der");
    corpus.extend(ROOTS.map(<[u8]>::to_vec));
    mutate(&corpus, BINARY, 10, 20_000, fuzz_x509);
}

#[test]
fn bundles_of_any_bytes() {
    let tdx = Some(TdxKnobs::default());
    let worlds = [World::new(), World::with(Knobs { tdx, ..Knobs::default() })];
    let corpus = worlds.map(|world| world.json(&world.binding()).into_bytes());
    mutate(&corpus, JSON, 4, 20_000, fuzz_bundle);
}

#[test]
fn policies_and_configurations_of_any_bytes() {
    let policy = br#"{"releases":[{"mr_enclave":"00","mr_signer":"11","isv_prod_id":1,"min_isv_svn":2}],"tee":["sgx-dcap"],"platform":{"allow_smt":true},"extra_tcb_status":[{"status":"OutOfDate","reason":"r","until":1}],"pinned_config":null}"#;
    mutate(&[policy.to_vec()], JSON, 5, 20_000, fuzz_policy);
    let configs =
        [world::config().text().as_bytes().to_vec(), r#"{"é":[1,-2,"\n"],"environment":["live"]}"#.into()];
    mutate(&configs, JSON, 6, 20_000, fuzz_config);
}

/// Evidence that is genuine at its time.
struct Genuine {
    tee: Tee,
    evidence: Vec<u8>,
    collateral: Option<Collateral>,
    roots: Roots,
    now: u64,
}

impl Genuine {
    fn of(world: &World) -> Self {
        let Evidence { evidence, collateral } = world.evidence(&world.binding());
        Self { tee: world.backend.tee(), evidence, collateral, roots: world.roots(), now: NOW }
    }

    /// A real sample, if it is there.
    fn real(tee: Tee, folder: &str) -> Option<Self> {
        let folder = vectors::shared(&format!("attestation/{folder}"))?;
        let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let (evidence, collateral) = match tee {
            Tee::SevSnp => {
                let collateral = SnpCollateral::from_files(&file("vek.der"), &file("chain.pem")).unwrap();
                ("report.bin", Some(Collateral::Snp(collateral)))
            }
            Tee::Nitro => ("document.cbor", None),
            _ => ("quote.bin", Some(Collateral::parse(&file("collateral.json")).unwrap())),
        };
        let expected: serde_json::Value = serde_json::from_slice(&file("expected.json")).unwrap();
        let now = expected["verification_time"].as_u64().unwrap();
        Some(Self { tee, evidence: file(evidence), collateral, roots: Roots::default(), now })
    }

    fn judge(&self, evidence: &[u8], collateral: Option<&Collateral>) -> Result<VerifiedEvidence, Failure> {
        let policy = Policy::dangerous_claims_only();
        verify_evidence(self.tee, evidence, collateral, &policy, &self.roots, None, self.now)
    }
}

/// Intel's collateral with one part altered.
fn altered_dcap(good: &DcapCollateral, random: &mut Seeded) -> DcapCollateral {
    let mut collateral = good.clone();
    let text = |text: &mut String, random: &mut Seeded| {
        *text = String::from_utf8_lossy(&random.bite(text.as_bytes(), JSON)).into_owned();
    };
    match random.below(8) {
        0 => collateral.root_ca_crl = random.bite(&collateral.root_ca_crl, BINARY),
        1 => collateral.pck_crl = random.bite(&collateral.pck_crl, BINARY),
        2 => text(&mut collateral.tcb_info, random),
        3 => text(&mut collateral.qe_identity, random),
        4 => text(&mut collateral.tcb_info_issuer_chain, random),
        5 => text(&mut collateral.qe_identity_issuer_chain, random),
        6 => text(&mut collateral.pck_crl_issuer_chain, random),
        _ => collateral.tcb_info_signature = random.bite(&collateral.tcb_info_signature, BINARY),
    }
    collateral
}

/// Behind the parsers stand chains, signatures and dates: one part of good evidence is altered, and whatever is still
/// accepted (bytes that nothing reads, white space of a PEM text) says the same as before.
fn altered(good: &Genuine, seed: u64, usual: u64) {
    let before = good.judge(&good.evidence, good.collateral.as_ref()).unwrap();
    let mut random = Seeded(seed);
    for _ in 0..rounds(usual) {
        let (mut evidence, mut collateral) = (good.evidence.clone(), good.collateral.clone());
        match &mut collateral {
            Some(Collateral::Dcap(dcap)) if random.below(10) > 2 => *dcap = altered_dcap(dcap, &mut random),
            Some(Collateral::Snp(SnpCollateral { vek, ask, ark, .. })) if random.below(10) > 4 => {
                let part = [vek, ask, ark].into_iter().nth(random.below(3)).unwrap();
                *part = random.bite(part, BINARY);
            }
            _ => evidence = random.bite(&evidence, BINARY),
        }
        if let Ok(verified) = good.judge(&evidence, collateral.as_ref()) {
            assert_eq!(verified.report_data(), before.report_data());
            assert_eq!(verified.identity(), before.identity());
            match (&collateral, &good.collateral) {
                (Some(Collateral::Dcap(collateral)), Some(Collateral::Dcap(good))) => {
                    assert_eq!(collateral.tcb_info, good.tcb_info);
                    assert_eq!(collateral.qe_identity, good.qe_identity);
                    assert_eq!(collateral.root_ca_crl, good.root_ca_crl);
                    assert_eq!(collateral.pck_crl, good.pck_crl);
                }
                _ => assert_eq!((&evidence, &collateral), (&good.evidence, &good.collateral)),
            }
        }
    }
}

#[test]
fn enclave_evidence_with_one_part_altered() {
    altered(&Genuine::of(&World::new()), 7, 6000);
}

#[test]
fn trust_domain_evidence_with_one_part_altered() {
    for (seed, quote_version, body_type) in [(8, 4, 2), (9, 5, 3), (10, 5, 4)] {
        let tdx = TdxKnobs { quote_version, body_type, ..TdxKnobs::default() };
        let world = World::with(Knobs { tdx: Some(tdx), ..Knobs::default() });
        altered(&Genuine::of(&world), seed, 2000);
    }
}

#[test]
fn real_evidence_with_one_part_altered() {
    for (tee, folder, usual) in [
        (Tee::SgxDcap, "sgx/v3-nondebug-platform-ca", 2000),
        (Tee::Tdx, "tdx/v5-td15-uptodate", 2000),
        (Tee::SevSnp, "snp/milan-v3-vcek", 1000),
        (Tee::SevSnp, "snp/turin-v5-vcek", 1000),
        (Tee::Nitro, "nitro/nondebug", 1000),
    ] {
        if let Some(sample) = Genuine::real(tee, folder) {
            altered(&sample, 11, usual);
        }
    }
}
