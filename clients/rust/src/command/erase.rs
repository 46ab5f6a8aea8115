//! `perfagg erase`: erases a holder's record for good, asked twice, and keeps the receipt that the enclave signed.

use super::{Journey, held::place, place::Place};
use crate::{arguments::holder::Erase, complaint::Complaint, figure, output::plain};
use perfagg::{Client, HolderKey};
use protocol::api::Erased;
use std::{
    io::{self, BufRead as _, Read as _, Write as _},
    path::PathBuf,
    sync::Arc,
};

/// A confirmation is a line of some characters.
const LINE_BYTES_MAX: u64 = 256;

/// Erases the record, if it is confirmed.
pub(super) async fn run(journey: &Journey, asked: &Erase) -> Result<(), Complaint> {
    let Erase { held, yes, save, force } = asked;
    if journey.output.json && !yes {
        return Err(Complaint::usage(
            "erasing a record is confirmed by its holder",
            "Nobody was called. With --json nothing is asked: say --yes.",
        ));
    }
    let (mut client, holder, session) = journey.held(held)?;
    let path = match save {
        Some(path) => path.clone(),
        None => free_place(journey, &holder)?,
    };
    let waiting = Place::new(&path, *force, "--save")?;
    if !yes {
        confirm(journey, &mut client, &holder).await?;
    }
    let (receipt, saved) = client.erase(&holder).await?;
    let kept = waiting.fill(saved.to_json().as_bytes());
    if let Some(key) = client.enclave().map(|enclave| *enclave.result_key()) {
        journey.change_checkpoints(|seen| seen.forget(&key, &holder.public_text()));
    }
    let removed = match session {
        Some(_) => journey.session_file()?.remove().map_err(|error| journey.complain(error)),
        None => Ok(()),
    };
    // It is erased, whatever became of the files: that is said first.
    let page = if journey.output.json {
        receipt.json().to_owned()
    } else {
        let place = kept.is_ok().then(|| path.display().to_string());
        people(&receipt.body, place.as_deref(), session.is_some() && removed.is_ok())
    };
    journey.output.result(&page)?;
    kept.and(removed)
}

/// Beside the session, under a name that is free.
fn free_place(journey: &Journey, holder: &HolderKey) -> Result<PathBuf, Complaint> {
    let key = place(journey.session_file.as_deref(), None)?;
    let beside = journey.session_file.as_deref().unwrap_or(&key);
    let named = |number: u32| {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        beside.with_file_name(format!("erased-{}{number}.json", holder.fingerprint()))
    };
    Ok((1..100).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(100)))
}

/// Shows what would go, and asks for a word that nobody types by mistake.
async fn confirm(journey: &Journey, client: &mut Client, holder: &Arc<HolderKey>) -> Result<(), Complaint> {
    let held = client.sessions(holder).await?.body;
    let since = held.record.as_ref().map(|record| {
        let accounts = figure::counted(u64::try_from(record.accounts.len()).unwrap_or(u64::MAX), "account");
        format!("the record of {accounts} since {}", figure::time(&record.began))
    });
    let fingerprint = holder.fingerprint();
    let word = format!("erase {}", fingerprint.split('-').next().unwrap_or_default());
    let open = held.sessions.iter().filter(|session| session.state == "open").count();
    journey.output.remark(&format!(
        "This erases {} of the holder {fingerprint} for good, and ends {}.\nTo go on, type: {word}",
        since.as_deref().unwrap_or("whatever is left"),
        figure::counted(u64::try_from(open).unwrap_or(u64::MAX), "open session"),
    ));
    let _ = io::stderr().flush();
    // A thread of its own waits for the line, so that Ctrl-C is heard meanwhile.
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line).map(|_| line)
    });
    let typed = typed.await.map_err(io::Error::other).and_then(|typed| typed);
    match typed {
        Ok(typed) if typed.trim() == word => Ok(()),
        _ => Err(Complaint::usage("erasing was not confirmed", "Nothing was erased.")),
    }
}

fn people(erased: &Erased, kept: Option<&str>, session_removed: bool) -> String {
    let mut page = receipt(erased);
    if let Some(place) = kept {
        page.push_str(&format!("The signed receipt is kept in {}.\n", plain(place)));
    }
    if session_removed {
        page.push_str("The session file was removed. ");
    }
    page.push_str("The holder's key stays: a record registered with it begins anew.\n");
    page
}

/// What a receipt says.
pub(super) fn receipt(erased: &Erased) -> String {
    let Erased { erased: _, at, accounts, sessions, note } = erased;
    let (accounts, sessions) =
        (figure::counted((*accounts).into(), "account"), figure::counted((*sessions).into(), "session"));
    format!("Record erased at {}: {accounts} left it, {sessions} ended.\n{}\n", figure::time(at), plain(note))
}
