//! `perfagg challenge`: what the wallet of an address is to sign, for the keys of an enclave that was verified.

use super::{Journey, parse_url};
use crate::{complaint::Complaint, credentials};
use perfagg::Failure;
use protocol::wire;
use serde_json::json;

/// Verifies the enclave behind `url` and prints the text; nothing else goes to stdout, so that a wallet's command can take it.
pub(super) async fn run(journey: &Journey, url: &str, address: &str) -> Result<(), Complaint> {
    let mut client = journey.client(parse_url(url)?, &["live", "sandbox"])?;
    client.attest().await?;
    if let Some(mut session) = journey.session_at(client.url()) {
        journey.keep(&mut session, &client)?;
    }
    let Some(enclave) = client.enclave() else { return Err(Failure::AnswerForm.into()) };
    let keyset_hash = enclave.keyset_hash();
    let text = credentials::challenge(address, &keyset_hash)?;
    if journey.output.json {
        let hash = wire::encode(&keyset_hash);
        let page = json!({ "address": address.trim(), "keyset_hash": hash, "text": text });
        return journey.output.result(&page.to_string());
    }
    journey.output.remark(
        "Sign exactly the lines below, without a line end behind the last, by personal_sign. The signature is the secret of\n\
         perfagg register --exchange hyperliquid, and the address its key; it holds as long as the enclave has these keys.\n",
    );
    journey.output.result(&text)
}
