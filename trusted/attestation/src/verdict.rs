//! A verdict as JSON (ATTESTATION.md section 16): one code for the command and for the wasm build, so that they say the
//! same. Pure, as what it shows.
//!
//! Not here: verdicts for people.

use crate::failure::{Class, Failure, Passed};
use crate::genuine::{Identity, SnpSigningKey};
use crate::instant;
use crate::outcome::{Amber, Behind, Outcome};
use crate::policy::Policy;
use crate::verify::VerifiedEvidence;
use serde_json::{Value, json};

/// What an offline tool says of evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it comes to.
    pub kind: VerdictKind,
    /// The class of the refusal.
    pub error: Option<Class>,
    /// The refusal in words; empty where there is none.
    pub text: String,
    /// What genuine evidence says; empty of what is not.
    pub decoded: Value,
}

/// What a verdict comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictKind {
    /// It holds, in everything that was asked.
    Verified,
    /// It is not genuine, or not readable.
    Invalid,
    /// It is genuine, and not what the policy asks for.
    AgainstPolicy,
}

impl Verdict {
    /// Judges by `policy`, and what the policy alone does not accept by none as well: it is genuine all the same, and
    /// shown.
    pub fn of(policy: &Policy, judge: impl Fn(&Policy) -> Result<VerifiedEvidence, Failure>) -> Self {
        let failure = match judge(policy) {
            Ok(evidence) => {
                let decoded = decoded(&evidence);
                return Self { kind: VerdictKind::Verified, error: None, text: String::new(), decoded };
            }
            Err(failure) => failure,
        };
        let mut claims = Policy::dangerous_claims_only();
        (claims.allow_debug, claims.max_collateral_age_s) = (policy.allow_debug, policy.max_collateral_age_s);
        let genuine = failure.is_against_policy().then(|| judge(&claims)).and_then(Result::ok);
        let mut said = genuine.as_ref().map_or_else(|| json!({}), decoded);
        if let (Value::Object(said), Some(behind)) = (&mut said, &failure.behind) {
            said.insert("behind".to_owned(), behind_json(behind));
        }
        Self {
            kind: if genuine.is_some() { VerdictKind::AgainstPolicy } else { VerdictKind::Invalid },
            error: Some(failure.class),
            text: failure.to_string(),
            decoded: said,
        }
    }

    /// Of what cannot be judged: a value that is none of what it stands for.
    pub fn unusable(text: String) -> Self {
        Self { kind: VerdictKind::Invalid, error: None, text, decoded: json!({}) }
    }

    /// The document that `perfagg verify-evidence` prints.
    pub fn json(&self) -> Value {
        json!({
            "ok": self.kind == VerdictKind::Verified, "error": self.error.map(Class::as_str),
            "err": self.text, "decoded": self.decoded,
        })
    }
}

/// The members `outcome`, `amber`, `release` and `platform_ids`.
pub fn outcome_json(evidence: &VerifiedEvidence) -> Value {
    let outcome = evidence.outcome().map(|outcome| match outcome {
        Outcome::Green => "green",
        Outcome::Amber(_) => "amber",
    });
    let amber = evidence.outcome().and_then(|outcome| match outcome {
        Outcome::Green => None,
        Outcome::Amber(amber) => Some(amber_json(amber)),
    });
    json!({
        "outcome": outcome,
        "amber": amber,
        "release": evidence.release().map(|release| json!({ "name": release.name() })),
        "platform_ids": evidence.platform_ids(),
    })
}

/// How a platform that is behind passes.
pub fn amber_json(Amber { behind, reason, until }: &Amber) -> Value {
    let mut amber = behind_json(behind);
    if let Value::Object(amber) = &mut amber {
        amber.insert("reason".to_owned(), plain(reason).into());
        amber.insert("until".to_owned(), instant(*until).into());
    }
    amber
}

/// How far a platform is behind.
pub fn behind_json(behind: &Behind) -> Value {
    json!({
        "status": behind.status.to_string(),
        "part": behind.part.name(),
        "since": behind.since.map(instant),
        "advisories": behind.advisories,
    })
}

/// The steps that passed: number, name, and what was seen.
pub fn steps_json(passed: &[Passed]) -> Value {
    let step = |passed: &Passed| json!({ "step": passed.step.number(), "name": passed.step.name(), "seen": passed.seen });
    passed.iter().map(step).collect()
}

/// `2026-11-22T07:12:03Z`; seconds as a number where the year would need five digits.
pub fn instant(unix: u64) -> String {
    const YEAR_10000: u64 = 253_402_300_800;
    if unix < YEAR_10000 { instant::rfc3339(unix) } else { unix.to_string() }
}

/// A text from outside, without what could move a terminal or hide what it says, and of bounded length.
pub fn plain(text: &str) -> String {
    const CHARS_MAX: usize = 1000;
    let hides = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().take(CHARS_MAX).map(|char| if hides(char) { ' ' } else { char }).collect()
}

/// What genuine evidence says.
fn decoded(evidence: &VerifiedEvidence) -> Value {
    let steps = evidence.passed().iter();
    let steps: Vec<_> =
        steps.map(|passed| json!({ "step": passed.step.number(), "seen": passed.seen })).collect();
    let mut decoded = json!({
        "tee": evidence.tee().name(),
        "development": evidence.tee().is_development(),
        "identity": if evidence.measurement_checked() { "checked" } else { "unchecked" },
        "debug": evidence.debug(),
        "report_data": hex::encode(evidence.report_data()),
        "earliest_expiration": evidence.earliest_expiration(),
        "steps": steps,
    });
    if let Value::Object(decoded) = &mut decoded {
        if let Some(status) = evidence.tcb_status() {
            let tcb = json!({
                "status": status.to_string(), "advisory_ids": evidence.advisories(),
                "tcb_evaluation_data_number": evidence.tcb_evaluation_number(),
            });
            decoded.insert("tcb".to_owned(), tcb);
        }
        if let (Some(_), Value::Object(verdict)) = (evidence.outcome(), outcome_json(evidence)) {
            decoded.extend(verdict);
        }
        if let Value::Object(identity) = identity(evidence.identity()) {
            decoded.extend(identity);
        }
    }
    decoded
}

fn identity(identity: &Identity) -> Value {
    match identity {
        Identity::Sgx(enclave) => json!({
            "mrenclave": hex::encode(enclave.mr_enclave),
            "mrsigner": hex::encode(enclave.mr_signer),
            "isv_prod_id": enclave.isv_prod_id,
            "isv_svn": enclave.isv_svn,
            "attributes": hex::encode([enclave.flags.to_le_bytes(), enclave.xfrm.to_le_bytes()].concat()),
            "misc_select": enclave.misc_select,
        }),
        Identity::Tdx(domain) => {
            let [rtmr0, rtmr1, rtmr2, rtmr3] = domain.rtmr.map(hex::encode);
            json!({
                "mr_td": hex::encode(domain.mr_td),
                "rtmr0": rtmr0, "rtmr1": rtmr1, "rtmr2": rtmr2, "rtmr3": rtmr3,
                "mr_seam": hex::encode(domain.mr_seam),
                "mr_config_id": hex::encode(domain.mr_config_id),
                "mr_owner": hex::encode(domain.mr_owner),
                "mr_owner_config": hex::encode(domain.mr_owner_config),
                "tee_tcb_svn": hex::encode(domain.tee_tcb_svn),
                "td_attributes": hex::encode(domain.attributes.to_le_bytes()),
                "xfam": hex::encode(domain.xfam.to_le_bytes()),
            })
        }
        Identity::Snp(guest) => {
            let tcb = &guest.reported_tcb;
            json!({
                "measurement": hex::encode(guest.measurement),
                "host_data": hex::encode(guest.host_data),
                "chip_id": hex::encode(guest.chip_id),
                "vmpl": guest.vmpl,
                "policy": format!("{:#x}", guest.policy),
                "guest_svn": guest.guest_svn,
                "reported_tcb": {
                    "fmc": tcb.fmc, "bootloader": tcb.bootloader, "tee": tcb.tee, "snp": tcb.snp,
                    "microcode": tcb.microcode,
                },
                "signing_key": match guest.signing_key {
                    SnpSigningKey::Vcek => "VCEK",
                    SnpSigningKey::Vlek => "VLEK",
                },
            })
        }
        Identity::Nitro(enclave) => {
            let pcrs =
                enclave.pcrs.iter().map(|(index, pcr)| (index.to_string(), Value::from(hex::encode(pcr))));
            json!({
                "module_id": plain(&enclave.module_id),
                "timestamp_ms": enclave.timestamp_ms,
                "pcrs": Value::Object(pcrs.collect()),
            })
        }
    }
}
