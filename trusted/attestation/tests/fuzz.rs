//! Seeded mutations of real structure: no bytes make anything panic, and nothing altered passes as something else.
//! `PERFAGG_FUZZ_ROUNDS` multiplies the rounds.
#![cfg(test)]
#![cfg(feature = "development")]

mod vectors;
mod world;

use attestation::development::{Knobs, TdxKnobs};
use attestation::{
    Backend, DcapCollateral, Evidence, Policy, Roots, Step, Tee, fuzz_binding, fuzz_bundle, fuzz_collateral,
    fuzz_config, fuzz_nitro_document, fuzz_policy, fuzz_quote, fuzz_snp_report, fuzz_x509, verify_evidence,
};
use world::{NOW, World, dcap};

const JSON: &[u8] = b"\"{}[]:,\\0-.eEtfn_ ";
const BINARY: &[u8] = &[0, 1, 2, 3, 5, 6, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff];

/// How many rounds a test of random inputs makes: its own number times `PERFAGG_FUZZ_ROUNDS`.
fn rounds(usual: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how a long run is asked for")]
    let times = std::env::var("PERFAGG_FUZZ_ROUNDS").ok().and_then(|times| times.parse().ok());
    usual * times.unwrap_or(1_u64)
}

/// Knuth's linear congruential generator: the same mutations in each run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

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
    for body_type in [3, 4] {
        let tdx = TdxKnobs { quote_version: 5, body_type, ..TdxKnobs::default() };
        let world = World::with(Knobs { tdx: Some(tdx), ..Knobs::default() });
        corpus.push(world.evidence(&world.binding()).evidence);
    }
    mutate(&corpus, BINARY, 2, 20_000, fuzz_quote);
}

#[test]
fn collateral_of_any_bytes() {
    mutate(&synthetic("collateral.json"), JSON, 3, 10_000, fuzz_collateral);
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
    mutate(&corpus, BINARY, 10, 4000, fuzz_x509);
}

#[test]
fn bundles_of_any_bytes() {
    let world = World::new();
    mutate(&[world.json(&world.binding()).into_bytes()], JSON, 4, 10_000, fuzz_bundle);
}

#[test]
fn policies_and_configurations_of_any_bytes() {
    let policy = br#"{"releases":[{"mr_enclave":"00","mr_signer":"11","isv_prod_id":1,"min_isv_svn":2}],"tee":["sgx-dcap"],"platform":{"allow_smt":true},"extra_tcb_status":[{"status":"OutOfDate","reason":"r","until":1}],"pinned_config":null}"#;
    mutate(&[policy.to_vec()], JSON, 5, 20_000, fuzz_policy);
    let configs =
        [world::config().text().as_bytes().to_vec(), r#"{"é":[1,-2,"\n"],"environment":["live"]}"#.into()];
    mutate(&configs, JSON, 6, 20_000, fuzz_config);
}

/// Behind the parsers stand chains, signatures and dates: one part of good evidence is altered, and whatever is still
/// accepted (bytes that nothing reads, white space of a PEM text) says the same as before.
fn altered(world: &World, seed: u64, usual: u64) {
    let Evidence { evidence, collateral } = world.evidence(&world.binding());
    let (good, report_data) = (dcap(collateral), world.binding().report_data());
    let (policy, roots) = (Policy::dangerous_claims_only(), world.roots());
    let tee = world.backend.tee();
    let before =
        verify_evidence(tee, &evidence, Some(&good.clone().into()), &policy, &roots, None, NOW).unwrap();
    let mut random = Seeded(seed);
    for _ in 0..rounds(usual) {
        let (mut quote, mut collateral): (Vec<u8>, DcapCollateral) = (evidence.clone(), good.clone());
        let text = |text: &mut String, random: &mut Seeded| {
            *text = String::from_utf8_lossy(&random.bite(text.as_bytes(), JSON)).into_owned();
        };
        match random.below(10) {
            0..3 => quote = random.bite(&quote, BINARY),
            3 => collateral.root_ca_crl = random.bite(&collateral.root_ca_crl, BINARY),
            4 => collateral.pck_crl = random.bite(&collateral.pck_crl, BINARY),
            5 => text(&mut collateral.tcb_info, &mut random),
            6 => text(&mut collateral.qe_identity, &mut random),
            7 => text(&mut collateral.tcb_info_issuer_chain, &mut random),
            8 => text(&mut collateral.qe_identity_issuer_chain, &mut random),
            _ => collateral.tcb_info_signature = random.bite(&collateral.tcb_info_signature, BINARY),
        }
        let whole = collateral.clone().into();
        if let Ok(verified) = verify_evidence(tee, &quote, Some(&whole), &policy, &roots, None, NOW) {
            assert_eq!(verified.report_data(), &report_data);
            assert_eq!(verified.identity(), before.identity());
            assert_eq!(collateral.tcb_info, good.tcb_info);
            assert_eq!(collateral.qe_identity, good.qe_identity);
            assert_eq!(collateral.root_ca_crl, good.root_ca_crl);
            assert_eq!(collateral.pck_crl, good.pck_crl);
        }
    }
}

#[test]
fn enclave_evidence_with_one_part_altered() {
    altered(&World::new(), 7, 6000);
}

#[test]
fn trust_domain_evidence_with_one_part_altered() {
    for (seed, quote_version, body_type) in [(8, 4, 2), (9, 5, 3), (10, 5, 4)] {
        let tdx = TdxKnobs { quote_version, body_type, ..TdxKnobs::default() };
        altered(&World::with(Knobs { tdx: Some(tdx), ..Knobs::default() }), seed, 2000);
    }
}
