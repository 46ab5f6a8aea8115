//! `perfagg collateral`: brings Intel's collateral to an enclave, once or again and again, and says how it went.

mod advice;

use super::{development_trust, interruptible, parse_url};
use crate::{
    arguments::{
        Options,
        collateral::{Collateral, ENCLAVE, Fetch},
    },
    complaint::Complaint,
    figure,
    output::{DEVELOPMENT, Output, lines, plain},
    table::{Align, Table},
};
use advice::complaint;
use attestation::{Tee, limits};
use core::time::Duration;
use perfagg::{
    Clock,
    collateral::{
        Early, Fetcher, For, HandedIn, Judged, Level, Recovery, Round, Source, SourceDefect,
        schedule::{self, Last},
    },
};
use rand_core::Rng as _;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::Path,
};

/// Fetches once, or goes on doing so.
pub(super) async fn run(options: &Options, asked: &Collateral) -> Result<(), Complaint> {
    let output = Output { json: options.json };
    match asked {
        Collateral::Fetch(fetch) => {
            let fetcher = fetcher(options, fetch)?;
            remark_development(output, &fetcher);
            let before = "The enclave serves what it served before, or what was fetched just now.";
            let round = interruptible(before, async { fetcher.round().await.map_err(complaint) }).await?;
            warn(output, &round.early);
            output.result(&if output.json { json(&round).to_string() } else { page(&round) })
        }
        Collateral::Watch { every, fetch } => {
            let fetcher = fetcher(options, fetch)?;
            remark_development(output, &fetcher);
            tokio::select! {
                biased;
                () = told_to_stop() => {
                    output.remark("stopped; the enclave goes on serving what it has");
                    Ok(())
                }
                ended = watch(output, &fetcher, *every) => ended,
            }
        }
    }
}

/// Ends only when nobody hears it any more.
async fn watch(output: Output, fetcher: &Fetcher, every_s: u64) -> Result<(), Complaint> {
    let mut failures = 0_u32;
    loop {
        let outcome = fetcher.round().await;
        let last = match &outcome {
            Ok(round) => {
                failures = 0;
                Last::Good { ends_at: round.judged.ends_at }
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                Last::Failed { in_a_row: failures, advised_s: error.retry_after_s() }
            }
        };
        let now = fetcher.clock.now().unix_s;
        let random = rand_core::UnwrapErr(getrandom::SysRng).next_u32();
        let pause_s = schedule::pause_s(every_s, last, now, random);
        match outcome {
            Ok(round) => {
                warn(output, &round.early);
                output.result(&line(output, &round, now, pause_s))?;
            }
            Err(error) => {
                let _ = complaint(error).with("next_in_s", pause_s).tell(output.json);
                output.remark(&format!("  trying again in {}", figure::duration(pause_s)));
            }
        }
        tokio::time::sleep(Duration::from_secs(pause_s)).await;
    }
}

/// Ctrl-C, or SIGTERM where there is one.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        core::future::pending::<()>().await;
    }
}

fn fetcher(options: &Options, asked: &Fetch) -> Result<Fetcher, Complaint> {
    let source = Source::new(&asked.pcs, &asked.root_crl).map_err(|defect| match defect {
        SourceDefect::Pcs(defect) => {
            Complaint::usage("--pcs cannot be used", &format!("{defect}."))
        }
        SourceDefect::RootCrl(_) => Complaint::usage(
            "--root-crl cannot be used",
            "It takes the URL of a file: https:// anywhere, http:// on this machine only, without a user name.",
        ),
    })?;
    let whom = match &asked.quote {
        Some(path) => For::Quote(saved_quote(path)?),
        None => For::Enclave(parse_url(asked.enclave.as_deref().unwrap_or(ENCLAVE))?),
    };
    let trust = options.dangerous_development_root.as_deref().map(development_trust).transpose()?;
    Ok(Fetcher {
        source,
        whom,
        directory: asked.out.clone(),
        development: trust.is_some(),
        roots: trust.map(|trust| trust.roots).unwrap_or_default(),
        clock: Clock::system(),
    })
}

fn saved_quote(path: &Path) -> Result<Vec<u8>, Complaint> {
    let mut quote = Vec::new();
    // One byte more than any quote: what is longer is refused as none.
    let read =
        File::open(path).and_then(|file| file.take(limits::EVIDENCE as u64 + 1).read_to_end(&mut quote));
    let name = path.display();
    read.map_err(|error| {
        Complaint::usage(
            &format!("{name} cannot be read"),
            &format!("--quote takes a file: {}.", error.kind()),
        )
    })?;
    if attestation::claimed_platform(&quote).is_none() {
        let detail = "--quote takes what GET /quote of the enclave's operator listener gave.";
        return Err(Complaint::usage(&format!("{name} is no SGX or TDX quote"), detail));
    }
    Ok(quote)
}

fn remark_development(output: Output, fetcher: &Fetcher) {
    if fetcher.development {
        output.remark(DEVELOPMENT);
    }
}

/// What the operator must know although everything went well.
fn warn(output: Output, early: &Early) {
    let (title, detail) = match early {
        Early::Harmless => return,
        Early::Recovery(Recovery::To(level)) => (
            format!("a coming TCB recovery puts this platform at {}", patch_level(level)),
            format!("It is evaluation {}.", level.evaluation),
        ),
        Early::Recovery(Recovery::Refused(class)) => (
            "a coming TCB recovery has no level for this platform".to_owned(),
            format!("Clients will refuse its evidence ({class})."),
        ),
        Early::Unknown(error) => (
            "it is not known whether a TCB recovery is coming".to_owned(),
            format!("Of the early data set: {error}."),
        ),
    };
    let (code, what_to_do) = match early {
        Early::Unknown(_) => ("TCB_EARLY_UNKNOWN", "What is served is not touched by this."),
        _ => (
            "TCB_RECOVERY",
            "Update firmware, microcode and Intel's software before it takes effect: from then on clients whose policy \
             asks for more will refuse this platform.",
        ),
    };
    let (title, detail) = (plain(&title), plain(&format!("{detail} {what_to_do}")));
    let text = if output.json {
        let level = if let Early::Recovery(Recovery::To(level)) = early { Some(tcb(level)) } else { None };
        json!({ "warning": { "code": code, "title": title, "detail": detail, "tcb": level } }).to_string()
    } else {
        let detail: String = lines(&detail, 96).iter().map(|line| format!("  {line}\n")).collect();
        format!("warning: {title}\n{detail}  ({code})")
    };
    let _ = writeln!(io::stderr(), "{text}");
}

fn page(round: &Round) -> String {
    let Round { judged, handed_in, written, early } = round;
    let Judged { level, tcb_info_issued, qe_identity_issued, ends_at, .. } = judged;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table
        .row(&["platform", &platform(judged)])
        .row(&["patch level", &patch_level(level)])
        .row(&["TCB evaluation", &level.evaluation.to_string()])
        .row(&["TCB info issued", &figure::time(tcb_info_issued)])
        .row(&["QE identity issued", &figure::time(qe_identity_issued)])
        .row(&["first of all ends", &figure::time(&figure::instant(*ends_at))])
        .row(&["TCB recovery", coming(early)]);
    if let Some(handed_in) = handed_in {
        table.row(&["enclave", said(*handed_in)]);
    }
    if let Some(path) = written {
        table.row(&["file", &path.display().to_string()]);
    }
    format!("Collateral that verifies this platform's own quote\n\n{}", table.render())
}

fn line(output: Output, round: &Round, now: u64, pause_s: u64) -> String {
    if output.json {
        let mut json = json(round);
        if let Value::Object(members) = &mut json {
            members.insert("at".to_owned(), figure::instant(now).into());
            members.insert("next_in_s".to_owned(), pause_s.into());
        }
        return json.to_string();
    }
    let Round { judged, handed_in, .. } = round;
    let said = handed_in.map_or("written", said);
    let ends = figure::time(&figure::instant(judged.ends_at));
    let Level { status, evaluation, .. } = &judged.level;
    let again = figure::duration(pause_s);
    let at = figure::time(&figure::instant(now));
    format!(
        "{at}  {said}: {}, {status}, evaluation {evaluation}, ends {ends}; again in {again}",
        platform(judged)
    )
}

fn json(round: &Round) -> Value {
    let Round { judged, handed_in, written, early } = round;
    let Judged { platform, level, tcb_info_issued, qe_identity_issued, ends_at, json: _ } = judged;
    let coming = match early {
        Early::Harmless => json!({ "lower": false }),
        Early::Recovery(Recovery::To(level)) => json!({ "lower": true, "tcb": tcb(level) }),
        Early::Recovery(Recovery::Refused(class)) => json!({ "lower": true, "class": class.as_str() }),
        Early::Unknown(error) => json!({ "lower": null, "error": error.code() }),
    };
    json!({
        "platform": {
            "tee": platform.tee.name(), "fmspc": hex::encode(platform.fmspc), "ca": platform.ca.name(),
        },
        "tcb": tcb(level),
        "issued": { "tcb_info": plain(tcb_info_issued), "qe_identity": plain(qe_identity_issued) },
        "ends": figure::instant(*ends_at),
        "early": coming,
        "enclave": handed_in.map(|handed_in| match handed_in {
            HandedIn::Kept => "kept",
            HandedIn::Older => "has-newer",
        }),
        "file": written.as_ref().map(|path| plain(&path.display().to_string())),
    })
}

fn tcb(level: &Level) -> Value {
    let advisories: Vec<String> = level.advisories.iter().map(|id| plain(id)).collect();
    json!({
        "status": level.status.to_string(), "advisory_ids": advisories,
        "tcb_evaluation_data_number": level.evaluation,
    })
}

fn platform(judged: &Judged) -> String {
    let platform = &judged.platform;
    let kind = if platform.tee == Tee::Tdx { "TDX" } else { "SGX" };
    format!("{kind}, FMSPC {}, {} CA", hex::encode(platform.fmspc), platform.ca.name())
}

fn patch_level(level: &Level) -> String {
    if level.advisories.is_empty() {
        level.status.to_string()
    } else {
        format!("{} ({})", level.status, level.advisories.join(", "))
    }
}

const fn coming(early: &Early) -> &'static str {
    match early {
        Early::Harmless => "none that puts this platform lower",
        Early::Recovery(_) => "ONE IS COMING that puts this platform lower",
        Early::Unknown(_) => "not known",
    }
}

const fn said(handed_in: HandedIn) -> &'static str {
    match handed_in {
        HandedIn::Kept => "kept",
        HandedIn::Older => "serves a newer one already",
    }
}
