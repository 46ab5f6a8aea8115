//! Seeded mutations of real structure: no bytes make anything panic, and nothing altered passes as something else.
//! `PERFAGG_FUZZ_ROUNDS` multiplies the rounds.
#![cfg(test)]
#![cfg(feature = "development")]

mod vectors;
mod world;

use attestation::{
    Collateral, Evidence, Policy, Tee, fuzz_binding, fuzz_bundle, fuzz_collateral, fuzz_config, fuzz_policy,
    fuzz_quote, verify_evidence,
};
use world::{NOW, World};

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
    mutate(&synthetic("quote.bin"), BINARY, 2, 20_000, fuzz_quote);
}

#[test]
fn collateral_of_any_bytes() {
    mutate(&synthetic("collateral.json"), JSON, 3, 10_000, fuzz_collateral);
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
#[test]
fn evidence_with_one_part_altered() {
    let world = World::new();
    let Evidence { evidence, collateral } = world.evidence(&world.binding());
    let (good, report_data) = (collateral.unwrap(), world.binding().report_data());
    let (policy, roots) = (Policy::dangerous_claims_only(), world.roots());
    let mut random = Seeded(7);
    for _ in 0..rounds(8000) {
        let (mut quote, mut collateral): (Vec<u8>, Collateral) = (evidence.clone(), good.clone());
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
        let verdict = verify_evidence(Tee::DevSgx, &quote, Some(&collateral), &policy, &roots, None, NOW);
        if let Ok(verified) = verdict {
            assert_eq!(verified.report_data(), &report_data);
            assert_eq!(verified.measurement(), &world.backend.mr_enclave());
            assert_eq!(collateral.tcb_info, good.tcb_info);
            assert_eq!(collateral.qe_identity, good.qe_identity);
            assert_eq!(collateral.root_ca_crl, good.root_ca_crl);
            assert_eq!(collateral.pck_crl, good.pck_crl);
        }
    }
}
