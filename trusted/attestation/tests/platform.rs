//! Which platform a quote claims to be of: what a fetcher of collateral asks the vendor for.
#![cfg(test)]
#![cfg(feature = "development")]

mod vectors;
mod world;

use attestation::development::{Knobs, TdxKnobs};
use attestation::{ClaimedPlatform, PckCa, Tee, claimed_platform};
use serde_json::Value;
use world::World;

fn quote(knobs: Knobs) -> Vec<u8> {
    let world = World::with(knobs);
    world.evidence(&world.binding()).evidence
}

#[test]
fn a_quote_names_its_kind_its_fmspc_and_its_ca() {
    let fmspc = [0x50, 0x80, 0x6f, 0, 0, 1];
    let tdx = |quote_version, body_type| Some(TdxKnobs { quote_version, body_type, ..TdxKnobs::default() });
    for (tdx, tee) in
        [(None, Tee::SgxDcap), (tdx(4, 2), Tee::Tdx), (tdx(5, 2), Tee::Tdx), (tdx(5, 3), Tee::Tdx)]
    {
        for (platform_ca, ca, name) in
            [(false, PckCa::Processor, "processor"), (true, PckCa::Platform, "platform")]
        {
            let quote = quote(Knobs { tdx: tdx.clone(), platform_ca, fmspc, ..Knobs::default() });
            assert_eq!(claimed_platform(&quote), Some(ClaimedPlatform { tee, fmspc, ca }));
            assert_eq!(ca.name(), name);
        }
    }
}

#[test]
fn what_is_no_quote_claims_nothing() {
    for good in [quote(Knobs::default()), quote(Knobs { tdx: Some(TdxKnobs::default()), ..Knobs::default() })]
    {
        for length in (0..good.len()).step_by(97) {
            assert_eq!(claimed_platform(&good[..length]), None, "{length}");
        }
        let mut kind = good.clone();
        kind[4] ^= 0x81;
        assert_eq!(claimed_platform(&kind), None, "the version of another kind");
        let at = good.windows(10).position(|window| window == b"-----BEGIN").unwrap();
        let mut alone = good[..at].to_vec();
        alone.extend_from_slice(&good[at..].iter().map(|_| b' ').collect::<Vec<_>>());
        assert_eq!(claimed_platform(&alone), None, "without certificates");
    }
    assert_eq!(claimed_platform(&vec![0; 10 << 20]), None);
    assert_eq!(claimed_platform(b"a quote"), None);
}

#[test]
fn real_quotes_name_their_platforms() {
    for kind in ["sgx", "tdx"] {
        for folder in vectors::shared_folders(&format!("attestation/{kind}")) {
            let file = |name| std::fs::read(folder.join(name)).unwrap();
            let expected: Value = serde_json::from_slice(&file("expected.json")).unwrap();
            let claimed = claimed_platform(&file("quote.bin")).unwrap();
            // What is not decoded there stands in the collateral.
            let collateral: Value = serde_json::from_slice(&file("collateral.json")).unwrap();
            let info: Value = serde_json::from_str(collateral["tcb_info"].as_str().unwrap()).unwrap();
            let fmspc = info["fmspc"].as_str().unwrap().to_lowercase();
            assert_eq!(hex::encode(claimed.fmspc), fmspc, "{folder:?}");
            assert_eq!(claimed.tee == Tee::Tdx, kind == "tdx");
            // Only certificates of the Platform CA carry the flags.
            if let Some(flag) = expected["decoded"]["pck"]["smt_enabled"].as_str() {
                assert_eq!(claimed.ca == PckCa::Platform, flag != "Undefined", "{folder:?}");
            }
        }
    }
}
