//! What the command says: results on stdout, remarks on stderr. A reader who has seen enough may leave.

use crate::complaint::Complaint;
pub(crate) use attestation::verdict::plain;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

/// Stands above everything that rests on development evidence.
pub(crate) const DEVELOPMENT: &str = "\
!!! DEVELOPMENT EVIDENCE: it proves nothing about hardware.
!!! Whoever runs this enclave can read what is sent to it. Never give it the key of a real account.";

/// How a command speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// A result, for people or for programs.
    pub(crate) fn result(self, text: &str) -> Result<(), Complaint> {
        let mut stdout = io::stdout().lock();
        let line_end = if text.ends_with('\n') { "" } else { "\n" };
        match write!(stdout, "{text}{line_end}").and_then(|()| stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Complaint::unheard()),
            Err(error) => Err(Complaint::internal(&error)),
        }
    }

    /// A remark, for people only.
    pub(crate) fn remark(self, text: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// True if someone watches stderr.
    pub(crate) fn watched(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }
}

/// A text in lines of at most `width` columns, broken between words.
pub(crate) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How many columns a terminal takes for a text: East Asian letters take two (Unicode Standard Annex 11).
pub(crate) fn columns(text: &str) -> usize {
    let wide = |char: char| {
        matches!(char, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
    };
    text.chars().map(|char| if wide(char) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_moves_no_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\r\nc\u{202e}d\u{9b}e"), "a [2Jb  c d e");
        assert_eq!(plain("Zürich ₿"), "Zürich ₿");
        assert_eq!(plain(&"x".repeat(5000)).len(), 1000);
    }
    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(lines("one two  three\nfour", 8), ["one two", "three", "four"]);
        assert_eq!(lines("averylongword x", 5), ["averylongword", "x"]);
        assert_eq!(lines("", 5), [""; 0]);
    }

    #[test]
    fn an_east_asian_letter_takes_two_columns() {
        assert_eq!((columns("BTCUSDT"), columns("币安人生USDT"), columns("Zürich")), (7, 12, 6));
    }
}
