//! The demo: the whole main job on this machine. A simulated exchange, the enclave and the main service are started,
//! a demo account is registered through the main service, and its summary is shown.

use crate::{
    children::{self, Interrupted, Running, Stop},
    pages, ports,
    programs::{self, Built},
    report::say,
    room, workspace,
};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

/// How the demo is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// End after the summary.
    #[arg(long)]
    once: bool,
    /// Print one JSON object and nothing else on standard output; needs --once.
    #[arg(long, requires = "once")]
    json: bool,
    /// Port of the enclave; 0 is any free one, for each port.
    #[arg(long, default_value_t = 3000, value_name = "PORT")]
    enclave_port: u16,
    /// Port of the main service.
    #[arg(long, default_value_t = 5000, value_name = "PORT")]
    main_port: u16,
    /// Port of the exchange simulator.
    #[arg(long, default_value_t = 9900, value_name = "PORT")]
    simulator_port: u16,
    /// Port of the enclave's counters for its operator.
    #[arg(long, default_value_t = 9464, value_name = "PORT")]
    metrics_port: u16,
    /// Seed of the account and its history.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Let the exchange fail at times, by this seed: refusals, timeouts, torn and repeated pages, a wrong clock.
    #[arg(long, value_name = "SEED")]
    faults: Option<u64>,
    /// Build the web pages and serve them from the main service. Needs Node; the first time takes some minutes more.
    #[arg(long)]
    pages: bool,
    /// Write what the exchange was seeded with: raw fills, flows and prices.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

/// Runs the demo until its end, or until it is asked to stop.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    ports::check_free(&[
        ("--enclave-port", options.enclave_port),
        ("--main-port", options.main_port),
        ("--simulator-port", options.simulator_port),
        ("--metrics-port", options.metrics_port),
    ])?;
    let stop = Stop::listen()?;
    match play(options, &stop) {
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("stopped half-way");
            Ok(ExitCode::from(130))
        }
        done => done.map(|()| ExitCode::SUCCESS),
    }
}

fn play(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    room::note()?;
    eprintln!("building (the first time takes some minutes)");
    let built = programs::build_development(stop)?;
    if !built.success {
        bail!("cargo could not build the programs: see its messages above");
    }
    let pages = if options.pages { Some(built_pages(stop)?) } else { None };
    let mut stage = Stage::set(options, &built, pages, stop)?;
    if options.json {
        return stage.show_as_json(options, stop);
    }
    stage.show(stop)?;
    if options.once {
        return Ok(());
    }
    stage.say_what_next();
    while !stop.asked() {
        stage.check()?;
        children::pause();
    }
    eprintln!("stopping");
    Ok(())
}

fn built_pages(stop: &Stop) -> anyhow::Result<PathBuf> {
    eprintln!("building the web pages");
    match pages::build(stop)? {
        Ok(folder) => Ok(folder),
        Err(missing) => bail!("the web pages could not be built: {missing}. Without --pages all else runs"),
    }
}

/// The services under way, and where a user's things are. They stop in this order, and the directory goes last.
struct Stage {
    main: Service,
    enclave: Service,
    simulator: Service,
    perfagg: PathBuf,
    directory: Directory,
    has_pages: bool,
}

struct Service {
    running: Running,
    url: String,
    ready: Value,
}

impl Stage {
    fn set(options: &Options, built: &Built, pages: Option<PathBuf>, stop: &Stop) -> anyhow::Result<Self> {
        let directory = Directory::create()?;
        let log = |name: &str| directory.0.join(format!("{name}.log"));

        let mut command = Command::new(built.program("perf-aggregator-simulator")?);
        command.args(["--port", &options.simulator_port.to_string(), "--seed", &options.seed.to_string()]);
        if let Some(seed) = options.faults {
            command.args(["--faults", &seed.to_string()]);
        }
        if let Some(truth) = &options.truth {
            command.arg("--truth").arg(truth);
        }
        let simulator = service("the simulator", &mut command, "url", &log("simulator"), stop)?;

        let mut command = Command::new(built.program("perf-aggregator-enclave")?);
        command.args(["--dangerous-venue-url", &simulator.url]).envs([
            ("ENCLAVE_HOST", "127.0.0.1"),
            ("ENCLAVE_PORT", &options.enclave_port.to_string()),
            ("ENCLAVE_METRICS_ADDR", &format!("127.0.0.1:{}", options.metrics_port)),
        ]);
        for of_another in [
            "ENCLAVE_PRIVATE_KEY",
            "ENCLAVE_PUBLIC_KEY",
            "DATABASE_URL",
            "DATABASE_CA_FILE",
            "WITNESS_URL",
            "WITNESS_KEY",
        ] {
            command.env_remove(of_another);
        }
        // It goes with the demo: the next one's world is another.
        command.env("ENCLAVE_DATA_DIR", directory.0.join("store"));
        let enclave = service("the enclave", &mut command, "listening", &log("enclave"), stop)?;

        let mut command = Command::new(built.program("perf-aggregator-main")?);
        let port = options.main_port.to_string();
        command.envs([("HOST", "127.0.0.1"), ("PORT", &port), ("BACKEND_URL", &enclave.url)]);
        command.env("MAIN_METRICS_ADDR", "127.0.0.1:0");
        for kept_elsewhere in ["ACCESS_LOG_DIR", "BACKEND_TLS_KEY", "PAGES_DIR"] {
            command.env_remove(kept_elsewhere);
        }
        if let Some(pages) = &pages {
            command.env("PAGES_DIR", pages);
        }
        let main = service("the main service", &mut command, "listening", &log("main"), stop)?;
        let (perfagg, has_pages) = (built.program("perfagg")?.to_owned(), pages.is_some());
        Ok(Self { main, enclave, simulator, perfagg, directory, has_pages })
    }

    /// An error if a service ended.
    fn check(&mut self) -> anyhow::Result<()> {
        for service in [&mut self.simulator, &mut self.enclave, &mut self.main] {
            service.running.check()?;
        }
        Ok(())
    }

    /// For people: what runs, the registration with its progress, the summary.
    fn show(&mut self, stop: &Stop) -> anyhow::Result<()> {
        let Self { simulator, enclave, main, .. } = &*self;
        let told = |field: &str| simulator.ready.get(field).map(Value::to_string).unwrap_or_default();
        let symbols = simulator.ready.get("symbols").and_then(Value::as_array).map_or(0, Vec::len);
        say("");
        say(&format!(
            "exchange      {}   simulated: {} fills of {symbols} symbols, seed {}",
            simulator.url,
            told("fills"),
            told("seed")
        ));
        say(&format!("enclave       {}   where the key will be seen, and nowhere else", enclave.url));
        say(&format!("main service  {}   relays sealed bytes", main.url));
        say("");
        say(
            "DEVELOPMENT EVIDENCE: the enclave below runs without protected hardware, and its evidence stands under a",
        );
        say(
            "public test root that anyone can sign with. The same verifier checks it; it proves nothing about hardware.",
        );
        say("perfagg accepts it only because it is told so, by --dangerous-development-root.");
        for arguments in [self.registration(), vec!["summary".to_owned()]] {
            say("");
            say(&format!("$ perfagg {}", arguments.join(" ")));
            self.perfagg(&arguments, Stdio::inherit(), stop)?;
        }
        Ok(())
    }

    fn show_as_json(&mut self, options: &Options, stop: &Stop) -> anyhow::Result<()> {
        debug_assert!(options.once, "asked of the command line");
        let enclave_url = self.enclave.url.clone();
        let attestation = self.perfagg_json(&["attest".to_owned(), enclave_url], stop)?;
        let opened = self.perfagg_json(&self.registration(), stop)?;
        let summary = self.perfagg_json(&["summary".to_owned()], stop)?;
        let metrics = self.perfagg_json(&["metrics".to_owned()], stop)?;
        let all = json!({
            "environment": summary.get("environment"),
            "enclave_url": self.enclave.url,
            "main_url": self.main.url,
            "simulator_url": self.simulator.url,
            "session_id": opened.get("session_id"),
            "attestation": attestation,
            "summary": summary,
            "metrics": metrics,
        });
        say(&all.to_string());
        Ok(())
    }

    fn registration(&self) -> Vec<String> {
        let arguments = [
            "register",
            "--user-id",
            "demo",
            "--exchange",
            "binance",
            "--service-url",
            &self.main.url,
            "--wait",
        ];
        arguments.map(str::to_owned).to_vec()
    }

    /// The options with which `perfagg` knows this demo.
    fn options(&self) -> [String; 4] {
        let root = development_root();
        let session = self.directory.0.join("session.json");
        let path = |path: PathBuf| path.display().to_string();
        ["--session-file".to_owned(), path(session), "--dangerous-development-root".to_owned(), path(root)]
    }

    /// Runs `perfagg` to its end, with the demo key in its environment; gives what it printed if that is piped.
    fn perfagg(&mut self, arguments: &[String], stdout: Stdio, stop: &Stop) -> anyhow::Result<String> {
        let mut command = Command::new(&self.perfagg);
        command.args(self.options()).args(arguments).stdin(Stdio::null()).stdout(stdout);
        for (variable, field) in [("PERFAGG_API_KEY", "key"), ("PERFAGG_API_SECRET", "secret")] {
            let value = self.simulator.ready.get(field).and_then(Value::as_str);
            command.env(
                variable,
                value.with_context(|| format!("the simulator does not tell its demo {field}"))?,
            );
        }
        let mut running = Running::start("perfagg", &mut command)?;
        let said = running
            .stdout()
            .map(|mut stdout| std::thread::spawn(move || std::io::read_to_string(&mut stdout)));
        let status = running.wait(|| {
            stop.check()?;
            self.check()
        })?;
        if !status.success() {
            bail!(
                "perfagg {} failed ({status}): see its message above",
                arguments.first().map_or("", String::as_str)
            );
        }
        match said.map(std::thread::JoinHandle::join) {
            Some(Ok(text)) => text.context("perfagg's output"),
            _ => Ok(String::new()),
        }
    }

    fn perfagg_json(&mut self, arguments: &[String], stop: &Stop) -> anyhow::Result<Value> {
        let text = self.perfagg(&[&["--json".to_owned()], arguments].concat(), Stdio::piped(), stop)?;
        serde_json::from_str(&text).with_context(|| format!("perfagg did not print one JSON object: {text}"))
    }

    fn say_what_next(&self) {
        let perfagg = [&[self.perfagg.display().to_string()], &self.options()[..]].concat();
        let perfagg: Vec<String> = perfagg.iter().map(|word| quoted(word)).collect();
        let perfagg = perfagg.join(" ");
        if self.has_pages {
            let root = workspace::shown(&development_root());
            say("");
            say(&format!("The web pages: open {} in a browser.", self.main.url));
            say(&format!(
                "Give them the development root, {root}: they accept this enclave by nothing else."
            ));
            // Of an invented account: whoever opens a page has to type something.
            for field in ["key", "secret"] {
                let value = self.simulator.ready.get(field).and_then(Value::as_str).unwrap_or_default();
                say(&format!("The invented account's {field}: {value}"));
            }
        }
        say("");
        say("Everything stays up until Ctrl-C. Try next, in another terminal:");
        for (why, command) in [
            ("every figure, per symbol and month", format!("{perfagg} metrics")),
            ("the headline, for programs", format!("{perfagg} --json summary")),
            (
                "what was verified before the key was sent, step by step",
                format!("{perfagg} attest {}", self.enclave.url),
            ),
            (
                "is the enclave reachable through the main service?",
                format!("curl -s {}/health/ready", self.main.url),
            ),
            (
                "what each connector reads, and what it cannot see",
                format!("curl -s {}/exchanges", self.main.url),
            ),
            ("the operator's counters, which name nobody", format!("curl -s {}/metrics", self.counters())),
            ("end the session: polling stops, the key is wiped", format!("{perfagg} revoke")),
        ] {
            say("");
            say(&format!("  # {why}"));
            say(&format!("  {command}"));
        }
        say("");
        say(&format!("Logs, until then: {}", workspace::shown(&self.directory.0)));
    }

    fn counters(&self) -> &str {
        self.enclave.ready.get("metrics").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The public test root that development evidence stands under.
fn development_root() -> PathBuf {
    workspace::root().join("trusted/attestation/development-root.pem")
}

fn service(
    name: &'static str,
    command: &mut Command,
    url: &str,
    log: &Path,
    stop: &Stop,
) -> anyhow::Result<Service> {
    let (running, ready) = Running::start_service(name, command, log, stop)?;
    let url = ready
        .get(url)
        .and_then(Value::as_str)
        .with_context(|| format!("{name} does not tell its {url}"))?
        .to_owned();
    Ok(Service { running, url, ready })
}

/// A directory for this run, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn create() -> anyhow::Result<Self> {
        let path = workspace::target()?.join("demo").join(std::process::id().to_string());
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:=".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_spaces_or_quotes_survives_a_shell() {
        for word in ["/a/b-c.pem", "/home/some one/x", "it's", "", "$HOME;`id`"] {
            let printed =
                workspace::output(Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]))
                    .unwrap();
            assert_eq!(printed, word);
        }
    }
}
