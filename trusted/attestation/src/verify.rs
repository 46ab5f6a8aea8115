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
//! Steps 2 to 14 depend on the kind of evidence and live in its family's folder; 1 and 15 to 18 are here.

use crate::binding::Binding;
use crate::dcap::{self, TcbStatus};
use crate::evidence::{Bundle, Collateral, Config, EnclaveTime, Tee, limits};
use crate::failure::{Checked, Checklist, Class, Failure, Passed, Step, ensure, refuse};
use crate::genuine::{AlsoBound, Case, Genuine, Identity};
use crate::nitro;
use crate::nonce_tree::Nonce;
use crate::policy::Policy;
use crate::roots::Roots;
use crate::sev_snp;

/// What the client knows of its own request and connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The nonce of this request. The caller makes a new one for each.
    pub nonce: Option<Nonce>,
    /// When the nonce was sent, Unix seconds by the client's clock.
    pub asked_at: u64,
    /// SHA-256 of the SubjectPublicKeyInfo of the TLS certificate that was seen. Compared when the binding names one
    /// and the policy requires a channel; a relay in between ends TLS itself.
    pub tls_spki: Option<[u8; 32]>,
    /// The TLS exporter value of this connection.
    pub channel: Option<[u8; 32]>,
}

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
    let mut list = Checklist::default();
    let (binding, config) = list.record(Step::Parse, form(bundle))?;
    let (tee, collateral) = (bundle.tee, bundle.collateral.as_ref());
    let genuine =
        family(&mut list, &Case { tee, evidence: &bundle.evidence, collateral, policy, roots, now })?;
    list.record(Step::ReportData, bound(&genuine, &binding))?;
    list.record(Step::Freshness, freshness(bundle, &binding, policy, expected, now))?;
    list.record(Step::Channel, channel(tee, &binding, &config, policy, expected))?;
    list.record(Step::Endorsement, endorsement(policy))?;
    Ok(VerifiedEnclave {
        binding,
        evidence: VerifiedEvidence { tee, genuine, passed: list.into_passed() },
        config,
        time: bundle.time.clone(),
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
    let mut list = Checklist::default();
    let genuine = family(&mut list, &Case { tee, evidence, collateral, policy, roots, now })?;
    if let Some(wanted) = wanted {
        list.record(Step::ReportData, report_data(&genuine, wanted))?;
    }
    Ok(VerifiedEvidence { tee, genuine, passed: list.into_passed() })
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
fn family(list: &mut Checklist, case: &Case<'_>) -> Result<Genuine, Failure> {
    match case.tee {
        Tee::SgxDcap | Tee::DevSgx | Tee::Tdx | Tee::DevTdx => dcap::verify(list, case),
        Tee::SevSnp => sev_snp::verify(list, case),
        Tee::Nitro => nitro::verify(list, case),
    }
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

/// Step 16: the nonce of this request is proven under `challenge`, and young. That it is used once is the caller's
/// part: a nonce that was answered is dropped.
fn freshness(
    bundle: &Bundle,
    binding: &Binding,
    policy: &Policy,
    expected: &Expected,
    now: u64,
) -> Checked<()> {
    let Some(nonce) = &expected.nonce else {
        ensure(!policy.require_nonce, Class::Freshness, "the policy asks for a nonce and none was sent")?;
        return Ok(((), "no nonce was sent".to_owned()));
    };
    let proven = match (&bundle.challenge_proof, &binding.challenge) {
        (Some(proof), Some(challenge)) => proof.root(nonce).as_ref() == Some(challenge),
        _ => false,
    };
    ensure(proven, Class::Freshness, "the evidence does not answer this request's nonce")?;
    let age = now.checked_sub(expected.asked_at).filter(|&age| age < limits::NONCE_AGE_S);
    let Some(age) = age else {
        return refuse(Class::Freshness, "the nonce is older than a minute, or from the future");
    };
    Ok(((), format!("answers this request's nonce, {age} s old")))
}

/// Step 17: channel and TLS key where the policy asks; configuration and epoch as pinned.
fn channel(
    tee: Tee,
    binding: &Binding,
    config: &Config,
    policy: &Policy,
    expected: &Expected,
) -> Checked<()> {
    if policy.require_channel {
        let exporter = binding.channel.is_some() && binding.channel == expected.channel;
        ensure(exporter, Class::Channel, "the evidence is not over this connection")?;
        let key = binding.tls_spki.is_none() || binding.tls_spki == expected.tls_spki;
        ensure(key, Class::Channel, "the connection's TLS key is not the attested one")?;
    }
    ensure(config.sha256() == binding.config, Class::Config, "the configuration is not the attested one")?;
    let pinned = policy.pinned_config.is_none_or(|pinned| pinned == binding.config);
    ensure(pinned, Class::Config, "the configuration is not the pinned one")?;
    let served = |name: &str| config.environment().iter().any(|served| served == name);
    let wanted = policy.environment.iter().any(|name| served(name));
    ensure(wanted, Class::Config, "the enclave does not serve an environment that the policy accepts")?;
    let development = policy.environment.iter().any(|name| name == "development");
    ensure(development || !served("development"), Class::Config, "the enclave serves development")?;
    let only_development = config.environment().iter().all(|name| name == "development");
    let honest = only_development || !tee.is_development();
    ensure(honest, Class::Config, "development evidence for another environment than development")?;
    let forward = policy.min_epoch.is_none_or(|seen| binding.epoch >= seen);
    ensure(forward, Class::EpochRollback, "newer keys of this deployment have been seen before")?;
    Ok(((), format!("configuration {}, epoch {}", hex::encode(binding.config), binding.epoch)))
}

/// Step 18: operator endorsement and release proof are not in the first round (section 17); a policy that asks for
/// one is refused rather than silently satisfied.
fn endorsement(policy: &Policy) -> Checked<()> {
    let asked = policy.require_operator_endorsement;
    ensure(
        !asked,
        Class::Endorsement,
        "the policy asks for an endorsement, which this version cannot judge",
    )?;
    Ok(((), "none asked for".to_owned()))
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
        self.genuine.identity_checked
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
