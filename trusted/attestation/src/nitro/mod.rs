//! AWS Nitro enclaves: a document that carries its own chain (ATTESTATION.md section 4, steps 1 to 14). Steps that
//! Intel's evidence has and this has not say so in the list.

mod cbor;
mod document;
#[cfg(test)]
mod tests;

use crate::evidence::{Collateral, Tee, limits};
use crate::failure::{Checked, Checklist, Class, Failure, Step, ensure, refuse};
use crate::genuine::{AlsoBound, Case, Genuine, Identity};
use crate::outcome::Outcome;
use crate::policy::{NO_RELEASE, Policy, platform_id};
use crate::release::Release;
use crate::roots::{self, Roots};
use crate::x509::Certificate;
use document::Document;

/// How far ahead of ours the clock of an issuer may be.
const SKEW_S: u64 = 30;
/// From here on a date that does not fit is more likely our clock's fault.
const CLOCK_DIFFERS_S: u64 = 300;

/// Steps 1 to 14.
pub(crate) fn verify(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    let &Case { tee, evidence, collateral, policy, roots, now } = case;
    let document = list.record(Step::Parse, form(evidence))?;
    list.record(Step::Supported, supported(&document))?;
    list.record(Step::Root, root(tee, &document, policy, roots))?;
    let chain = list.record(Step::Collateral, chain(&document, collateral))?;
    let earliest_expiration = list.record(Step::Dates, dates(&chain, document.timestamp_ms, now))?;
    list.record(Step::TcbSigner, Ok(((), "does not apply: AWS signs no TCB info".to_owned())))?;
    list.record(Step::PlatformChain, issued(&chain))?;
    let itself = "does not apply: the hypervisor signs documents itself";
    list.record(Step::QuotingEnclave, Ok(((), itself.to_owned())))?;
    list.record(Step::QuoteSignature, signature(&document, &chain))?;
    list.record(Step::Match, Ok(((), "does not apply: the document carries its own chain".to_owned())))?;
    list.record(Step::TcbLevel, Ok(((), "does not apply: AWS signs no levels".to_owned())))?;
    list.record(Step::TcbPolicy, platform(&document, policy))?;
    list.record(Step::Attributes, attributes(&document, policy))?;
    let release = list.record(Step::Identity, identity(&document, policy, now))?;
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    Ok(Genuine {
        identity: Identity::Nitro(document.identity()),
        report_data: owned(document.user_data).unwrap_or_default(),
        also: Some(AlsoBound { nonce: owned(document.nonce), public_key: owned(document.public_key) }),
        debug: document.is_debug(),
        tcb: None,
        earliest_expiration,
        outcome: policy.enforced.tcb.then_some(Outcome::Green),
        platform_ids: platform_ids(&document),
        release,
    })
}

/// What a document says, if it has its form and says 64 bytes.
pub(crate) fn claimed_report_data(evidence: &[u8]) -> Option<[u8; 64]> {
    let (document, _) = form(evidence).ok()?;
    document.user_data?.try_into().ok()
}

/// Step 1: size and form.
fn form(evidence: &[u8]) -> Checked<Document<'_>> {
    ensure(evidence.len() <= limits::EVIDENCE, Class::Malformed, "the evidence is too large")?;
    let Some(document) = Document::parse(evidence) else {
        return refuse(Class::Malformed, "the document is not a COSE_Sign1 of the vendor's form");
    };
    Ok((document, format!("document of {} bytes", evidence.len())))
}

/// Step 2: algorithms.
fn supported(document: &Document<'_>) -> Checked<()> {
    document.supported()?;
    Ok(((), "Nitro document, ES384, registers of SHA-384".to_owned()))
}

/// Step 3: the document's own chain begins with the root that is compiled in, byte for byte and so key for key.
fn root(tee: Tee, document: &Document<'_>, policy: &Policy, roots: &Roots) -> Checked<()> {
    roots::accepted(tee, policy)?;
    let pinned = roots.for_tee(tee).is_some_and(|root| document.cabundle.first() == Some(&root));
    ensure(pinned, Class::UntrustedRoot, "the chain does not begin with the AWS Nitro root")?;
    Ok(((), "AWS Nitro Enclaves Root G1".to_owned()))
}

/// Step 4: the certificates parse, from the root to the leaf; nothing else came along.
fn chain(document: &Document<'_>, collateral: Option<&Collateral>) -> Checked<Vec<Certificate>> {
    ensure(collateral.is_none(), Class::Malformed, "a Nitro document comes without collateral")?;
    let ders = document.cabundle.iter().chain([&document.certificate]);
    let Some(chain) = ders.map(|der| Certificate::parse(der)).collect::<Option<Vec<_>>>() else {
        return refuse(Class::Malformed, "a certificate of the document does not parse");
    };
    let seen = format!("the document's own chain of {}; no revocation list belongs to it", chain.len());
    Ok((chain, seen))
}

/// Step 5: every certificate within its dates; the leaf lives three hours.
fn dates(chain: &[Certificate], timestamp_ms: u64, now: u64) -> Checked<u64> {
    let begun = |certificate: &Certificate| certificate.not_before() <= now.saturating_add(SKEW_S);
    let valid = chain.iter().all(|certificate| begun(certificate) && now <= certificate.not_after());
    if !valid {
        let apart = now.abs_diff(timestamp_ms / 1000);
        let text = if apart > CLOCK_DIFFERS_S {
            format!(
                "device clock differs from the document's by {apart} s: a certificate is outside its dates"
            )
        } else {
            "a certificate is outside its dates".to_owned()
        };
        return refuse(Class::Expired, text);
    }
    let earliest = chain.iter().map(Certificate::not_after).min().unwrap_or(now);
    Ok((earliest, format!("everything valid at {now}")))
}

/// Step 7: each certificate is issued by the one before it, which may issue that deep; the leaf may not.
fn issued(chain: &[Certificate]) -> Checked<()> {
    let below = (0_u8..u8::MAX).take(chain.len().saturating_sub(1)).rev();
    let pairs = chain.iter().zip(chain.iter().skip(1)).zip(below);
    let sound = pairs.into_iter().all(|((issuer, issued), below)| issued.is_issued_by(issuer, below));
    ensure(sound, Class::CertChain, "a certificate is not issued by the one before it")?;
    let leaf = chain.last().is_some_and(|leaf| !leaf.is_ca);
    ensure(leaf, Class::CertChain, "the leaf is a certificate authority")?;
    Ok(((), format!("root, {} issuers and leaf", chain.len().saturating_sub(2))))
}

/// Step 9: the document is signed by the leaf.
fn signature(document: &Document<'_>, chain: &[Certificate]) -> Checked<()> {
    let signed = document.signed().zip(chain.last());
    let valid = signed.is_some_and(|(signed, leaf)| leaf.has_signed(&signed, &document.signature));
    ensure(valid, Class::QuoteSignature, "the document is not signed by its leaf")?;
    Ok(((), "the document is signed by its leaf".to_owned()))
}

/// Step 12: which instances.
fn platform(document: &Document<'_>, policy: &Policy) -> Checked<()> {
    let ids = platform_ids(document);
    let instance = ids.first().map_or("unknown", String::as_str);
    if !policy.enforced.tcb {
        return Ok(((), format!("instance {instance} unchecked")));
    }
    let known = policy.platform.allows(&ids);
    ensure(known, Class::Platform, "the instance is not one of the allowed ones")?;
    Ok(((), format!("instance {instance}")))
}

/// Which instance.
fn platform_ids(document: &Document<'_>) -> Vec<String> {
    platform_id(document.instance().as_bytes()).into_iter().collect()
}

/// Step 13: not debug. Without a policy it is only said: AWS vouches for a debug enclave as for any other.
fn attributes(document: &Document<'_>, policy: &Policy) -> Checked<()> {
    let debug = document.is_debug();
    let accepted = !debug || policy.is_claims_only();
    ensure(accepted, Class::Debug, "the image's registers are zero: the host can read a debug enclave")?;
    Ok(((), if debug { "DEBUG" } else { "not debug" }.to_owned()))
}

/// Step 14: the image, its parts and, where a release names it, its signer are those of one release still accepted.
fn identity(document: &Document<'_>, policy: &Policy, now: u64) -> Checked<Option<Release>> {
    let measurement = document.pcr(0).map(hex::encode).unwrap_or_default();
    if !policy.enforced.identity {
        return Ok((None, format!("measurement {measurement} unchecked")));
    }
    let mut releases: Vec<_> = policy.nitro_releases().collect();
    if releases.is_empty() {
        return refuse(Class::Measurement, NO_RELEASE);
    }
    releases.retain(|release| {
        let wanted = [&release.pcr0, &release.pcr1, &release.pcr2];
        (0_u8..).zip(wanted).all(|(number, pcr)| document.pcr(number) == Some(pcr))
    });
    ensure(!releases.is_empty(), Class::Measurement, "the program is not one of the releases")?;
    releases.retain(|release| release.not_after.is_none_or(|not_after| now <= not_after));
    ensure(!releases.is_empty(), Class::Measurement, "the release is no longer accepted")?;
    releases.retain(|release| release.pcr8.is_none_or(|pcr8| document.pcr(8) == Some(&pcr8)));
    ensure(!releases.is_empty(), Class::Signer, "the image's signer is not the release's")?;
    let release = releases.first().map(|&release| Release::Nitro(Box::new(release.clone())));
    Ok((release, format!("release with measurement {measurement}")))
}
