//! `perfagg verify`: judges an answer that somebody saved, offline, for someone who was not there.

use super::{
    erase,
    metrics::{self, Metrics},
    summary, unproven, verdict,
};
use crate::{
    complaint::Complaint,
    figure,
    output::{DEVELOPMENT, Output, plain},
};
use attestation_wasm::words::{self, Speaker};
use perfagg::{Judged, Saved, SavedError, Trust};
use protocol::{
    api::{Erased, Revoked},
    signed::Signed,
};
use serde::{Deserialize as _, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Judges the file and shows what it says.
pub(super) fn run(output: Output, path: &Path, trust: &Trust) -> Result<(), Complaint> {
    let (judged, kind) = judge(path, trust)?;
    let text = if output.json { json(&judged, kind).to_string() } else { people(&judged, kind)? };
    output.result(&text)
}

/// The key that signed a saved answer, if its evidence vouches for it and the policy accepts that.
pub(super) fn result_key(path: &Path, trust: &Trust) -> Result<[u8; 32], Complaint> {
    // Where 2 would say that a log holds, evidence against the policy is as none.
    judge(path, trust).map(|(judged, _)| judged.signed.key).map_err(Complaint::where_two_is_a_verdict)
}

/// What a saved file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answer,
    Receipt,
}

fn judge(path: &Path, trust: &Trust) -> Result<(Judged, Kind), Complaint> {
    let Trust { policy, roots } = trust;
    let judged = Saved::parse(&read(path)?).and_then(|saved| match saved.is_receipt() {
        true => Ok((saved.judge_receipt(policy, roots)?, Kind::Receipt)),
        false => Ok((saved.judge(policy, roots)?, Kind::Answer)),
    });
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
    let exit = if matches!(error, SavedError::Policy(_)) { 2 } else { 1 };
    let advice = error.advice(&trust.policy, Speaker::Command);
    Complaint::unverified(exit, error.class().as_str(), &error.title(), advice)
}

fn not_proven(judged: &Judged, kind: Kind) -> Vec<&'static str> {
    let of_the_kind = match kind {
        Kind::Answer => words::OF_A_SAVED_ANSWER.to_vec(),
        Kind::Receipt => words::OF_A_RECEIPT.to_vec(),
    };
    [words::left_open(judged.enclave.evidence()), of_the_kind].concat()
}

fn json(judged: &Judged, kind: Kind) -> Value {
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
        "receipt": kind == Kind::Receipt,
        "not_proven": not_proven(judged, kind),
        "answer": body,
    });
    if let (Value::Object(json), Value::Object(verdict)) = (&mut json, verdict::json(enclave.evidence())) {
        json.extend(verdict);
    }
    json
}

fn people(judged: &Judged, kind: Kind) -> Result<String, Complaint> {
    let Judged { enclave, signed, body } = judged;
    let warning = if enclave.development() { format!("{DEVELOPMENT}\n\n") } else { String::new() };
    let evidence = enclave.evidence();
    let mut facts = verdict::facts();
    facts
        .row(&["signed", &figure::time(&signed_at(signed))])
        .row(&["by the key", &hex::encode(signed.key)])
        .row(&["made inside", words::hardware(evidence.tee())]);
    verdict::program(evidence, &mut facts);
    let amber = words::amber_remark(evidence).map_or_else(String::new, |remark| format!("{remark}\n"));
    let figures = match Metrics::deserialize(body) {
        Ok(metrics) if body.get("symbols").is_some() => metrics::people(&metrics),
        _ if kind == Kind::Receipt => receipt(body)?,
        _ => summary::people(&shape(body)?, "the exchange"),
    };
    Ok(format!(
        "{warning}The signature is right, and the evidence vouches for its key.\n{amber}\n{}\n{}\n{figures}",
        facts.render(),
        unproven::framed(&not_proven(judged, kind)),
    ))
}

fn receipt(body: &Value) -> Result<String, Complaint> {
    if body.get("erased").is_some() {
        let erased: Erased = shape(body)?;
        return Ok(erase::receipt(&erased));
    }
    let Revoked { revoked: _, at, note } = shape(body)?;
    Ok(format!("Session revoked at {}.\n{}\n", figure::time(&at), plain(&note)))
}

fn shape<T: DeserializeOwned>(body: &Value) -> Result<T, Complaint> {
    T::deserialize(body).map_err(|_| {
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
