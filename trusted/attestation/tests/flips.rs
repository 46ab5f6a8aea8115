//! One bit of each byte of evidence and collateral is flipped. What is still accepted says the same as before, and the
//! flipped byte is one that nothing reads: padding behind the quote, or the white space and case of a text encoding.
#![cfg(test)]

mod vectors;

use attestation::{Collateral, Policy, Roots, Tee, VerifiedEvidence, verify_evidence};
use std::path::Path;

struct Sample {
    tee: Tee,
    quote: Vec<u8>,
    collateral: Vec<u8>,
    roots: Roots,
    now: u64,
}

impl Sample {
    fn read(folder: &Path, tee: Tee) -> Self {
        let file = |name| std::fs::read(folder.join(name));
        let expected: serde_json::Value = serde_json::from_slice(&file("expected.json").unwrap()).unwrap();
        let root = file("root.der").ok();
        Self {
            tee,
            quote: file("quote.bin").unwrap(),
            collateral: file("collateral.json").unwrap(),
            roots: root.map_or_else(Roots::default, |root| Roots::dangerous_development(&root).unwrap()),
            now: expected["verification_time"].as_u64().unwrap(),
        }
    }

    fn judge(&self, quote: &[u8], collateral: &Collateral) -> Option<VerifiedEvidence> {
        let policy = Policy::dangerous_claims_only();
        verify_evidence(self.tee, quote, Some(collateral), &policy, &self.roots, None, self.now).ok()
    }

    /// Where the quote's declared signature data ends.
    fn declared_end(&self) -> usize {
        let body = match (self.quote[0], self.quote[48]) {
            (3, _) => 48 + 384,
            (4, _) => 48 + 584,
            (5, 2) => 54 + 584,
            (5, 3) => 54 + 648,
            _ => 54 + 885,
        };
        let length: [u8; 4] = self.quote[body..body + 4].try_into().unwrap();
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

/// The texts of a collateral document without the white space between the lines of a PEM text.
fn without_white_space(collateral: &Collateral) -> String {
    let json = serde_json::to_string(collateral).unwrap();
    let white = ["\\n", "\\r", "\\t", "\\f", " "];
    white.into_iter().fold(json, |json, white| json.replace(white, ""))
}

fn check_quote(sample: &Sample) {
    let collateral = Collateral::parse(&sample.collateral).unwrap();
    let before = sample.judge(&sample.quote, &collateral).expect("the sample is genuine");
    let mut quote = sample.quote.clone();
    let mut accepted = 0;
    for at in 0..quote.len() {
        let original = quote[at];
        quote[at] ^= 1 << (at % 8);
        if let Some(verified) = sample.judge(&quote, &collateral) {
            assert!(same_claims(&before, &verified), "byte {at}");
            let is_white = |byte: u8| byte.is_ascii_whitespace() || byte == 0;
            let is_ignored = at >= sample.declared_end() || (is_white(original) && is_white(quote[at]));
            assert!(is_ignored, "byte {at} is accepted, and something reads it");
            accepted += 1;
        }
        quote[at] = original;
    }
    let padding = quote.len() - sample.declared_end();
    assert!(accepted >= padding, "padding is ignored: {accepted} of {padding}");
}

fn check_collateral(sample: &Sample) {
    let good = Collateral::parse(&sample.collateral).unwrap();
    let before = sample.judge(&sample.quote, &good).expect("the sample is genuine");
    let mut json = sample.collateral.clone();
    for at in 0..json.len() {
        let original = json[at];
        json[at] ^= 1 << (at % 8);
        if let Ok(collateral) = Collateral::parse(&json) {
            // Hex in another case is the same bytes: nothing has changed.
            if collateral != good
                && let Some(verified) = sample.judge(&sample.quote, &collateral)
            {
                assert!(same_claims(&before, &verified), "byte {at}");
                assert_eq!(without_white_space(&collateral), without_white_space(&good), "byte {at}");
            }
        }
        json[at] = original;
    }
}

fn own(name: &str, tee: Tee) -> Sample {
    Sample::read(&vectors::own("evidence").join(name), tee)
}

#[test]
fn no_bit_of_an_enclaves_quote_says_something_else() {
    check_quote(&own("sgx-control-platform-ca", Tee::DevSgx));
}

#[test]
fn no_bit_of_a_trust_domains_quote_says_something_else() {
    check_quote(&own("tdx-td-control", Tee::DevTdx));
}

#[test]
fn no_bit_of_an_enclaves_collateral_says_something_else() {
    check_collateral(&own("sgx-control-platform-ca", Tee::DevSgx));
}

#[test]
fn no_bit_of_a_trust_domains_collateral_says_something_else() {
    check_collateral(&own("tdx-td-control", Tee::DevTdx));
}

#[test]
fn no_bit_of_a_real_enclaves_evidence_says_something_else() {
    let Some(real) = vectors::shared("attestation/sgx") else { return };
    let sample = Sample::read(&real.join("v3-nondebug-platform-ca"), Tee::SgxDcap);
    check_quote(&sample);
    check_collateral(&sample);
}

#[test]
fn no_bit_of_a_real_trust_domains_evidence_says_something_else() {
    let Some(real) = vectors::shared("attestation/tdx") else { return };
    let sample = Sample::read(&real.join("v4-td10-uptodate"), Tee::Tdx);
    check_quote(&sample);
    check_collateral(&sample);
}
