//! What is answered.

use crate::request::{self, Call, Evidence, Verify};
use attestation::verdict::{Verdict, amber_json, instant, steps_json};
use attestation::{
    Bundle, Class, Expected, Failure, Mode, Outcome, Policy, Release, Roots, Step, VerifiedEnclave,
    VerifiedEvidence, verify, verify_dcap, verify_evidence,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

/// The answer to a request, whatever it holds. A request that is not understood is refused like evidence that is malformed.
pub fn answer(request: &[u8]) -> String {
    let answer = match request::call(request) {
        Ok((Call::Verify, json)) => Verify::parse(json).map(|asked| of_bundle(&asked, verify)),
        Ok((Call::VerifyEvidence, json)) => Evidence::parse(json).map(|asked| verdict(&asked).json()),
        Err(text) => Err(text),
    };
    answer.unwrap_or_else(not_understood).to_string()
}

/// The same, of bundles with Intel's evidence alone: a build that has nothing but this is smaller.
pub fn answer_dcap(request: &[u8]) -> String {
    let answer = match request::call(request) {
        Ok((Call::Verify, json)) => Verify::parse(json).map(|asked| of_bundle(&asked, verify_dcap)),
        Ok((Call::VerifyEvidence, _)) => Err("this build judges bundles alone".to_owned()),
        Err(text) => Err(text),
    };
    answer.unwrap_or_else(not_understood).to_string()
}

type Judge = fn(&Bundle, &Policy, &Roots, &Expected, u64) -> Result<VerifiedEnclave, Failure>;

fn of_bundle(asked: &Verify, judge: Judge) -> Value {
    let Verify { bundle, policy, roots, expected, now } = asked;
    let bundle = Bundle::parse(bundle.as_bytes());
    match bundle.and_then(|bundle| judge(&bundle, policy, roots, expected, *now)) {
        Ok(enclave) => json!({ "ok": true, "enclave": enclave_json(&enclave) }),
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

fn refusal(failure: &Failure) -> Value {
    json!({
        "ok": false,
        "class": failure.class.as_str(),
        "step": failure.step.number(),
        "step_name": failure.step.name(),
        "text": failure.text,
        "against_policy": failure.is_against_policy(),
        "steps": steps_json(&failure.passed),
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
