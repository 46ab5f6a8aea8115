//! Whether a TCB recovery that is coming puts the platform below where it is: Intel's early data set against the one
//! that holds (ATTESTATION.md section 5).

use super::{FetchError, Judged};
use attestation::{Class, TcbStatus};

/// What Intel says of a platform's patch level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// In one word.
    pub status: TcbStatus,
    /// What applies.
    pub advisories: Vec<String>,
    /// By which evaluation.
    pub evaluation: u32,
}

/// What the early data set means for the platform.
#[derive(Debug)]
pub enum Early {
    /// Nothing worse than what holds.
    Harmless,
    /// A recovery is coming that puts the platform lower.
    Recovery(Recovery),
    /// It could not be had, or does not verify: nobody knows.
    Unknown(FetchError),
}

/// Where a platform will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// At this level.
    To(Level),
    /// Nowhere: clients will refuse its evidence, at the step of this class.
    Refused(Class),
}

/// What the platform will be, after what it is.
pub(super) fn compare(holds: &Level, early: Result<Judged, FetchError>) -> Early {
    match early {
        Ok(Judged { level, .. }) if is_lower(holds, &level) => Early::Recovery(Recovery::To(level)),
        Ok(_) => Early::Harmless,
        Err(FetchError::NotVerified(failure)) if is_of_the_platform(failure.class) => {
            Early::Recovery(Recovery::Refused(failure.class))
        }
        Err(error) => Early::Unknown(error),
    }
}

/// Below up to date, and worse in word or by an advisory that no release may have mitigated.
fn is_lower(holds: &Level, early: &Level) -> bool {
    let new_advisory = early.advisories.iter().any(|id| !holds.advisories.contains(id));
    let worse = rank(early.status) > rank(holds.status);
    early.status != TcbStatus::UpToDate && (worse || new_advisory)
}

/// Refusals that say something of the platform rather than of what was fetched.
const fn is_of_the_platform(class: Class) -> bool {
    matches!(class, Class::TcbNoLevel | Class::TcbStatus | Class::QeIdentity)
}

/// Further up is better. What needs new software in the enclave only, then what needs a setting, then what needs a new
/// start of a domain, then what needs new firmware.
const fn rank(status: TcbStatus) -> u8 {
    match status {
        TcbStatus::UpToDate => 0,
        TcbStatus::SWHardeningNeeded => 1,
        TcbStatus::ConfigurationNeeded => 2,
        TcbStatus::ConfigurationAndSWHardeningNeeded => 3,
        TcbStatus::TDRelaunchAdvised => 4,
        TcbStatus::TDRelaunchAdvisedConfigurationNeeded => 5,
        TcbStatus::OutOfDate => 6,
        TcbStatus::OutOfDateConfigurationNeeded => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(status: TcbStatus, advisories: &[&str]) -> Level {
        let advisories = advisories.iter().map(|&id| id.to_owned()).collect();
        Level { status, advisories, evaluation: 20 }
    }

    #[test]
    fn only_what_is_worse_than_now_is_a_warning() {
        use TcbStatus::{ConfigurationNeeded, OutOfDate, SWHardeningNeeded, UpToDate};
        for (holds, early, lower) in [
            (level(UpToDate, &[]), level(UpToDate, &[]), false),
            (level(UpToDate, &[]), level(OutOfDate, &["INTEL-SA-1"]), true),
            (level(UpToDate, &[]), level(SWHardeningNeeded, &["INTEL-SA-1"]), true),
            (level(SWHardeningNeeded, &["INTEL-SA-1"]), level(SWHardeningNeeded, &["INTEL-SA-1"]), false),
            (level(SWHardeningNeeded, &["a"]), level(SWHardeningNeeded, &["a", "b"]), true),
            (level(OutOfDate, &["a"]), level(ConfigurationNeeded, &["a"]), false),
            (level(OutOfDate, &["a"]), level(UpToDate, &["b"]), false),
            (level(OutOfDate, &["a"]), level(OutOfDate, &[]), false),
        ] {
            assert_eq!(is_lower(&holds, &early), lower, "{holds:?} {early:?}");
        }
    }
}
