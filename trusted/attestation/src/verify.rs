//! Verification in the order of ATTESTATION.md section 4: steps 1 to 18, stop at the first failure, no fallback. Pure:
//! bundle, policy, roots, request and time come in, nothing else is looked at.
//!
//! ```text
//!  1 sizes and form            7 platform certificate      13 attributes
//!  2 kind of evidence          8 quoting enclave           14 measurement
//!  3 trust root                9 quote signature           15 report data
//!  4 collateral and root CRL  10 collateral fits platform  16 nonce
//!  5 dates                    11 TCB level                 17 channel and configuration
//!  6 TCB info, QE identity    12 TCB policy                18 endorsement and release
//! ```
//!
//! Steps 2 to 14 depend on the kind of evidence and live in its family's folder; 16 to 18 look at the request and live in
//! `request.rs`; 1 and 15 are here.

use crate::binding::Binding;
use crate::dcap::{self, ClaimedPlatform, TcbStatus};
use crate::evidence::{Bundle, Collateral, Config, EnclaveTime, Tee, limits};
use crate::failure::{Checked, Checklist, Class, Failure, Passed, Step, ensure, refuse};
use crate::genuine::{AlsoBound, Case, Genuine, Identity};
use crate::nitro;
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::release::Release;
use crate::request::{Expected, Mode, channel, endorsement, freshness};
use crate::roots::Roots;
use crate::sev_snp;

/// A verified enclave: the only value that says which key to seal to. Nothing but [`verify`] makes one:
///
/// ```compile_fail,E0451
/// fn forge(known: attestation::VerifiedEnclave, binding: attestation::Binding) -> attestation::VerifiedEnclave {
///     attestation::VerifiedEnclave { binding, ..known }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedEnclave {
    binding: Binding,
    evidence: VerifiedEvidence,
    config: Config,
    time: EnclaveTime,
    mode: Option<Mode>,
    bundle_sha256: [u8; 32],
}

/// Evidence that is genuine and within the policy, without the binding: for tools. It names no key.
#[derive(Clone, Debug)]
pub struct VerifiedEvidence {
    tee: Tee,
    genuine: Genuine,
    passed: Vec<Passed>,
}

/// Verifies a bundle.
///
/// # Errors
/// The first step that refuses, with its class, a text, and the steps that had passed.
pub fn verify(
    bundle: &Bundle,
    policy: &Policy,
    roots: &Roots,
    expected: &Expected,
    now: u64,
) -> Result<VerifiedEnclave, Failure> {
    verify_among(Families::ALL, bundle, policy, roots, expected, now)
}

/// Which evidence a build judges; any other is `unsupported` there. What is not named is not linked, so that a build can be
/// small.
#[derive(Clone, Copy, Debug)]
pub struct Families(fn(&mut Checklist, &Case<'_>) -> Result<Genuine, Failure>);

impl Families {
    /// Every one.
    pub const ALL: Self = Self(every_family);
    /// Intel's alone.
    pub const DCAP: Self = Self(dcap_alone);
    /// AMD's alone.
    pub const SEV_SNP: Self = Self(sev_snp_alone);
    /// That of AWS alone.
    pub const NITRO: Self = Self(nitro_alone);
}

/// As [`verify`], among these families.
///
/// # Errors
/// As [`verify`].
pub fn verify_among(
    families: Families,
    bundle: &Bundle,
    policy: &Policy,
    roots: &Roots,
    expected: &Expected,
    now: u64,
) -> Result<VerifiedEnclave, Failure> {
    judge(families, bundle, policy, roots, expected, now).map_err(|failure| {
        failure.if_only_behind(policy, |policy| judge(families, bundle, policy, roots, expected, now).is_ok())
    })
}

fn judge(
    Families(family): Families,
    bundle: &Bundle,
    policy: &Policy,
    roots: &Roots,
    expected: &Expected,
    now: u64,
) -> Result<VerifiedEnclave, Failure> {
    let mut list = Checklist::default();
    let (binding, config) = list.record(Step::Parse, form(bundle))?;
    let (tee, collateral) = (bundle.tee, bundle.collateral.as_ref());
    let genuine =
        family(&mut list, &Case { tee, evidence: &bundle.evidence, collateral, policy, roots, now })?;
    list.record(Step::ReportData, bound(&genuine, &binding))?;
    list.record(Step::Freshness, freshness(bundle, &binding, policy, expected, now))?;
    let mode = list.record(Step::Channel, channel(tee, &binding, &config, policy, expected))?;
    list.record(Step::Endorsement, endorsement(policy))?;
    Ok(VerifiedEnclave {
        binding,
        evidence: VerifiedEvidence { tee, genuine, passed: list.into_passed() },
        config,
        time: bundle.time.clone(),
        mode,
        bundle_sha256: bundle.sha256,
    })
}

/// Verifies evidence by itself: steps 1 to 14, and 15 if `report_data` is given (ATTESTATION.md section 16).
///
/// # Errors
/// As [`verify`].
pub fn verify_evidence(
    tee: Tee,
    evidence: &[u8],
    collateral: Option<&Collateral>,
    policy: &Policy,
    roots: &Roots,
    wanted: Option<&[u8; 64]>,
    now: u64,
) -> Result<VerifiedEvidence, Failure> {
    let judge = |policy: &Policy| {
        let mut list = Checklist::default();
        let genuine = every_family(&mut list, &Case { tee, evidence, collateral, policy, roots, now })?;
        if let Some(wanted) = wanted {
            list.record(Step::ReportData, report_data(&genuine, wanted))?;
        }
        Ok(VerifiedEvidence { tee, genuine, passed: list.into_passed() })
    };
    judge(policy).map_err(|failure: Failure| failure.if_only_behind(policy, |policy| judge(policy).is_ok()))
}

/// Step 1, the bundle's part: binding and configuration parse strictly, and both name the same TEE.
fn form(bundle: &Bundle) -> Checked<(Binding, Config)> {
    ensure(bundle.evidence.len() <= limits::EVIDENCE, Class::Malformed, "the evidence is too large")?;
    let Some(binding) = Binding::parse(&bundle.binding) else {
        return refuse(Class::Malformed, "the binding is not in its one encoding");
    };
    ensure(
        binding.tee == bundle.tee,
        Class::Malformed,
        "bundle and binding name different kinds of evidence",
    )?;
    let Some(config) = Config::parse(&bundle.config) else {
        return refuse(Class::Malformed, "the configuration document is not canonical");
    };
    Ok(((binding, config), format!("bundle and binding of kind {}", bundle.tee.name())))
}

/// Steps 2 to 14, by the family of the evidence. Closed: a new kind must decide where it is judged.
fn every_family(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    match case.tee {
        Tee::SgxDcap | Tee::DevSgx | Tee::Tdx | Tee::DevTdx => dcap::verify(list, case),
        Tee::SevSnp => sev_snp::verify(list, case),
        Tee::Nitro => nitro::verify(list, case),
    }
}

fn dcap_alone(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    match case.tee {
        Tee::SgxDcap | Tee::DevSgx | Tee::Tdx | Tee::DevTdx => dcap::verify(list, case),
        Tee::SevSnp | Tee::Nitro => another(list, "this build judges Intel's evidence alone"),
    }
}

fn sev_snp_alone(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    match case.tee {
        Tee::SevSnp => sev_snp::verify(list, case),
        _ => another(list, "this build judges AMD's evidence alone"),
    }
}

fn nitro_alone(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    match case.tee {
        Tee::Nitro => nitro::verify(list, case),
        _ => another(list, "this build judges the evidence of AWS alone"),
    }
}

/// Evidence of a family that a build does not have.
fn another(list: &mut Checklist, text: &str) -> Result<Genuine, Failure> {
    list.record(Step::Supported, refuse(Class::Unsupported, text))
}

/// The report data that evidence of this kind claims to vouch for, if it has the form that is judged here. Nothing of it
/// is verified: an attester looks at what it hands out.
pub fn claimed_report_data(tee: Tee, evidence: &[u8]) -> Option<[u8; 64]> {
    match tee {
        Tee::SgxDcap | Tee::DevSgx | Tee::Tdx | Tee::DevTdx => dcap::claimed_report_data(tee, evidence),
        Tee::SevSnp => sev_snp::claimed_report_data(evidence),
        Tee::Nitro => nitro::claimed_report_data(evidence),
    }
}

/// The measurement that an SGX quote claims, if it has the form that is judged here. Nothing of it is verified: an enclave
/// learns its own.
pub fn claimed_mr_enclave(evidence: &[u8]) -> Option<[u8; 32]> {
    dcap::claimed_mr_enclave(evidence)
}

/// The platform that a quote (SGX or TDX) claims to be of, if it has the form that is judged here. Nothing of it is
/// verified: whoever fetches collateral asks for that of this platform, and then judges the quote with it.
pub fn claimed_platform(evidence: &[u8]) -> Option<ClaimedPlatform> {
    dcap::claimed_platform(evidence)
}

/// Step 15: report data equals SHA-512(binding); a Nitro document names challenge and HPKE key as well, and both must
/// be the binding's (section 3).
fn bound(genuine: &Genuine, binding: &Binding) -> Checked<()> {
    if let Some(AlsoBound { nonce, public_key }) = &genuine.also {
        let same_key = public_key.as_deref() == Some(&binding.hpke[..]);
        ensure(same_key, Class::ReportData, "the evidence vouches for another key than the binding")?;
        let challenge = binding.challenge.as_ref().map_or(&[][..], |challenge| challenge);
        let same_nonce = nonce.as_deref().unwrap_or_default() == challenge;
        ensure(same_nonce, Class::ReportData, "the evidence vouches for another challenge than the binding")?;
    }
    report_data(genuine, &binding.report_data())
}

/// Step 15: report data equals what is wanted, all 64 bytes.
fn report_data(genuine: &Genuine, wanted: &[u8; 64]) -> Checked<()> {
    let same = genuine.report_data == wanted;
    ensure(same, Class::ReportData, "the evidence vouches for another binding")?;
    Ok(((), "the evidence vouches for exactly this binding".to_owned()))
}

impl VerifiedEnclave {
    /// The raw X25519 public key to seal to.
    pub fn hpke_public_key(&self) -> &[u8; 32] {
        &self.binding.hpke
    }

    /// The Ed25519 public key that signs results.
    pub fn result_key(&self) -> &[u8; 32] {
        &self.binding.result_key
    }

    /// The generation of keys; a client keeps the highest as `min_epoch`.
    pub fn epoch(&self) -> u64 {
        self.binding.epoch
    }

    /// Names the epoch's keys in envelopes and signed answers.
    pub fn keyset_hash(&self) -> [u8; 64] {
        self.binding.keyset_hash()
    }

    /// SHA-256 of the TLS key inside the TEE, if TLS ends there.
    pub fn tls_spki(&self) -> Option<&[u8; 32]> {
        self.binding.tls_spki.as_ref()
    }

    /// True if nothing about hardware is proven: every rendering says so.
    pub fn development(&self) -> bool {
        self.evidence.tee.is_development()
    }

    /// Who ends TLS on the connection over which the evidence came; none if there was no connection.
    pub fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// The environments this enclave serves.
    pub fn environment(&self) -> &[String] {
        self.config.environment()
    }

    /// The attested configuration document.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The enclave's time as it gave it; not attested.
    pub fn time(&self) -> &EnclaveTime {
        &self.time
    }

    /// SHA-256 of the received bundle, for the user's records.
    pub fn bundle_sha256(&self) -> &[u8; 32] {
        &self.bundle_sha256
    }

    /// What the evidence says.
    pub fn evidence(&self) -> &VerifiedEvidence {
        &self.evidence
    }
}

impl VerifiedEvidence {
    /// The same evidence, if it vouches for exactly these bytes: step 15 for a caller that knows them.
    ///
    /// # Errors
    /// `report-data` if it vouches for others.
    pub fn vouches_for(self, wanted: &[u8; 64]) -> Result<Self, Failure> {
        Checklist::default().record(Step::ReportData, report_data(&self.genuine, wanted))?;
        Ok(self)
    }

    /// The kind of evidence.
    pub fn tee(&self) -> Tee {
        self.tee
    }

    /// Which program runs, in the words of its family.
    pub fn identity(&self) -> &Identity {
        &self.genuine.identity
    }

    /// The measurement of the program: MRENCLAVE, MRTD, MEASUREMENT or PCR0.
    pub fn measurement(&self) -> &[u8] {
        self.genuine.identity.measurement()
    }

    /// True if the measurement was compared with a release; false if it is only shown.
    pub fn measurement_checked(&self) -> bool {
        self.genuine.release.is_some()
    }

    /// The release it is of, as the policy names it; none if it was not compared with any.
    pub fn release(&self) -> Option<&Release> {
        self.genuine.release.as_ref()
    }

    /// How it passed the policy on patch levels; none if no policy judged them. Development evidence is judged like any
    /// other, which says nothing about hardware.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.genuine.outcome.as_ref()
    }

    /// The hashes that `platform.allowed_platform_ids` is compared with, hex: of PPID and platform instance id, of the
    /// SNP chip id, or of the Nitro instance. None where the platform hides them.
    pub fn platform_ids(&self) -> &[String] {
        &self.genuine.platform_ids
    }

    /// Who signed the program, where the family knows a signer.
    pub fn signer(&self) -> Option<&[u8]> {
        self.genuine.identity.signer()
    }

    /// Product number and security version, where the family has them.
    pub fn product(&self) -> Option<(u16, u16)> {
        self.genuine.identity.product()
    }

    /// True if the host can read the program: only a development root and the policy's word let it pass.
    pub fn debug(&self) -> bool {
        self.genuine.debug
    }

    /// All bytes the evidence vouches for: the report data, or Nitro's `user_data`.
    pub fn report_data(&self) -> &[u8] {
        &self.genuine.report_data
    }

    /// The vendor's judgement of the platform, where the vendor signs one.
    pub fn tcb_status(&self) -> Option<TcbStatus> {
        self.genuine.tcb.as_ref().map(|tcb| tcb.status)
    }

    /// Advisories that apply to the platform.
    pub fn advisories(&self) -> &[String] {
        self.genuine.tcb.as_ref().map_or(&[], |tcb| &tcb.advisories)
    }

    /// The TCB evaluation data number of the collateral, where there is one.
    pub fn tcb_evaluation_number(&self) -> Option<u32> {
        self.genuine.tcb.as_ref().map(|tcb| tcb.evaluation_number)
    }

    /// When the first certificate, list or document ends, Unix seconds.
    pub fn earliest_expiration(&self) -> u64 {
        self.genuine.earliest_expiration
    }

    /// The steps that passed, in order, and what was seen in each.
    pub fn passed(&self) -> &[Passed] {
        &self.passed
    }
}
