//! Intel's family of evidence: DCAP quotes, of SGX enclaves in version 3, of trust domains (TDX) in versions 4 and 5
//! (ATTESTATION.md section 4, steps 1 to 14).
//!
//! Each step is a check of ours with a class of its own; `dcap-qvl` then judges the same bytes as a whole (section 6).
//! Both look at every signature, and each is computed once (`signatures.rs`).

mod der;
mod signatures;
mod certificate;
mod report;
mod quote;
mod collateral;
mod platform;
mod tcb;
mod module;
mod enclave;
mod domain;

use crate::evidence::{Tee, limits};
use crate::failure::{Checked, Checklist, Class, Failure, Step, ensure, refuse};
use crate::genuine::{Case, Genuine};
use crate::policy::Policy;
use crate::roots::{self, Roots};
pub(crate) use certificate::Certificate;
pub(crate) use collateral::complete;
pub use platform::{ClaimedPlatform, PckCa};
use quote::{Body, Header, Quote, is_of_domain};
use signatures::OneVerification;
pub(crate) use tcb::Tcb;
pub use tcb::TcbStatus;

/// Steps 1 to 14 for SGX and TDX evidence.
pub(crate) fn verify(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    let &Case { tee, evidence, collateral, policy, roots, now } = case;
    let _one = OneVerification::begin();
    let header = list.record(Step::Parse, form(evidence))?;
    let (quote, pck_chain) = list.record(Step::Supported, supported(header, tee, evidence))?;
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
    list.record(Step::Match, platform::fits(&quote, &platform.extension, &parsed))?;
    let second = tcb::SecondJudge { evidence, collateral, root: &root.der, now };
    let tcb = list.record(Step::TcbLevel, tcb::level(&parsed, &quote, &platform.extension, &second))?;
    let extension = &platform.extension;
    let (outcome, release) = match &quote.body {
        Body::Enclave(report) => {
            let releases = enclave::candidates(report, policy);
            let accepted: Vec<_> = releases.iter().map(|release| &release.accepted_advisories[..]).collect();
            let outcome =
                list.record(Step::TcbPolicy, tcb::policy(&tcb, extension, &accepted, policy, now))?;
            list.record(Step::Attributes, enclave::attributes(report, tee, &releases, policy))?;
            (outcome, list.record(Step::Identity, enclave::identity(report, &tcb, policy, now))?)
        }
        Body::Domain(domain) => {
            let releases = domain::candidates(domain, policy);
            let accepted: Vec<_> = releases.iter().map(|release| &release.accepted_advisories[..]).collect();
            let outcome =
                list.record(Step::TcbPolicy, tcb::policy(&tcb, extension, &accepted, policy, now))?;
            list.record(Step::Attributes, domain::attributes(domain, tee, policy))?;
            (outcome, list.record(Step::Identity, domain::identity(domain, &tcb, policy, now))?)
        }
    };
    Ok(Genuine {
        identity: quote.body.identity(),
        report_data: quote.body.report_data().to_vec(),
        also: None,
        debug: quote.body.is_debug(),
        earliest_expiration: tcb.earliest_expiration,
        tcb: Some(tcb),
        outcome,
        platform_ids: tcb::platform_ids(extension),
        release,
    })
}

/// What a quote of this kind says, if it has its form.
pub(crate) fn claimed_report_data(tee: Tee, evidence: &[u8]) -> Option<[u8; 64]> {
    let (header, _) = form(evidence).ok()?;
    header.supported(tee).ok()?;
    Quote::parse(header, evidence).ok().map(|quote| *quote.body.report_data())
}

/// The measurement that an SGX quote says.
pub(crate) fn claimed_mr_enclave(evidence: &[u8]) -> Option<[u8; 32]> {
    let (header, _) = form(evidence).ok()?;
    header.supported(Tee::SgxDcap).ok()?;
    match Quote::parse(header, evidence).ok()?.body {
        Body::Enclave(report) => Some(report.mr_enclave),
        Body::Domain(_) => None,
    }
}

/// Which platform a quote says it is of, whatever its kind, if it has its form.
pub(crate) fn claimed_platform(evidence: &[u8]) -> Option<ClaimedPlatform> {
    let (header, _) = form(evidence).ok()?;
    let tee = [Tee::SgxDcap, Tee::Tdx].into_iter().find(|&tee| header.supported(tee).is_ok())?;
    let ((_, chain), _) = supported(header, tee, evidence).ok()?;
    platform::claimed(tee, &chain)
}

/// Step 1: sizes and header. What follows the header depends on its version, so the rest is parsed in step 2.
fn form(evidence: &[u8]) -> Checked<Header> {
    ensure(evidence.len() <= limits::EVIDENCE, Class::Malformed, "the evidence is too large")?;
    let header = Header::parse(evidence)?;
    Ok((header, format!("quote of {} bytes", evidence.len())))
}

/// Step 2: version, key type, vendor and TEE; then the body in the form they promise.
fn supported(header: Header, tee: Tee, evidence: &[u8]) -> Checked<(Quote, Vec<Certificate>)> {
    header.supported(tee)?;
    let quote = Quote::parse(header, evidence)?;
    let Some(chain) = Certificate::parse_chain(&quote.chain_pem, limits::CHAIN) else {
        return refuse(Class::Malformed, "the quote's certificate chain does not parse");
    };
    let family = if is_of_domain(tee) { "TDX" } else { "SGX" };
    Ok(((quote, chain), format!("{family} quote version {}, ECDSA P-256", header.version)))
}

/// Step 3: trust root chosen by `tee`; a development TEE needs the explicit development root.
fn root(tee: Tee, policy: &Policy, roots: &Roots) -> Checked<Certificate> {
    let Some(root) = roots.for_tee(tee).and_then(Certificate::parse) else {
        return refuse(
            Class::UntrustedRoot,
            format!("no root is trusted here for evidence of kind {}", tee.name()),
        );
    };
    roots::accepted(tee, policy)?;
    let seen =
        if tee.is_development() { "DEVELOPMENT root given by the caller" } else { "Intel SGX Root CA" };
    Ok((root, seen.to_owned()))
}
