//! Answers that were kept: what somebody who was not there may believe of them, and what happens to one that was changed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod asked;
mod service;

use attestation::{Class, Policy};
use ed25519_dalek::SigningKey;
use perfagg::{Client, Clock, Failure, Judged, Moment, Saved, SavedError, ServiceUrl, Trust, fuzz_saved};
use protocol::{Route, Secret, signed::Tag};
use serde_json::{Value, json};
use service::{NOW, SESSION_ID, Service, result_key, signed, summary, well};
use std::time::Duration;

fn client(service: &Service) -> Client {
    let clock = Clock::new(|| Moment { unix_s: 1, elapsed: Duration::ZERO });
    Client::new(ServiceUrl::parse(&service.url()).unwrap(), trust(service), clock)
}

fn trust(service: &Service) -> Trust {
    Trust::dangerous_development(service.root_pem().as_bytes()).unwrap()
}

fn judge(saved: &Saved, trust: &Trust) -> Result<Judged, SavedError> {
    saved.judge(&trust.policy, &trust.roots)
}

fn session() -> Secret {
    Secret::new(SESSION_ID.to_owned())
}

/// Signs what the enclave would have answered, with this key.
fn signs(key: SigningKey, tag: Tag) -> impl FnMut(Route, &Value) -> (u16, Value) + Send + 'static {
    move |route, call| {
        let (status, body) = well(route, call);
        (status, signed(&key, tag, route, call, &body))
    }
}

/// What somebody does to a file.
type Change<'a> = &'a dyn Fn(&mut Value);

async fn saved(service: &Service) -> Saved {
    service.answers(signs(result_key(), Tag::Answer));
    client(service).saved_summary(&session()).await.unwrap().1
}

#[tokio::test]
async fn what_was_saved_is_judged_by_who_was_not_there() {
    let service = Service::start();
    let saved = saved(&service).await;
    let again = Saved::parse(saved.to_json().as_bytes()).unwrap();
    assert_eq!(again, saved);
    let judged = judge(&again, &trust(&service)).unwrap();
    assert_eq!(judged.body, summary("live", 1.0));
    assert_eq!(u64::try_from(judged.signed.created_s), Ok(NOW));
    assert!(judged.enclave.development());
    assert!(!saved.to_json().contains(SESSION_ID), "whoever judges it must not be able to read the session");

    service.answers(signs(result_key(), Tag::Answer));
    let (metrics, saved) = client(&service).saved_metrics(&session()).await.unwrap();
    assert_eq!(judge(&saved, &trust(&service)).unwrap().body, metrics.body);
}

#[tokio::test]
async fn a_changed_file_proves_nothing() {
    let service = Service::start();
    let saved = saved(&service).await;
    let trust = trust(&service);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(&saved.to_json()).unwrap();
        change(&mut file);
        Saved::parse(file.to_string().as_bytes()).and_then(|saved| judge(&saved, &trust))
    };
    let body = saved.answer.body.clone();
    let better = body.replacen("\"0.56\"", "\"0.96\"", 1).replacen("104233.18", "904233.18", 1);
    assert_ne!(better, body);
    let cases: [(&str, Change<'_>); 8] = [
        ("figures", &|file| file["answer"]["body"] = json!(better)),
        ("status", &|file| file["answer"]["status"] = json!(201)),
        ("path", &|file| file["answer"]["path"] = json!("/enclave/metrics")),
        ("nonce", &|file| file["answer"]["nonce"] = json!("another")),
        ("signature", &|file| {
            let signature = file["answer"]["signature"].as_str().unwrap();
            let other = if signature.contains("=:A") { "=:B" } else { "=:A" };
            file["answer"]["signature"] = json!(format!("result{other}{}", &signature[9..]));
        }),
        ("time", &|file| {
            let input = file["answer"]["signature_input"].as_str().unwrap();
            file["answer"]["signature_input"] =
                json!(input.replace(&NOW.to_string(), &(NOW + 60).to_string()));
        }),
        ("type", &|file| file["type"] = json!("perf-aggregator.saved-answer.v2")),
        ("a member more", &|file| file["more"] = json!(1)),
    ];
    for (what, change) in cases {
        assert!(matches!(changed(change), Err(SavedError::Form(_))), "{what}");
    }
    // Evidence of which one byte is another.
    let refused = changed(&|file| {
        let mut bundle: Value = serde_json::from_str(file["bundle"].as_str().unwrap()).unwrap();
        let evidence = bundle["evidence"].as_str().unwrap().to_owned();
        let other = if evidence.as_bytes()[600] == b'A' { "B" } else { "A" };
        bundle["evidence"] = json!(format!("{}{other}{}", &evidence[..600], &evidence[601..]));
        file["bundle"] = json!(bundle.to_string());
    });
    assert!(matches!(refused, Err(SavedError::Evidence(_))));
}

#[tokio::test]
async fn evidence_of_another_enclave_does_not_vouch_for_the_key() {
    let (service, other) = (Service::start(), Service::start());
    let saved = saved(&service).await;
    // Genuine evidence under the same root, over another result key.
    let bundle = {
        let state = other.state();
        let mut binding = attestation::Binding { result_key: [5; 32], ..state.binding() };
        binding.answer(&[1; 32]);
        let evidence = attestation::Backend::evidence(&state.backend, binding.report_data(), NOW).unwrap();
        let time = attestation::EnclaveTime { enclave: NOW, ..attestation::EnclaveTime::default() };
        let proof = Some(attestation::ChallengeProof::lone());
        attestation::Bundle::encode(&binding, proof, evidence, &state.config(), time)
    };
    let mut file: Value = serde_json::from_str(&saved.to_json()).unwrap();
    file["bundle"] = json!(bundle);
    let judged = judge(&Saved::parse(file.to_string().as_bytes()).unwrap(), &trust(&service));
    assert!(matches!(judged, Err(SavedError::Form(what)) if what.contains("another key")));
}

#[tokio::test]
async fn genuine_against_the_policy_is_not_the_same_as_proving_nothing() {
    let service = Service::start();
    let saved = saved(&service).await;
    // A default client knows no development root.
    let Err(SavedError::Evidence(failure)) = judge(&saved, &Trust::default()) else { panic!() };
    assert_eq!(failure.class, Class::UntrustedRoot);
    // One that knows the root, and accepts hardware only.
    let strict = Trust { policy: Policy::default(), ..trust(&service) };
    let Err(SavedError::Policy(failure)) = judge(&saved, &strict) else { panic!() };
    assert_eq!(failure.class, Class::UntrustedRoot);
}

#[tokio::test]
async fn only_the_verified_enclave_signs_what_is_saved_and_only_for_this_call() {
    let service = Service::start();
    let ask = async || client(&service).saved_summary(&session()).await.map(|_| ());
    service.answers(signs(SigningKey::from_bytes(&[5; 32]), Tag::Answer));
    assert!(matches!(ask().await, Err(Failure::NotSigned)), "another key");
    service.answers(signs(result_key(), Tag::Receipt));
    assert!(matches!(ask().await, Err(Failure::NotSigned)), "a receipt is no answer");
    service.answers(|route, _| {
        let call = json!({ "sign": "of another call" });
        (200, signed(&result_key(), Tag::Answer, route, &call, &summary("live", 1.0)))
    });
    assert!(matches!(ask().await, Err(Failure::NotSigned)), "of another call");
    service.answers(|_, call| {
        (200, signed(&result_key(), Tag::Answer, Route::Metrics, call, &summary("live", 1.0)))
    });
    assert!(matches!(ask().await, Err(Failure::NotSigned)), "of another route");
    service.answers(well);
    assert!(ask().await.is_err(), "not signed at all");
}

#[tokio::test]
async fn no_bytes_of_a_stranger_are_judged_to_hold() {
    let service = Service::start();
    let text = saved(&service).await.to_json().into_bytes();
    let mut state = 3_u64;
    for _ in 0..3000 {
        let mut bytes = text.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % bytes.len();
            bytes[at] = u8::try_from(state >> 25 & 0x7f).unwrap();
        }
        fuzz_saved(&bytes);
        protocol::signed::fuzz_signed_answer(&bytes);
    }
}
