//! `perfagg policy`: shows the policy that this client goes by, and checks one before it is used.

use super::verdict;
use crate::{
    arguments::{Options, PolicyCommand},
    complaint::{Complaint, exit},
    figure,
    output::{Output, lines, plain},
    table::Table,
};
use attestation::{Policy, Release, SnpProduct, SnpTcb, Tee};
use perfagg::Clock;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// A policy of a hundred releases is about fifty kilobytes.
const BYTES_MAX: u64 = 256 * 1024;
/// What stands for nothing of a kind.
const ANY: &str = "any";

/// Shows or checks a policy.
pub(super) fn run(options: &Options, asked: &PolicyCommand) -> Result<(), Complaint> {
    let output = Output { json: options.json };
    let now = Clock::system().now().unix_s;
    match asked {
        PolicyCommand::Show { file } => {
            let file = file.as_deref().or(options.policy.as_deref());
            if file.is_none() && options.dangerous_development_root.is_some() {
                return Err(Complaint::usage(
                    "a development root by itself is no policy that can be shown",
                    "Without --policy FILE it accepts any measurement under that root, which no file can say. Leave it \
                     out, or name a FILE.",
                ));
            }
            let policy = file.map_or_else(|| Ok(Policy::default()), read)?;
            output.result(&show(output, file, &policy, now))
        }
        PolicyCommand::Check { file } => {
            let policy = read(file).map_err(Complaint::where_two_is_a_verdict)?;
            check(output, &policy, now)
        }
    }
}

/// The policy that `--policy` names, and its SHA-256 in hex.
pub(super) fn named(path: &Path) -> Result<(Policy, String), Complaint> {
    let policy = read(path)?;
    match policy.sha256() {
        Some(sha256) => Ok((policy, hex::encode(sha256))),
        None => Err(unusable(
            path,
            "a number in it is larger than 9007199254740991, so that it has no canonical form",
        )),
    }
}

fn read(path: &Path) -> Result<Policy, Complaint> {
    let mut json = Vec::new();
    let most = BYTES_MAX.saturating_add(1);
    let outcome = if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut json)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut json))
    };
    outcome.map_err(|error| unusable(path, &format!("it cannot be read: {}", error.kind())))?;
    if u64::try_from(json.len()).is_ok_and(|read| read > BYTES_MAX) {
        return Err(unusable(path, "it is larger than any policy"));
    }
    Policy::from_json(&json).map_err(|error| unusable(path, &error.to_string()))
}

fn unusable(path: &Path, why: &str) -> Complaint {
    Complaint::policy_unusable(&plain(&path.display().to_string()), why)
}

fn check(output: Output, policy: &Policy, now: u64) -> Result<(), Complaint> {
    let warnings = policy.warnings(now);
    let sha256 = policy.sha256().map(hex::encode);
    let text = if output.json {
        json!({ "ok": warnings.is_empty(), "sha256": sha256, "warnings": warnings_json(policy, now) })
            .to_string()
    } else if warnings.is_empty() {
        format!(
            "A policy, and nothing to say about it.\nSHA-256 {}\n",
            sha256.as_deref().unwrap_or(figure::NONE)
        )
    } else {
        format!("A policy that can be used. To know about it:\n\n{}", warned(policy, now))
    };
    output.result(&text)?;
    if warnings.is_empty() { Ok(()) } else { Err(Complaint::judged(exit::WARNINGS)) }
}

fn warnings_json(policy: &Policy, now: u64) -> Value {
    let warnings = policy.warnings(now);
    warnings.iter().map(|warning| json!({ "code": warning.code(), "text": warning.to_string() })).collect()
}

/// The warnings, an item each.
fn warned(policy: &Policy, now: u64) -> String {
    let item = |text: String| {
        let broken = lines(&text, 94).into_iter().enumerate();
        broken.map(|(at, line)| format!("  {} {line}\n", if at == 0 { "-" } else { " " })).collect::<String>()
    };
    policy.warnings(now).iter().map(|warning| item(warning.to_string())).collect()
}

fn show(output: Output, file: Option<&Path>, policy: &Policy, now: u64) -> String {
    let source = file.map_or_else(|| "built in".to_owned(), |path| plain(&path.display().to_string()));
    let sha256 = policy.sha256().map(hex::encode);
    if output.json {
        let written = policy.to_json().and_then(|json| serde_json::from_str::<Value>(&json).ok());
        return json!({
            "source": source, "sha256": sha256, "policy": written, "warnings": warnings_json(policy, now),
        })
        .to_string();
    }
    let warnings = match policy.warnings(now).is_empty() {
        true => String::new(),
        false => format!("\nTo know about it\n\n{}", warned(policy, now)),
    };
    let mut fields = verdict::facts();
    fields.row(&["policy", &source]).row(&["SHA-256", sha256.as_deref().unwrap_or(figure::NONE)]);
    programs(policy, &mut fields);
    patches(policy, &mut fields);
    platforms(policy, &mut fields);
    let environment = match file {
        Some(_) => listed(&policy.environment, "none"),
        None => "live or sandbox, as the command asks".to_owned(),
    };
    fields.long_row("environment", &environment);
    requests(policy, &mut fields);
    format!("What evidence must say\n\n{}{warnings}", fields.render())
}

fn programs(policy: &Policy, fields: &mut Table) {
    let kinds: Vec<_> = policy.tee.iter().map(|tee| tee.name()).collect();
    fields.long_row("kinds of evidence", &listed(&kinds, "none"));
    if policy.releases.is_empty() {
        fields.row(&["releases", "none: no program is accepted"]);
    }
    for (at, release) in policy.releases.iter().enumerate() {
        let kind = match release {
            Release::Sgx(_) => "SGX",
            Release::Tdx(_) => "TDX",
            Release::Snp(_) => "SEV-SNP",
            Release::Nitro(_) => "Nitro",
        };
        let until = release.not_after().map_or_else(String::new, |until| format!(", until {}", time(until)));
        let name = release.name().map_or_else(String::new, |name| format!(", {}", plain(name)));
        fields.row(&[if at == 0 { "releases" } else { "" }, &format!("{kind}{name}{until}")]);
        verdict::hash_row(fields, "", release.measurement());
    }
    fields.row(&["debug", if policy.allow_debug { "accepted of development evidence" } else { "refused" }]);
}

fn patches(policy: &Policy, fields: &mut Table) {
    let statuses: Vec<_> = policy.tcb_status.iter().map(ToString::to_string).collect();
    fields.long_row("patch level", &listed(&statuses, "none"));
    for extra in &policy.extra_tcb_status {
        fields.long_row(
            "for a while",
            &format!("{} until {}: {}", extra.status, time(extra.until), plain(&extra.reason)),
        );
    }
    fields.row(&["evaluation", &format!("{} or later", policy.min_tcb_evaluation_number)]);
    fields.row(&["collateral", &format!("at most {} old", figure::duration(policy.max_collateral_age_s))]);
}

fn platforms(policy: &Policy, fields: &mut Table) {
    let platform = &policy.platform;
    let may = |name: &str, allowed| format!("{name} {}", if allowed { "may be on" } else { "must be off" });
    let switches = [
        may("SMT", platform.allow_smt),
        may("adding packages", platform.allow_dynamic_platform),
        may("keys kept by the vendor", platform.allow_cached_keys),
    ];
    fields.long_row("platform", &switches.join("; "));
    match &platform.allowed_platform_ids {
        None => drop(fields.row(&["platform ids", ANY])),
        Some(ids) if ids.is_empty() => drop(fields.row(&["platform ids", "none: every platform is refused"])),
        Some(ids) => {
            for (at, id) in ids.iter().enumerate() {
                fields.row(&[if at == 0 { "platform ids" } else { "" }, id]);
            }
        }
    }
    if !policy.tee.contains(&Tee::SevSnp) {
        return;
    }
    for product in [SnpProduct::Milan, SnpProduct::Genoa, SnpProduct::Turin] {
        let least = policy.snp_min_tcb.of(product).map_or_else(|| ANY.to_owned(), least);
        fields.row(&[&format!("SNP {product:?}"), &least]);
    }
}

fn least(tcb: &SnpTcb) -> String {
    let SnpTcb { bootloader, tee, snp, microcode, fmc } = tcb;
    let fmc = fmc.map_or_else(String::new, |fmc| format!("FMC {fmc}, "));
    format!("at least {fmc}bootloader {bootloader}, TEE {tee}, SNP {snp}, microcode {microcode}")
}

fn requests(policy: &Policy, fields: &mut Table) {
    let asked = |asked, what: &str| if asked { what.to_owned() } else { "not asked for".to_owned() };
    fields
        .row(&["nonce", &asked(policy.require_nonce, "must answer this request's")])
        .row(&["channel", &asked(policy.require_channel, "must be the attested one")])
        .row(&["endorsement", &asked(policy.require_operator_endorsement, "by the operator")])
        .row(&["configuration", &policy.pinned_config.map_or_else(|| ANY.to_owned(), hex::encode)])
        .row(&[
            "epoch",
            &policy.min_epoch.map_or_else(|| ANY.to_owned(), |least| format!("{least} or later")),
        ]);
}

fn listed<T: AsRef<str>>(items: &[T], none: &str) -> String {
    let items: Vec<_> = items.iter().map(|item| plain(item.as_ref())).collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

fn time(unix_s: u64) -> String {
    figure::time(&figure::instant(unix_s))
}
