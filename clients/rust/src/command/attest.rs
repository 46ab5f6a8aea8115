//! `perfagg attest`: a verdict that anybody can read: what runs, on which machine, how one is connected to it, and what
//! all that does not prove. The steps of ATTESTATION.md section 4 come on demand.

use super::{Journey, parse_url, unproven, verdict};
use crate::{
    complaint::Complaint,
    figure,
    output::DEVELOPMENT,
    table::{Align, Table},
};
use attestation::{Mode, VerifiedEnclave};
use attestation_wasm::words::{self, Speaker};
use perfagg::Failure;
use serde_json::{Value, json};

/// Verifies the enclave behind `url` and shows it.
pub(super) async fn run(journey: &Journey, url: &str, with_steps: bool) -> Result<(), Complaint> {
    let mut client = journey.client(parse_url(url)?, &["live", "sandbox"])?;
    let url = client.url().to_string();
    client.attest().await?;
    if let Some(mut session) = journey.session_at(client.url()) {
        journey.keep(&mut session, &client)?;
    }
    let Some(enclave) = client.enclave() else { return Err(Failure::AnswerForm.into()) };
    journey.output.result(&page(journey, &url, enclave, with_steps))
}

/// The verdict on a verified enclave, for people or as one line of JSON.
pub(super) fn page(journey: &Journey, url: &str, enclave: &VerifiedEnclave, with_steps: bool) -> String {
    if journey.output.json { json(url, enclave).to_string() } else { people(url, enclave, with_steps) }
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
    let mut json = json!({
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
        "valid_until": figure::instant(evidence.earliest_expiration()),
        "epoch": enclave.epoch(),
        "keyset_hash": hex::encode(enclave.keyset_hash()),
        "hpke_public_key": hex::encode(enclave.hpke_public_key()),
        "result_key": hex::encode(enclave.result_key()),
        "environment": enclave.environment(),
        "config": enclave.config().document(),
        "config_sha256": hex::encode(enclave.config().sha256()),
        "time": figure::instant(enclave.time().enclave),
        "bundle_sha256": hex::encode(enclave.bundle_sha256()),
        "steps": steps,
        "not_proven": not_proven(enclave),
    });
    if let (Value::Object(json), Value::Object(verdict)) = (&mut json, verdict::json(evidence)) {
        json.extend(verdict);
    }
    json
}

/// What this verdict leaves open.
fn not_proven(enclave: &VerifiedEnclave) -> Vec<&'static str> {
    [words::left_open(enclave.evidence()), words::OF_A_SERVICE.to_vec()].concat()
}

fn people(url: &str, enclave: &VerifiedEnclave, with_steps: bool) -> String {
    let evidence = enclave.evidence();
    let warning = if enclave.development() { format!("\n{DEVELOPMENT}\n") } else { String::new() };
    let mut sections = vec![("What runs", program(enclave)), ("Which machine", machine(enclave))];
    let connection = connection(enclave);
    if !connection.is_empty() {
        let mut facts = verdict::facts();
        for (name, text) in &connection {
            facts.long_row(name, text);
        }
        sections.push(("How you are connected", facts.render()));
    }
    let sections: String = sections.iter().map(|(title, rows)| format!("{title}\n\n{rows}\n")).collect();
    let last = if with_steps {
        format!("\nVerified in the order of ATTESTATION.md, section 4\n\n{}", steps(enclave))
    } else {
        "\nWith --steps: what was verified, step by step.\n".to_owned()
    };
    format!(
        "Enclave at {url}\n{warning}\n{}\n\n{sections}{}{last}",
        words::headline(evidence),
        unproven::framed(&not_proven(enclave)),
    )
}

/// How the client reached the enclave: rows of a name and what it means.
fn connection(enclave: &VerifiedEnclave) -> Vec<(String, String)> {
    let mode = match enclave.mode() {
        Some(Mode::Direct) => "direct",
        Some(Mode::Relayed) | None => "relayed",
    };
    let meaning = words::connection(enclave.mode(), Speaker::Command);
    [("mode", mode), ("", meaning)].map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()
}

fn steps(enclave: &VerifiedEnclave) -> String {
    let mut steps = Table::new(&[Align::Right, Align::Left, Align::Left]);
    for passed in enclave.evidence().passed() {
        steps.row(&[&passed.step.number().to_string(), passed.step.name(), &shortened(&passed.seen)]);
    }
    steps.render()
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

fn program(enclave: &VerifiedEnclave) -> String {
    let config = enclave.config().document();
    let ttl = |which: &str| {
        config.pointer(which).and_then(Value::as_u64).map_or(figure::NONE.to_owned(), figure::duration)
    };
    let venues = config.get("venues").and_then(Value::as_array).into_iter().flatten();
    let venues: Vec<&str> = venues.filter_map(Value::as_str).collect();
    let mut facts = verdict::facts();
    verdict::program(enclave.evidence(), &mut facts);
    facts
        .row(&["version", &figure::text(config, "version").unwrap_or_default()])
        .row(&["environment", &enclave.environment().join(", ")])
        .long_row("exchanges", &venues.join(", "));
    let addresses = config.get("egress_addresses").and_then(Value::as_array).into_iter().flatten();
    let addresses: Vec<&str> = addresses.filter_map(Value::as_str).collect();
    if !addresses.is_empty() {
        facts.long_row("asked from", &addresses.join(", "));
    }
    facts.row(&[
        "sessions",
        &format!(
            "{} unless asked otherwise, at most {}",
            ttl("/session_ttl/default"),
            ttl("/session_ttl/max")
        ),
    ]);
    verdict::hash_row(&mut facts, "configuration", &enclave.config().sha256());
    facts.row(&["keys of epoch", &enclave.epoch().to_string()]);
    facts.render()
}

fn machine(enclave: &VerifiedEnclave) -> String {
    let mut facts = verdict::facts();
    verdict::machine(enclave.evidence(), &mut facts);
    facts
        .row(&["its time", &figure::time(&figure::instant(enclave.time().enclave))])
        .row(&["evidence, SHA-256", &hex::encode(enclave.bundle_sha256())]);
    facts.render()
}
