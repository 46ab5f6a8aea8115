//! Parameters of a request, from its query and its body.

use super::refusal::Refusal;

const INTEGER: &str = "^[0-9]{1,20}$";
const SYMBOL: &str = "^[\\w\\-._&&[^a-z]]{1,50}$";
/// Milliseconds have thirteen digits for the next centuries; more of them are microseconds.
const MICROSECONDS_FROM: i64 = 100_000_000_000_000;

/// Names and values, decoded, in the order they were sent.
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// What stands in both is taken from the query; twice in one of them is an error.
    pub(crate) fn parse(query: &str, body: &str) -> Result<Self, Refusal> {
        let mut all = pairs(query)?;
        for (name, value) in pairs(body)? {
            if !all.iter().any(|(known, _)| *known == name) {
                all.push((name, value));
            }
        }
        Ok(Self(all))
    }

    /// How many there are beside those that every signed request has.
    pub(crate) fn own(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.filter(|name| !["timestamp", "recvWindow", "signature"].contains(name))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Its value; sent, it must not be empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, value)) if value.is_empty() => Err(Refusal::empty(name)),
            found => Ok(found.map(|(_, value)| value.as_str())),
        }
    }

    /// Its value, which must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok().flatten().ok_or_else(|| Refusal::missing(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let digits = text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits => Ok(Some(number)),
            _ => Err(Refusal::illegal(name, INTEGER)),
        }
    }

    /// An instant in milliseconds; it may be sent in microseconds.
    pub(crate) fn time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let time = self.integer(name)?;
        Ok(time.map(|time| if time >= MICROSECONDS_FROM { time.div_euclid(1000) } else { time }))
    }

    /// How many rows: more than the most give the most.
    pub(crate) fn limit(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        match self.integer(name)? {
            None => Ok(default),
            Some(0) => Err(Refusal::value(name)),
            Some(limit) => Ok(usize::try_from(limit).unwrap_or(most).min(most)),
        }
    }

    pub(crate) fn symbol(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let text = self.text(name)?;
        let legal = |symbol: &str| {
            symbol.chars().count() <= 50
                && symbol
                    .chars()
                    .all(|c| (c.is_alphanumeric() && !c.is_ascii_lowercase()) || "-_.".contains(c))
        };
        if text.is_none_or(legal) { Ok(text) } else { Err(Refusal::illegal(name, SYMBOL)) }
    }
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut all: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).ok_or_else(|| Refusal::illegal("name", "[percent-encoded UTF-8]"))?;
        let value = decoded(value).ok_or_else(|| Refusal::illegal(&name, "[percent-encoded UTF-8]"))?;
        if all.iter().any(|(known, _)| *known == name) {
            return Err(Refusal::duplicate(&name));
        }
        all.push((name, value));
    }
    Ok(all)
}

/// Text without its percent signs; `None` if that is no UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                *hex::decode(digits).ok()?.first()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_the_query_goes_before_the_body() {
        let params = Params::parse("symbol=%E5%B8%81USDT&limit=5", "limit=7&x=a+b").unwrap();
        assert_eq!(params.symbol("symbol").unwrap(), Some("币USDT"));
        assert_eq!((params.integer("limit").unwrap(), params.text("x").unwrap()), (Some(5), Some("a b")));
        assert_eq!(Params::parse("a=1&a=1", "").err().map(|refusal| refusal.code), Some(-1101));
    }

    #[test]
    fn each_wrong_value_has_its_code() {
        let params =
            Params::parse("limit=&startTime=-1&fromId=1e3&symbol=btcusdt&orderId=99999999999999999999", "")
                .unwrap();
        let code = |result: Result<Option<i64>, Refusal>| result.err().map(|refusal| refusal.code);
        assert_eq!(code(params.integer("limit")), Some(-1105));
        for name in ["startTime", "fromId", "orderId"] {
            assert_eq!(code(params.integer(name)), Some(-1100), "{name}");
        }
        assert_eq!(params.symbol("symbol").err().map(|refusal| refusal.code), Some(-1100));
        assert_eq!(params.required("limit").err().map(|refusal| refusal.code), Some(-1102));
    }

    #[test]
    fn an_instant_may_be_sent_in_microseconds() {
        let params = Params::parse("a=1795305600000&b=1795305600000999", "").unwrap();
        assert_eq!(
            (params.time("a").unwrap(), params.time("b").unwrap()),
            (Some(1_795_305_600_000), Some(1_795_305_600_000))
        );
    }
}
