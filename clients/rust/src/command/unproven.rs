//! What a verdict leaves open, in a box that must not be overlooked.

use crate::output::lines;

/// How wide the box is inside.
const COLUMNS: usize = 92;

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
