//! What a dialect reads from an answer, for the tests of dialects, and which calls it makes.
#![cfg(test)]

use super::{Asked, Dialect, Listings, Moment, Need, Question, Said};
use crate::{Refusal, Reply, VenueError};
use ledger::Timestamp;
use protocol::{Credentials, Secret};

/// An answer of success, to a question about a market and an instrument.
pub(crate) fn heard(
    dialect: &dyn Dialect,
    need: Need,
    (market, symbol): (&str, Option<&str>),
    path: &str,
    body: &str,
) -> Result<Said, VenueError> {
    let reply = Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    let asked = Asked { need, market, path, symbol, currency: None, account: None };
    dialect.read(asked, &reply, &Listings::default())
}

/// Whatever is asked stands in the table of calls, and is refused without a secret if it is signed. Nothing that is cut
/// off or strange makes it panic.
pub(crate) fn keeps_to_its_calls(dialect: &dyn Dialect, markets: &[&str]) {
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("k"), secret: secret("s"), passphrase: Some(secret("p")) };
    let none = Credentials { api_key: secret(""), secret: secret(""), passphrase: None };
    let moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [7; 16] };
    let mut made = std::collections::BTreeSet::new();
    for need in Need::ALL {
        for market in markets {
            for symbol in [None, Some("BTC_USDT")] {
                let question = Question { symbol, limit: Some(5), ..Question::of(need, market) };
                let Ok(request) = dialect.ask(&question, &key, moment) else { continue };
                let call = (request.method, request.host, request.path);
                assert!(dialect.calls().contains(&call), "{call:?}");
                made.insert(call);
                if !request.headers.is_empty() && !request.path.contains("/tickers") {
                    let refused = dialect.ask(&question, &none, moment);
                    assert!(
                        matches!(refused, Err(Refusal::Credentials))
                            || refused.is_ok_and(|request| request.headers.len() == 1),
                        "{call:?}"
                    );
                }
            }
        }
        for body in ["", "nul", "[", "{}", "[]", "[1]", "[[]]", "[{}]", "\"\"", "null", "{\"data\":[{}]}"] {
            for path in ["", "/api/v4/futures/usdt/x"] {
                let _ = heard(dialect, need, (markets[0], None), path, body);
                let _ = heard(dialect, need, ("usdt-futures", Some("X")), path, body);
            }
        }
    }
    let never: Vec<_> = dialect.calls().iter().filter(|call| !made.contains(*call)).collect();
    assert!(never.is_empty(), "{never:?} is in the table, and nothing asks it");
}

/// Wherever an answer is cut off, it is asked for again.
pub(crate) fn asks_again_for_what_was_cut_off(dialect: &dyn Dialect, asked: Asked<'_>, whole: &Reply) {
    assert!(dialect.read(asked, whole, &Listings::default()).is_ok());
    for length in 0..whole.body.len() {
        let body = whole.body.iter().copied().take(length).collect();
        let reply = Reply { status: 200, headers: Vec::new(), body };
        assert_eq!(dialect.read(asked, &reply, &Listings::default()), Err(VenueError::Retry), "{length}");
        assert_eq!(dialect.error(&reply, Timestamp::from_millis(0)), None);
    }
}

/// What is no answer is refused by the reader of every call, whatever was asked.
pub(crate) fn refuses_what_is_no_answer(dialect: &dyn Dialect, market: &str, bodies: &[&str]) {
    for (_, _, path) in dialect.calls() {
        for need in Need::ALL
            .into_iter()
            .filter(|need| !matches!(need, Need::Request | Need::Listings | Need::SubAccounts))
        {
            for body in ["null", "[]", "{}", "7"].iter().chain(bodies) {
                let reply = Reply { status: 200, headers: Vec::new(), body: (*body).into() };
                let asked = Asked { need, market, path, symbol: None, currency: None, account: None };
                let said = dialect.read(asked, &reply, &Listings::default());
                assert!(said.is_err(), "{need:?} of {path}: {body}");
                let _ = dialect.next_page(asked, &reply);
            }
        }
    }
}
