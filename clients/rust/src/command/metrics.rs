//! `perfagg metrics`: everything, in METRICS.md's terms: equity, returns and risk, trades; in total, by account, by symbol,
//! by month.

use super::{
    Journey, equity,
    place::Place,
    snapshots,
    summary::{OfSession, basis, heading},
    trades,
};
use crate::{arguments::Figures, complaint::Complaint, figure, output::plain};
use perfagg::Failure;
use protocol::api::{Checkpoint, Coverage, Restatements, Snapshots, Sync};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The part of the answer that has one shape whatever is measured.
#[derive(Deserialize)]
pub(super) struct Metrics {
    environment: String,
    quote_currency: String,
    pub(super) as_of: String,
    /// A ledger file knows no session.
    session_expires: Option<String>,
    total: Option<Value>,
    #[serde(default)]
    accounts: Vec<Value>,
    #[serde(default)]
    symbols: Vec<Value>,
    #[serde(default)]
    months: Vec<Value>,
    coverage: Coverage,
    sync: Option<Sync>,
    snapshots: Option<Snapshots>,
    restatements: Option<Restatements>,
    checkpoint: Option<Checkpoint>,
    record_restarted_at: Option<String>,
    #[serde(default)]
    why: Map<String, Value>,
}

/// Reads the metrics and shows them.
pub(super) async fn run(journey: &Journey, asked: &Figures) -> Result<(), Complaint> {
    let Figures { save, force, reading } = asked;
    let place = save.as_deref().map(|path| Place::new(path, *force, "--save")).transpose()?;
    let metrics = match place {
        None => journey.read(reading, async |client, id| client.metrics(id).await).await?.1,
        Some(place) => {
            let (_, (metrics, saved)) =
                journey.read(reading, async |client, id| client.saved_metrics(id).await).await?;
            place.fill(saved.to_json().as_bytes())?;
            metrics
        }
    };
    if journey.output.json {
        return journey.output.result(metrics.json());
    }
    let metrics = Metrics::deserialize(&metrics.body).map_err(|_| Failure::AnswerForm)?;
    journey.output.result(&people(&metrics))
}

/// The page.
pub(super) fn people(metrics: &Metrics) -> String {
    let currency = metrics.quote_currency.as_str();
    let name = plain(currency);
    let mut page = format!(
        "{}Metrics in {name}, as of {}\n\n",
        heading(&metrics.environment),
        figure::time(&metrics.as_of)
    );
    match &metrics.total {
        Some(total) => {
            page.push_str(&equity::page(total, currency));
            page.push_str(&format!("\nTrades, in {name}\n\n{}", trades::in_total(total, currency)));
        }
        None => {
            let reason = metrics.why.get("total").and_then(Value::as_str).unwrap_or("sync_in_progress");
            page.push_str(&format!("  No figures: {}.\n", figure::reason(reason)));
        }
    }
    let parts = [
        (metrics.accounts.len() > 1).then(|| {
            let table = trades::by_account(&metrics.accounts, currency);
            (format!("By account, in {name}"), table)
        }),
        (!metrics.symbols.is_empty()).then(|| {
            let table = trades::by_symbol(&metrics.symbols);
            ("By symbol, each in its own currency".to_owned(), table)
        }),
        (!metrics.months.is_empty()).then(|| {
            let table = trades::by_month(&metrics.months, currency);
            (format!("By month (UTC), in {name}"), table)
        }),
    ];
    for (title, table) in parts.into_iter().flatten() {
        page.push_str(&format!("\n{title}\n\n{table}"));
    }
    let session = metrics.sync.as_ref().zip(metrics.session_expires.as_deref());
    let session = session.map(|(sync, expires)| OfSession {
        sync,
        expires,
        snapshots: metrics.snapshots.as_ref(),
        restatements: metrics.restatements.as_ref(),
        checkpoint: metrics.checkpoint.as_ref(),
    });
    page.push_str(&format!(
        "\nWhat it rests on\n\n{}{}\nRounded for reading: --json has every digit and every field.\n",
        basis(&metrics.coverage, currency, session),
        snapshots::restarted(metrics.record_restarted_at.as_deref())
    ));
    page
}
