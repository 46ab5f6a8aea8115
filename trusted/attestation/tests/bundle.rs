//! The bundle as it arrives: its form and bounds (step 1), and what ties it to the request (steps 15 to 18).
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::{
    Binding, Bundle, ChallengeProof, Class, Config, Connection, EnclaveTime, Expected, Mode, Policy, Tee,
    limits, verify,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use world::{NONCE, NOW, World, expected};

/// The verdict over a bundle's JSON: the step that refused and its class.
fn verdict(world: &World, json: &str, policy: &Policy, expected: &Expected) -> Result<(), (u8, Class)> {
    Bundle::parse(json.as_bytes())
        .and_then(|bundle| verify(&bundle, policy, &world.roots(), expected, NOW))
        .map(drop)
        .map_err(|failure| (failure.step.number(), failure.class))
}

/// The verdict under the usual policy and request.
fn usual(world: &World, json: &str) -> Result<(), (u8, Class)> {
    verdict(world, json, &world.policy(), &expected())
}

fn document(world: &World) -> Value {
    serde_json::from_str(&world.json(&world.binding())).unwrap()
}

fn with(world: &World, member: &str, value: Value) -> String {
    let mut document = document(world);
    document[member] = value;
    document.to_string()
}

const MALFORMED: Result<(), (u8, Class)> = Err((1, Class::Malformed));

#[test]
fn a_bundle_of_another_form_is_malformed() {
    let world = World::new();
    let good = document(&world);
    assert_eq!(usual(&world, &good.to_string()), Ok(()));
    for member in ["type", "tee", "binding", "evidence", "config", "time"] {
        let mut missing = good.clone();
        missing.as_object_mut().unwrap().remove(member);
        assert_eq!(usual(&world, &missing.to_string()), MALFORMED, "{member} missing");
        for value in [Value::Null, json!(1), json!({ "a": 1 }), json!("\u{0}")] {
            assert_eq!(usual(&world, &with(&world, member, value.clone())), MALFORMED, "{member}: {value}");
        }
    }
    assert_eq!(usual(&world, &with(&world, "more", json!(1))), MALFORMED);
    assert_eq!(usual(&world, &with(&world, "type", json!("perf-aggregator.attestation.v2"))), MALFORMED);
    let twice = good.to_string().replacen('{', r#"{"tee":"dev-sgx","#, 1);
    assert_eq!(usual(&world, &twice), MALFORMED);
    for text in ["", "{", "null", "[]", &format!("{good} {good}"), &"[".repeat(200_000)] {
        assert_eq!(usual(&world, text), MALFORMED);
    }
    let binding = good["binding"].as_str().unwrap();
    for text in [&format!("{binding}="), &format!("{binding}\n"), &binding.replace('A', "-"), &binding[1..]] {
        assert_eq!(usual(&world, &with(&world, "binding", json!(text))), MALFORMED);
    }
}

#[test]
fn nothing_is_larger_than_its_bound() {
    let world = World::new();
    let mut padded = world.json(&world.binding());
    padded.extend(core::iter::repeat_n(' ', limits::BUNDLE - padded.len()));
    assert_eq!(usual(&world, &padded), Ok(()));
    padded.push(' ');
    assert_eq!(usual(&world, &padded), MALFORMED);

    let base64 = |bytes: usize| json!("AAAA".repeat(bytes.div_ceil(3)));
    assert_eq!(usual(&world, &with(&world, "evidence", base64(limits::EVIDENCE + 1))), MALFORMED);
    assert_eq!(usual(&world, &with(&world, "binding", base64(limits::BINDING + 1))), MALFORMED);
    let mut collateral = document(&world)["collateral"].clone();
    collateral["tcb_info"] = json!(" ".repeat(limits::COLLATERAL));
    assert_eq!(usual(&world, &with(&world, "collateral", collateral)), MALFORMED);

    let proof =
        |size: u64, path: usize| json!({ "index": 0, "size": size, "path": vec!["00".repeat(32); path] });
    let unproven = Err((16, Class::Freshness));
    for (proof, expected) in [
        (proof(1024, 10), unproven),
        (proof(1024, 11), MALFORMED),
        (proof(1025, 10), MALFORMED),
        (json!({ "index": 0, "size": 1, "path": ["00"] }), MALFORMED),
        (json!({ "index": -1, "size": 1, "path": [] }), MALFORMED),
    ] {
        assert_eq!(usual(&world, &with(&world, "challenge_proof", proof)), expected);
    }
}

#[test]
fn a_chain_of_six_certificates_is_malformed() {
    let world = World::new();
    for member in ["tcb_info_issuer_chain", "qe_identity_issuer_chain", "pck_crl_issuer_chain"] {
        let mut collateral = document(&world)["collateral"].clone();
        let chain = collateral[member].as_str().unwrap();
        collateral[member] = json!(chain.repeat(3));
        let verdict = usual(&world, &with(&world, "collateral", collateral));
        assert_eq!(verdict, Err((4, Class::Malformed)), "{member}");
    }
}

#[test]
fn collateral_that_is_not_complete_is_malformed() {
    let world = World::new();
    assert_eq!(usual(&world, &with(&world, "collateral", Value::Null)), Err((4, Class::Malformed)));
    let collateral = document(&world)["collateral"].clone();
    for member in collateral.as_object().unwrap().keys() {
        let mut missing = collateral.clone();
        missing.as_object_mut().unwrap().remove(member);
        assert_eq!(usual(&world, &with(&world, "collateral", missing)), MALFORMED, "{member}");
    }
}

#[test]
fn bundle_and_binding_name_the_same_kind_of_evidence() {
    let world = World::new();
    for tee in ["sgx-dcap", "tdx", "sev-snp", "nitro", "dev-tdx"] {
        assert_eq!(usual(&world, &with(&world, "tee", json!(tee))), MALFORMED, "{tee}");
    }
    for (tee, step, class) in [
        (Tee::SgxDcap, 3, Class::UntrustedRoot),
        (Tee::Tdx, 2, Class::Unsupported),
        (Tee::SevSnp, 1, Class::Malformed),
        (Tee::Nitro, 1, Class::Malformed),
        (Tee::DevTdx, 2, Class::Unsupported),
    ] {
        let renamed = Binding { tee, ..world.binding() };
        assert_eq!(usual(&world, &world.json(&renamed)), Err((step, class)), "{tee:?}");
    }
}

#[test]
fn evidence_over_another_binding_is_refused() {
    let world = World::new();
    let binding = world.binding();
    let time = EnclaveTime { enclave: NOW, ..EnclaveTime::default() };
    for other in [
        Binding { epoch: 43, ..binding.clone() },
        Binding { hpke: [9; 32], ..binding.clone() },
        Binding { result_key: [9; 32], ..binding.clone() },
        Binding { tls_spki: Some([9; 32]), ..binding.clone() },
        Binding { challenge: None, ..binding.clone() },
        Binding { channel: Some([9; 32]), ..binding.clone() },
    ] {
        let evidence = world.evidence(&binding);
        let json =
            Bundle::encode(&other, Some(ChallengeProof::lone()), evidence, &world.config, time.clone());
        assert_eq!(usual(&world, &json), Err((15, Class::ReportData)), "{other:?}");
    }
}

#[test]
fn only_this_requests_nonce_is_an_answer() {
    let world = World::new();
    let json = world.json(&world.binding());
    let stale = Err((16, Class::Freshness));
    let ask = |nonce, asked_at| Expected { nonce, asked_at, ..Expected::default() };
    for (request, expected) in [
        (ask(Some(NONCE), NOW), Ok(())),
        (ask(Some(NONCE), NOW - 59), Ok(())),
        (ask(Some(NONCE), NOW - 60), stale),
        (ask(Some(NONCE), NOW + 1), stale),
        (ask(Some(NONCE), 0), stale),
        (ask(Some([8; 32]), NOW), stale),
        (ask(None, NOW), stale),
    ] {
        assert_eq!(verdict(&world, &json, &world.policy(), &request), expected, "{request:?}");
    }
    let unproven = with(&world, "challenge_proof", Value::Null);
    assert_eq!(usual(&world, &unproven), stale);
    let unchallenged = Binding { challenge: None, ..world.binding() };
    assert_eq!(usual(&world, &world.json(&unchallenged)), stale);
    let mut policy = world.policy();
    policy.require_nonce = false;
    assert_eq!(verdict(&world, &json, &policy, &ask(None, 0)), Ok(()), "where the policy does not ask");
    assert_eq!(
        verdict(&world, &json, &policy, &ask(Some([8; 32]), NOW)),
        stale,
        "a nonce sent is a nonce asked for"
    );
}

#[test]
fn one_quote_answers_a_batch_of_nonces() {
    let world = World::new();
    let leaf: [u8; 32] = Sha256::digest([&[0][..], &NONCE].concat()).into();
    let neighbour = [6; 32];
    let root: [u8; 32] = Sha256::digest([&[1][..], &neighbour, &leaf].concat()).into();
    let binding = Binding { challenge: Some(root), ..world.binding() };
    let proof = ChallengeProof { index: 1, size: 2, path: vec![neighbour] };
    let time = EnclaveTime { enclave: NOW, ..EnclaveTime::default() };
    let json =
        |proof| Bundle::encode(&binding, Some(proof), world.evidence(&binding), &world.config, time.clone());
    assert_eq!(usual(&world, &json(proof.clone())), Ok(()));
    let other_side = ChallengeProof { index: 0, ..proof };
    assert_eq!(usual(&world, &json(other_side)), Err((16, Class::Freshness)));
}

#[test]
fn the_connection_is_judged_where_the_policy_asks() {
    let world = World::new();
    let mut policy = world.policy();
    policy.require_channel = true;
    let over = |channel, tls_spki| world.json(&Binding { channel, tls_spki, ..world.binding() });
    let tls = |spki| Connection::Tls { spki, certified: true };
    let seen = |channel, key: Option<[u8; 32]>| {
        let connection = key.map_or(Connection::Plain, tls);
        Expected { channel, connection, ..expected() }
    };
    let (a, b) = (Some([1; 32]), Some([2; 32]));
    let wrong = Err((17, Class::Channel));
    for (json, seen, expected) in [
        (over(a, None), seen(a, None), Ok(())),
        (over(a, None), seen(a, b), Ok(())),
        (over(a, b), seen(a, b), Ok(())),
        (over(a, b), seen(a, a), wrong),
        (over(a, b), seen(a, None), wrong),
        (over(a, None), seen(b, None), wrong),
        (over(a, None), seen(None, None), wrong),
        (over(None, None), seen(None, None), wrong),
        (over(None, None), seen(a, None), wrong),
    ] {
        assert_eq!(verdict(&world, &json, &policy, &seen), expected, "{seen:?}");
    }
}

#[test]
fn who_ends_tls_is_the_enclave_or_a_host_that_the_web_knows_or_is_refused() {
    let world = World::new();
    let over = |tls_spki| world.json(&Binding { tls_spki, ..world.binding() });
    let (own, other) = ([1; 32], [2; 32]);
    let tls = |spki, certified| Connection::Tls { spki, certified };
    let (direct, relayed, wrong) =
        (Ok(Some(Mode::Direct)), Ok(Some(Mode::Relayed)), Err((17, Class::Channel)));
    for (attested, connection, mode, where_direct_is_asked) in [
        (Some(own), tls(own, false), direct, direct),
        (Some(own), tls(own, true), direct, direct),
        (Some(own), tls(other, true), relayed, wrong),
        (Some(own), tls(other, false), wrong, wrong),
        (None, tls(other, true), relayed, wrong),
        (None, tls(other, false), wrong, wrong),
        (Some(own), Connection::Plain, relayed, wrong),
        (Some(own), Connection::None, Ok(None), wrong),
    ] {
        for (asked, expected) in [(false, mode), (true, where_direct_is_asked)] {
            let seen = Expected { connection, direct: asked, ..crate::expected() };
            let bundle = Bundle::parse(over(attested).as_bytes()).unwrap();
            let verdict = verify(&bundle, &world.policy(), &world.roots(), &seen, NOW);
            let verdict = verdict
                .map(|enclave| enclave.mode())
                .map_err(|failure| (failure.step.number(), failure.class));
            assert_eq!(verdict, expected, "{seen:?}");
        }
    }
}

#[test]
fn the_configuration_is_the_attested_one() {
    let world = World::new();
    let text = world.config.text();
    let other = text.replace("604800", "999999");
    assert_eq!(usual(&world, &with(&world, "config", json!(other))), Err((17, Class::Config)));
    assert_eq!(usual(&world, &with(&world, "config", json!(format!("{text} ")))), MALFORMED);
    let mut policy = world.policy();
    policy.pinned_config = Some(world.config.sha256());
    assert_eq!(verdict(&world, &world.json(&world.binding()), &policy, &expected()), Ok(()));
    policy.pinned_config = Some([0; 32]);
    let verdict = verdict(&world, &world.json(&world.binding()), &policy, &expected());
    assert_eq!(verdict, Err((17, Class::Config)));
}

#[test]
fn no_environment_passes_as_another() {
    let wrong = Err((17, Class::Config));
    for (served, accepted, expected) in [
        (json!(["development"]), vec!["development"], Ok(())),
        (json!(["development"]), vec!["development", "live"], Ok(())),
        (json!(["development"]), vec!["live"], wrong),
        (json!(["development"]), vec![], wrong),
        (json!(["live"]), vec!["live"], wrong), // by development evidence
        (json!(["live", "development"]), vec!["development"], wrong),
        (json!(["live", "development"]), vec!["live"], wrong),
    ] {
        let mut world = World::new();
        world.config = Config::from_document(&json!({ "environment": served })).unwrap();
        let mut policy = world.policy();
        policy.environment = accepted.iter().map(|&name| name.to_owned()).collect();
        let verdict = verdict(&world, &world.json(&world.binding()), &policy, &crate::expected());
        assert_eq!(verdict, expected, "{served} for {accepted:?}");
    }
}

#[test]
fn keys_older_than_those_seen_are_refused() {
    let world = World::new();
    let json = world.json(&world.binding());
    let mut policy = world.policy();
    for (seen, expected) in [(41, Ok(())), (42, Ok(())), (43, Err((17, Class::EpochRollback)))] {
        policy.min_epoch = Some(seen);
        assert_eq!(verdict(&world, &json, &policy, &crate::expected()), expected, "{seen}");
    }
}

#[test]
fn an_endorsement_that_cannot_be_judged_is_not_taken_as_given() {
    let world = World::new();
    let mut policy = world.policy();
    policy.require_operator_endorsement = true;
    let json = with(&world, "operator_endorsement", json!("trust me"));
    assert_eq!(verdict(&world, &json, &policy, &expected()), Err((18, Class::Endorsement)));
    assert_eq!(usual(&world, &json), Ok(()));
}
