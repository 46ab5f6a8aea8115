//! Writes what is told of exchanges from their connectors: `clients/rust/src/exchanges.json`, which `perfagg exchanges` shows,
//! and two parts of `docs/exchanges.md`. A test compares them otherwise.

use crate::{report::say, workspace};
use anyhow::{Context as _, bail};
use exchange::{Capability, Note, RightsTold, Sandbox, Source, capabilities};
use std::{collections::BTreeSet, fs, path::PathBuf, process::ExitCode};

const COMMAND: &str = "clients/rust/src/exchanges.json";
const PAGE: &str = "docs/exchanges.md";
/// What stands around a part that is made.
const PARTS: [&str; 2] = ["state", "venues"];

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    for (path, text) in made()? {
        fs::write(&path, text).with_context(|| workspace::shown(&path))?;
    }
    say(&format!("{COMMAND} and {PAGE} are what the connectors make"));
    Ok(ExitCode::SUCCESS)
}

/// The files as they ought to be.
fn made() -> anyhow::Result<Vec<(PathBuf, String)>> {
    let (command, page) = (workspace::root().join(COMMAND), workspace::root().join(PAGE));
    let mut text = fs::read_to_string(&page).context(PAGE)?;
    for (part, new) in PARTS.into_iter().zip([state(), venues()]) {
        text = replaced(&text, part, &new)?;
    }
    // Built with all of the workspace, a map may keep the order in which it was filled; by itself it sorts.
    let mut told = exchange::exchanges();
    told.sort_all_objects();
    Ok(vec![(command, serde_json::to_string_pretty(&told)? + "\n"), (page, text)])
}

/// A text with another part between its marks.
fn replaced(text: &str, part: &str, new: &str) -> anyhow::Result<String> {
    let (begin, end) = (
        format!("<!-- {part}: made by cargo xtask exchanges, from the connectors -->\n"),
        format!("<!-- {part}: end -->\n"),
    );
    let Some(((before, _), (_, after))) = text.split_once(&begin).zip(text.split_once(&end)) else {
        bail!("{PAGE} has no part {begin:?} to {end:?}");
    };
    Ok(format!("{before}{begin}\n{new}\n{end}{after}"))
}

fn state() -> String {
    let mut rows = vec![
        "| exchange | accounts that can be registered | only spoken | key rights | sandbox |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (_, capability) in registrable_first() {
        let Capability { title, account_types, only_spoken, rights, sandboxes, .. } = capability;
        let rights = match rights {
            RightsTold::Told => "told",
            RightsTold::Undecided => "not told: `undecided`",
        };
        let sandbox = match sandboxes {
            [] => "not read".to_owned(),
            sandboxes => sandboxes.iter().map(|sandbox| sandbox.name).collect::<Vec<_>>().join(", "),
        };
        let [read, spoken] = [account_types, only_spoken].map(|types| or_none(&types.join(", ")));
        rows.push(format!("| {title} | {read} | {spoken} | {rights} | {sandbox} |"));
    }
    rows.join("\n") + "\n"
}

fn registrable_first() -> Vec<(&'static str, &'static Capability)> {
    let mut all: Vec<_> = capabilities().collect();
    all.sort_by_key(|(_, capability)| capability.account_types.is_empty());
    all
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}

fn venues() -> String {
    registrable_first()
        .into_iter()
        .map(|(name, capability)| venue(name, capability))
        .collect::<Vec<_>>()
        .join("\n")
}

fn venue(name: &str, capability: &Capability) -> String {
    let credentials = capability.credentials;
    let passphrase = credentials.passphrase.map_or(String::new(), |words| format!("; `passphrase`: {words}"));
    let mut text = format!("### {} (`{name}`)\n\n", capability.title);
    let can =
        if capability.account_types.is_empty() { "cannot be registered yet." } else { "can be registered." };
    text.push_str(&format!("- Accounts {can}\n"));
    text.push_str(&format!(
        "- `apiKey`: {}; `secret`: {}{passphrase}.\n",
        credentials.api_key, credentials.secret
    ));
    text.push_str(&format!("- Key rights: {}.\n", capability.rights_words.told()));
    text.push_str(&format!("- How far back: {}.\n", notes(capability.history)));
    text.push_str(&format!("- Cannot be seen: {}.\n", notes(capability.cannot_see)));
    let sandbox = capability.sandbox.as_ref().map_or("the exchange has none".to_owned(), Note::told);
    text.push_str(&format!("- Sandbox: {sandbox}.\n"));
    for sandbox in capability.sandboxes {
        text.push_str(&format!("- {}\n", test_system(sandbox)));
    }
    text.push_str(&format!("- Asked at: {}.\n", capability.hosts(name).join(", ")));
    text.push_str(&format!("- What may be asked: {}.\n", notes(capability.budgets)));
    text.push_str(&format!("- Addresses: {}.\n\n", notes(capability.addresses)));
    for (read, title) in [(true, "read"), (false, "only spoken")] {
        let rows: Vec<String> = capability
            .sources
            .iter()
            .filter(|source| capability.is_read(source) == read)
            .map(|source| row(name, source))
            .collect();
        if !rows.is_empty() {
            text.push_str(&format!(
                "| {title} | by | how far back | windows and pages |\n|---|---|---|---|\n"
            ));
            text.push_str(&format!("{}\n\n", rows.join("\n")));
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn test_system(sandbox: &Sandbox) -> String {
    let Sandbox { name, account_types, hosts, header, lacks: _, tells_rights, cannot_see } = sandbox;
    let hosts: Vec<&str> = hosts.iter().map(|(_, here)| *here).collect();
    let header = header.map_or(String::new(), |(name, value)| format!(" with `{name}: {value}`"));
    let rights = if *tells_rights { "" } else { "; key rights are `undecided`" };
    let unseen = match cannot_see {
        [] => String::new(),
        cannot_see => format!("; cannot be seen beside: {}", notes(cannot_see)),
    };
    format!(
        "Sandbox `{name}`: {}, asked at {}{header}{rights}{unseen}.",
        account_types.join(", "),
        hosts.join(", ")
    )
}

/// Facts, each with the account types that it is of.
fn notes(notes: &[Note]) -> String {
    let told = notes.iter().map(|note| match note.accounts {
        [] => note.told(),
        accounts => format!("{} [{}]", note.told(), accounts.join(", ")),
    });
    told.collect::<Vec<_>>().join("; ")
}

fn row(venue: &str, source: &Source) -> String {
    let Source { subject: _, words, accounts, calls: _, asks, reach, page, sure } = *source;
    let calls: BTreeSet<&str> = source.calls_at(venue).into_iter().map(|(_, _, path)| path).collect();
    let calls = calls.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    let asks = if asks.is_empty() { String::new() } else { format!(" {asks}") };
    let accounts = if accounts.is_empty() { String::new() } else { format!(" [{}]", accounts.join(", ")) };
    let mark = if sure { "" } else { " (?)" };
    format!("| {words}{accounts}{mark} | {calls}{asks} | {reach} | {page} |")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_the_command_tell_what_the_connectors_make() {
        for (path, made) in made().unwrap() {
            let kept = fs::read_to_string(&path).unwrap_or_default();
            let first = kept.lines().zip(made.lines()).find(|(kept, made)| kept != made);
            assert!(kept == made, "{} is old: cargo xtask exchanges. {first:?}", workspace::shown(&path));
        }
    }

    #[test]
    fn a_part_is_replaced_between_its_marks_alone() {
        let mark = "<!-- state: made by cargo xtask exchanges, from the connectors -->\n";
        let text = format!("a\n{mark}old\n<!-- state: end -->\nb\n");
        assert_eq!(
            replaced(&text, "state", "new\n").unwrap(),
            format!("a\n{mark}\nnew\n\n<!-- state: end -->\nb\n")
        );
        assert!(replaced("a\nb\n", "state", "new\n").is_err());
    }
}
