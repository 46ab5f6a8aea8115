//! The journey: verify the enclave, seal a read-only key to it, read the figures, end the session.
//!
//! ```sh
//! SERVICE_URL=… BINANCE_API_KEY=… BINANCE_SECRET=… cargo run -p perfagg --example journey
//! ```
//!
//! Against the demo, `DEVELOPMENT_ROOT` names its root: development evidence proves nothing about hardware.

use perfagg::{Client, Clock, Registration, ServiceUrl, Trust};
use protocol::{Credentials, Secret, api::EventKind};
use std::{env, error::Error, fs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url =
        ServiceUrl::parse(&setting("SERVICE_URL").unwrap_or_else(|| "http://localhost:3000".to_owned()))?;
    let trust = match setting("DEVELOPMENT_ROOT") {
        Some(path) => Trust::dangerous_development(&fs::read(path)?)?,
        None => Trust::default(),
    };
    let mut client = Client::new(url, trust, Clock::system());

    let opened = client.register(&registration()?).await?.body;
    let session_id = Secret::new(opened.session_id);
    say(&format!(
        "{}: key is {}, session until {}",
        opened.account.venue, opened.key_rights.verdict, opened.expires_at
    ));

    let mut events = client.events(&session_id, None).await?;
    while let Some(event) = events.next().await? {
        match event.body.what {
            EventKind::Sync { state, progress } => eprintln!("{state}, {:.0} %", progress * 100.0),
            EventKind::Metrics { .. } => break,
            _ => {}
        }
    }

    let summary = client.summary(&session_id).await?.body;
    let equity = summary.equity.as_deref().unwrap_or("unknown");
    say(&format!(
        "equity {equity} {}, {} fills",
        summary.quote_currency,
        summary.trades.fills.unwrap_or_default()
    ));
    let metrics = client.metrics(&session_id).await?.body;
    let months = metrics.get("months").and_then(|months| months.as_array()).map_or(0, Vec::len);
    say(&format!("environment {}, {months} months", summary.environment));

    say(&client.revoke(&session_id).await?.body.note);
    Ok(())
}

fn registration() -> Result<Registration, Box<dyn Error>> {
    let secret = |name: &str| setting(name).map(Secret::new).ok_or(format!("{name} is not set"));
    Ok(Registration {
        user_id: "trader-john".to_owned(),
        exchange: "binance".to_owned(),
        credentials: Credentials {
            api_key: secret("BINANCE_API_KEY")?,
            secret: secret("BINANCE_SECRET")?,
            passphrase: None,
        },
        account_types: Vec::new(),
        sandbox: false,
        label: None,
        ttl_seconds: None,
        lease_seconds: None,
        holder: None,
        accept_trading_key: false,
        bearer: false,
    })
}

#[expect(clippy::disallowed_methods, reason = "an example takes what it needs from the environment")]
fn setting(name: &str) -> Option<String> {
    env::var(name).ok()
}

#[expect(clippy::print_stdout, reason = "an example talks to people")]
fn say(line: &str) {
    println!("{line}");
}
