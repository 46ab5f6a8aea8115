//! The ledger, page by page: the file is of one state, whole, or not there.

use super::{
    Answer, Client,
    call::{Members, Place, Said},
};
use crate::failure::Failure;
use core::time::Duration;
use protocol::{
    Code, Route, Secret,
    api::LedgerPage,
    ledger_file::{self, LedgerFile},
};
use zeroize::Zeroizing;

/// A ledger is begun again so often while it changes: it does once a minute at most, and takes seconds.
const LEDGER_TRIES: u32 = 4;
/// The longest wait for a round of the collection, whatever the service advises.
const LEDGER_WAIT_S_MAX: u64 = 60;
/// The text of a ledger: an account has at most two million fills, of some hundred bytes each.
const LEDGER_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// A whole ledger.
pub struct Ledger {
    /// As `perfagg replay` reads it.
    pub text: Zeroizing<String>,
    /// What it says.
    pub file: LedgerFile,
}

impl Client {
    /// Reads the whole ledger, page by page, and makes sure that it is whole. One that changes meanwhile is begun again.
    ///
    /// # Errors
    /// Why there is none, or none that is of one state.
    pub async fn ledger(&mut self, session_id: &Secret) -> Result<Ledger, Failure> {
        for _ in 1..LEDGER_TRIES {
            match self.whole_ledger(session_id).await {
                Err(failure) if failure.says(Code::LedgerChanged) => {
                    let wait_s = failure.retry_after_s().unwrap_or(0).min(LEDGER_WAIT_S_MAX);
                    tokio::time::sleep(Duration::from_secs(wait_s)).await;
                }
                outcome => return outcome,
            }
        }
        self.whole_ledger(session_id).await
    }

    async fn whole_ledger(&mut self, session_id: &Secret) -> Result<Ledger, Failure> {
        let mut text = Zeroizing::new(String::new());
        let mut page = self.ledger_page(session_id, None, None).await?;
        let revision = page.revision;
        loop {
            let whole_lines = page.lines.ends_with('\n') && page.revision == revision;
            if !whole_lines || text.len().saturating_add(page.lines.len()) > LEDGER_BYTES_MAX {
                return Err(Failure::AnswerForm);
            }
            text.push_str(&page.lines);
            let Some(after) = page.next else { break };
            page = self.ledger_page(session_id, Some(&after), Some(revision)).await?;
        }
        let file =
            ledger_file::read(text.as_bytes()).map_err(|error| Failure::LedgerFile(Box::new(error)))?;
        self.check_environment(&file.frame.environment)?;
        Ok(Ledger { text, file })
    }

    async fn ledger_page(
        &mut self,
        session_id: &Secret,
        after: Option<&str>,
        revision: Option<u64>,
    ) -> Result<LedgerPage, Failure> {
        let members = Members { after: after.map(Place::Page), revision, ..Members::default() };
        let page: Answer<LedgerPage> = self.call(Route::Ledger, &Said::Session(session_id, members)).await?;
        Ok(page.body)
    }
}
