//! `perfagg summary`: the headline, and what it rests on.

use super::{Journey, place::Place, restatements, snapshots};
use crate::{
    arguments::Figures,
    complaint::Complaint,
    figure,
    output::{DEVELOPMENT, plain},
    table::{Align, Table},
};
use protocol::api::{
    Checkpoint, Coverage, Restatements, ReturnHeadline, Snapshots, Summary, Sync, TradesHeadline, Unread, Why,
};

/// Reads the summary and shows it.
pub(super) async fn run(journey: &Journey, asked: &Figures) -> Result<(), Complaint> {
    let Figures { save, force, reading } = asked;
    let place = save.as_deref().map(|path| Place::new(path, *force, "--save")).transpose()?;
    let (session, summary) = match place {
        None => journey.read(reading, async |client, id| client.summary(id).await).await?,
        Some(place) => {
            let (session, (summary, saved)) =
                journey.read(reading, async |client, id| client.saved_summary(id).await).await?;
            place.fill(saved.to_json().as_bytes())?;
            (session, summary)
        }
    };
    if journey.output.json {
        return journey.output.result(summary.json());
    }
    journey.output.result(&people(&summary.body, &session.venue))
}

pub(super) fn people(summary: &Summary, venue: &str) -> String {
    let Summary {
        environment,
        quote_currency,
        as_of,
        session_expires,
        equity,
        net_flow,
        gain,
        returns,
        trades,
        coverage,
        sync,
        checkpoint,
        snapshots,
        restatements,
        record_restarted_at,
        why,
    } = summary;
    let ReturnHeadline { twr, twr_annualized, max_drawdown, sharpe } = returns;
    let returned = |value: &Option<f64>| value.map(|value| figure::returned(&value.to_string()));
    let money = |text: &Option<String>| text.as_ref().map(|text| figure::amount(text, quote_currency));
    let sharpe = sharpe.map(|value| figure::ratio(&value.to_string()));
    let equity = [
        ("Equity", "equity", money(equity), quote_currency.as_str()),
        ("Net flow: what came in, less what left", "net_flow", money(net_flow), quote_currency),
        ("Gain", "gain", money(gain), quote_currency),
        ("Return, time-weighted", "return.twr", returned(twr), ""),
        ("The same for a year", "return.twr_annualized", returned(twr_annualized), ""),
        ("Largest drawdown", "return.max_drawdown", returned(max_drawdown), ""),
        ("Sharpe ratio", "return.sharpe", sharpe, ""),
    ];
    let anew = snapshots::restarted(record_restarted_at.as_deref());
    let session = OfSession {
        sync,
        expires: session_expires,
        snapshots: snapshots.as_ref(),
        restatements: restatements.as_ref(),
        checkpoint: checkpoint.as_ref(),
    };
    let more = "Rounded for reading: --json has every digit. perfagg metrics shows risk, symbols and months.";
    format!(
        "{}Performance at {} in {}, as of {}\n\n{}\nTrades\n\n{}\nWhat it rests on\n\n{}{anew}\n{more}\n",
        heading(environment),
        plain(venue),
        plain(quote_currency),
        figure::time(as_of),
        headline(&equity, why),
        headline(&of_trades(trades, quote_currency), why),
        basis(coverage, quote_currency, Some(session)),
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

/// A name for people, the path in `why`, the figure and its unit.
type Figure<'a> = (&'a str, &'a str, Option<String>, &'a str);

fn of_trades<'a>(trades: &TradesHeadline, currency: &'a str) -> [Figure<'a>; 6] {
    let TradesHeadline { fills, volume, fees_valued, realized_net, matched_share, win_rate } = trades;
    let money = |text: &Option<String>| text.as_ref().map(|text| figure::amount(text, currency));
    let share = |text: &Option<String>| text.as_deref().map(figure::percent);
    [
        ("Realised profit, after fees", "trades.realized_net", money(realized_net), currency),
        ("Fees", "trades.fees_valued", money(fees_valued), currency),
        ("Volume, both sides", "trades.volume", money(volume), currency),
        ("Fills", "trades.fills", fills.map(figure::count), ""),
        ("Winning trades", "trades.win_rate", share(win_rate), ""),
        ("Sales with a known cost", "trades.matched_share", share(matched_share), ""),
    ]
}

fn headline(figures: &[Figure<'_>], why: &Why) -> String {
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (name, path, value, unit) in figures {
        let missing = || why.get(*path).map_or("no reason given".to_owned(), |code| figure::reason(code));
        match value {
            Some(value) => table.row(&[name, value.as_str(), unit]),
            None => table.row(&[name, figure::NONE, &missing()]),
        };
    }
    table.render()
}

/// What only a service can tell.
pub(super) struct OfSession<'a> {
    pub(super) sync: &'a Sync,
    pub(super) expires: &'a str,
    pub(super) snapshots: Option<&'a Snapshots>,
    pub(super) restatements: Option<&'a Restatements>,
    pub(super) checkpoint: Option<&'a Checkpoint>,
}

/// Coverage, and what is known of the session if there is one.
pub(super) fn basis(coverage: &Coverage, currency: &str, session: Option<OfSession<'_>>) -> String {
    let Coverage {
        first_fill,
        last_fill,
        history_from,
        history_limit,
        cannot_see,
        days_observed,
        days_reconstructed,
        days_bridged,
        days_partial,
        days_missing,
        residual,
        residual_bps,
        unread,
        key_rights,
    } = coverage;
    let time = |text: &Option<String>| text.as_deref().map_or(figure::NONE.to_owned(), figure::time);
    let days: Vec<String> = [
        ("observed", days_observed),
        ("reconstructed", days_reconstructed),
        ("bridged", days_bridged),
        ("partial", days_partial),
        ("missing", days_missing),
    ]
    .into_iter()
    .filter_map(|(name, days)| Some(format!("{} {name}", figure::count((*days)?.into()))))
    .collect();
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table
        .row(&["First fill", &time(first_fill)])
        .row(&["Last fill", &time(last_fill)])
        .row(&["Complete from", &time(history_from)])
        .long_row("How far back", history_limit);
    if !days.is_empty() {
        table.long_row("Days", &days.join(", "));
    }
    if let (Some(residual), Some(bps)) = (residual, residual_bps) {
        let (amount, bps) = (figure::amount(residual, currency), figure::ratio(bps));
        table.row(&["Unexplained", &format!("{amount} {currency} in all, {bps} bps of the mean equity")]);
    }
    table.long_row("Key", key_rights);
    for (place, unseen) in cannot_see.iter().enumerate() {
        table.long_row(if place == 0 { "Out of sight" } else { "" }, unseen);
    }
    if unread.is_empty() && session.as_ref().is_none_or(|session| session.sync.age_seconds.is_some()) {
        table.row(&["Not read", "nothing: all sources answered"]);
    }
    for (place, Unread { what, why }) in unread.iter().enumerate() {
        let words = format!("{what}: {}", figure::reason(why));
        table.long_row(if place == 0 { "NOT READ" } else { "" }, &words);
    }
    if let Some(OfSession { sync, expires, snapshots, restatements, checkpoint }) = session {
        if let Some(snapshots) = snapshots {
            snapshots::rows(&mut table, snapshots);
        }
        if let Some(restatements) = restatements {
            restatements::rows(&mut table, restatements);
        }
        if let Some(checkpoint) = checkpoint {
            snapshots::store(&mut table, checkpoint);
        }
        table.row(&["Collection", &state(sync)]).row(&["Session ends", &figure::time(expires)]);
    }
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
