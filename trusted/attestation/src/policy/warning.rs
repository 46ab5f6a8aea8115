//! What is lawful in a policy and probably not meant: what weakens it, what makes it refuse everything, and what has no
//! effect. Nothing here changes a verdict.

use super::{COLLATERAL_AGE_MAX_S, Policy, SnpProduct, TCB_EVALUATION_AT_RELEASE};
use crate::dcap::TcbStatus;
use crate::evidence::Tee;
use crate::instant;
use crate::release::{Release, TdxRelease};
use core::fmt;

/// An exception that lasts longer is no exception.
const EXTRA_MAX_S: u64 = 180 * 86_400;

/// One thing to know about a policy. Releases are counted from 0, as they stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// `tee` is empty.
    NoTee,
    /// No release is named.
    NoRelease,
    /// A kind of evidence is accepted, and no release is of it.
    TeeWithoutRelease(Tee),
    /// A release of a kind that is not accepted.
    ReleaseWithoutTee(usize),
    /// A release whose time is over.
    ReleaseEnded(usize),
    /// A release whose measurement is nothing but zeros.
    MeasurementZero(usize),
    /// A TDX release that leaves out a register, by its number.
    RegisterLeftOut(usize, u8),
    /// Development evidence is accepted.
    DevelopmentTee,
    /// Debug enclaves are accepted.
    AllowDebug,
    /// No TCB status is accepted.
    NoTcbStatus,
    /// A status is accepted for ever that should be accepted for a while.
    StatusWithoutEnd(TcbStatus),
    /// The time of a further status is over.
    ExtraEnded(TcbStatus, u64),
    /// A further status ends more than half a year from now.
    ExtraFarAhead(TcbStatus, u64),
    /// A further status that is accepted without end as well.
    ExtraWithoutEffect(TcbStatus),
    /// The evaluation number is below this client's default.
    EvaluationLow(u32),
    /// Collateral may be older than by default.
    CollateralOld(u64),
    /// The list of platforms is empty.
    NoPlatform,
    /// An entry of the list of platforms is no SHA-256; counted from 0.
    PlatformIdForm(usize),
    /// No lowest TCB is asked of a product of SEV-SNP.
    SnpWithoutMinimum(SnpProduct),
    /// No environment is accepted.
    NoEnvironment,
    /// Development is accepted.
    Development,
    /// An environment that no enclave serves; counted from 0.
    EnvironmentUnknown(usize),
    /// Evidence need not be fresh.
    NonceNotRequired,
    /// An endorsement is asked for.
    EndorsementRequired,
}

impl Warning {
    /// The stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoTee => "no-tee",
            Self::NoRelease => "no-release",
            Self::TeeWithoutRelease(_) => "tee-without-release",
            Self::ReleaseWithoutTee(_) => "release-without-tee",
            Self::ReleaseEnded(_) => "release-ended",
            Self::MeasurementZero(_) => "measurement-zero",
            Self::RegisterLeftOut(..) => "register-left-out",
            Self::DevelopmentTee => "development-tee",
            Self::AllowDebug => "allow-debug",
            Self::NoTcbStatus => "no-tcb-status",
            Self::StatusWithoutEnd(_) => "status-without-end",
            Self::ExtraEnded(..) => "extra-ended",
            Self::ExtraFarAhead(..) => "extra-far-ahead",
            Self::ExtraWithoutEffect(_) => "extra-without-effect",
            Self::EvaluationLow(_) => "evaluation-low",
            Self::CollateralOld(_) => "collateral-old",
            Self::NoPlatform => "no-platform",
            Self::PlatformIdForm(_) => "platform-id-form",
            Self::SnpWithoutMinimum(_) => "snp-without-minimum",
            Self::NoEnvironment => "no-environment",
            Self::Development => "development",
            Self::EnvironmentUnknown(_) => "environment-unknown",
            Self::NonceNotRequired => "nonce-not-required",
            Self::EndorsementRequired => "endorsement-required",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoTee => f.write_str("tee is empty: no evidence is accepted"),
            Self::NoRelease => f.write_str("releases is empty: no program is accepted"),
            Self::TeeWithoutRelease(tee) => {
                write!(f, "tee has {}, but no release is of that kind: such evidence is always refused", tee.name())
            }
            Self::ReleaseWithoutTee(at) => {
                write!(f, "releases[{at}] is of a kind that tee leaves out: it has no effect")
            }
            Self::ReleaseEnded(at) => write!(f, "releases[{at}] is past its not_after: it is always refused"),
            Self::MeasurementZero(at) => write!(
                f,
                "releases[{at}] has a measurement of zeros, which no program has: Nitro writes it for a debug enclave"
            ),
            Self::RegisterLeftOut(at, register) => {
                let what = measured_by(register);
                write!(f, "releases[{at}] leaves out rtmr{register}: {what} may be anything")
            }
            Self::DevelopmentTee => {
                f.write_str("tee has development evidence, which proves nothing about hardware; without a development root it never passes")
            }
            Self::AllowDebug => f.write_str(
                "allow_debug: the host reads a debug enclave's memory. Only development evidence passes with it",
            ),
            Self::NoTcbStatus => f.write_str("no TCB status is accepted: Intel's evidence is always refused"),
            Self::StatusWithoutEnd(status) => write!(
                f,
                "tcb_status has {status}, for ever and without a sign: extra_tcb_status accepts it until a date, as amber"
            ),
            Self::ExtraEnded(status, until) => {
                write!(f, "extra_tcb_status: {status} ended on {}: it has no effect", instant::date(until))
            }
            Self::ExtraFarAhead(status, until) => write!(
                f,
                "extra_tcb_status: {status} lasts until {}, more than 180 days from now",
                instant::date(until)
            ),
            Self::ExtraWithoutEffect(status) => write!(
                f,
                "extra_tcb_status: {status} stands in tcb_status too, so that its end has no effect"
            ),
            Self::EvaluationLow(number) => write!(
                f,
                "min_tcb_evaluation_number is {number}: the vendor's judgements before {TCB_EVALUATION_AT_RELEASE} lack what was \
                 known when this client was released"
            ),
            Self::CollateralOld(age_s) => write!(
                f,
                "max_collateral_age_s is {age_s}, more than {COLLATERAL_AGE_MAX_S}: a revocation is heard of later"
            ),
            Self::NoPlatform => f.write_str("platform.allowed_platform_ids is empty: every platform is refused"),
            Self::PlatformIdForm(at) => {
                write!(f, "platform.allowed_platform_ids[{at}] is no SHA-256 in hex: no platform has it")
            }
            Self::SnpWithoutMinimum(product) => {
                write!(f, "snp_min_tcb asks nothing of {product:?}: its patch level may be any")
            }
            Self::NoEnvironment => f.write_str("environment is empty: every enclave is refused"),
            Self::Development => f.write_str("environment has development: figures may be invented"),
            Self::EnvironmentUnknown(at) => {
                write!(f, "environment[{at}] is none of live, sandbox, development: no enclave serves it")
            }
            Self::NonceNotRequired => f.write_str("require_nonce is false: old evidence passes where no nonce is sent"),
            Self::EndorsementRequired => f.write_str(
                "require_operator_endorsement: this version cannot judge one, so that all evidence is refused",
            ),
        }
    }
}

impl Policy {
    /// What to know about this policy at `now`, Unix seconds, in the order of its fields.
    pub fn warnings(&self, now: u64) -> Vec<Warning> {
        let mut found = Vec::new();
        self.warn_of_kinds(&mut found);
        for (at, release) in self.releases.iter().enumerate() {
            self.warn_of_release(at, release, now, &mut found);
        }
        self.warn_of_patch_levels(now, &mut found);
        self.warn_of_platforms(&mut found);
        self.warn_of_requests(&mut found);
        found
    }

    fn warn_of_kinds(&self, found: &mut Vec<Warning>) {
        let mut warn = |condition, warning| found.extend(bool::then_some(condition, warning));
        warn(self.tee.is_empty(), Warning::NoTee);
        warn(self.tee.iter().any(|tee| tee.is_development()), Warning::DevelopmentTee);
        warn(self.releases.is_empty(), Warning::NoRelease);
        for &tee in &self.tee {
            let has_some =
                self.releases.is_empty() || self.releases.iter().any(|release| is_of(release, tee));
            warn(!has_some, Warning::TeeWithoutRelease(tee));
        }
    }

    fn warn_of_release(&self, at: usize, release: &Release, now: u64, found: &mut Vec<Warning>) {
        let mut warn = |condition, warning| found.extend(bool::then_some(condition, warning));
        warn(!self.tee.iter().any(|&tee| is_of(release, tee)), Warning::ReleaseWithoutTee(at));
        warn(release.not_after().is_some_and(|not_after| not_after < now), Warning::ReleaseEnded(at));
        warn(release.measurement().iter().all(|&byte| byte == 0), Warning::MeasurementZero(at));
        if let Release::Tdx(release) = release {
            let TdxRelease { rtmr0, rtmr1, rtmr2, rtmr3, .. } = &**release;
            for (register, value) in (0_u8..).zip([rtmr0, rtmr1, rtmr2, rtmr3]) {
                warn(value.is_none(), Warning::RegisterLeftOut(at, register));
            }
        }
    }

    fn warn_of_patch_levels(&self, now: u64, found: &mut Vec<Warning>) {
        let mut warn = |condition, warning| found.extend(bool::then_some(condition, warning));
        let intel = |tee: &Tee| matches!(tee, Tee::SgxDcap | Tee::Tdx | Tee::DevSgx | Tee::DevTdx);
        let has_intel = self.tee.iter().any(intel);
        warn(self.allow_debug, Warning::AllowDebug);
        let no_status = self.tcb_status.is_empty() && self.extra_tcb_status.is_empty();
        warn(has_intel && no_status, Warning::NoTcbStatus);
        for &status in &self.tcb_status {
            let usual = matches!(status, TcbStatus::UpToDate | TcbStatus::SWHardeningNeeded);
            warn(!usual, Warning::StatusWithoutEnd(status));
        }
        for extra in &self.extra_tcb_status {
            let (status, until) = (extra.status, extra.until);
            warn(until < now, Warning::ExtraEnded(status, until));
            warn(until > now.saturating_add(EXTRA_MAX_S), Warning::ExtraFarAhead(status, until));
            warn(self.tcb_status.contains(&status), Warning::ExtraWithoutEffect(status));
        }
        let number = self.min_tcb_evaluation_number;
        warn(has_intel && number < TCB_EVALUATION_AT_RELEASE, Warning::EvaluationLow(number));
        let age_s = self.max_collateral_age_s;
        warn(has_intel && age_s > COLLATERAL_AGE_MAX_S, Warning::CollateralOld(age_s));
    }

    fn warn_of_platforms(&self, found: &mut Vec<Warning>) {
        let mut warn = |condition, warning| found.extend(bool::then_some(condition, warning));
        if let Some(ids) = &self.platform.allowed_platform_ids {
            warn(ids.is_empty(), Warning::NoPlatform);
            for (at, id) in ids.iter().enumerate() {
                let is_hash = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
                warn(!is_hash, Warning::PlatformIdForm(at));
            }
        }
        let snp = self.tee.contains(&Tee::SevSnp);
        for product in [SnpProduct::Milan, SnpProduct::Genoa, SnpProduct::Turin] {
            warn(snp && self.snp_min_tcb.of(product).is_none(), Warning::SnpWithoutMinimum(product));
        }
    }

    fn warn_of_requests(&self, found: &mut Vec<Warning>) {
        let mut warn = |condition, warning| found.extend(bool::then_some(condition, warning));
        warn(self.environment.is_empty(), Warning::NoEnvironment);
        for (at, name) in self.environment.iter().enumerate() {
            warn(name == "development", Warning::Development);
            let known = matches!(name.as_str(), "live" | "sandbox" | "development");
            warn(!known, Warning::EnvironmentUnknown(at));
        }
        warn(self.require_operator_endorsement, Warning::EndorsementRequired);
        warn(!self.require_nonce, Warning::NonceNotRequired);
    }
}

fn is_of(release: &Release, tee: Tee) -> bool {
    match release {
        Release::Sgx(_) => matches!(tee, Tee::SgxDcap | Tee::DevSgx),
        Release::Tdx(_) => matches!(tee, Tee::Tdx | Tee::DevTdx),
        Release::Snp(_) => tee == Tee::SevSnp,
        Release::Nitro(_) => tee == Tee::Nitro,
    }
}

/// What a register of a trust domain measures.
const fn measured_by(register: u8) -> &'static str {
    match register {
        0 => "the firmware's configuration",
        1 => "the kernel",
        2 => "the command line and the initial file system, and so the program itself,",
        _ => "what the system extended while it started",
    }
}
