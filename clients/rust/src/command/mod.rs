//! What the command does: one file a subcommand.

mod unproven;
mod verdict;
mod attest;
mod exchanges;
mod challenge;
mod register;
mod summary;
mod snapshots;
mod restatements;
mod metrics;
mod equity;
mod trades;
mod watch;
mod export;
mod place;
mod held;
mod holder;
mod sessions;
mod erase;
mod replay;
mod verify;
mod revoke;
mod verify_evidence;
mod audit;
mod collateral;
mod policy;

use crate::{
    arguments::{Arguments, Command, Options, Reading},
    complaint::Complaint,
    credentials::Sought,
    output::Output,
    settings,
};
use attestation_wasm::words;
use clap::CommandFactory as _;
use perfagg::{
    Client, Clock, Failure, ServiceUrl, Trust,
    session_file::{Session, SessionFile, SessionFileError},
};
use protocol::Secret;
use std::{
    cell::Cell,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

/// A root certificate is about a kilobyte.
const ROOT_BYTES_MAX: u64 = 64 * 1024;

/// Runs what was asked for.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Complaint> {
    let Arguments { options, command } = arguments;
    if let Some(outcome) = apart(&options, &command).await {
        return outcome;
    }
    let journey = Journey::new(options)?;
    match command {
        Command::Attest { url, steps } => {
            interruptible("Nothing was sent.", attest::run(&journey, &url, steps)).await
        }
        Command::Exchanges(asked) => {
            interruptible("Nothing was sent.", exchanges::run(&journey, &asked)).await
        }
        Command::Challenge { service_url, address } => {
            interruptible("Nothing was sent.", challenge::run(&journey, &service_url, &address)).await
        }
        Command::Register(asked) => {
            // Before Ctrl-C is ours: this may wait for a pipe.
            let sought = Sought::look(&asked.exchange, asked.passphrase)?;
            let before = "If a session was opened already, it ends by itself at the end of its life.";
            let mut opened = interruptible(before, register::open(&journey, &asked, sought)).await?;
            if asked.wait {
                let kept = journey.kept();
                let waited = register::wait(&journey, &mut opened);
                interruptible(&register::how_to_go_on(&kept), waited).await?;
            }
            register::hint(&journey, asked.wait);
            Ok(())
        }
        Command::Summary(asked) => {
            interruptible("Nothing was changed.", summary::run(&journey, &asked)).await
        }
        Command::Metrics(asked) => {
            interruptible("Nothing was changed.", metrics::run(&journey, &asked)).await
        }
        Command::Watch(reading) => {
            interruptible("The session goes on.", watch::run(&journey, &reading)).await
        }
        Command::Export(asked) => interruptible("Nothing was written.", export::run(&journey, &asked)).await,
        Command::Revoke(asked) => {
            let unsure = "The session may be over already: perfagg summary tells.";
            interruptible(unsure, revoke::run(&journey, &asked)).await
        }
        Command::Sessions(asked) => {
            interruptible("Nothing was changed.", sessions::run(&journey, &asked)).await
        }
        Command::Erase(asked) => {
            let unsure = "If it was confirmed, the record may be erased already: perfagg sessions tells.";
            interruptible(unsure, erase::run(&journey, &asked)).await
        }
        Command::Replay { .. }
        | Command::Verify { .. }
        | Command::VerifyEvidence(_)
        | Command::Audit(_)
        | Command::Collateral(_)
        | Command::Policy(_)
        | Command::Holder(_)
        | Command::Completions { .. } => Ok(()),
    }
}

/// Runs what calls no enclave, and so needs nothing of the journey.
async fn apart(options: &Options, command: &Command) -> Option<Result<(), Complaint>> {
    let output = Output { json: options.json };
    match command {
        Command::Completions { shell } => Some(completions(Output { json: false }, *shell)),
        Command::Replay { files } => Some(replay::run(output, files)),
        Command::Verify { file } => {
            let chosen = Chosen::of(options).map_err(Complaint::where_two_is_a_verdict);
            Some(chosen.and_then(|chosen| verify::run(output, file, &chosen.trust(&["live", "sandbox"]))))
        }
        Command::VerifyEvidence(asked) => Some(verify_evidence::run(output, asked)),
        Command::Audit(asked) => Some(audit::run(options, asked)),
        Command::Collateral(asked) => Some(collateral::run(options, asked).await),
        Command::Policy(asked) => Some(policy::run(options, asked)),
        Command::Holder(asked) => Some(holder::run(options, asked)),
        _ => None,
    }
}

async fn interruptible<T>(
    detail: &str,
    work: impl Future<Output = Result<T, Complaint>>,
) -> Result<T, Complaint> {
    tokio::select! {
        biased;
        Ok(()) = tokio::signal::ctrl_c() => Err(Complaint::interrupted(detail)),
        outcome = work => outcome,
    }
}

fn completions(output: Output, shell: clap_complete::Shell) -> Result<(), Complaint> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "perfagg", &mut script);
    output.result(&String::from_utf8_lossy(&script))
}

/// Whom its user chose to believe: a policy, a development root, both or neither.
struct Chosen {
    trust: Trust,
    /// A root for development evidence was named.
    development: bool,
    /// SHA-256 of the policy that was named, hex.
    policy_sha256: Option<String>,
}

impl Chosen {
    fn of(options: &Options) -> Result<Self, Complaint> {
        let root = options.dangerous_development_root.as_deref().map(development_trust).transpose()?;
        let policy = options.policy.as_deref().map(policy::named).transpose()?;
        let development = root.is_some();
        let mut trust = root.unwrap_or_default();
        let mut policy_sha256 = None;
        if let Some((policy, sha256)) = policy {
            (trust.policy, policy_sha256) = (policy, Some(sha256));
        }
        Ok(Self { trust, development, policy_sha256 })
    }

    /// Trust in evidence of these environments. A policy that was named is never widened; the one built in leaves it to
    /// the command which figures are asked for. Where a development root was named, `development` is always asked for
    /// too: evidence under that root serves nothing else.
    fn trust(&self, environments: &[&str]) -> Trust {
        let trust = self.trust.clone();
        match (self.development, self.policy_sha256.is_some()) {
            (false, false) => trust.in_environments(environments),
            (false, true) => trust.narrowed_to(environments),
            (true, _) => trust.narrowed_to(&[environments, &["development"]].concat()),
        }
    }
}

/// What every subcommand goes by.
struct Journey {
    output: Output,
    session_file: Option<PathBuf>,
    direct: bool,
    chosen: Chosen,
    /// That the platform is behind was said already.
    said_amber: Cell<bool>,
    /// That what was seen of stores cannot be kept was said already.
    said_forgetful: Cell<bool>,
}

impl Journey {
    fn new(options: Options) -> Result<Self, Complaint> {
        Ok(Self {
            output: Output { json: options.json },
            chosen: Chosen::of(&options)?,
            session_file: options.session_file.or_else(settings::session_file),
            direct: options.direct,
            said_amber: Cell::new(false),
            said_forgetful: Cell::new(false),
        })
    }

    /// A client of the service at `url` for these environments.
    fn client(&self, url: ServiceUrl, environments: &[&str]) -> Result<Client, Complaint> {
        let trust = self.chosen.trust(environments);
        if trust.policy.environment.is_empty() {
            return Err(Complaint::policy_leaves_out(&environments.join(" or ")));
        }
        let mut client = self.new_client(url, trust);
        if let Some(session) = self.session_at(client.url()) {
            client.remember_epoch(session.epoch);
        }
        Ok(client)
    }

    /// The session that is kept, if it was opened at this service.
    fn session_at(&self, url: &ServiceUrl) -> Option<Session> {
        let session = self.session_file().ok()?.read().ok()?;
        (ServiceUrl::parse(&session.service_url).as_ref() == Ok(url)).then_some(session)
    }

    /// Calls with the session that is kept: in its own environment, and at no older keys than were seen. What was
    /// seen is remembered, whatever the call came to.
    async fn read<T>(
        &self,
        reading: &Reading,
        call: impl AsyncFnOnce(&mut Client, &Secret) -> Result<T, Failure>,
    ) -> Result<(Session, T), Complaint> {
        let (mut client, mut session) = self.resume(reading)?;
        let answer = call(&mut client, &session.session_id).await;
        self.remember(&mut session, &client)?;
        Ok((session, answer?))
    }

    /// The session that is kept, and a client that goes on with it.
    fn resume(&self, reading: &Reading) -> Result<(Client, Session), Complaint> {
        let session = self.session_file()?.read().map_err(|error| self.complain(error))?;
        let url = parse_url(reading.service_url.as_deref().unwrap_or(&session.service_url))?;
        self.same_policy(&session)?;
        // A session of development needs the root, whatever environment a development enclave serves beside it.
        let trust = match &self.chosen.policy_sha256 {
            Some(_) => self.chosen.trust.clone().narrowed_to(&[&session.environment]),
            None => self.chosen.trust.clone().in_environments(&[&session.environment]),
        };
        if trust.policy.environment.is_empty() {
            return Err(Complaint::policy_leaves_out(&session.environment));
        }
        let holder = self.holder_of(&session, reading.holder.as_deref())?;
        let mut client = self.new_client(url, trust);
        client.remember_epoch(session.epoch);
        client.resume(&session.session_id, session.known(holder));
        Ok((client, session))
    }

    fn new_client(&self, url: ServiceUrl, trust: Trust) -> Client {
        let mut client = Client::new(url, trust, Clock::system());
        if self.direct {
            client.require_direct();
        }
        client.remember_checkpoints(self.seen_checkpoints().unwrap_or_default());
        client
    }

    /// A session that was opened under a policy is not read without one: what its user asked for then must not be
    /// forgotten by leaving out an option. Another policy is its user's word again, and is said.
    fn same_policy(&self, session: &Session) -> Result<(), Complaint> {
        match (&session.policy, &self.chosen.policy_sha256) {
            (Some(opened), None) => Err(Complaint::policy_missing(opened)),
            (Some(opened), Some(now)) if opened != now => {
                self.output.remark("This is not the policy that the session was opened under.\n");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Keeps what was verified and seen, if it is newer, and says once if the platform is behind.
    fn remember(&self, session: &mut Session, client: &Client) -> Result<(), Complaint> {
        let remark = client.enclave().and_then(|enclave| words::amber_remark(enclave.evidence()));
        if let Some(remark) = remark.filter(|_| !self.said_amber.replace(true)) {
            self.output.remark(&format!("{remark}\n"));
        }
        self.keep_checkpoints(client);
        self.keep(session, client)
    }

    /// Keeps the keys that were verified, and how far the store was, if they are newer.
    fn keep(&self, session: &mut Session, client: &Client) -> Result<(), Complaint> {
        let keys = client.enclave().is_some_and(|enclave| session.saw(enclave));
        let store = session.saw_checkpoint(client.checkpoint(&session.session_id));
        if keys || store {
            let draft = self.session_file()?.draft();
            return draft.and_then(|draft| draft.save(session)).map_err(|error| self.complain(error));
        }
        Ok(())
    }

    fn session_file(&self) -> Result<SessionFile, Complaint> {
        self.session_file.clone().map(SessionFile::at).ok_or_else(|| {
            Complaint::usage(
                "there is no home directory to keep the session in",
                "Set HOME, or say where with --session-file PATH.",
            )
        })
    }

    /// Where the session is kept, for people.
    fn kept(&self) -> String {
        self.session_file.as_deref().unwrap_or(Path::new("")).display().to_string()
    }

    fn complain(&self, error: SessionFileError) -> Complaint {
        Complaint::from(error).about(&self.kept())
    }
}

fn parse_url(text: &str) -> Result<ServiceUrl, Complaint> {
    ServiceUrl::parse(text)
        .map_err(|defect| Complaint::usage("the service URL cannot be used", &format!("{defect}.")))
}

fn development_trust(path: &Path) -> Result<Trust, Complaint> {
    let name = path.display();
    let mut root = Vec::new();
    File::open(path).and_then(|file| file.take(ROOT_BYTES_MAX).read_to_end(&mut root)).map_err(|error| {
        let detail = format!("--dangerous-development-root takes a PEM file: {}.", error.kind());
        Complaint::usage(&format!("{name} cannot be read"), &detail)
    })?;
    Trust::dangerous_development(&root).map_err(|error| {
        Complaint::usage(&format!("{name} is no development root"), &format!("It is {error}."))
    })
}
