//! `perfagg verify`: judges an answer that somebody saved, offline, for someone who was not there.

use super::{
    metrics::{self, Metrics},
    summary, unproven, verdict,
};
use crate::{
    complaint::Complaint,
    figure,
    output::{DEVELOPMENT, Output, plain},
};
use perfagg::{Judged, Saved, SavedError, Trust};
use protocol::{api::Summary, signed::Signed};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// What nobody who holds the file can know from it.
const NOT_PROVEN: [&str; 5] = [
    "that these are the newest figures: the account may have done worse since, or another answer may say more",
    "when it was signed, but by the enclave's own clock, which it holds against the exchanges'",
    "whose account it is, and that the trader has no other account: only that one exchange account did this",
    "that the exchange told the truth about the account",
    "that the platform was sound beyond what its vendor knew when the evidence was made",
];

/// Judges the file and shows what it says.
pub(super) fn run(output: Output, path: &Path, trust: &Trust) -> Result<(), Complaint> {
    let judged = judge(path, trust)?;
    let text = if output.json { json(&judged).to_string() } else { people(&judged)? };
    output.result(&text)
}

/// The key that signed a saved answer, if its evidence vouches for it and the policy accepts that.
pub(super) fn result_key(path: &Path, trust: &Trust) -> Result<[u8; 32], Complaint> {
    // Where 2 would say that a log holds, evidence against the policy is as none.
    judge(path, trust).map(|judged| judged.signed.key).map_err(Complaint::where_two_is_a_verdict)
}

fn judge(path: &Path, trust: &Trust) -> Result<Judged, Complaint> {
    let judged = Saved::parse(&read(path)?).and_then(|saved| saved.judge(trust));
    judged.map_err(|error| refused(&error, trust))
}

fn read(path: &Path) -> Result<Vec<u8>, Complaint> {
    let most = u64::try_from(Saved::BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let outcome = if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    outcome.map_err(|error| {
        let title = format!("{} cannot be read: {}", plain(&path.display().to_string()), error.kind());
        Complaint::unverified(1, "unreadable", &title, "Name a file that perfagg summary --save wrote.")
    })?;
    Ok(bytes)
}

fn refused(error: &SavedError, trust: &Trust) -> Complaint {
    match error {
        SavedError::Form(_) => Complaint::unverified(
            1,
            error.code(),
            &format!("it proves nothing: {error}"),
            "The file was changed, or was never an answer of an enclave. Believe nothing of it.",
        ),
        SavedError::Evidence(_) => Complaint::unverified(
            1,
            error.code(),
            &format!("its evidence is not genuine: {error}"),
            "Believe nothing of it. If it is of a development enclave: --dangerous-development-root PEM accepts evidence \
             under that root, which proves nothing about hardware.",
        ),
        SavedError::Policy(_) => Complaint::unverified(
            2,
            error.code(),
            &format!("genuine evidence that the policy does not accept: {error}"),
            if trust.names_no_release() {
                "No release of the enclave is published yet, so no program is accepted by default."
            } else {
                "It was signed inside such hardware, by a program or on a platform that this policy refuses."
            },
        ),
    }
}

fn not_proven(judged: &Judged) -> Vec<&'static str> {
    unproven::of_evidence(judged.enclave.evidence()).into_iter().chain(NOT_PROVEN).collect()
}

fn json(judged: &Judged) -> Value {
    let Judged { enclave, signed, body } = judged;
    let mut json = json!({
        "ok": true, "error": null, "err": "",
        "signed_at": signed_at(signed),
        "result_key": hex::encode(signed.key),
        "development": enclave.development(),
        "tee": enclave.evidence().tee().name(),
        "measurement": hex::encode(enclave.evidence().measurement()),
        "measurement_checked": enclave.evidence().measurement_checked(),
        "bundle_sha256": hex::encode(enclave.bundle_sha256()),
        "not_proven": not_proven(judged),
        "answer": body,
    });
    if let (Value::Object(json), Value::Object(verdict)) = (&mut json, verdict::json(enclave.evidence())) {
        json.extend(verdict);
    }
    json
}

fn people(judged: &Judged) -> Result<String, Complaint> {
    let Judged { enclave, signed, body } = judged;
    let warning = if enclave.development() { format!("{DEVELOPMENT}\n\n") } else { String::new() };
    let evidence = enclave.evidence();
    let mut facts = verdict::facts();
    facts
        .row(&["signed", &figure::time(&signed_at(signed))])
        .row(&["by the key", &hex::encode(signed.key)])
        .row(&["made inside", verdict::hardware(evidence.tee())]);
    verdict::program(evidence, &mut facts);
    let amber = verdict::amber_remark(evidence).map_or_else(String::new, |remark| format!("{remark}\n"));
    let figures = match Metrics::deserialize(body) {
        Ok(metrics) if body.get("symbols").is_some() => metrics::people(&metrics),
        _ => summary::people(&shape(body)?, "the exchange"),
    };
    Ok(format!(
        "{warning}The signature is right, and the evidence vouches for its key.\n{amber}\n{}\n{}\n{figures}",
        facts.render(),
        unproven::framed(&not_proven(judged)),
    ))
}

fn shape(body: &Value) -> Result<Summary, Complaint> {
    Summary::deserialize(body).map_err(|_| {
        Complaint::unverified(
            1,
            "malformed",
            "signed, but not in a form that this version knows",
            "A newer perfagg may know it.",
        )
    })
}

/// The judgement took it for an instant since 1970.
fn signed_at(signed: &Signed) -> String {
    figure::instant(u64::try_from(signed.created_s).unwrap_or_default())
}
