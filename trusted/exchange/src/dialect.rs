//! A **dialect**: how one venue is asked and what its answers say, endpoint by endpoint. It knows nothing of what is to be
//! asked next, nor of what was answered before; a connector does.
//!
//! ```text
//! Question ─► ask: method, host, path, query, headers, body, signed over the very bytes ─► Reply ─► read ─► Said
//! ```
//!
//! Every venue says the same things in the words of `said.rs`, so that nothing behind a dialect knows a venue's JSON.
//! Amounts are exact, ids are text, and an answer that is not as documented is an error that names the endpoint and the
//! field, and applies nothing.

mod json;
mod parameters;
mod mac;
mod listings;
mod chains;
mod said;
mod cases;
mod heard;

#[cfg(test)]
pub(crate) use cases::{assert_shared_signatures, request_cases, secret, signed_of, text};
pub(crate) use chains::chain;
#[cfg(test)]
pub(crate) use heard::{
    asks_again_for_what_was_cut_off, heard, keeps_to_its_calls, refuses_what_is_no_answer,
};
pub(crate) use json::{Cell, Row, Unit, is_sane_ms, rows, wrong};
pub use listings::{Board, Listing, Listings};
pub(crate) use mac::{hmac_sha256, hmac_sha512, key_hash};
pub(crate) use parameters::{Parameters, instant, percent_encoded};
pub(crate) use said::one_each;
pub use said::*;

use crate::{Method, Refusal, Reply, Request, VenueError};
use ledger::{Asset, Timestamp};
use protocol::Credentials;

/// What can be asked of a venue about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Executions of its orders.
    Fills,
    /// One asset turned into another outside the order book.
    Conversions,
    /// What it holds.
    Balances,
    /// What came in.
    Deposits,
    /// What went out.
    Withdrawals,
    /// What moved between accounts of one user.
    Transfers,
    /// Everything that changed a balance, as the venue books it.
    Ledger,
    /// Funding that was paid or received for contracts.
    Funding,
    /// What trading costs.
    Fees,
    /// Open contracts.
    Positions,
    /// What things trade at now.
    Prices,
    /// Candles.
    Klines,
    /// The venue's clock.
    Time,
    /// What the key may do.
    Permission,
    /// A statement that the venue is to prepare (Interactive Brokers).
    Request,
    /// The instruments that there are.
    Listings,
    /// The accounts below this one.
    SubAccounts,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Fills,
        Self::Conversions,
        Self::Balances,
        Self::Deposits,
        Self::Withdrawals,
        Self::Transfers,
        Self::Ledger,
        Self::Funding,
        Self::Fees,
        Self::Positions,
        Self::Prices,
        Self::Klines,
        Self::Time,
        Self::Permission,
        Self::Request,
        Self::Listings,
        Self::SubAccounts,
    ];
}

/// One question. What a venue cannot be asked in it is left out by its dialect's own rules, which stand there.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is asked for.
    pub need: Need,
    /// Of which of the venue's accounts, in the words of its dialect: `spot`, `usdm`, `linear`, `wallet`, …
    pub market: &'a str,
    /// Of which instrument, by the venue's own name.
    pub symbol: Option<&'a str>,
    /// Of which currency, by the venue's own name.
    pub currency: Option<&'a str>,
    /// From when on, milliseconds, inclusive.
    pub from_ms: Option<i64>,
    /// Until when, milliseconds, inclusive.
    pub to_ms: Option<i64>,
    /// Rows at most.
    pub limit: Option<u32>,
    /// The venue's own parameters, as they are: cursors, kinds.
    pub with: Vec<(&'a str, String)>,
    /// What stands for the braces in the path, where it has some: the venue's id of a wallet.
    pub segment: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// A question without parameters.
    pub fn of(need: Need, market: &'a str) -> Self {
        Self {
            need,
            market,
            symbol: None,
            currency: None,
            from_ms: None,
            to_ms: None,
            limit: None,
            with: Vec::new(),
            segment: None,
        }
    }
}

/// What signing takes beside the key: both come from outside.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The venue's time, for stamps and nonces.
    pub at: Timestamp,
    /// Drawn anew for each request, for venues that want a nonce of their own.
    pub random: [u8; 16],
}

/// How one venue speaks.
pub trait Dialect: Sync {
    /// The calls that this dialect can make: method, host, path. All of them read.
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)];

    /// The request of a question, signed where the venue wants that.
    ///
    /// # Errors
    /// `Credentials`: the secret cannot sign. `Request`: the venue cannot be asked this.
    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal>;

    /// The error in an answer, if it is one. Some venues say so under a status of success.
    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError>;

    /// What an answer says. It was given at `path`, to a question of this need and market, and is not an error.
    ///
    /// # Errors
    /// `Answer`, with the field: it is not as documented. `Retry`: it was cut off.
    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError>;

    /// The venue's names of the wallets in an answer of balances, where it has lists of one wallet at a time.
    ///
    /// # Errors
    /// As those of [`read`](Self::read).
    fn wallets(&self, _asked: Asked<'_>, _reply: &Reply) -> Result<Vec<String>, VenueError> {
        Ok(Vec::new())
    }

    /// What goes with the same question for the page that follows, by the venue's name for it. `None`: the venue has no
    /// more, or tells no such thing and is asked for the next window instead.
    ///
    /// # Errors
    /// As those of [`read`](Self::read).
    fn next_page(
        &self,
        _asked: Asked<'_>,
        _reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        Ok(None)
    }
}

/// The path of a dialect's own table: errors name nothing that came from elsewhere.
pub(crate) fn endpoint(calls: &[(Method, &str, &'static str)], path: &str) -> &'static str {
    calls
        .iter()
        .find(|(_, _, own)| *own == path)
        .map_or("an endpoint that is not in the table", |(_, _, own)| own)
}

/// What an answer belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What was asked for.
    pub need: Need,
    /// Of which account.
    pub market: &'a str,
    /// Where.
    pub path: &'a str,
    /// Of which instrument, by the venue's own name; some answers do not repeat it.
    pub symbol: Option<&'a str>,
    /// Of which currency, by the venue's own name; some answers do not repeat it.
    pub currency: Option<&'a str>,
    /// Whose, by the venue's id of an account: some answers name both sides of a transfer and not which of them asked.
    pub account: Option<&'a str>,
}

impl Asked<'_> {
    /// Leaves out what was not asked for: a reply may hold rows of other instruments and currencies.
    pub(crate) fn narrow(self, said: &mut Said) {
        let of = |symbol: &str| self.symbol.is_none_or(|asked| asked == symbol);
        let within = |asset: &Asset| self.currency.is_none_or(|asked| asked == asset.as_str());
        match said {
            Said::Fills(rows) => rows.retain(|row| of(&row.symbol)),
            Said::Funding(rows) => rows.retain(|row| of(&row.symbol)),
            Said::Positions(rows) => rows.retain(|row| of(&row.symbol)),
            Said::Prices(rows) => rows.retain(|row| of(&row.symbol)),
            Said::Crossings(rows) => rows.retain(|row| within(&row.asset)),
            Said::Transfers(rows) => rows.retain(|row| within(&row.asset)),
            Said::Ledger(rows) => rows.retain(|row| within(&row.asset)),
            _ => {}
        }
    }
}
