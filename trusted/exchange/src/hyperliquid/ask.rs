//! The questions: one JSON object each. Weights are those of
//! <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits>; what an answer's length
//! adds is counted as if it were full, since a budget is taken from before it is known.

use super::{HOST, INFO, UNASKED, WALLET, state};
use crate::{Cost, Method, Need, Question, Refusal, Request};
use protocol::Credentials;
use zeroize::Zeroizing;

/// States and mid prices.
const LIGHT: u32 = 2;
/// What has no weight of its own.
const PLAIN: u32 = 20;
/// 2000 fills, 1 for each 20 of them.
const FILLS: u32 = PLAIN + 100;
/// 500 rows of the ledger, 1 for each 20 of them.
const LEDGER: u32 = PLAIN + 25;
/// 5000 candles, 1 for each 60 of them.
const CANDLES: u32 = PLAIN + 84;
const ROLE: u32 = 60;

/// The request of a question.
pub(super) fn request(question: &Question<'_>, key: &Credentials) -> Result<Request, Refusal> {
    let (body, weight) = body(question, key)?;
    Ok(Request {
        method: Method::Post,
        host: HOST,
        path: INFO,
        segment: None,
        query: Zeroizing::new(String::new()),
        headers: vec![("content-type", Zeroizing::new("application/json".to_owned()))],
        body: Zeroizing::new(body.0.into_bytes()),
        cost: Cost { budget: "info", account: 0, weight, limit_per_minute: 1200, used_header: "" },
    })
}

fn body(question: &Question<'_>, key: &Credentials) -> Result<(Object, u32), Refusal> {
    let user = || user(question, key);
    let spot = question.market == "spot";
    let (from, to) = (("startTime", question.from_ms), ("endTime", question.to_ms));
    let (object, weight) = match question.need {
        // The newest 2000, whenever they were; only the other question knows a window, and it wants its start.
        Need::Fills if question.from_ms.is_none() && question.to_ms.is_none() => {
            (Object::new().text("user", &user()?).text("type", "userFills"), FILLS)
        }
        Need::Fills => {
            let from = ("startTime", Some(question.from_ms.unwrap_or(0)));
            (
                Object::new().text("user", &user()?).text("type", "userFillsByTime").number(from).number(to),
                FILLS,
            )
        }
        Need::Balances if spot => (of(&user()?, "spotClearinghouseState"), LIGHT),
        // First of all, whether the perpetuals have money of their own: the page behind that one tells of it.
        Need::Balances if question.market == WALLET && !question.with.iter().any(is_page) => {
            (of(&user()?, "userAbstraction"), PLAIN)
        }
        Need::Balances | Need::Positions => (of(&user()?, "clearinghouseState"), LIGHT),
        Need::Ledger | Need::Deposits | Need::Withdrawals | Need::Transfers => {
            (of(&user()?, "userNonFundingLedgerUpdates").number(from).number(to), LEDGER)
        }
        Need::Funding => {
            (Object::new().text("user", &user()?).text("type", "userFunding").number(from).number(to), LEDGER)
        }
        Need::Fees => (of(&user()?, "userFees"), PLAIN),
        Need::Permission => (of(&user()?, "userRole"), ROLE),
        Need::Prices if spot => (Object::new().text("type", "spotMetaAndAssetCtxs"), PLAIN),
        Need::Prices if question.market == "perp" => (Object::new().text("type", "metaAndAssetCtxs"), PLAIN),
        Need::Prices => (Object::new().text("type", "allMids"), LIGHT),
        Need::Time => (Object::new().text("type", "exchangeStatus"), LIGHT),
        Need::Klines => return Ok((candles(question)?, CANDLES)),
        Need::Listings if spot => (Object::new().text("type", "spotMeta"), PLAIN),
        Need::Listings => (Object::new().text("type", "meta"), PLAIN),
        Need::SubAccounts => (of(&user()?, "subAccounts"), PLAIN),
        Need::Conversions | Need::Request => return Err(UNASKED),
    };
    Ok((object.with(question).end(), weight))
}

/// `{"type":"candleSnapshot","req":{"coin":"BTC","interval":"1d","startTime":…,"endTime":…}}`. The coin is the instrument that
/// is asked for, or named in `with`.
fn candles(question: &Question<'_>) -> Result<Object, Refusal> {
    let asked = match question.symbol {
        Some(coin) => Object::new().text("coin", coin),
        None if question.with.iter().any(|(name, _)| *name == "coin") => Object::new(),
        None => return Err(UNASKED),
    };
    let asked = asked.with(question);
    let asked = asked.number(("startTime", question.from_ms)).number(("endTime", question.to_ms)).end();
    Ok(Object::new().text("type", "candleSnapshot").raw("req", &asked.0).end())
}

/// It asks for a page behind another.
fn is_page((name, _): &(&str, String)) -> bool {
    *name == state::PAGE
}

fn of(user: &str, kind: &str) -> Object {
    Object::new().text("type", kind).text("user", user)
}

/// The address that is asked about: the key's, or that of one of its sub-accounts or vaults, which are others.
fn user(question: &Question<'_>, key: &Credentials) -> Result<String, Refusal> {
    let other = question.with.iter().find(|(name, _)| *name == "user").map(|(_, value)| value.as_str());
    let address = other.unwrap_or(key.api_key.expose()).trim();
    let digits = address.strip_prefix("0x").or_else(|| address.strip_prefix("0X"));
    let right = |digits: &&str| digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = digits.filter(right).ok_or(Refusal::Credentials)?;
    Ok(format!("0x{}", digits.to_ascii_lowercase()))
}

/// A JSON object in the making.
struct Object(String);

impl Object {
    fn new() -> Self {
        Self("{".to_owned())
    }

    fn raw(mut self, name: &str, value: &str) -> Self {
        let separator = if self.0.len() > 1 { "," } else { "" };
        self.0.extend([separator, &quoted(name), ":", value]);
        self
    }

    fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, &quoted(value))
    }

    fn number(self, (name, value): (&str, Option<i64>)) -> Self {
        match value {
            Some(value) => self.raw(name, &value.to_string()),
            None => self,
        }
    }

    /// The venue's own parameters: numbers and flags stay what they are.
    fn with(self, question: &Question<'_>) -> Self {
        let own = question.with.iter().filter(|own| own.0 != "user" && !is_page(own));
        own.fold(self, |object, (name, value)| {
            let plain = matches!(value.as_str(), "true" | "false") || value.parse::<i64>().is_ok();
            if plain { object.raw(name, value) } else { object.text(name, value) }
        })
    }

    fn end(mut self) -> Self {
        self.0.push('}');
        self
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Secret;

    const ADDRESS: &str = "0x00000000000000000000000000000000000000aA";

    fn asked(question: &Question<'_>, address: &str) -> Result<String, Refusal> {
        let secret = |text: &str| Secret::new(text.to_owned());
        let key = Credentials { api_key: secret(address), secret: secret(""), passphrase: None };
        request(question, &key).map(|request| String::from_utf8(request.body.to_vec()).unwrap())
    }

    #[test]
    fn a_window_of_fills_has_a_start_and_times_are_numbers() {
        let mut question = Question::of(Need::Fills, "perp");
        question.to_ms = Some(1_735_689_600_000);
        question.with = vec![("aggregateByTime", "true".to_owned()), ("dex", "a\"b".to_owned())];
        let expected = "{\"user\":\"0x00000000000000000000000000000000000000aa\",\"type\":\"userFillsByTime\",\
                        \"startTime\":0,\"endTime\":1735689600000,\"aggregateByTime\":true,\"dex\":\"a\\\"b\"}";
        assert_eq!(asked(&question, ADDRESS).unwrap(), expected);
    }

    #[test]
    fn candles_are_asked_for_in_an_object_of_their_own() {
        let mut question = Question::of(Need::Klines, "spot");
        (question.symbol, question.from_ms, question.to_ms) = (Some("@107"), Some(1), Some(2));
        question.with = vec![("interval", "1d".to_owned())];
        let expected = "{\"type\":\"candleSnapshot\",\"req\":{\"coin\":\"@107\",\"interval\":\"1d\",\
                        \"startTime\":1,\"endTime\":2}}";
        assert_eq!(asked(&question, "").unwrap(), expected, "nobody is asked about");
        question.symbol = None;
        assert_eq!(asked(&question, "").unwrap_err(), UNASKED);
        question.with.insert(0, ("coin", "@107".to_owned()));
        assert_eq!(asked(&question, "").unwrap(), expected, "named in words of the venue");
    }

    #[test]
    fn money_of_perpetuals_is_asked_for_behind_whether_there_is_any() {
        let mut question = Question::of(Need::Balances, WALLET);
        let of = |kind: &str| format!("{{\"type\":\"{kind}\",\"user\":\"{}\"}}", ADDRESS.to_lowercase());
        assert_eq!(asked(&question, ADDRESS).unwrap(), of("userAbstraction"));
        question.with = vec![(state::PAGE, "perps".to_owned())];
        assert_eq!(asked(&question, ADDRESS).unwrap(), of("clearinghouseState"));
        assert_eq!(asked(&Question::of(Need::Balances, "perp"), ADDRESS).unwrap(), of("clearinghouseState"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in ["", "0x", "00000000000000000000000000000000000000aa", "0x\"}", &ADDRESS[..41]] {
            let refusal = asked(&Question::of(Need::Balances, "perp"), address).unwrap_err();
            assert_eq!(refusal, Refusal::Credentials, "{address}");
        }
        let mut other = Question::of(Need::Balances, "spot");
        other.with = vec![("user", ADDRESS.replace("aA", "bb"))];
        assert!(asked(&other, ADDRESS).unwrap().contains("00bb\""), "a sub-account");
        assert_eq!(asked(&Question::of(Need::Conversions, "spot"), ADDRESS).unwrap_err(), UNASKED);
    }
}
