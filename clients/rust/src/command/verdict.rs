//! What evidence proves, as tables: which program, which machine. Their words are those of `attestation_wasm::words`; what
//! programs read is made by `attestation::verdict`. Other languages share both.
//!
//! Not here: what it leaves open (`unproven.rs`), and judging it.

use crate::{
    figure,
    output::plain,
    table::{Align, Table},
};
pub(super) use attestation::verdict::outcome_json as json;
use attestation::{Amber, VerifiedEvidence};
use attestation_wasm::words;

/// Two lines of it hold the longest measurement within a hundred columns.
const HASH_COLUMNS: usize = 64;

/// Which program, as rows of a table.
pub(super) fn program(evidence: &VerifiedEvidence, facts: &mut Table) {
    facts.row(&["release", &words::release(evidence)]);
    hash_row(facts, "measurement", evidence.measurement());
    if let Some(signer) = evidence.signer() {
        hash_row(facts, "signer", signer);
    }
    if let Some((product, security_version)) = evidence.product() {
        facts.row(&["product", &format!("{product}, security version {security_version}")]);
    }
    if evidence.debug() {
        facts.row(&["debug", &format!("YES: {}", words::DEBUG)]);
    }
}

/// Which machine, as rows of a table.
pub(super) fn machine(evidence: &VerifiedEvidence, facts: &mut Table) {
    facts.row(&["hardware", words::hardware(evidence.tee())]);
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
    facts.long_row("patch level", &words::patch_level(evidence));
    if let Some(number) = evidence.tcb_evaluation_number() {
        facts.row(&["judged by", &format!("the vendor's evaluation number {number}")]);
    }
    if !evidence.advisories().is_empty() {
        facts.long_row("advisories", &evidence.advisories().join(", "));
    }
    if let Some(Amber { behind, reason, until }) = words::amber(evidence) {
        let since = behind.since.map_or(figure::NONE.to_owned(), words::day);
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
