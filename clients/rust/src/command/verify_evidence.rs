//! `perfagg verify-evidence`: judges files offline, at a given time, and says in JSON what it found (ATTESTATION.md
//! section 16). Exit code 0 is verified, 1 invalid or not readable, 2 genuine but against the policy.

use crate::{
    arguments::VerifyEvidence,
    complaint::{Complaint, exit},
    output::{Output, plain},
};
use attestation::verdict::{Verdict, VerdictKind};
use attestation::{
    Bundle, Collateral, Expected, Failure, Policy, Roots, SnpCollateral, Tee, VerifiedEvidence, limits,
    verify,
};
use perfagg::Clock;
use std::{fs::File, io::Read as _, path::Path};

/// What is read of a file at most: one byte more than any that can be judged.
const FILE_BYTES_MAX: u64 = limits::BUNDLE as u64 + 1;

/// Judges the files and prints the verdict; the exit code says it again.
pub(super) fn run(output: Output, asked: &VerifyEvidence) -> Result<(), Complaint> {
    let (verdict, exit) = match judge(asked) {
        Ok(verdict) => {
            let exit = match verdict.kind {
                VerdictKind::Verified => 0,
                VerdictKind::Invalid => 1,
                VerdictKind::AgainstPolicy => 2,
            };
            (verdict, exit)
        }
        Err(text) => (Verdict::unusable(text), exit::INTERNAL),
    };
    output.result(&verdict.json().to_string())?;
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
    Ok(Verdict::of(&policy, |policy| files.judge(asked, policy, &roots, now)))
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
