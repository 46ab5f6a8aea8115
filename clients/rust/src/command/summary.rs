//! `perfagg summary`: the headline, and what it rests on.

use super::Journey;
use crate::{
    arguments::Reading,
    complaint::Complaint,
    figure,
    output::{DEVELOPMENT, plain},
    table::{Align, Table},
};
use protocol::api::{Coverage, Summary, Sync, TradesHeadline, Unread, Why};

/// Reads the summary and shows it.
pub(super) async fn run(journey: &Journey, reading: &Reading) -> Result<(), Complaint> {
    let (session, summary) = journey.read(reading, async |client, id| client.summary(id).await).await?;
    if journey.output.json {
        return journey.output.result(summary.json());
    }
    journey.output.result(&people(&summary.body, &session.venue))
}

fn people(summary: &Summary, venue: &str) -> String {
    let Summary { environment, quote_currency, as_of, session_expires, trades, coverage, sync, why } =
        summary;
    let more = "Rounded for reading: --json has every digit. perfagg metrics shows symbols and months.";
    format!(
        "{}Performance at {} in {}, as of {}\n\n{}\nWhat it rests on\n\n{}\n{more}\n",
        heading(environment),
        plain(venue),
        plain(quote_currency),
        figure::time(as_of),
        headline(trades, quote_currency, why),
        basis(coverage, sync, session_expires),
    )
}

/// What stands above figures that are not those of a real account.
pub(super) fn heading(environment: &str) -> String {
    match environment {
        "live" => String::new(),
        "development" => format!("{DEVELOPMENT}\n\n"),
        other => format!("Environment: {}. These are not the figures of a real account.\n\n", plain(other)),
    }
}

fn headline(trades: &TradesHeadline, currency: &str, why: &Why) -> String {
    let TradesHeadline { fills, volume, fees_valued, realized_net, matched_share, win_rate } = trades;
    let money = |text: &Option<String>| text.as_ref().map(|text| figure::amount(text, currency));
    let share = |text: &Option<String>| text.as_deref().map(figure::percent);
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (name, field, value, unit) in [
        ("Realised profit, after fees", "realized_net", money(realized_net), currency),
        ("Fees", "fees_valued", money(fees_valued), currency),
        ("Volume, both sides", "volume", money(volume), currency),
        ("Fills", "fills", fills.map(figure::count), ""),
        ("Winning trades", "win_rate", share(win_rate), ""),
        ("Sales with a known cost", "matched_share", share(matched_share), ""),
    ] {
        let missing = || {
            why.get(&format!("trades.{field}"))
                .map_or("no reason given".to_owned(), |code| figure::reason(code))
        };
        match value {
            Some(value) => table.row(&[name, &value, unit]),
            None => table.row(&[name, figure::NONE, &missing()]),
        };
    }
    table.render()
}

/// Coverage, state and end of the session.
pub(super) fn basis(coverage: &Coverage, sync: &Sync, session_expires: &str) -> String {
    let Coverage { first_fill, last_fill, history_from, history_limit, unread, key_rights } = coverage;
    let time = |text: &Option<String>| text.as_deref().map_or(figure::NONE.to_owned(), figure::time);
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table
        .row(&["First fill", &time(first_fill)])
        .row(&["Last fill", &time(last_fill)])
        .row(&["History from", &time(history_from)])
        .long_row("How far back", history_limit)
        .long_row("Key", key_rights);
    if unread.is_empty() && sync.age_seconds.is_some() {
        table.row(&["Not read", "nothing: all sources answered"]);
    }
    for (place, Unread { what, why }) in unread.iter().enumerate() {
        table.long_row(if place == 0 { "NOT READ" } else { "" }, &format!("{what}: {why}"));
    }
    table.row(&["Collection", &state(sync)]).row(&["Session ends", &figure::time(session_expires)]);
    table.render()
}

fn state(sync: &Sync) -> String {
    let age = sync.age_seconds.map(|seconds| format!("{} ago", figure::duration(seconds)));
    let read = age.map_or("nothing read yet".to_owned(), |age| format!("read {age}"));
    match sync.state.as_str() {
        "live" => format!("up to date, {read}"),
        "collecting" => {
            format!("history is being collected, {}", figure::percent(&sync.progress.to_string()))
        }
        "waiting" => format!("the exchange does not answer; {read}"),
        "stopped" => format!("STOPPED: the key is no longer used; {read}"),
        other => format!("{other}; {read}"),
    }
}
