//! `perfagg sessions`: the sessions that were registered with a holder's key, and its record.

use super::Journey;
use crate::{
    arguments::holder::Held,
    complaint::Complaint,
    figure,
    table::{Align, Table},
};
use perfagg::HolderKey;
use protocol::api::{Account, HeldAccount, HeldRecord, HeldSession, HeldSessions};

/// Lists them.
pub(super) async fn run(journey: &Journey, asked: &Held) -> Result<(), Complaint> {
    let (mut client, holder, session) = journey.held(asked)?;
    let answer = client.sessions(&holder).await;
    if let Some(mut session) = session {
        journey.remember(&mut session, &client)?;
    }
    let answer = answer?;
    if journey.output.json {
        return journey.output.result(answer.json());
    }
    journey.output.result(&people(&answer.body, &holder, &client.url().to_string()))
}

fn people(held: &HeldSessions, holder: &HolderKey, url: &str) -> String {
    let HeldSessions { sessions, record } = held;
    let count = figure::count(u64::try_from(sessions.len()).unwrap_or(u64::MAX));
    let mut page = format!("Sessions of the holder {} at {url}: {count}\n", holder.fingerprint());
    for session in sessions {
        page.push_str(&format!("\n{}", one(session)));
    }
    match record {
        Some(record) => page.push_str(&format!("\nThe record\n\n{}", of_record(record))),
        None => {
            page.push_str("\nThere is no record: nothing was registered with this key, or it was erased.\n")
        }
    }
    page
}

fn one(session: &HeldSession) -> String {
    let HeldSession { session: name, account, label, created, last_used, expires, lease_until, state } =
        session;
    let label = label.as_ref().map_or_else(String::new, |label| format!(", {label}"));
    let read = last_used.as_deref().map_or_else(
        || "never".to_owned(),
        |quarter| format!("{}, or up to 15 minutes later", figure::time(quarter)),
    );
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table
        .row(&["session", &format!("{name}, {state}")])
        .long_row("account", &format!("{}{label}", of_account(account)))
        .row(&["opened", &figure::time(created)])
        .row(&["last read", &read])
        .row(&["ends", &figure::time(expires)])
        .row(&[
            "key kept",
            &lease_until
                .as_deref()
                .map_or_else(|| "no longer".to_owned(), |until| format!("until {}", figure::time(until))),
        ]);
    table.render()
}

fn of_account(account: &Account) -> String {
    format!("{} ({}), fingerprint {}", account.venue, account.types.join(", "), account.fingerprint)
}

/// A record, in a table.
pub(super) fn of_record(record: &HeldRecord) -> String {
    let HeldRecord { began, record_restarted_at, accounts } = record;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table.row(&["began", &figure::time(began)]);
    if let Some(at) = record_restarted_at {
        table.row(&["began anew", &format!("{}, after it was erased", figure::time(at))]);
    }
    for (place, HeldAccount { account, registered }) in accounts.iter().enumerate() {
        let name = if place == 0 { "accounts" } else { "" };
        table
            .long_row(name, &of_account(account))
            .row(&["", &format!("registered {}", figure::time(registered))]);
    }
    table.render()
}
