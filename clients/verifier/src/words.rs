//! What evidence proves and leaves open, in plain words: said once, for `perfagg`, for the library in other languages and
//! for the pages that are made with it.
//!
//! Not here: judging, and where on a page a sentence stands.

use attestation::verdict::{instant, plain};
use attestation::{
    Amber, Behind, Class, Failure, Identity, Mode, Outcome, Release, TcbStatus, Tee, VerifiedEvidence,
};

/// Who speaks: advice names what its reader can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// `perfagg`: its options.
    Command,
    /// The library, and pages that are made with it.
    Library,
}

/// What no evidence shows of a service.
pub const OF_A_SERVICE: [&str; 5] = [
    "that the service stays available: its operator can stop it at any time",
    "that an exchange tells the truth about an account",
    "that the hardware withstands side channels and physical attacks beyond what its vendor mitigates",
    "that nobody learns when you call, how much is sent, and which exchange is asked",
    "that your own device is sound: a key is read there before it is sealed",
];

/// What nobody who holds a saved answer can know from it.
pub const OF_A_SAVED_ANSWER: [&str; 5] = [
    "that these are the newest figures: the account may have done worse since, or another answer may say more",
    "when it was signed, but by the enclave's own clock, which it holds against the exchanges'",
    "whose account it is, and that the trader has no other account: only that one exchange account did this",
    "that the exchange told the truth about the account",
    "that the platform was sound beyond what its vendor knew when the evidence was made",
];

/// What a genuine receipt does not prove.
pub const OF_A_RECEIPT: [&str; 4] = [
    "that the key is deleted at the exchange: only its owner can do that, there",
    "whose session or record it was: a receipt names neither",
    "when it was signed, but by the enclave's own clock, which it holds against the exchanges'",
    "that the platform was sound beyond what its vendor knew when the evidence was made",
];

/// What this evidence leaves open by itself.
pub fn left_open(evidence: &VerifiedEvidence) -> Vec<&'static str> {
    let mut open = Vec::new();
    if evidence.tee().is_development() {
        open.push("anything about hardware: whoever runs this enclave can read and sign what they like");
    }
    if !evidence.measurement_checked() {
        open.push("which program runs: its measurement was not compared with any release");
    }
    open
}

/// The one sentence to remember.
pub fn headline(evidence: &VerifiedEvidence) -> String {
    let verified = match (evidence.tee().is_development(), evidence.measurement_checked()) {
        (true, _) => "Development evidence: its parts fit together, and that proves nothing about hardware.",
        (false, true) => "Verified: genuine hardware runs a program that the policy names.",
        (false, false) => "Genuine hardware, but the program was not compared with any release.",
    };
    let Some(Amber { behind, until, .. }) = amber(evidence) else { return verified.to_owned() };
    let (lacking, until) = (lacking(behind.status), day(*until));
    if evidence.tee().is_development() {
        return format!("{verified}\nAMBER: {lacking}; accepted until {until} only.");
    }
    format!("AMBER: verified, but {lacking}. Accepted until {until} only.")
}

/// What else to say of a platform that is behind, where a call goes on.
pub fn amber_remark(evidence: &VerifiedEvidence) -> Option<String> {
    let Amber { behind, until, .. } = amber(evidence)?;
    let (status, until) = (behind.status, day(*until));
    Some(format!("AMBER: {} ({status}); the policy accepts that until {until}.", lacking(status)))
}

/// How a platform that is behind passes.
pub fn amber(evidence: &VerifiedEvidence) -> Option<&Amber> {
    match evidence.outcome()? {
        Outcome::Green => None,
        Outcome::Amber(amber) => Some(amber),
    }
}

/// The name of the program.
pub fn release(evidence: &VerifiedEvidence) -> String {
    match evidence.release().map(Release::name) {
        Some(Some(name)) => plain(name),
        Some(None) => "one of the policy's, which gives it no name".to_owned(),
        None => "not compared with any release".to_owned(),
    }
}

/// The program in a sentence: its name, and that its host reads along where it does.
pub fn program(evidence: &VerifiedEvidence) -> String {
    if evidence.debug() { format!("{}; debug: {DEBUG}", release(evidence)) } else { release(evidence) }
}

/// What a debug enclave is.
pub const DEBUG: &str = "its host can read everything in it";

/// The kind of evidence.
pub const fn hardware(tee: Tee) -> &'static str {
    match tee {
        Tee::SgxDcap => "Intel SGX enclave",
        Tee::Tdx => "Intel TDX virtual machine",
        Tee::SevSnp => "AMD SEV-SNP virtual machine",
        Tee::Nitro => "AWS Nitro enclave",
        Tee::DevSgx => "none: development evidence in the form of an Intel SGX enclave",
        Tee::DevTdx => "none: development evidence in the form of an Intel TDX virtual machine",
    }
}

/// What the vendor says of the machine.
pub fn patch_level(evidence: &VerifiedEvidence) -> String {
    match (evidence.tcb_status(), evidence.identity()) {
        (Some(status), _) => format!("{} ({status})", in_words(status)),
        (None, Identity::Snp(guest)) => {
            let tcb = &guest.reported_tcb;
            format!(
                "bootloader {}, TEE {}, SNP {}, microcode {}; the vendor signs no judgement of it",
                tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode
            )
        }
        (None, _) => "the vendor signs no judgement of it".to_owned(),
    }
}

/// How the client is connected, and what that means.
pub const fn connection(mode: Option<Mode>, speaker: Speaker) -> &'static str {
    match (mode, speaker) {
        (Some(Mode::Direct), _) => "TLS ends in the enclave: the connection's key is the attested one",
        (_, Speaker::Command) => {
            "TLS does not end in the enclave. Calls and answers are sealed; whoever passes them on sees when, how much and \
             which call. --direct refuses that"
        }
        (Some(Mode::Relayed), Speaker::Library) => {
            "TLS does not end in the enclave. Calls and answers are sealed; whoever passes them on sees when, how much and \
             which call"
        }
        (None, Speaker::Library) => {
            "where TLS ends cannot be seen from here. Calls and answers are sealed; whoever ends it sees when, how much and \
             which call"
        }
    }
}

/// What a platform that is behind lacks.
pub const fn lacking(status: TcbStatus) -> &'static str {
    match status {
        TcbStatus::OutOfDate
        | TcbStatus::OutOfDateConfigurationNeeded
        | TcbStatus::TDRelaunchAdvised
        | TcbStatus::TDRelaunchAdvisedConfigurationNeeded => "the platform's patch level is behind",
        TcbStatus::UpToDate
        | TcbStatus::SWHardeningNeeded
        | TcbStatus::ConfigurationNeeded
        | TcbStatus::ConfigurationAndSWHardeningNeeded => {
            "the platform's settings or programs leave known weaknesses open"
        }
    }
}

/// What the vendor's word means.
pub const fn in_words(status: TcbStatus) -> &'static str {
    match status {
        TcbStatus::UpToDate => "up to date",
        TcbStatus::SWHardeningNeeded => "up to date; programs must guard themselves against known weaknesses",
        TcbStatus::ConfigurationNeeded => "patched, but its settings leave known weaknesses open",
        TcbStatus::ConfigurationAndSWHardeningNeeded => {
            "patched, but its settings leave known weaknesses open, and programs must guard themselves"
        }
        TcbStatus::OutOfDate => "behind: it lacks patches that its vendor has published",
        TcbStatus::OutOfDateConfigurationNeeded => {
            "behind: it lacks patches that its vendor has published, and its settings leave weaknesses open"
        }
        TcbStatus::TDRelaunchAdvised => "patched after this virtual machine started: it must start again",
        TcbStatus::TDRelaunchAdvisedConfigurationNeeded => {
            "patched after this virtual machine started: it must start again, and its settings need a change"
        }
    }
}

/// The day of an instant, UTC.
pub fn day(unix_s: u64) -> String {
    let instant = instant(unix_s);
    instant.split('T').next().unwrap_or_default().to_owned()
}

/// What a refusal means, and what to do.
pub fn advice(failure: &Failure, speaker: Speaker) -> String {
    match &failure.behind {
        Some(behind) => only_behind(behind, speaker),
        None => meaning(failure.class, speaker).to_owned(),
    }
}

/// Genuine, accepted in everything else, and on a platform whose patches are behind.
fn only_behind(behind: &Behind, speaker: Speaker) -> String {
    let advisories = match &behind.advisories[..] {
        [] => String::new(),
        some => format!(", and {} in the release's accepted_advisories", some.join(", ")),
    };
    let option = match speaker {
        Speaker::Command => " (--policy FILE)",
        Speaker::Library => "",
    };
    format!(
        "The hardware is genuine and everything else is as the policy asks, but {}. The operator must mend the machine. \
         To accept it until then, a policy{option} must name {} in extra_tcb_status, with a reason and an \
         end{advisories}.",
        lacking(behind.status),
        behind.status
    )
}

/// Advice that names what its reader can do.
struct Advice {
    command: &'static str,
    library: &'static str,
}

const MEASUREMENT: Advice = Advice {
    command: "Another program runs there than any that the policy names. The policy that is built in names none, since no \
              release of the enclave is published yet; --policy FILE names programs that you accept. If yours names this \
              one, do not use this service.",
    library: "Another program runs there than any that the policy names. The policy that is built in names none, since no \
              release of the enclave is published yet; one of your own names programs that you accept. If yours names \
              this one, do not use this service.",
};
const UNTRUSTED_ROOT: Advice = Advice {
    command: "No release of the enclave with evidence by hardware exists yet, so perfagg accepts no enclave by default: \
              --policy FILE names programs and kinds of evidence that you accept. For development only: \
              --dangerous-development-root PEM accepts evidence under that root, which proves nothing about hardware.",
    library: "No release of the enclave with evidence by hardware exists yet, so none is accepted by default: a policy of \
              your own names programs and kinds of evidence that you accept. For development only: \
              dangerousDevelopment(root) accepts evidence under that root, which proves nothing about hardware.",
};
const NOT_JUDGED: Advice = Advice {
    command: "This is no evidence that this version can judge. Check the address; a newer perfagg may know more. Otherwise \
              do not use this service.",
    library: "This is no evidence that this version can judge. Check the address; a newer version may know more. Otherwise \
              do not use this service.",
};
const CHANNEL: Advice = Advice {
    command: "Somebody stands between you and the enclave who has not its key. Check the service URL, and try from another \
              network; without --direct a relay is accepted whose certificate the web trusts.",
    library: "The policy asks for a proof over this very connection, which a web page and fetch cannot give: perfagg can.",
};
const CONFIG: Advice = Advice {
    command: "The enclave runs with other settings than the policy accepts. A session is read in its own environment only; \
              --sandbox registers for the exchange's test network.",
    library: "The enclave runs with other settings than the policy accepts. A session is read in its own environment only; \
              sandbox: true asks for the exchange's test network.",
};
const EPOCH_ROLLBACK: Advice = Advice {
    command: "An old copy of the enclave may be answering: ask the operator. If it is your own development enclave, started \
              with an earlier time, remove the session file and register again.",
    library: "An old copy of the enclave may be answering: ask the operator. If it is your own development enclave, started \
              with an earlier time, make a new client and register again.",
};
const PROOF_UNKNOWN: Advice = Advice {
    command: "The policy asks for a proof that this version cannot judge. Change the policy, or use a newer perfagg.",
    library: "The policy asks for a proof that this version cannot judge. Change the policy, or use a newer version.",
};

/// What a class of refusals means, and what to do.
pub const fn meaning(class: Class, speaker: Speaker) -> &'static str {
    let advice = match class {
        Class::Measurement => MEASUREMENT,
        Class::UntrustedRoot => UNTRUSTED_ROOT,
        Class::Malformed | Class::Unsupported => NOT_JUDGED,
        Class::Channel => CHANNEL,
        Class::Config => CONFIG,
        Class::EpochRollback => EPOCH_ROLLBACK,
        Class::Endorsement | Class::Release => PROOF_UNKNOWN,
        Class::CollateralSignature
        | Class::CertChain
        | Class::CollateralMismatch
        | Class::QeReport
        | Class::QeIdentity
        | Class::QuoteSignature
        | Class::TcbNoLevel
        | Class::TcbModule => {
            return "It is not what the maker of the hardware signed: it was changed, made up, or put together wrongly. Do \
                    not use this service; ask its operator.";
        }
        Class::Revoked => {
            return "The maker of the hardware no longer vouches for this machine. Do not use this service; ask its \
                    operator.";
        }
        Class::Expired => {
            return "Check the clock of this machine; if it is right, the operator must renew the collateral.";
        }
        Class::TcbStatus | Class::TcbAdvisory | Class::TcbEval => {
            return "Weaknesses are known in this machine that the policy does not accept, or this release does not \
                    mitigate. The operator must update it; until then do not use this service.";
        }
        Class::Platform => {
            return "The machine is not one that the policy accepts. If the operator has moved, ask for the new platform's \
                    id in another way than through this service.";
        }
        Class::Debug | Class::Attributes => {
            return "Whoever runs the machine could read or change what happens in this enclave. Do not use this service.";
        }
        Class::Signer | Class::Product | Class::Svn => {
            return "Another program runs there than the policy names. Do not use this service; ask its operator.";
        }
        Class::ReportData => {
            return "The evidence is of something else than the keys that came with it. Do not use this service.";
        }
        Class::Freshness => {
            return "The answer belongs to another request, or came too late. Try again; if it stays so, do not use this \
                    service.";
        }
    };
    match speaker {
        Speaker::Command => advice.command,
        Speaker::Library => advice.library,
    }
}
