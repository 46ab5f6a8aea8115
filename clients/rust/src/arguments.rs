//! What the command takes. Never a key, a secret or a passphrase: arguments are seen by every process of a machine
//! and kept by shells.

pub(crate) mod audit;
pub(crate) mod collateral;
pub(crate) mod holder;

use attestation::Tee;
use clap::{Args, Parser, Subcommand};
use protocol::limits;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
First steps:
  perfagg exchanges
  perfagg attest https://enclave.example
  perfagg register --user-id me --exchange binance --service-url https://enclave.example --wait
  perfagg summary
  perfagg export --out ledger.jsonl
  perfagg replay ledger.jsonl
  perfagg summary --save record.json
  perfagg verify record.json

Exit codes:
    0  done
    1  perfagg itself failed
    2  not understood, or something is missing
    3  not verified: evidence or an answer was refused, do not use the service
    4  the enclave refused: a key, its rights, a value
    5  the session is unknown, expired or revoked, or there is no usable session file
    6  not reachable, rate limited, or no word of the enclave: try later
  130  interrupted

With --json, a result goes to stdout exactly as the enclave sealed it, an error to stderr as
{\"error\":{\"code\",\"title\",\"detail\",\"exit\"}}. The session is kept under XDG_STATE_HOME if that is set.";

const EVERYWHERE: &str = "Options of every command";

const EXCHANGES: &str = "\
Without --url it is what enclaves of this version do, from this program. With it, what that enclave
does: its evidence is verified, and the answer is the one that its configuration names.";

const CREDENTIALS: &str = "\
Key, secret and passphrase are never arguments. They come, in this order, from the environment
(PERFAGG_API_KEY, PERFAGG_API_SECRET, PERFAGG_PASSPHRASE), from stdin if it is not a terminal (one
per line: key, secret, passphrase), or from a hidden prompt. The key needs the right to read and no
other: one that can withdraw or transfer is refused. On hyperliquid the key is the address, and the
secret its signature of what perfagg challenge prints.

With --holder the session answers only calls that the holder's key signs, so a stolen session file is
useless without it; and the account joins the key's record, which outlives sessions. With --lease the
enclave goes on with the record when the session has ended: up to 90 days, then you decide again.";

const CHALLENGE: &str = "\
On Hyperliquid everybody may read every account, so its owner proves which one is theirs: the wallet
of the address signs this text, which names the address and the keys of the enclave that was just
verified. The signature proves it to that enclave alone, and until it changes its keys, which it does
every day. It moves nothing and allows nothing else. Then, within the day:

  perfagg register --exchange hyperliquid ...    with the address as key, the signature as secret

In one line, where the wallet is one of Foundry's:
  cast wallet sign --ledger \"$(perfagg challenge --service-url URL --address 0x...)\"";

const WATCH: &str = "\
One line an event, until the session ends or Ctrl-C. A stream that was cut is taken up where it was.
With --json each line is the event as the enclave sealed it.";

const EXPORT: &str = "\
The file holds every fill, deposit and balance: keep it like a secret. It is written whole or not at
all, for its owner alone, and its checksum was verified when perfagg says so. docs/protocol.md
describes its form; perfagg replay computes the figures from it.";

const REPLAY: &str = "\
With --json the figures are to the last digit those of perfagg metrics --json, but for
session_expires and sync, which no file knows. A file is not signed: replaying it shows what follows
from it, and proves nothing about who made it.";

const VERIFY: &str = "\
Exit codes of this command: 0 the answer holds, 1 it proves nothing, 2 it is genuine and against the
policy. The evidence is judged as of the instant at which the answer was signed. No session and no
network are needed.";
const POLICY: &str = "\
With no FILE it is the policy that this client goes by: that of --policy, or the one built in.
docs/policy.md describes each field.";

const POLICY_CHECK: &str = "\
Exit codes of this command: 0 nothing to say, 1 not a policy, 2 a policy that can be used, with
warnings.";
const VERIFY_EVIDENCE: &str = "\
Prints {\"ok\",\"error\",\"err\",\"decoded\"}. Exit code 0: verified. 1: invalid, or a file cannot be
used. 2: genuine, but against the policy. Without a policy the measurement and the platform's patch
level are shown and not judged. A root is for development evidence only: the vendors' are built in.";

const ABOUT: &str = "\
Verify an enclave, register an exchange account, read how it performed.

The enclave is verified before anything is sent, and every call is sealed to its key: whoever
stands in between sees sealed bytes only.";

/// What the command line says.
#[derive(Debug, Parser)]
#[command(name = "perfagg", version, about = ABOUT, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print JSON: results on stdout, errors on stderr
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    /// Where the session is kept [default: ~/.local/state/perfagg/session.json]
    #[arg(long, global = true, value_name = "PATH", help_heading = EVERYWHERE)]
    pub(crate) session_file: Option<PathBuf>,
    /// Refuse unless TLS ends in the enclave itself, with nobody in between
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) direct: bool,
    /// Go by this policy instead of the one built in [see: perfagg policy show]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub(crate) policy: Option<PathBuf>,
    /// Accept development evidence under this root; it proves nothing about hardware
    #[arg(long, global = true, value_name = "PEM", help_heading = EVERYWHERE)]
    pub(crate) dangerous_development_root: Option<PathBuf>,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify an enclave and say what that proves, and what it does not
    Attest {
        /// Where the enclave or its main service is
        url: String,
        /// Show each step of the verification too
        #[arg(long)]
        steps: bool,
    },
    /// Show what is read of each exchange, how far back, and what is not seen
    #[command(after_help = EXCHANGES)]
    Exchanges(Exchanges),
    /// Print what the wallet of an address signs to prove that it is yours, where there are no API keys
    #[command(after_help = CHALLENGE)]
    Challenge {
        /// Where the enclave or its main service is
        #[arg(long, visible_alias = "url", value_name = "URL")]
        service_url: String,
        /// The address, such as 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23
        #[arg(long)]
        address: String,
    },
    /// Register an exchange account: opens a session that may read its performance
    #[command(after_help = CREDENTIALS)]
    Register(Register),
    /// Show the headline: equity, return and risk, realised profit, and what they rest on
    Summary(Figures),
    /// Show everything: equity, returns, risk and trades, in total, by symbol and by month
    Metrics(Figures),
    /// Follow what happens: how the collection goes, and when there are new figures
    #[command(after_help = WATCH)]
    Watch(Reading),
    /// Save the ledger: everything that the figures are computed from
    #[command(after_help = EXPORT)]
    Export(Export),
    /// Compute all figures again from saved ledgers, offline
    #[command(after_help = REPLAY)]
    Replay {
        /// A saved ledger, - for stdin; several make one record
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Judge a saved answer or receipt, offline: who signed it, what it says, and what it does not prove
    #[command(after_help = VERIFY)]
    Verify {
        /// What --save wrote, - for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// End the session: the enclave stops collecting and wipes the key
    Revoke(Revoke),
    /// Make or show a holder's key: a record belongs to it, and its sessions answer nobody else
    #[command(subcommand)]
    Holder(holder::Holder),
    /// List the sessions of a holder's key, and the record that belongs to it
    #[command(after_help = holder::SESSIONS)]
    Sessions(holder::Held),
    /// Erase the record of a holder's key for good, and end its sessions
    #[command(after_help = holder::ERASE)]
    Erase(holder::Erase),
    /// Judge saved evidence offline, at a given time, and say in JSON what was found
    #[command(after_help = VERIFY_EVIDENCE)]
    VerifyEvidence(VerifyEvidence),
    /// Judge logs that others keep, offline
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Fetch what an enclave's evidence is judged with, and keep it fresh; for operators
    #[command(subcommand, after_help = collateral::COLLATERAL)]
    Collateral(collateral::Collateral),
    /// Show or check what evidence must say for this client to believe it
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print completions for a shell, to be put where it looks for them
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What is to be done with a policy.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show a policy with every default filled in, its SHA-256, and what to know about it
    #[command(after_help = POLICY)]
    Show {
        /// A policy, - for stdin
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Check a policy: whether it can be read, and what is probably not meant
    #[command(after_help = POLICY_CHECK)]
    Check {
        /// A policy, - for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// What showing exchanges takes.
#[derive(Debug, Args)]
pub(crate) struct Exchanges {
    /// Ask this enclave, or its main service, instead of this program
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Everything about this one, such as binance
    #[arg(long, value_name = "NAME")]
    pub(crate) exchange: Option<String>,
}

/// What a registration takes.
#[derive(Debug, Args)]
pub(crate) struct Register {
    /// Your label for yourself; it gives no rights
    #[arg(long, value_name = "ID", value_parser = label)]
    pub(crate) user_id: String,
    /// Which exchange, such as binance
    #[arg(long, value_name = "NAME")]
    pub(crate) exchange: String,
    /// Where the enclave or its main service is
    #[arg(long, value_name = "URL")]
    pub(crate) service_url: String,
    /// Account type to read, such as spot; may be repeated [default: all]
    #[arg(long = "account-type", value_name = "TYPE")]
    pub(crate) account_types: Vec<String>,
    /// The exchange's test network
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Life of the session, 5m to 7d: 24h, 90m, 7d or seconds [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = ttl)]
    pub(crate) ttl: Option<u64>,
    /// How long the enclave may use the key, 5m to 90d [default: as long as the session]
    #[arg(long, value_name = "TIME", value_parser = lease)]
    pub(crate) lease: Option<u64>,
    /// Join the record of this holder's key; "default" is the one of perfagg holder new
    #[arg(long, value_name = "FILE", conflicts_with = "bearer")]
    pub(crate) holder: Option<PathBuf>,
    /// Your label for the account
    #[arg(long, value_name = "TEXT", value_parser = label)]
    pub(crate) label: Option<String>,
    /// The key has a passphrase
    #[arg(long)]
    pub(crate) passphrase: bool,
    /// Allow plain reads by session id; whoever ends TLS on the way sees them
    #[arg(long)]
    pub(crate) bearer: bool,
    /// Accept a key that can trade too; every figure will say so
    #[arg(long)]
    pub(crate) accept_trading_key: bool,
    /// Print the verdict on the enclave first, as attest does
    #[arg(long)]
    pub(crate) verdict: bool,
    /// Wait until the history is collected, with a progress bar
    #[arg(long)]
    pub(crate) wait: bool,
    /// Write over a session that is still open; it ends by itself
    #[arg(long)]
    pub(crate) replace: bool,
}

/// What showing figures takes.
#[derive(Debug, Args)]
pub(crate) struct Figures {
    /// Keep the answer too, signed, with the evidence: others can judge it with perfagg verify
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "save")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What ending a session takes.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Keep the receipt too, signed, with the evidence: others can judge it with perfagg verify
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "save")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What saving a ledger takes.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Where to; stdout if that is no terminal
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What judging saved evidence takes.
#[derive(Debug, Args)]
pub(crate) struct VerifyEvidence {
    /// A whole evidence bundle
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tee", "evidence", "collateral", "vek", "chain"])]
    pub(crate) bundle: Option<PathBuf>,
    /// Kind of evidence: sgx-dcap, tdx, sev-snp, nitro, dev-sgx, dev-tdx
    #[arg(long, value_name = "KIND", value_parser = tee, required_unless_present = "bundle")]
    pub(crate) tee: Option<Tee>,
    /// Quote, report or document
    #[arg(long, value_name = "FILE", required_unless_present = "bundle")]
    pub(crate) evidence: Option<PathBuf>,
    /// Collateral, for sgx-dcap and tdx
    #[arg(long, value_name = "FILE", conflicts_with_all = ["vek", "chain"])]
    pub(crate) collateral: Option<PathBuf>,
    /// Certificate of the signing key, DER, for sev-snp
    #[arg(long, value_name = "FILE", requires = "chain")]
    pub(crate) vek: Option<PathBuf>,
    /// Its issuer and the root, PEM, for sev-snp
    #[arg(long, value_name = "FILE", requires = "vek")]
    pub(crate) chain: Option<PathBuf>,
    /// Root certificate of development evidence
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
    /// When to judge, Unix seconds [default: now]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time: Option<u64>,
    /// Policy to judge by
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Nonce that the bundle must answer
    #[arg(long, value_name = "HEX", value_parser = hash::<32>, requires = "bundle")]
    pub(crate) nonce: Option<[u8; 32]>,
    /// Report data that the evidence must hold
    #[arg(long, value_name = "HEX", value_parser = hash::<64>)]
    pub(crate) report_data: Option<[u8; 64]>,
}

/// What reading a session takes.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Where the service is now, if it moved
    #[arg(long, value_name = "URL")]
    pub(crate) service_url: Option<String>,
    /// Where the holder's key of the session is now, if it moved
    #[arg(long, value_name = "FILE")]
    pub(crate) holder: Option<PathBuf>,
}

fn tee(text: &str) -> Result<Tee, String> {
    Tee::from_name(text).ok_or_else(|| "no such kind of evidence".to_owned())
}

fn hash<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| format!("takes {N} bytes in hex"))?;
    Ok(bytes)
}

fn ttl(text: &str) -> Result<u64, String> {
    let seconds = seconds(text).ok_or_else(|| "takes 24h, 90m, 7d or seconds".to_owned())?;
    let fits = (limits::SESSION_TTL_S_MIN..=limits::SESSION_TTL_S_MAX).contains(&seconds);
    if fits { Ok(seconds) } else { Err("a session lives from 5m to 7d".to_owned()) }
}

fn lease(text: &str) -> Result<u64, String> {
    let seconds = seconds(text).ok_or_else(|| "takes 90d, 24h, 90m or seconds".to_owned())?;
    let fits = (limits::LEASE_S_MIN..=limits::LEASE_S_MAX).contains(&seconds);
    if fits { Ok(seconds) } else { Err("a key may be used for 5m to 90d".to_owned()) }
}

/// Seconds of `24h`, `90m`, `7d`, `3600s` or `3600`.
fn seconds(text: &str) -> Option<u64> {
    let (digits, unit_s) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(digits) if text.ends_with('s') => (digits, 1),
        Some(digits) if text.ends_with('m') => (digits, 60),
        Some(digits) if text.ends_with('h') => (digits, 3600),
        Some(digits) => (digits, 86_400),
        None => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit_s)
}

fn label(text: &str) -> Result<String, String> {
    let fits = (1..=limits::LABEL_CHARS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("a label has 1 to 128 characters and no control characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_life_is_told_in_days_hours_minutes_or_seconds() {
        for (text, seconds) in [
            ("24h", 86_400),
            ("90m", 5400),
            ("7d", 604_800),
            ("86400", 86_400),
            ("300s", 300),
            ("300", 300),
            ("5m", 300),
        ] {
            assert_eq!(ttl(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn a_life_that_is_none_is_refused() {
        for text in [
            "",
            "h",
            "24",
            "299",
            "4m",
            "8d",
            "604801",
            "-5m",
            "+5m",
            "1.5h",
            "5 m",
            "5M",
            "1w",
            "5mm",
            "１h",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(ttl(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_lease_may_be_longer_than_a_life() {
        assert_eq!((lease("90d"), lease("5m"), lease("8d")), (Ok(7_776_000), Ok(300), Ok(691_200)));
        for text in ["91d", "7776001", "4m", "299", "1y", ""] {
            assert!(lease(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_label_is_a_line_of_text() {
        assert!(label("Alice, main account").is_ok());
        assert!(label(&"ä".repeat(128)).is_ok());
        for text in ["", "two\nlines", "\u{1b}[2J"] {
            assert!(label(text).is_err());
        }
        assert!(label(&"ä".repeat(129)).is_err());
    }
}
