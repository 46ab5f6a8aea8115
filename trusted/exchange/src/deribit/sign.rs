//! Signed requests (<https://docs.deribit.com/articles/authentication>): header `Authorization: deri-hmac-sha256
//! id=…,ts=…,sig=…,nonce=…`, where `sig` is hex HMAC-SHA256 of *timestamp \n nonce \n METHOD \n path with query \n body \n*.
//!
//! A login by signature says the same of *timestamp \n nonce \n data* in its query; it hands over no secret either.

use super::endpoint::{Access, Endpoint, HOST};
use crate::{
    Moment, Refusal, Request,
    dialect::{hmac_sha256, key_hash, percent_encoded},
};
use core::fmt::Write as _;
use protocol::Credentials;
use zeroize::Zeroizing;

/// The request of an endpoint with its query, signed if it is about an account.
pub(super) fn request(
    endpoint: &'static Endpoint,
    mut query: Zeroizing<String>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let mut headers = Vec::new();
    let account = match endpoint.access {
        Access::Public => 0,
        _ => key_hash(&key.api_key),
    };
    match endpoint.access {
        Access::Public => {}
        Access::Signed => {
            let target = target(endpoint.path, &query);
            let told = header(&target, key, moment).ok_or(Refusal::Credentials)?;
            headers.push(("authorization", told));
        }
        Access::Login => query = login(key, moment).ok_or(Refusal::Credentials)?,
    }
    Ok(Request { query, headers, ..Request::get(HOST, endpoint.path, endpoint.cost(account)) })
}

fn target(path: &str, query: &str) -> Zeroizing<String> {
    Zeroizing::new(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

fn header(target: &str, key: &Credentials, moment: Moment) -> Option<Zeroizing<String>> {
    let (id, stamp, nonce) = (key.api_key.expose().trim(), moment.at.millis(), hex::encode(moment.random));
    // What parts the fields of the header cannot be in one of them.
    if id.contains([',', '\r', '\n']) {
        return None;
    }
    let signature = mac(key, &format!("{stamp}\n{nonce}\nGET\n{target}\n\n"))?;
    let mut told = Zeroizing::new(String::with_capacity(256));
    // Writing to a String cannot fail.
    let _ = write!(told, "deri-hmac-sha256 id={id},ts={stamp},sig={signature},nonce={nonce}");
    Some(told)
}

fn login(key: &Credentials, moment: Moment) -> Option<Zeroizing<String>> {
    let (stamp, nonce) = (moment.at.millis(), hex::encode(moment.random));
    let signature = mac(key, &format!("{stamp}\n{nonce}\n"))?;
    let mut query = Zeroizing::new(String::with_capacity(256));
    let id = Zeroizing::new(percent_encoded(key.api_key.expose().trim()));
    let _ = write!(
        query,
        "grant_type=client_signature&client_id={}&timestamp={stamp}&signature={signature}&nonce={nonce}&data=",
        *id
    );
    Some(query)
}

fn mac(key: &Credentials, text: &str) -> Option<String> {
    hmac_sha256(&key.secret, &[text]).map(hex::encode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{request_cases, secret, signed_of, text};
    use ledger::Timestamp;

    fn key(id: &str, of_it: &str) -> Credentials {
        Credentials { api_key: secret(id), secret: secret(of_it), passphrase: None }
    }

    const MOMENT: Moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [7; 16] };

    #[test]
    fn a_signature_equals_that_of_openssl() {
        // printf '1735689600123\n0707…07\nGET\n/api/v2/private/get_positions?currency=BTC\n\n' | openssl dgst -sha256 -hmac aSecret
        let told =
            header("/api/v2/private/get_positions?currency=BTC", &key("anId", " aSecret\n"), MOMENT).unwrap();
        let expected = "deri-hmac-sha256 id=anId,ts=1735689600123,sig=2570d46dfd853f91cb953ab7ff136e574f8bf2d3762ecea0e8fe02d1bcdef7bd,\
                        nonce=07070707070707070707070707070707";
        assert_eq!(*told, expected);
        // printf '1735689600123\n0707…07\n' | openssl dgst -sha256 -hmac aSecret
        let query = login(&key("anId", "aSecret"), MOMENT).unwrap();
        assert!(
            query.contains(
                "&signature=4bf3748cb4449234ab24bb73a85d4002c389df3e966ede0ac7286cba448290d3&nonce=0707"
            ),
            "{}",
            *query
        );
    }

    #[test]
    fn a_key_that_would_change_the_header_signs_nothing() {
        for id in ["a,sig=0", "a\r\nhost: b"] {
            assert!(header("/", &key(id, "aSecret"), MOMENT).is_none(), "{id}");
        }
    }

    #[test]
    fn the_shared_signatures_are_met() {
        let Some(vectors) = request_cases("deribit") else { return };
        let mut seen = 0;
        for (case, pair) in signed_of(&vectors) {
            let key = key(text(&pair["apiKey"]), text(&pair["secret"]));
            let sign = &case["sign"];
            let text_to_sign = text(&sign["string_to_sign"]);
            assert_eq!(mac(&key, text_to_sign).unwrap(), text(&sign["signature"]), "{}", case["id"]);
            let target = target(text(&case["http"]["path"]), text(&case["http"]["query"]));
            assert!(text_to_sign.ends_with(&format!("\nGET\n{}\n\n", *target)), "{}", case["id"]);
            seen += 1;
        }
        assert!(seen > 3, "{seen} signatures");
    }
}
