//! The request that a dialect makes of a case's call, as it would be sent.

use super::{Outcome, calls::Call, replies};
use anyhow::{Context as _, anyhow};
use exchange::{Method, Moment, dialect};
use ledger::Timestamp;
use protocol::{Credentials, Secret};
use serde_json::{Map, Value, json};

pub(super) fn answer(exchange: &str, document: &Value, case: &Value) -> anyhow::Result<Outcome> {
    let Some(dialect) = dialect(exchange) else { return Ok(Outcome::Skip("no such dialect".to_owned())) };
    let need = replies::need(case)?.context("a request for an error")?;
    let clock_ms = case["clock_ms"].as_i64().context("clock_ms")?;
    let asking = Call::of(exchange, need, case)?.asking(clock_ms)?;
    let key = credentials(&document["test_keys"], case)?;
    let moment = Moment { at: Timestamp::from_millis(clock_ms), random: [7; 16] };
    let request = dialect.ask(&asking.question(), &key, moment).map_err(|refusal| anyhow!("{refusal:?}"))?;
    let target = request.target().context("a path that lacks something")?;
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
        .collect();
    Ok(Outcome::Got(json!({
        "method": match request.method { Method::Get => "GET", Method::Post => "POST" },
        "url": format!("https://{}{}", request.host, *target),
        "headers": headers,
        "body": if request.body.is_empty() { Value::Null } else { String::from_utf8(request.body.to_vec())?.into() },
    })))
}

fn credentials(keys: &Value, case: &Value) -> anyhow::Result<Credentials> {
    let secret = |text: &str| Secret::new(text.to_owned());
    let Some(name) = case["key"].as_str() else {
        return Ok(Credentials { api_key: secret(""), secret: secret(""), passphrase: None });
    };
    let key = &keys[name];
    let first = |fields: &[&str]| fields.iter().find_map(|field| key[*field].as_str());
    Ok(Credentials {
        api_key: secret(first(&["apiKey", "walletAddress"]).context("a key without apiKey")?),
        secret: secret(first(&["secret"]).unwrap_or_default()),
        passphrase: first(&["password", "passphrase"]).map(secret),
    })
}
