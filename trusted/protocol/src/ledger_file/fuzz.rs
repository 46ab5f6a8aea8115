//! One function for the border where a stranger's file becomes a record, called by tests with seeded bytes.

use super::{Export, read};
use alloc::{string::String, vec::Vec};

/// Whatever the bytes, reading ends in a record or in an error that can be told; and a record that was read is written as
/// a text that reads as the same. Says whether it was one, so that a test can tell how far its bytes reach.
///
/// # Panics
/// If that is not so.
pub fn fuzz_ledger_file(data: &[u8]) -> bool {
    let file = match read(data) {
        Ok(file) => file,
        Err(error) => {
            assert!(!alloc::format!("{error}").is_empty());
            return false;
        }
    };
    let written = |file: &super::LedgerFile| -> Option<String> {
        let export = Export::new(&file.record, &file.frame, file.as_of).ok()?;
        Some(export.pages(4096).collect::<Vec<_>>().concat())
    };
    let once = written(&file);
    let again = once.as_ref().and_then(|text| written(&read(text.as_bytes()).ok()?));
    assert!(once.is_some() && once == again, "what was read is written and read as the same");
    true
}
