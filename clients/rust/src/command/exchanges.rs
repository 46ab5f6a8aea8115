//! `perfagg exchanges`: what is read of each exchange, from where, how far back and why, and what is not seen. Before a key is
//! made, so that it is the right one.

use super::{Journey, parse_url};
use crate::{
    arguments::Exchanges,
    complaint::Complaint,
    output::lines,
    table::{Align, Table},
};
use serde_json::Value;

/// What enclaves of this version answer, made of their code by `cargo xtask exchanges`.
const BUILT_IN: &str = include_str!("../exchanges.json");
const LEGEND: &str = "(?) no document of the exchange's confirms this";
/// Columns of a page, and of the names on its left.
const WIDTH: usize = 80;
const NAMES: usize = 14;
/// Of the overview: what the columns before it leave of a line.
const TYPES: usize = 40;

/// Shows all exchanges, or everything about one.
pub(super) async fn run(journey: &Journey, asked: &Exchanges) -> Result<(), Complaint> {
    let (text, from) = match &asked.url {
        None => (BUILT_IN.to_owned(), None),
        Some(url) => {
            let mut client = journey.client(parse_url(url)?, &["live", "sandbox"])?;
            let told = client.exchanges().await?;
            (told.json().to_owned(), Some(client.url().to_string()))
        }
    };
    let told: Value = serde_json::from_str(&text).unwrap_or_default();
    let Some(name) = &asked.exchange else {
        let page = if journey.output.json { text } else { overview(&told, from.as_deref()) };
        return journey.output.result(&page);
    };
    let Some(venue) = all(&told).find(|venue| word(venue, "exchange") == name) else {
        let known: Vec<&str> = all(&told).map(|venue| word(venue, "exchange")).collect();
        return Err(Complaint::usage(
            "there is no such exchange",
            &format!("--exchange takes one of {}.", known.join(", ")),
        ));
    };
    let page = if journey.output.json { venue.to_string() } else { page(&told, venue, from.as_deref()) };
    journey.output.result(&page)
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn all(told: &Value) -> impl Iterator<Item = &Value> {
    list(told, "exchanges").chain(list(told, "not_registrable"))
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn words(value: &Value, name: &str) -> Vec<String> {
    list(value, name).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Several words, or what stands for none.
fn joined(of: &[String], none: &str) -> String {
    if of.is_empty() { none.to_owned() } else { of.join(", ") }
}

fn rights(venue: &Value) -> &'static str {
    match venue.get("key_rights").is_some_and(|rights| flag(rights, "told")) {
        true => "told",
        false => "not told",
    }
}

/// One row an exchange, and more where it has many account types.
fn overview(told: &Value, from: Option<&str>) -> String {
    let mut page = format!("{}\n\nAccounts that can be registered\n\n", source(from));
    let mut table = Table::new(&[Align::Left; 4]);
    table.row(&["exchange", "key rights", "passphrase", "account types"]);
    for venue in list(told, "exchanges") {
        let passphrase = if of_credentials(venue, "passphrase").is_some() { "yes" } else { "-" };
        let accounts = joined(&words(venue, "account_types"), "-");
        for (place, line) in lines(&accounts, TYPES).iter().enumerate() {
            let first = [word(venue, "exchange"), rights(venue), passphrase];
            let [name, rights, passphrase] = if place == 0 { first } else { [""; 3] };
            table.row(&[name, rights, passphrase, line]);
        }
    }
    page.push_str(&table.render());
    page.push_str("\nNot yet: what is asked of them and what they answer is there, and no more\n\n");
    let mut table = facts();
    for venue in all(told) {
        let missing = joined(&words(venue, "not_yet_account_types"), "");
        if !missing.is_empty() {
            fact(&mut table, word(venue, "exchange"), &missing);
        }
    }
    page.push_str(&table.render());
    page.push_str(&format!(
        "\nAddresses to allow for a key that is bound to some\n\n{}",
        addresses(told, from)
    ));
    page.push_str("\nperfagg exchanges --exchange NAME shows what is read of one, and what is not.\n");
    page
}

/// Where the facts come from.
fn source(from: Option<&str>) -> String {
    match from {
        None => "Exchanges, as enclaves of this version read them".to_owned(),
        Some(url) => format!("Exchanges, as the verified enclave at {url} reads them"),
    }
}

fn addresses(told: &Value, from: Option<&str>) -> String {
    let addresses = words(told, "egress_addresses");
    let said = match (addresses.is_empty(), from) {
        (false, _) => addresses.join(", "),
        (true, Some(_)) => "the operator of this enclave does not tell".to_owned(),
        (true, None) => "each enclave has its own: perfagg exchanges --url URL".to_owned(),
    };
    paragraph(&said, 2)
}

fn of_credentials<'a>(venue: &'a Value, name: &str) -> Option<&'a str> {
    venue.get("credentials").and_then(|credentials| credentials.get(name)).and_then(Value::as_str)
}

fn facts() -> Table {
    Table::new(&[Align::Left, Align::Left])
}

/// A name and what is said of it, which goes on below itself.
fn fact(table: &mut Table, name: &str, said: &str) {
    for (place, line) in lines(said, WIDTH.saturating_sub(NAMES + 6)).iter().enumerate() {
        table.row(&[&format!("{:NAMES$}", if place == 0 { name } else { "" }), line]);
    }
}

/// A text between margins.
fn paragraph(text: &str, margin: usize) -> String {
    let lines = lines(text, WIDTH.saturating_sub(margin * 2));
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(margin))).collect()
}

/// Everything about one exchange.
fn page(told: &Value, venue: &Value, from: Option<&str>) -> String {
    let title = match flag(venue, "registrable") {
        true => format!("{}: accounts can be registered", word(venue, "title")),
        false => format!("{}: accounts cannot be registered yet", word(venue, "title")),
    };
    let mut page = format!("{title}\n{}\n\n", source(from));
    page.push_str(&keys(told, venue, from));
    let read = sources(venue, true);
    if !read.is_empty() {
        page.push_str(&format!("\nWhat is read\n\n{read}"));
    }
    page.push_str("\nWhat cannot be seen\n\n");
    for unseen in words(venue, "cannot_see") {
        page.push_str(&item(&unseen));
    }
    let spoken = sources(venue, false);
    if !spoken.is_empty() {
        page.push_str(&format!(
            "\nNot read yet: how it is asked and answered is there, and no more\n\n{spoken}"
        ));
    }
    if page.contains("(?)") {
        page.push_str(&format!("\n{LEGEND}\n"));
    }
    page
}

fn item(text: &str) -> String {
    let text = paragraph(text, 4);
    text.replacen("    ", "  - ", 1)
}

/// What to know before a key is made.
fn keys(told: &Value, venue: &Value, from: Option<&str>) -> String {
    let mut table = facts();
    let mut say = |name: &str, said: &str| fact(&mut table, name, said);
    say("accounts", &joined(&words(venue, "account_types"), "none"));
    let missing = words(venue, "not_yet_account_types");
    if !missing.is_empty() {
        say("not yet", &missing.join(", "));
    }
    say("totals in", word(venue, "quote_currency"));
    say("apiKey", of_credentials(venue, "api_key").unwrap_or("-"));
    say("secret", of_credentials(venue, "secret").unwrap_or("-"));
    say("passphrase", of_credentials(venue, "passphrase").unwrap_or("none"));
    let note = venue.get("key_rights").map_or("", |rights| word(rights, "note"));
    say("key rights", &format!("{}: {note}", rights(venue)));
    say("how far back", word(venue, "history_limit"));
    say(
        "sandbox",
        match (flag(venue, "sandbox"), word(venue, "sandbox_note")) {
            (_, "") => "the exchange has none".to_owned(),
            (true, note) => note.to_owned(),
            (false, note) => format!("not read: {note}"),
        }
        .as_str(),
    );
    for sandbox in venue.get("sandboxes").and_then(Value::as_array).into_iter().flatten() {
        let (types, hosts) = (words(sandbox, "account_types"), words(sandbox, "hosts"));
        let said = format!("{}, {}, at {}", word(sandbox, "name"), types.join(", "), hosts.join(", "));
        say("sandbox", &said);
        for unseen in words(sandbox, "cannot_see") {
            say("", &unseen);
        }
    }
    say("asked at", &joined(&words(venue, "hosts"), "-"));
    for budget in words(venue, "budgets") {
        say("it allows", &budget);
    }
    for note in words(venue, "addresses_note") {
        say("addresses", &note);
    }
    say("to allow", addresses(told, from).trim());
    table.render()
}

/// What is read, or only spoken: the thing, the calls, and how far.
fn sources(venue: &Value, read: bool) -> String {
    let mut table = facts();
    for source in list(venue, "sources").filter(|source| flag(source, "read") == read) {
        let mark = if flag(source, "sure") { "" } else { " (?)" };
        fact(
            &mut table,
            &word(source, "subject").replace('_', " "),
            &format!("{}{mark}", word(source, "words")),
        );
        for call in list(source, "calls") {
            fact(&mut table, "", &format!("{} {}", word(call, "method"), word(call, "path")));
        }
        let accounts = words(source, "account_types").join(", ");
        let more = [
            ("of ", accounts.as_str()),
            ("by ", word(source, "asks")),
            ("", word(source, "reach")),
            ("", word(source, "page")),
        ];
        let more: Vec<String> = more
            .iter()
            .filter(|(_, said)| !said.is_empty())
            .map(|(name, said)| format!("{name}{said}"))
            .collect();
        fact(&mut table, "", &more.join("; "));
    }
    table.render()
}
