//! What evidence proves, in words: the headline, which program, which machine. For people; what programs read is made by
//! `attestation::verdict`, which the wasm build shares.
//!
//! Not here: what it leaves open (`unproven.rs`), and judging it.

use crate::{
    figure,
    output::plain,
    table::{Align, Table},
};
pub(super) use attestation::verdict::outcome_json as json;
use attestation::{Amber, Identity, Outcome, Release, TcbStatus, Tee, VerifiedEvidence};

/// Two lines of it hold the longest measurement within a hundred columns.
const HASH_COLUMNS: usize = 64;

/// The one sentence to remember.
pub(super) fn headline(evidence: &VerifiedEvidence) -> String {
    let verified = match (evidence.tee().is_development(), evidence.measurement_checked()) {
        (true, _) => "Development evidence: its parts fit together, and that proves nothing about hardware.",
        (false, true) => "Verified: genuine hardware runs a program that the policy names.",
        (false, false) => "Genuine hardware, but the program was not compared with any release.",
    };
    match amber(evidence) {
        None => verified.to_owned(),
        Some(amber) if evidence.tee().is_development() => {
            format!(
                "{verified}\nAMBER: {}; accepted until {} only.",
                lacking(amber.behind.status),
                day(amber.until)
            )
        }
        Some(amber) => format!(
            "AMBER: verified, but {}. Accepted until {} only.",
            lacking(amber.behind.status),
            day(amber.until)
        ),
    }
}

/// What else to say of a platform that is behind, where a call goes on.
pub(super) fn amber_remark(evidence: &VerifiedEvidence) -> Option<String> {
    let amber = amber(evidence)?;
    let (status, until) = (amber.behind.status, day(amber.until));
    Some(format!("AMBER: {} ({status}); the policy accepts that until {until}.", lacking(status)))
}

fn amber(evidence: &VerifiedEvidence) -> Option<&Amber> {
    match evidence.outcome()? {
        Outcome::Green => None,
        Outcome::Amber(amber) => Some(amber),
    }
}

/// Which program, as rows of a table.
pub(super) fn program(evidence: &VerifiedEvidence, facts: &mut Table) {
    let release = match evidence.release().map(Release::name) {
        Some(Some(name)) => plain(name),
        Some(None) => "one of the policy's, which gives it no name".to_owned(),
        None => "not compared with any release".to_owned(),
    };
    facts.row(&["release", &release]);
    hash_row(facts, "measurement", evidence.measurement());
    if let Some(signer) = evidence.signer() {
        hash_row(facts, "signer", signer);
    }
    if let Some((product, security_version)) = evidence.product() {
        facts.row(&["product", &format!("{product}, security version {security_version}")]);
    }
    if evidence.debug() {
        facts.row(&["debug", "YES: its host can read everything in it"]);
    }
}

/// Which machine, as rows of a table.
pub(super) fn machine(evidence: &VerifiedEvidence, facts: &mut Table) {
    facts.row(&["hardware", hardware(evidence.tee())]);
    match evidence.platform_ids() {
        [] => {
            facts.row(&["platform id", "the platform hides it"]);
        }
        ids => {
            for (at, id) in ids.iter().enumerate() {
                facts.row(&[if at == 0 { "platform id" } else { "" }, id]);
            }
        }
    }
    facts.long_row("patch level", &patch_level(evidence));
    if let Some(number) = evidence.tcb_evaluation_number() {
        facts.row(&["judged by", &format!("the vendor's evaluation number {number}")]);
    }
    if !evidence.advisories().is_empty() {
        facts.long_row("advisories", &evidence.advisories().join(", "));
    }
    if let Some(Amber { behind, reason, until }) = amber(evidence) {
        let since = behind.since.map_or(figure::NONE.to_owned(), day);
        facts
            .row(&["patched as of", &format!("{since} ({})", behind.part.name())])
            .row(&["accepted until", &figure::time(&figure::instant(*until))])
            .long_row("because", &plain(reason));
    }
    let until = figure::time(&figure::instant(evidence.earliest_expiration()));
    facts.row(&["evidence holds until", &until]);
}

/// A hash, in as many rows as it needs.
pub(super) fn hash_row(facts: &mut Table, name: &str, hash: &[u8]) {
    for (at, part) in hash.chunks(HASH_COLUMNS / 2).enumerate() {
        facts.row(&[if at == 0 { name } else { "" }, &hex::encode(part)]);
    }
}

/// A table of facts.
pub(super) fn facts() -> Table {
    Table::new(&[Align::Left, Align::Left])
}

/// The kind of evidence in words.
pub(super) const fn hardware(tee: Tee) -> &'static str {
    match tee {
        Tee::SgxDcap => "Intel SGX enclave",
        Tee::Tdx => "Intel TDX virtual machine",
        Tee::SevSnp => "AMD SEV-SNP virtual machine",
        Tee::Nitro => "AWS Nitro enclave",
        Tee::DevSgx => "none: development evidence in the form of an Intel SGX enclave",
        Tee::DevTdx => "none: development evidence in the form of an Intel TDX virtual machine",
    }
}

fn patch_level(evidence: &VerifiedEvidence) -> String {
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

/// What an amber platform lacks.
pub(crate) const fn lacking(status: TcbStatus) -> &'static str {
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
pub(super) const fn in_words(status: TcbStatus) -> &'static str {
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

fn day(unix_s: u64) -> String {
    let instant = figure::instant(unix_s);
    instant.split('T').next().unwrap_or_default().to_owned()
}
