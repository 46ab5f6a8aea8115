//! `perfagg attest`: what was verified, step by step, in the order of ATTESTATION.md section 4.

use super::{Journey, parse_url};
use crate::{
    complaint::Complaint,
    figure,
    output::DEVELOPMENT,
    table::{Align, Table},
};
use attestation::{Mode, VerifiedEnclave, VerifiedEvidence};
use ledger::Timestamp;
use perfagg::Failure;
use protocol::rfc3339;
use serde_json::{Value, json};

/// Verifies the enclave behind `url` and shows it.
pub(super) async fn run(journey: &Journey, url: &str) -> Result<(), Complaint> {
    let mut client = journey.client(parse_url(url)?, &["live", "sandbox"]);
    let url = client.url().to_string();
    client.attest().await?;
    if let Some(mut session) = journey.session_at(client.url()) {
        journey.remember(&mut session, &client)?;
    }
    let Some(enclave) = client.enclave() else { return Err(Failure::AnswerForm.into()) };
    let text = if journey.output.json { json(&url, enclave).to_string() } else { people(&url, enclave) };
    journey.output.result(&text)
}

fn json(url: &str, enclave: &VerifiedEnclave) -> Value {
    let evidence = enclave.evidence();
    let (product, security_version) = evidence.product().unzip();
    let steps: Vec<Value> = evidence
        .passed()
        .iter()
        .map(
            |passed| json!({ "step": passed.step.number(), "name": passed.step.name(), "seen": passed.seen }),
        )
        .collect();
    json!({
        "service_url": url,
        "development": enclave.development(),
        "mode": match enclave.mode() {
            Some(Mode::Direct) => "direct",
            Some(Mode::Relayed) | None => "relayed",
        },
        "tee": evidence.tee().name(),
        "measurement": hex::encode(evidence.measurement()),
        "measurement_checked": evidence.measurement_checked(),
        "signer": evidence.signer().map(hex::encode),
        "product": product,
        "security_version": security_version,
        "tcb": {
            "status": evidence.tcb_status().map(|status| status.to_string()),
            "advisories": evidence.advisories(),
            "evaluation": evidence.tcb_evaluation_number(),
        },
        "valid_until": instant(evidence.earliest_expiration()),
        "epoch": enclave.epoch(),
        "keyset_hash": hex::encode(enclave.keyset_hash()),
        "hpke_public_key": hex::encode(enclave.hpke_public_key()),
        "result_key": hex::encode(enclave.result_key()),
        "environment": enclave.environment(),
        "config": enclave.config().document(),
        "config_sha256": hex::encode(enclave.config().sha256()),
        "time": instant(enclave.time().enclave),
        "bundle_sha256": hex::encode(enclave.bundle_sha256()),
        "steps": steps,
    })
}

fn people(url: &str, enclave: &VerifiedEnclave) -> String {
    let evidence = enclave.evidence();
    let mut steps = Table::new(&[Align::Right, Align::Left, Align::Left]);
    for passed in evidence.passed() {
        steps.row(&[&passed.step.number().to_string(), passed.step.name(), &shortened(&passed.seen)]);
    }
    let warning = if enclave.development() { format!("\n{DEVELOPMENT}\n") } else { String::new() };
    let meaning = match (enclave.development(), evidence.measurement_checked()) {
        (true, _) => {
            "Verified as far as development evidence goes: the parts fit together, nothing more is proven."
        }
        (false, true) => {
            "Verified: genuine hardware runs a released program, and the key that calls are sealed to was made inside."
        }
        (false, false) => "Genuine hardware, but the program was not compared with a release.",
    };
    format!(
        "Enclave at {url}\n{warning}\nVerified in the order of ATTESTATION.md, section 4\n\n{}\nWhat answers there\n\n{}\n{meaning}\n",
        steps.render(),
        facts(enclave),
    )
}

/// Without the greater part of long hashes: what they are stands below, and in the JSON.
fn shortened(seen: &str) -> String {
    let word = |word: &str| match word.get(..16) {
        Some(start) if word.len() >= 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{start}…")
        }
        _ => word.to_owned(),
    };
    // A hash may have a comma behind it.
    seen.split_inclusive([' ', ','])
        .map(|part| part.split_at(part.trim_end_matches([' ', ',']).len()))
        .map(|(hash, end)| word(hash) + end)
        .collect()
}

fn tcb(evidence: &VerifiedEvidence) -> String {
    let (Some(status), Some(evaluation)) = (evidence.tcb_status(), evidence.tcb_evaluation_number()) else {
        return figure::NONE.to_owned();
    };
    let advisories = match evidence.advisories() {
        [] => "no advisories".to_owned(),
        some => some.join(", "),
    };
    format!("{status}, {advisories}, evaluation {evaluation}")
}

fn facts(enclave: &VerifiedEnclave) -> String {
    let evidence = enclave.evidence();
    let product = evidence.product().map_or(figure::NONE.to_owned(), |(product, security_version)| {
        format!("{product}, security version {security_version}")
    });
    let checked =
        if evidence.measurement_checked() { "that of a release" } else { "not compared with any release" };
    let config = enclave.config().document();
    let ttl = |which: &str| {
        config.pointer(which).and_then(Value::as_u64).map_or(figure::NONE.to_owned(), figure::duration)
    };
    let venues = config.get("venues").and_then(Value::as_array).into_iter().flatten();
    let venues: Vec<&str> = venues.filter_map(Value::as_str).collect();
    let mut facts = Table::new(&[Align::Left, Align::Left]);
    facts
        .row(&["kind of evidence", evidence.tee().name()])
        .row(&["measurement", &hex::encode(evidence.measurement())])
        .row(&["", checked])
        .row(&["signer", &evidence.signer().map_or(figure::NONE.to_owned(), hex::encode)])
        .row(&["product", &product])
        .row(&["TCB", &tcb(evidence)])
        .row(&["valid until", &figure::time(&instant(evidence.earliest_expiration()))])
        .row(&["epoch of its keys", &enclave.epoch().to_string()])
        .row(&["environment", &enclave.environment().join(", ")])
        .row(&["exchanges", &venues.join(", ")])
        .row(&[
            "sessions",
            &format!(
                "{} unless asked otherwise, at most {}",
                ttl("/session_ttl/default"),
                ttl("/session_ttl/max")
            ),
        ])
        .row(&["configuration", &hex::encode(enclave.config().sha256())])
        .row(&["version", &figure::text(config, "version").unwrap_or_default()])
        .row(&["its time", &figure::time(&instant(enclave.time().enclave))])
        .row(&["evidence, SHA-256", &hex::encode(enclave.bundle_sha256())]);
    facts.render()
}

fn instant(unix_s: u64) -> String {
    // Beyond the year 9999 nothing is shown that could be mistaken for an instant.
    let seconds = i64::try_from(unix_s).ok().filter(|seconds| *seconds < 253_402_300_800);
    seconds.map_or_else(|| unix_s.to_string(), |seconds| rfc3339(Timestamp::from_millis(seconds * 1000)))
}
