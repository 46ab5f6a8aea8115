//! A man in the middle, as somebody at the command line meets him: he ends TLS, brings other evidence, or meddles with
//! answers. Whatever he does is refused by its name; no credential reaches him and no figure of his is shown.

use crate::{
    desk::Desk,
    policy::policy,
    service::{Asked, Response, Service, front::Front},
};
use attestation::{
    Backend as _, Binding, Bundle, ChallengeProof, EnclaveTime,
    development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED},
};
use protocol::wire;
use serde_json::{Value, json};
use std::{
    fs,
    sync::{Arc, Mutex},
};

/// A desk whose user has a session and names the one program to be believed.
fn desk() -> Desk {
    let desk = Desk::new();
    fs::write(desk.home.join("policy.json"), policy(&desk.service, json!({})).to_string()).unwrap();
    desk.trusting(&[&["--policy", "policy.json"], &register(&desk.service.url(), &[])[..]].concat()).well();
    desk
}

fn register<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let arguments = ["register", "--user-id", "alice", "--exchange", "binance", "--service-url", url];
    [&arguments[..], more].concat()
}

/// Runs every command that meets an enclave, and gives class or code of each refusal.
fn refusals(desk: &Desk, url: &str) -> Vec<String> {
    let at = |command: &'static str| vec![command, "--service-url", url];
    let calls = [
        vec!["attest", url],
        register(url, &["--replace"]),
        at("summary"),
        at("metrics"),
        at("watch"),
        at("export"),
        at("revoke"),
    ];
    let kept = desk.session();
    let refused = calls.iter().map(|call| {
        let ran = desk.trusting(&[&["--json", "--policy", "policy.json"], &call[..]].concat());
        let error = ran.error();
        assert_eq!(ran.exit, 3, "{call:?}: {error}");
        error["class"].as_str().or(error["code"].as_str()).unwrap().to_owned()
    });
    let refused = refused.collect();
    assert_eq!(desk.session(), kept, "the session is kept as it was");
    refused
}

#[test]
fn one_who_ends_tls_learns_that_evidence_was_asked_for() {
    let desk = desk();
    let enclave = Front::before(desk.service.address);
    desk.service.state().tls_spki = Some(enclave.spki());
    let calls = desk.service.count("/enclave");
    let man = Front::before(desk.service.address);
    assert_eq!(refusals(&desk, &man.url()), ["channel"; 7]);
    assert_eq!(desk.service.count("/enclave"), calls, "nothing else was sent");
    let ran = desk.trusting(&["--policy", "policy.json", "attest", &enclave.url(), "--direct"]).well();
    assert!(ran.out.contains("mode  direct"), "{}", ran.out);
}

/// A bundle of another enclave's, over a nonce.
fn other_bundle(
    service: &Service,
    nonce: &[u8; 32],
    backend: &DevelopmentBackend,
    evidence: Option<Vec<u8>>,
) -> String {
    let state = service.state();
    let mut binding = Binding { hpke: [9; 32], ..state.binding() };
    binding.answer(nonce);
    let mut made = backend.evidence(binding.report_data(), state.now).unwrap();
    if let Some(evidence) = evidence {
        made.evidence = evidence;
    }
    let time = EnclaveTime { enclave: state.now, ..EnclaveTime::default() };
    Bundle::encode(&binding, Some(ChallengeProof::lone()), made, &state.config(), time)
}

fn nonce(asked: &Asked) -> Option<[u8; 32]> {
    wire::decode_array(asked.target.strip_prefix("/attestation/quote?nonce=")?)
}

#[test]
fn one_who_brings_other_evidence_is_refused_at_the_step_that_tells() {
    let program = |seed, measurement| DevelopmentBackend::new(seed, measurement).unwrap();
    // His own enclave with his own key: another program, or under another root.
    for (backend, class) in [
        (program(PUBLIC_DEVELOPMENT_SEED, [66; 32]), "measurement"),
        (program([66; 32], [2; 32]), "untrusted-root"),
    ] {
        assert_eq!(swapped(move |service, nonce| other_bundle(service, nonce, &backend, None)), [class; 7]);
    }
    // The true evidence beside his own key.
    let beside = move |service: &Service, nonce: &[u8; 32]| {
        let genuine = {
            let state = service.state();
            let mut binding = state.binding();
            binding.answer(nonce);
            state.backend.evidence(binding.report_data(), state.now).unwrap().evidence
        };
        other_bundle(service, nonce, &program(PUBLIC_DEVELOPMENT_SEED, [2; 32]), Some(genuine))
    };
    assert_eq!(swapped(beside), ["report-data"; 7]);
    // The enclave's own evidence, of another request.
    assert_eq!(swapped(|service, _| service.state().bundle(&[1; 32])), ["freshness"; 7]);
}

/// What every command says where the quote is swapped for this one; nothing is sent to it.
fn swapped(make: impl Fn(&Service, &[u8; 32]) -> String + Send + 'static) -> Vec<String> {
    let (desk, enclave) = (desk(), Service::start());
    let calls = desk.service.count("/enclave");
    desk.service.passes(move |asked, response| match nonce(asked) {
        Some(nonce) => Response::new(200, make(&enclave, &nonce)),
        None => response,
    });
    let refused = refusals(&desk, &desk.service.url());
    assert_eq!(desk.service.count("/enclave"), calls, "nothing was sent");
    refused
}

/// A relay's deed with the answer to a sealed call; he may know the answer before.
type Deed = fn(&Value, Option<&Value>) -> Value;

#[test]
fn a_relay_that_alters_replays_or_swaps_answers_is_not_believed() {
    let altered: Deed = |answer, _| {
        let mut answer = answer.clone();
        let text = answer["ciphertext"].as_str().unwrap();
        let digit = if text.starts_with('A') { "B" } else { "A" };
        answer["ciphertext"] = json!(format!("{digit}{}", &text[1..]));
        answer
    };
    let cut: Deed = |answer, _| {
        let mut answer = answer.clone();
        let text = answer["ciphertext"].as_str().unwrap();
        answer["ciphertext"] = json!(&text[..text.len() - 4]);
        answer
    };
    let replayed: Deed = |_, before| before.expect("an answer before").clone();
    let renonced: Deed = |answer, _| {
        let mut answer = answer.clone();
        answer["nonce"] = json!(wire::encode(&[8; 32]));
        answer
    };
    for (what, deed) in
        [("altered", altered), ("cut", cut), ("replayed", replayed), ("another nonce", renonced)]
    {
        let desk = desk();
        let kept: Arc<Mutex<Option<Value>>> = Arc::default();
        let keep = Arc::clone(&kept);
        desk.service.passes(move |_, response| {
            if let Ok(answer) = serde_json::from_slice::<Value>(&response.body)
                && answer["ciphertext"].is_string()
            {
                keep.lock().unwrap().get_or_insert(answer);
            }
            response
        });
        desk.trusting(&["--policy", "policy.json", "summary"]).well();
        let before = kept.lock().unwrap().clone();
        desk.service.passes(move |_, mut response| {
            if let Ok(answer) = serde_json::from_slice::<Value>(&response.body)
                && answer["ciphertext"].is_string()
            {
                response.body = deed(&answer, before.as_ref()).to_string().into_bytes();
            }
            response
        });
        for command in ["summary", "metrics", "export", "revoke"] {
            let ran = desk.trusting(&["--json", "--policy", "policy.json", command]);
            assert_eq!(
                (ran.exit, &ran.error()["code"]),
                (3, &json!("ANSWER_NOT_SEALED")),
                "{what}: {command}"
            );
        }
        assert!(desk.session_file().exists(), "no receipt, no removal");
    }
}
