//! What a verdict leaves open, in a box that must not be overlooked.

use crate::output::lines;
use attestation::VerifiedEvidence;

/// How wide the box is inside.
const COLUMNS: usize = 92;

/// What no evidence shows of a service.
pub(super) const OF_A_SERVICE: [&str; 5] = [
    "that the service stays available: its operator can stop it at any time",
    "that an exchange tells the truth about an account",
    "that the hardware withstands side channels and physical attacks beyond what its vendor mitigates",
    "that nobody learns when you call, how much is sent, and which exchange is asked",
    "that your own device is sound: a key is read there before it is sealed",
];

/// What this evidence leaves open by itself.
pub(super) fn of_evidence(evidence: &VerifiedEvidence) -> Vec<&'static str> {
    let mut open = Vec::new();
    if evidence.tee().is_development() {
        open.push("anything about hardware: whoever runs this enclave can read and sign what they like");
    }
    if !evidence.measurement_checked() {
        open.push("which program runs: its measurement was not compared with any release");
    }
    open
}

/// The box.
pub(super) fn framed(items: &[&str]) -> String {
    let rule = "─".repeat(COLUMNS.saturating_add(2));
    let line = |text: &str| {
        let space = COLUMNS.saturating_sub(text.chars().count());
        format!("│ {text}{} │\n", " ".repeat(space))
    };
    let items: String = items
        .iter()
        .flat_map(|item| {
            let broken = lines(item, COLUMNS.saturating_sub(2));
            let marked = broken.into_iter().enumerate();
            marked.map(|(at, text)| if at == 0 { format!("- {text}") } else { format!("  {text}") })
        })
        .map(|text| line(&text))
        .collect();
    format!("┌{rule}┐\n{}{items}└{rule}┘\n", line("What this does not prove"))
}
