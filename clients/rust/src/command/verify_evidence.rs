//! `perfagg verify-evidence`: judges files offline, at a given time, and says in JSON what it found (ATTESTATION.md
//! section 16). Exit code 0 is verified, 1 invalid or not readable, 2 genuine but against the policy.

use super::verdict;
use crate::{
    arguments::VerifyEvidence,
    complaint::{Complaint, exit},
    output::{Output, plain},
};
use attestation::{
    Bundle, Collateral, Expected, Failure, Identity, Policy, Roots, SnpCollateral, SnpSigningKey, Tee,
    VerifiedEvidence, limits, verify,
};
use perfagg::Clock;
use serde_json::{Value, json};
use std::{fs::File, io::Read as _, path::Path};

/// What is read of a file at most: one byte more than any that can be judged.
const FILE_BYTES_MAX: u64 = limits::BUNDLE as u64 + 1;

/// What the files said, and what it makes of the process.
struct Verdict {
    exit: u8,
    error: Option<&'static str>,
    text: String,
    decoded: Value,
}

/// Judges the files and prints the verdict; the exit code says it again.
pub(super) fn run(output: Output, asked: &VerifyEvidence) -> Result<(), Complaint> {
    let verdict = judge(asked).unwrap_or_else(|text| Verdict {
        exit: exit::INTERNAL,
        error: None,
        text,
        decoded: json!({}),
    });
    let Verdict { exit, error, text, decoded } = verdict;
    let json = json!({ "ok": exit == 0, "error": error, "err": text, "decoded": decoded });
    output.result(&json.to_string())?;
    if exit == 0 { Ok(()) } else { Err(Complaint::judged(exit)) }
}

/// The error is a file or a value that cannot be used.
fn judge(asked: &VerifyEvidence) -> Result<Verdict, String> {
    let roots = match &asked.root {
        Some(path) => Roots::dangerous_development(&read(path)?)
            .map_err(|error| format!("{} is no development root: {error}", name(path)))?,
        None => Roots::default(),
    };
    let policy = match &asked.policy {
        Some(path) => {
            Policy::from_offline_json(&read(path)?).map_err(|error| format!("{}: {error}", name(path)))?
        }
        None => Policy::dangerous_claims_only(),
    };
    let now = asked.time.unwrap_or_else(|| Clock::system().now().unix_s);
    let files = Files::read(asked)?;
    Ok(match files.judge(asked, &policy, &roots, now) {
        Ok(evidence) => Verdict { exit: 0, error: None, text: String::new(), decoded: decoded(&evidence) },
        Err(failure) => {
            // What would be refused without a policy too is invalid; what is genuine is shown although the policy does
            // not accept it.
            let mut claims = Policy::dangerous_claims_only();
            (claims.allow_debug, claims.max_collateral_age_s) =
                (policy.allow_debug, policy.max_collateral_age_s);
            let genuine = failure.is_against_policy().then(|| files.judge(asked, &claims, &roots, now));
            let genuine = genuine.and_then(Result::ok);
            let mut said = genuine.as_ref().map_or_else(|| json!({}), decoded);
            if let (Value::Object(said), Some(behind)) = (&mut said, &failure.behind) {
                said.insert("behind".to_owned(), verdict::behind_json(behind));
            }
            Verdict {
                exit: if genuine.is_some() { 2 } else { 1 },
                error: Some(failure.class.as_str()),
                text: failure.to_string(),
                decoded: said,
            }
        }
    })
}

/// The evidence as it lies there, not yet parsed.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Files {
    Bundle(Vec<u8>),
    Parts { tee: Tee, evidence: Vec<u8>, collateral: Option<Result<Collateral, Failure>> },
}

impl Files {
    fn read(asked: &VerifyEvidence) -> Result<Self, String> {
        if let Some(bundle) = &asked.bundle {
            return Ok(Self::Bundle(read(bundle)?));
        }
        let (Some(tee), Some(evidence)) = (asked.tee, &asked.evidence) else {
            return Err("--tee and --evidence are needed where there is no --bundle".to_owned());
        };
        let collateral = match (&asked.collateral, &asked.vek, &asked.chain) {
            (Some(collateral), _, _) => Some(Collateral::parse(&read(collateral)?)),
            (None, Some(vek), Some(chain)) => {
                Some(SnpCollateral::from_files(&read(vek)?, &read(chain)?).map(Collateral::Snp))
            }
            _ => None,
        };
        Ok(Self::Parts { tee, evidence: read(evidence)?, collateral })
    }

    fn judge(
        &self,
        asked: &VerifyEvidence,
        policy: &Policy,
        roots: &Roots,
        now: u64,
    ) -> Result<VerifiedEvidence, Failure> {
        let wanted = asked.report_data.as_ref();
        match self {
            Self::Bundle(bytes) => {
                let bundle = Bundle::parse(bytes)?;
                let expected = Expected { nonce: asked.nonce, asked_at: now, ..Expected::default() };
                let enclave = verify(&bundle, policy, roots, &expected, now)?;
                let evidence = enclave.evidence().clone();
                match wanted {
                    Some(wanted) => evidence.vouches_for(wanted),
                    None => Ok(evidence),
                }
            }
            Self::Parts { tee, evidence, collateral } => {
                let collateral = collateral.clone().transpose()?;
                attestation::verify_evidence(*tee, evidence, collateral.as_ref(), policy, roots, wanted, now)
            }
        }
    }
}

fn name(path: &Path) -> String {
    plain(&path.display().to_string())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| format!("{} cannot be read: {}", name(path), error.kind()))?;
    Ok(bytes)
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
        if let (Some(_), Value::Object(verdict)) = (evidence.outcome(), verdict::json(evidence)) {
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
