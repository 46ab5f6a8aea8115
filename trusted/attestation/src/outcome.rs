//! What the platform's patch level came to in step 12: green, or amber while the policy bears with a level that is
//! behind. Everything else about the evidence is the same in both.
//!
//! Not here: finding the level; that is `dcap/tcb.rs`. AMD and AWS sign no levels, so theirs is never behind.

use crate::dcap::TcbStatus;
use crate::failure::Failure;
use crate::instant;
use crate::policy::Policy;
use core::fmt;

/// How evidence passed the policy on patch levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to bear with.
    Green,
    /// The platform is behind, and passes for a while only.
    Amber(Box<Amber>),
}

/// A platform that is behind and passes because `extra_tcb_status` names its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amber {
    /// What is behind.
    pub behind: Behind,
    /// Why it passes, in the words of the caller's own policy.
    pub reason: String,
    /// The last second it passes, Unix seconds.
    pub until: u64,
}

/// A patch level that its vendor no longer calls current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// What the vendor says of all parts together.
    pub status: TcbStatus,
    /// The part whose level decides that.
    pub part: TcbPart,
    /// The vendor's date of that part's level (`tcbDate`): what was found later is not mended there. Unix seconds.
    pub since: Option<u64>,
    /// Advisories that apply.
    pub advisories: Vec<String>,
}

/// The parts that a vendor judges by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcbPart {
    /// Microcode, firmware and configuration of the machine.
    Platform,
    /// The module that runs trust domains.
    TdxModule,
    /// The enclave that signs quotes.
    QuotingEnclave,
}

impl TcbPart {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::TdxModule => "TDX module",
            Self::QuotingEnclave => "quoting enclave",
        }
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the TCB status is {}: the {}'s patch level", self.status, self.part.name())?;
        match self.since {
            Some(since) => write!(f, " is of {}", instant::date(since)),
            None => f.write_str(" has no date"),
        }
    }
}

impl Failure {
    /// A refusal of a patch level says so only if `passes`: if the evidence holds in everything else, under the same
    /// policy that accepts this level too.
    pub(crate) fn if_only_behind(mut self, policy: &Policy, passes: impl FnOnce(&Policy) -> bool) -> Self {
        if let Some(behind) = self.behind.take().filter(|behind| passes(&policy.accepting(behind))) {
            self.text.push_str("; nothing else is in the way");
            self.behind = Some(behind);
        }
        self
    }
}
