//! `perfagg register`: verify, seal the key, keep the session, wait for the history.

use super::{
    Journey, attest,
    held::{complain, place},
    parse_url, sessions,
};
use crate::{
    arguments::Register,
    complaint::Complaint,
    credentials::Sought,
    figure,
    output::DEVELOPMENT,
    progress::Progress,
    table::{Align, Table},
};
use attestation::VerifiedEnclave;
use attestation_wasm::words;
use core::time::Duration;
use perfagg::{
    Client, Clock, Failure, HolderKey, Registration, holder_file,
    session_file::{Held, Session, SessionFileError},
};
use protocol::{
    Code, Secret,
    api::{KeyRights, SessionOpened},
    parse_rfc3339,
};
use std::{path, sync::Arc};

/// How often the wait looks.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Looks that may fail in a row before the wait gives up; with the pauses between them about a minute.
const FAILED_LOOKS_MAX: u32 = 20;

/// A session that was opened, and the client that opened it.
pub(super) struct Opened {
    client: Client,
    session_id: Secret,
    session: Session,
}

/// Everything up to the session that is kept.
pub(super) async fn open(journey: &Journey, asked: &Register, sought: Sought) -> Result<Opened, Complaint> {
    if asked.lease.zip(asked.ttl).is_some_and(|(lease, ttl)| lease < ttl) {
        return Err(Complaint::usage(
            "the key would be wiped before the session ends",
            "--lease must not be shorter than --ttl.",
        ));
    }
    let environment = if asked.sandbox { "sandbox" } else { "live" };
    let (holder, held) = holder(journey, asked)?.unzip();
    let mut client = journey.client(parse_url(&asked.service_url)?, &[environment])?;
    let enclave = client.attest().await?;
    let keyset_hash = enclave.keyset_hash();
    journey.output.remark(&verified(enclave));
    if !asked.replace {
        refuse_to_replace(journey, &mut client).await?;
    }
    let draft = journey.session_file()?.draft().map_err(|error| journey.complain(error))?;

    let registration = Registration {
        user_id: asked.user_id.clone(),
        exchange: asked.exchange.clone(),
        credentials: sought.ask(journey.output, &asked.exchange, &keyset_hash)?,
        account_types: asked.account_types.clone(),
        sandbox: asked.sandbox,
        label: asked.label.clone(),
        ttl_seconds: asked.ttl,
        lease_seconds: asked.lease,
        holder: holder.clone(),
        accept_trading_key: asked.accept_trading_key,
        bearer: asked.bearer,
    };
    let answer = client.register(&registration).await.map_err(not_believed)?;
    // The key is sealed and sent; nothing here needs it any more.
    drop(registration);
    let opened = &answer.body;
    let session_id = Secret::new(opened.session_id.clone());
    let Some(enclave) = client.enclave() else { return Err(Failure::AnswerForm.into()) };
    let session = Session::opened(client.url().to_string(), opened, enclave)
        .under(journey.chosen.policy_sha256.clone())
        .held(held);
    if let Err(error) = draft.save(&session) {
        // A session that nobody can read again must not hold a key.
        let _ = client.revoke(&session_id).await;
        return Err(journey.complain(error));
    }
    journey.keep_checkpoints(&client);
    if asked.verdict
        && let Some(enclave) = client.enclave()
    {
        let page = attest::page(journey, &client.url().to_string(), enclave, false);
        journey.output.result(&page)?;
    }
    if journey.output.json {
        journey.output.result(answer.json())?;
    } else {
        journey.output.result(&people(asked, opened, &journey.kept(), holder.as_deref()))?;
    }
    Ok(Opened { client, session_id, session })
}

/// Of a registration at a store that is not believed: what became of the session.
fn not_believed(failure: Failure) -> Complaint {
    let is_behind = matches!(failure, Failure::RolledBack { .. }) || failure.says(Code::StateRolledBack);
    let complaint = Complaint::from(failure);
    if !is_behind {
        return complaint;
    }
    complaint.and(
        "No session is kept: one that was opened was revoked, or ends with its time if the enclave was no longer reached.",
    )
}

/// The holder's key that was named, and how the session will find it again.
fn holder(journey: &Journey, asked: &Register) -> Result<Option<(Arc<HolderKey>, Held)>, Complaint> {
    let Some(named) = asked.holder.as_deref() else { return Ok(None) };
    let file = place(journey.session_file.as_deref(), Some(named))?;
    let file = path::absolute(&file).unwrap_or(file);
    let key = holder_file::read(&file)
        .map_err(|error| complain(error, &file).and("Nobody was called. perfagg holder new makes a key."))?;
    let held = Held { public_key: key.public_text(), file };
    Ok(Some((Arc::new(key), held)))
}

/// Waits until the history is collected.
pub(super) async fn wait(journey: &Journey, opened: &mut Opened) -> Result<(), Complaint> {
    let outcome = look_on(journey, opened).await;
    journey.remember(&mut opened.session, &opened.client)?;
    outcome
}

async fn look_on(journey: &Journey, opened: &mut Opened) -> Result<(), Complaint> {
    let mut progress = Progress::new(journey.output);
    let mut failed_looks = 0;
    loop {
        let pause = match opened.client.summary(&opened.session_id).await {
            Ok(summary) => {
                failed_looks = 0;
                let summary = summary.body;
                progress.show(&summary.sync);
                match summary.sync.state.as_str() {
                    "live" => return Ok(()),
                    "stopped" => {
                        let words = format!(
                            "Key: {}. Register again with a key that can read.",
                            summary.coverage.key_rights
                        );
                        return Err(Complaint::collection_stopped(&words));
                    }
                    _ => LOOK_EVERY,
                }
            }
            Err(failure) if failure.is_transient() && failed_looks < FAILED_LOOKS_MAX => {
                failed_looks += 1;
                Duration::from_secs(failure.retry_after_s().unwrap_or(3).clamp(1, 60))
            }
            Err(failure) if failure.ends_session() => return Err(failure.into()),
            Err(failure) => return Err(Complaint::from(failure).and(&how_to_go_on(&journey.kept()))),
        };
        tokio::time::sleep(pause).await;
    }
}

/// What to do when the wait ends early.
pub(super) fn how_to_go_on(kept: &str) -> String {
    format!(
        "The session goes on, and the enclave goes on collecting: perfagg summary shows how far it is, perfagg revoke \
         ends it. File: {kept}"
    )
}

/// What a newcomer may want next.
pub(super) fn hint(journey: &Journey, waited: bool) {
    let state = if waited { "History collected." } else { "The enclave collects the history now." };
    journey
        .output
        .remark(&format!("{state} Next: perfagg summary, perfagg metrics; perfagg revoke ends the session."));
}

fn verified(enclave: &VerifiedEnclave) -> String {
    let evidence = enclave.evidence();
    let measurement = hex::encode(evidence.measurement());
    let short = measurement.get(..16).unwrap_or(&measurement);
    let warning = if enclave.development() { format!("{DEVELOPMENT}\n") } else { String::new() };
    let tee = evidence.tee().name();
    let amber = words::amber_remark(evidence).map_or_else(String::new, |remark| format!("{remark}\n"));
    format!(
        "{warning}{amber}Enclave verified: {tee}, measurement {short}…, epoch {}. perfagg attest says more.\n",
        enclave.epoch()
    )
}

/// A session that can still be read is not lost by mistake. Whether it can, the enclave that opened it knows best.
async fn refuse_to_replace(journey: &Journey, client: &mut Client) -> Result<(), Complaint> {
    let session = match journey.session_file()?.read() {
        Ok(session) => session,
        Err(SessionFileError::Missing) => return Ok(()),
        Err(error) => {
            let advice = "Or name another one with --session-file; --replace writes over this one.";
            return Err(journey.complain(error).and(advice));
        }
    };
    let over = if journey.session_at(client.url()).is_some() {
        match journey.holder_of(&session, None) {
            // Without its key a session that is open looks like none.
            Err(_) => false,
            Ok(holder) => {
                client.resume(&session.session_id, session.known(holder));
                client.summary(&session.session_id).await.is_err_and(|failure| failure.ends_session())
            }
        }
    } else {
        // Development time is a simulator's: this machine's clock says nothing about it.
        let now_s = i64::try_from(Clock::system().now().unix_s).unwrap_or(i64::MAX);
        session.environment != "development"
            && parse_rfc3339(&session.expires_at).is_some_and(|at| at.seconds() < now_s)
    };
    if over {
        return Ok(());
    }
    let Session { service_url, venue, expires_at, .. } = &session;
    let title =
        format!("a session is still open: {venue} at {service_url}, until {}", figure::time(expires_at));
    let ways = "End it with perfagg revoke, write over it with --replace, or keep the new one elsewhere with \
                --session-file PATH.";
    Err(Complaint::usage(&title, ways).about(&journey.kept()))
}

fn people(asked: &Register, opened: &SessionOpened, kept: &str, holder: Option<&HolderKey>) -> String {
    let SessionOpened { expires_at, environment, account, key_rights, lease_until, .. } = opened;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table
        .row(&[
            "account",
            &format!("{} ({}), fingerprint {}", account.venue, account.types.join(", "), account.fingerprint),
        ])
        .row(&["environment", environment])
        .long_row("the key may", &rights(key_rights))
        .row(&["session ends", &figure::time(expires_at)])
        .row(&["key wiped by", &figure::time(lease_until)])
        .row(&["kept in", kept]);
    let bearer = if asked.bearer {
        "\nPlain reads are allowed: whoever has the session id reads, and whoever ends TLS sees.\n"
    } else {
        ""
    };
    let record = opened.record.as_ref().zip(holder).map_or_else(String::new, |(record, holder)| {
        format!(
            "\nThe record of the holder {}\n\n{}\nOnly calls that this key signs are answered: keep a copy of its file.",
            holder.fingerprint(),
            sessions::of_record(record)
        )
    });
    format!("Registered {} at {}\n\n{}{record}{bearer}\n", asked.user_id, account.venue, table.render())
}

/// What the venue says the key may do, in words.
fn rights(rights: &KeyRights) -> String {
    let KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict } = rights;
    let listed = [("read", Some(*read)), ("trade", *trade), ("withdraw", *withdraw), ("transfer", *transfer)];
    let named = |wanted: Option<bool>| -> Vec<&str> {
        listed.iter().filter(|(_, may)| *may == wanted).map(|(name, _)| *name).collect()
    };
    let mut words = vec![named(Some(true)).join(", ")];
    if !named(Some(false)).is_empty() {
        words.push(format!("not {}", named(Some(false)).join(", ")));
    }
    if !named(None).is_empty() {
        words.push(format!("the exchange does not tell about {}", named(None).join(", ")));
    }
    match ip_restricted {
        Some(true) => words.push("from fixed addresses only".to_owned()),
        Some(false) => words.push("from any address".to_owned()),
        None => {}
    }
    match verdict.as_str() {
        "read_only" => {}
        "trading_accepted" => words.push("TRADING ACCEPTED: every figure will say so".to_owned()),
        other => words.push(other.replace('_', " ")),
    }
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_told_in_words_and_silence_is_not_a_no() {
        let mut key = KeyRights {
            read: true,
            trade: Some(false),
            withdraw: Some(false),
            transfer: Some(false),
            ip_restricted: Some(false),
            verdict: "read_only".to_owned(),
        };
        assert_eq!(rights(&key), "read; not trade, withdraw, transfer; from any address");
        key.trade = Some(true);
        key.verdict = "trading_accepted".to_owned();
        key.ip_restricted = Some(true);
        assert_eq!(
            rights(&key),
            "read, trade; not withdraw, transfer; from fixed addresses only; TRADING ACCEPTED: every figure will say so"
        );
        key = KeyRights {
            trade: None,
            withdraw: None,
            transfer: None,
            ip_restricted: None,
            verdict: "undecided".to_owned(),
            ..key
        };
        assert_eq!(
            rights(&key),
            "read; the exchange does not tell about trade, withdraw, transfer; undecided"
        );
    }
}
