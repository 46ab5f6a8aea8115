//! Why evidence was refused: a closed list of classes (ATTESTATION.md section 4), the step that refused, and the steps
//! that had passed before it. Texts are our own words, numbers and hashes, never a stranger's string.

use crate::outcome::Behind;
use core::fmt;

/// The class of a refusal. The strings are stable and machine-readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Too large, not parseable, or inconsistent in itself.
    Malformed,
    /// A version, key type, vendor or TEE this verifier does not judge.
    Unsupported,
    /// The evidence does not lead to the root that its kind requires.
    UntrustedRoot,
    /// A CRL, TCB info or QE identity is not signed by the one who must sign it.
    CollateralSignature,
    /// A certificate, CRL or collateral document is outside its dates, or too old.
    Expired,
    /// A certificate chain is not exactly what it must be.
    CertChain,
    /// A certificate of a chain is revoked.
    Revoked,
    /// Collateral of another platform or issuer.
    CollateralMismatch,
    /// The quoting enclave's report is not signed by the platform or vouches for another key.
    QeReport,
    /// The quoting enclave is not the vendor's.
    QeIdentity,
    /// The quote is not signed by the attestation key.
    QuoteSignature,
    /// No TCB level fits the platform.
    TcbNoLevel,
    /// The TDX module is not the vendor's.
    TcbModule,
    /// The TCB status is not acceptable.
    TcbStatus,
    /// An advisory that the release does not mitigate.
    TcbAdvisory,
    /// The TCB evaluation is older than the policy allows.
    TcbEval,
    /// The platform's configuration or identity is not acceptable.
    Platform,
    /// A debug enclave: the host can read it.
    Debug,
    /// Enclave attributes outside what is allowed.
    Attributes,
    /// The program is not one that was released.
    Measurement,
    /// The program's signer is not the release's.
    Signer,
    /// The product number is not the release's.
    Product,
    /// The security version is below the release's minimum.
    Svn,
    /// The evidence vouches for another binding.
    ReportData,
    /// The nonce of this request is not proven, or is too old.
    Freshness,
    /// The connection is not the attested one.
    Channel,
    /// The configuration is not the attested or the wanted one.
    Config,
    /// Older keys than this client has already seen.
    EpochRollback,
    /// The operator's endorsement is missing or wrong.
    Endorsement,
    /// The proof of release is missing or wrong.
    Release,
}

impl Class {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::UntrustedRoot => "untrusted-root",
            Self::CollateralSignature => "collateral-signature",
            Self::Expired => "expired",
            Self::CertChain => "cert-chain",
            Self::Revoked => "revoked",
            Self::CollateralMismatch => "collateral-mismatch",
            Self::QeReport => "qe-report",
            Self::QeIdentity => "qe-identity",
            Self::QuoteSignature => "quote-signature",
            Self::TcbNoLevel => "tcb-no-level",
            Self::TcbModule => "tcb-module",
            Self::TcbStatus => "tcb-status",
            Self::TcbAdvisory => "tcb-advisory",
            Self::TcbEval => "tcb-eval",
            Self::Platform => "platform",
            Self::Debug => "debug",
            Self::Attributes => "attributes",
            Self::Measurement => "measurement",
            Self::Signer => "signer",
            Self::Product => "product",
            Self::Svn => "svn",
            Self::ReportData => "report-data",
            Self::Freshness => "freshness",
            Self::Channel => "channel",
            Self::Config => "config",
            Self::EpochRollback => "epoch-rollback",
            Self::Endorsement => "endorsement",
            Self::Release => "release",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The steps of ATTESTATION.md section 4, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Sizes, and strict parsing.
    Parse = 1,
    /// Version, key type, vendor, TEE.
    Supported,
    /// The trust root, chosen by the TEE.
    Root,
    /// Collateral complete, root CRL signed by the root.
    Collateral,
    /// All dates.
    Dates,
    /// TCB info and QE identity, their chains and signatures.
    TcbSigner,
    /// The platform's certificate chain and its revocation.
    PlatformChain,
    /// The quoting enclave.
    QuotingEnclave,
    /// The signature of the quote.
    QuoteSignature,
    /// Collateral and platform fit each other.
    Match,
    /// The TCB level and the converged status.
    TcbLevel,
    /// Policy on status, advisories, evaluation and platform.
    TcbPolicy,
    /// Debug and the other attributes.
    Attributes,
    /// Measurement, signer, product, version.
    Identity,
    /// Report data and binding.
    ReportData,
    /// The nonce of this request.
    Freshness,
    /// Channel, configuration, epoch.
    Channel,
    /// Endorsement and release proof.
    Endorsement,
}

impl Step {
    /// Its number in the specification.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What the step establishes, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "sizes and form",
            Self::Supported => "kind of evidence",
            Self::Root => "trust root",
            Self::Collateral => "collateral and root CRL",
            Self::Dates => "dates",
            Self::TcbSigner => "TCB info and QE identity",
            Self::PlatformChain => "platform certificate",
            Self::QuotingEnclave => "quoting enclave",
            Self::QuoteSignature => "quote signature",
            Self::Match => "collateral fits platform",
            Self::TcbLevel => "TCB level",
            Self::TcbPolicy => "TCB policy",
            Self::Attributes => "attributes",
            Self::Identity => "measurement",
            Self::ReportData => "report data",
            Self::Freshness => "nonce",
            Self::Channel => "channel and configuration",
            Self::Endorsement => "endorsement and release",
        }
    }
}

/// A step that passed, and what was seen in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The step.
    pub step: Step,
    /// What was seen, for people; safe to print.
    pub seen: String,
}

/// A refusal: verification stops at the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class, for machines.
    pub class: Class,
    /// The step that refused.
    pub step: Step,
    /// The reason, for people; safe to print.
    pub text: String,
    /// The steps that passed before.
    pub passed: Vec<Passed>,
    /// If nothing else than this was in the way: how far the platform's patches are behind what the policy accepts.
    pub behind: Option<Box<Behind>>,
}

impl Failure {
    /// True if the evidence is genuine but not what the caller's policy asks for (exit code 2 of `attest-verify`).
    pub fn is_against_policy(&self) -> bool {
        match self.step {
            Step::TcbPolicy | Step::Identity | Step::Endorsement => true,
            Step::Channel => matches!(self.class, Class::Config | Class::EpochRollback),
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (step {}, {}): {}", self.class, self.step.number(), self.step.name(), self.text)
    }
}

impl core::error::Error for Failure {}

/// A refusal inside a step, before the checklist adds which step it was.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) class: Class,
    pub(crate) text: String,
    /// How far the platform is behind, where that is the reason.
    pub(crate) behind: Option<Box<Behind>>,
}

/// What a step gives: its result and what was seen.
pub(crate) type Checked<T> = Result<(T, String), Refusal>;

pub(crate) fn refuse<T>(class: Class, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { class, text: text.into(), behind: None })
}

/// Refuses unless `condition` holds.
pub(crate) fn ensure(condition: bool, class: Class, text: &str) -> Result<(), Refusal> {
    if condition { Ok(()) } else { refuse(class, text) }
}

/// The list an auditor reads: every step is recorded, and the first refusal ends it.
#[derive(Default)]
pub(crate) struct Checklist {
    passed: Vec<Passed>,
}

impl Checklist {
    pub(crate) fn record<T>(&mut self, step: Step, checked: Checked<T>) -> Result<T, Failure> {
        match checked {
            Ok((value, seen)) => {
                self.passed.push(Passed { step, seen });
                Ok(value)
            }
            Err(Refusal { class, text, behind }) => {
                Err(Failure { class, step, text, passed: core::mem::take(&mut self.passed), behind })
            }
        }
    }

    pub(crate) fn into_passed(self) -> Vec<Passed> {
        self.passed
    }
}
