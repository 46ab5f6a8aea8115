//! Intel's family of evidence: SGX DCAP quotes of version 3 (ATTESTATION.md section 4, steps 1 to 14). TDX will
//! stand here beside it; until then it is `unsupported`.
//!
//! Each step is a check of ours with a class of its own; `dcap-qvl` then judges the same bytes as a whole (section 6).

mod der;
mod certificate;
mod quote;
mod collateral;
mod platform;
mod tcb;
mod enclave;

use crate::evidence::{Collateral, Tee, limits};
use crate::failure::{Checked, Checklist, Class, Failure, Step, ensure, refuse};
use crate::policy::Policy;
use crate::roots::Roots;
pub(crate) use certificate::Certificate;
pub(crate) use collateral::complete;
use quote::{Header, Quote, Report};
pub(crate) use tcb::Tcb;
pub use tcb::TcbStatus;

/// What genuine evidence says, once steps 1 to 14 have passed.
#[derive(Clone, Debug)]
pub(crate) struct Genuine {
    pub(crate) report: Report,
    pub(crate) tcb: Tcb,
    pub(crate) identity_checked: bool,
}

/// Steps 1 to 14 for SGX evidence.
pub(crate) fn verify(
    list: &mut Checklist,
    tee: Tee,
    evidence: &[u8],
    collateral: Option<&Collateral>,
    policy: &Policy,
    roots: &Roots,
    now: u64,
) -> Result<Genuine, Failure> {
    let header = list.record(Step::Parse, form(evidence))?;
    let (quote, pck_chain) = list.record(Step::Supported, supported(header, evidence))?;
    let root = list.record(Step::Root, root(tee, policy, roots))?;
    let (collateral, parsed) = list.record(Step::Collateral, complete(collateral, &root))?;
    list.record(
        Step::Dates,
        collateral::dates(&parsed, &pck_chain, &root, policy.max_collateral_age_s, now),
    )?;
    list.record(Step::TcbSigner, collateral::signed(collateral, &parsed, &root))?;
    let platform =
        list.record(Step::PlatformChain, platform::chain(&pck_chain, collateral, &parsed, &root))?;
    list.record(Step::QuotingEnclave, platform::quoting_enclave(&quote, &platform, &parsed))?;
    list.record(Step::QuoteSignature, platform::quote_signature(&quote))?;
    list.record(Step::Match, platform::fits(&platform.extension, &parsed))?;
    let second = tcb::SecondJudge { evidence, collateral, root: &root.der, now };
    let tcb = list.record(Step::TcbLevel, tcb::level(&parsed, &quote, &platform.extension, &second))?;
    let releases = enclave::candidates(&quote.report, policy);
    list.record(Step::TcbPolicy, tcb::policy(&tcb, &platform.extension, &releases, policy, now))?;
    list.record(Step::Attributes, enclave::attributes(&quote.report, tee, &releases, policy))?;
    list.record(Step::Identity, enclave::identity(&quote.report, &tcb, policy, now))?;
    Ok(Genuine { report: quote.report, tcb, identity_checked: policy.enforced.identity })
}

/// Step 1: sizes and header. What follows the header depends on its version, so the rest is parsed in step 2.
fn form(evidence: &[u8]) -> Checked<Header> {
    ensure(evidence.len() <= limits::EVIDENCE, Class::Malformed, "the evidence is too large")?;
    let header = Header::parse(evidence)?;
    Ok((header, format!("quote of {} bytes", evidence.len())))
}

/// Step 2: version, key type, vendor and TEE; then the body in the form they promise.
fn supported(header: Header, evidence: &[u8]) -> Checked<(Quote, Vec<Certificate>)> {
    header.supported()?;
    let quote = Quote::parse(evidence)?;
    let Some(chain) = Certificate::parse_chain(&quote.chain_pem, limits::CHAIN) else {
        return refuse(Class::Malformed, "the quote's certificate chain does not parse");
    };
    Ok(((quote, chain), format!("SGX quote version {}, ECDSA P-256", header.version)))
}

/// Step 3: trust root chosen by `tee`; a development TEE needs the explicit development root.
fn root(tee: Tee, policy: &Policy, roots: &Roots) -> Checked<Certificate> {
    let Some(root) = roots.for_tee(tee).and_then(Certificate::parse) else {
        return refuse(
            Class::UntrustedRoot,
            format!("no root is trusted here for evidence of kind {}", tee.name()),
        );
    };
    if !policy.tee.contains(&tee) {
        return refuse(
            Class::UntrustedRoot,
            format!("the policy does not accept evidence of kind {}", tee.name()),
        );
    }
    let seen =
        if tee.is_development() { "DEVELOPMENT root given by the caller" } else { "Intel SGX Root CA" };
    Ok((root, seen.to_owned()))
}
