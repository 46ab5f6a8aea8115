//! AMD SEV-SNP: reports of version 2, 3 and 5, signed by a chip's key (VCEK) or a provider's (VLEK) (ATTESTATION.md
//! section 4, steps 1 to 14). Steps that Intel's evidence has and AMD's has not say so in the list.

mod report;
mod product;
mod chain;
mod guest;
#[cfg(test)]
mod tests;

use crate::evidence::Tee;
use crate::failure::{Checked, Checklist, Class, Failure, Step, ensure};
use crate::genuine::{Case, Genuine, Identity};
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::roots;
use report::Report;

/// Steps 1 to 14.
pub(crate) fn verify(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    let &Case { tee, evidence, collateral, policy, roots, now } = case;
    list.record(Step::Parse, form(evidence))?;
    let report = list.record(Step::Supported, supported(evidence))?;
    list.record(Step::Root, root(tee, policy))?;
    let chain = list.record(Step::Collateral, chain::complete(collateral, roots))?;
    let earliest_expiration = list.record(Step::Dates, chain.dates(now))?;
    list.record(Step::TcbSigner, Ok(((), "does not apply: AMD signs no TCB info".to_owned())))?;
    list.record(Step::PlatformChain, chain.issued(report.signing_key))?;
    list.record(Step::QuotingEnclave, Ok(((), "does not apply: the VEK signs reports itself".to_owned())))?;
    list.record(Step::QuoteSignature, chain.signature(evidence, &report))?;
    list.record(Step::Match, chain.fits(&report))?;
    list.record(Step::TcbLevel, guest::level(&report, chain.product))?;
    list.record(Step::TcbPolicy, guest::platform(&report, chain.product, policy))?;
    list.record(Step::Attributes, guest::attributes(&report, policy))?;
    let release = list.record(Step::Identity, guest::identity(&report, policy, now))?;
    Ok(Genuine {
        identity: Identity::Snp(Box::new(report.identity(chain.product))),
        report_data: report.report_data.to_vec(),
        also: None,
        debug: report.is_debug(),
        tcb: None,
        earliest_expiration,
        outcome: policy.enforced.tcb.then_some(Outcome::Green),
        platform_ids: guest::platform_ids(&report),
        release,
    })
}

/// What a report says, if it has its form.
pub(crate) fn claimed_report_data(evidence: &[u8]) -> Option<[u8; 64]> {
    Report::parse(evidence).ok().map(|report| report.report_data)
}

/// Step 1: the size. What the fields mean depends on the version, so they are read in step 2.
fn form(evidence: &[u8]) -> Checked<()> {
    let right = evidence.len() == report::REPORT;
    ensure(right, Class::Malformed, "the report has not exactly 1184 bytes")?;
    Ok(((), "report of 1184 bytes".to_owned()))
}

/// Step 2: version and algorithm, and the form that they promise.
fn supported(evidence: &[u8]) -> Checked<Report> {
    let report = Report::parse(evidence)?;
    let seen = format!("SEV-SNP report version {}, ECDSA P-384", report.version);
    Ok((report, seen))
}

/// Step 3: AMD has a root for each product; which one the chain leads to is seen in step 4.
fn root(tee: Tee, policy: &Policy) -> Checked<()> {
    roots::accepted(tee, policy)?;
    Ok(((), "AMD's roots: ARK-Milan, ARK-Genoa, ARK-Turin".to_owned()))
}
