//! What is answered.

use crate::request::{self, Call, Evidence, Kept, Verify};
use crate::saved::{Judged, Saved, SavedError};
use crate::words::{self, Speaker::Library};
use attestation::verdict::{Verdict, amber_json, behind_json, instant, steps_json};
use attestation::{
    Bundle, Class, Failure, Families, Mode, Outcome, Policy, Release, Step, VerifiedEnclave,
    VerifiedEvidence, verify_among, verify_evidence,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

/// The answer to a request, whatever it holds. A request that is not understood is refused like evidence that is malformed.
pub fn answer(request: &[u8]) -> String {
    let answer = match request::call(request) {
        Ok((Call::Verify, json)) => Verify::parse(json).map(|asked| of_bundle(&asked, Families::ALL)),
        Ok((Call::VerifyEvidence, json)) => Evidence::parse(json).map(|asked| verdict(&asked).json()),
        Ok((Call::VerifySaved, json)) => match Kept::parse(json) {
            Ok(asked) => return of_saved(&asked),
            Err(text) => Err(text),
        },
        Err(text) => Err(text),
    };
    answer.unwrap_or_else(not_understood).to_string()
}

/// The same, of bundles with Intel's evidence alone: a build that has nothing but this is smaller.
pub fn answer_dcap(request: &[u8]) -> String {
    of_one_family(request, Families::DCAP)
}

/// The same, of AMD's alone.
pub fn answer_sev_snp(request: &[u8]) -> String {
    of_one_family(request, Families::SEV_SNP)
}

/// The same, of that of AWS alone.
pub fn answer_nitro(request: &[u8]) -> String {
    of_one_family(request, Families::NITRO)
}

fn of_one_family(request: &[u8], family: Families) -> String {
    let answer = match request::call(request) {
        Ok((Call::Verify, json)) => Verify::parse(json).map(|asked| of_bundle(&asked, family)),
        Ok((Call::VerifyEvidence | Call::VerifySaved, _)) => {
            Err("this build judges bundles alone".to_owned())
        }
        Err(text) => Err(text),
    };
    answer.unwrap_or_else(not_understood).to_string()
}

fn of_bundle(asked: &Verify, families: Families) -> Value {
    let Verify { bundle, policy, roots, expected, now } = asked;
    let bundle = Bundle::parse(bundle.as_bytes());
    match bundle.and_then(|bundle| verify_among(families, &bundle, policy, roots, expected, *now)) {
        Ok(enclave) => {
            let said = said(
                enclave.evidence(),
                Some(words::connection(enclave.mode(), Library)),
                &words::OF_A_SERVICE,
            );
            json!({ "ok": true, "enclave": enclave_json(&enclave), "said": said })
        }
        Err(failure) => refusal(&failure),
    }
}

fn not_understood(text: String) -> Value {
    let (class, step) = (Class::Malformed, Step::Parse);
    refusal(&Failure { class, step, text, passed: Vec::new(), behind: None })
}

fn verdict(asked: &Evidence) -> Verdict {
    let Evidence { tee, evidence, collateral, judged_by, report_data, now } = asked;
    let (policy, roots) = match judged_by {
        Ok(judged_by) => judged_by,
        Err(text) => return Verdict::unusable(text.clone()),
    };
    Verdict::of(policy, |policy: &Policy| {
        let collateral = collateral.clone().transpose()?;
        verify_evidence(*tee, evidence, collateral.as_ref(), policy, roots, report_data.as_ref(), *now)
    })
}

/// A saved answer that holds.
#[derive(Serialize)]
struct Holds<'a> {
    ok: bool,
    /// By the enclave's clock.
    signed_at: String,
    /// Hex, as `perfagg verify` says it.
    result_key: String,
    /// What was asked for.
    path: &'a str,
    enclave: Value,
    said: Value,
    /// To the letter: no number is read and written again.
    body: &'a RawValue,
}

fn of_saved(asked: &Kept) -> String {
    let Kept { saved, receipt, policy, roots } = asked;
    let saved = Saved::parse(saved.as_bytes());
    let judged = saved.as_ref().map_err(Clone::clone).and_then(|saved| match receipt {
        true => Ok((saved, saved.judge_receipt(policy, roots)?)),
        false => Ok((saved, saved.judge(policy, roots)?)),
    });
    let (saved, Judged { enclave, signed, .. }) = match judged {
        Ok(judged) => judged,
        Err(error) => return saved_refusal(&error, policy).to_string(),
    };
    let Ok(body) = serde_json::from_str(&saved.answer.body) else {
        // It was read before.
        return not_understood("the answer is not JSON".to_owned()).to_string();
    };
    let open: &[&'static str] = if *receipt { &words::OF_A_RECEIPT } else { &words::OF_A_SAVED_ANSWER };
    let holds = Holds {
        ok: true,
        signed_at: instant(u64::try_from(signed.created_s).unwrap_or_default()),
        result_key: hex::encode(signed.key),
        path: &saved.answer.path,
        enclave: enclave_json(&enclave),
        said: said(enclave.evidence(), None, open),
        body,
    };
    // Texts and numbers always serialise.
    serde_json::to_string(&holds).unwrap_or_default()
}

fn saved_refusal(error: &SavedError, policy: &Policy) -> Value {
    let (kind, failure) = match error {
        SavedError::Form(_) => ("form", None),
        SavedError::Evidence(failure) => ("evidence", Some(failure)),
        SavedError::Policy(failure) => ("policy", Some(failure)),
    };
    json!({
        "ok": false,
        "kind": kind,
        "code": error.code(),
        "class": error.class().as_str(),
        "text": error.title(),
        "hint": error.advice(policy, Library),
        "step": failure.map(|failure| failure.step.number()),
        "step_name": failure.map(|failure| failure.step.name()),
    })
}

fn refusal(failure: &Failure) -> Value {
    json!({
        "ok": false,
        "class": failure.class.as_str(),
        "step": failure.step.number(),
        "step_name": failure.step.name(),
        "text": failure.text,
        "hint": words::advice(failure, Library),
        "against_policy": failure.is_against_policy(),
        "behind": failure.behind.as_deref().map(behind_json),
        "steps": steps_json(&failure.passed),
    })
}

/// The verdict in plain words.
fn said(evidence: &VerifiedEvidence, connection: Option<&str>, of_all: &[&'static str]) -> Value {
    let mut not_proven = words::left_open(evidence);
    not_proven.extend(of_all);
    json!({
        "headline": words::headline(evidence),
        "program": words::program(evidence),
        "hardware": words::hardware(evidence.tee()),
        "platform": words::patch_level(evidence),
        "amber": words::amber_remark(evidence),
        "connection": connection,
        "not_proven": not_proven,
    })
}

fn enclave_json(enclave: &VerifiedEnclave) -> Value {
    let evidence: &VerifiedEvidence = enclave.evidence();
    let base64url = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({
        "hpke_public_key": base64url(enclave.hpke_public_key()),
        "result_key": base64url(enclave.result_key()),
        "keyset_hash": base64url(&enclave.keyset_hash()),
        "epoch": enclave.epoch(),
        "environment": enclave.environment(),
        "time": enclave.time().enclave,
        "development": enclave.development(),
        "tee": evidence.tee().name(),
        "measurement": hex::encode(evidence.measurement()),
        "measurement_checked": evidence.measurement_checked(),
        "release": evidence.release().and_then(Release::name),
        "outcome": evidence.outcome().map(|outcome| match outcome {
            Outcome::Green => json!("green"),
            Outcome::Amber(amber) => json!({ "amber": amber_json(amber) }),
        }),
        "tcb": {
            "status": evidence.tcb_status().map(|status| status.to_string()),
            "advisories": evidence.advisories(),
            "evaluation": evidence.tcb_evaluation_number(),
        },
        "valid_until": instant(evidence.earliest_expiration()),
        "mode": enclave.mode().map(|mode| match mode {
            Mode::Direct => "direct",
            Mode::Relayed => "relayed",
        }),
        "config": enclave.config().document(),
        "config_sha256": hex::encode(enclave.config().sha256()),
        "bundle_sha256": hex::encode(enclave.bundle_sha256()),
        "platform_ids": evidence.platform_ids(),
        "steps": steps_json(evidence.passed()),
    })
}
