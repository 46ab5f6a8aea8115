//! What the command does: one file a subcommand.

mod attest;
mod register;
mod summary;
mod metrics;
mod equity;
mod trades;
mod watch;
mod export;
mod place;
mod replay;
mod verify;
mod revoke;
mod verify_evidence;
mod collateral;

use crate::{
    arguments::{Arguments, Command, Options, Reading},
    complaint::Complaint,
    credentials::Sought,
    output::Output,
    settings,
};
use clap::CommandFactory as _;
use perfagg::{
    Client, Clock, Failure, ServiceUrl, Trust,
    session_file::{Session, SessionFile, SessionFileError},
};
use protocol::Secret;
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

/// A root certificate is about a kilobyte.
const ROOT_BYTES_MAX: u64 = 64 * 1024;

/// Runs what was asked for.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Complaint> {
    let Arguments { options, command } = arguments;
    if let Command::Completions { shell } = command {
        return completions(Output { json: false }, shell);
    }
    if let Command::Replay { files } = &command {
        // Nobody is called, so nothing of the journey is needed.
        return replay::run(Output { json: options.json }, files);
    }
    if let Command::Verify { file } = &command {
        let trust = options.dangerous_development_root.as_deref().map(development_trust).transpose();
        let trust = trust.map_err(Complaint::where_two_is_a_verdict)?;
        let trust = trust.unwrap_or_else(|| Trust::default().in_environments(&["live", "sandbox"]));
        return verify::run(Output { json: options.json }, file, &trust);
    }
    if let Command::VerifyEvidence(asked) = &command {
        return verify_evidence::run(Output { json: options.json }, asked);
    }
    if let Command::Collateral(asked) = &command {
        return collateral::run(&options, asked).await;
    }
    let journey = Journey::new(options)?;
    match command {
        Command::Attest { url } => interruptible("Nothing was sent.", attest::run(&journey, &url)).await,
        Command::Register(asked) => {
            // Before Ctrl-C is ours: this may wait for a pipe.
            let sought = Sought::look(asked.passphrase)?;
            let before = "If a session was opened already, it ends by itself at the end of its life.";
            let mut opened = interruptible(before, register::open(&journey, &asked, sought)).await?;
            if asked.wait {
                let kept = journey.kept();
                interruptible(&register::how_to_go_on(&kept), register::wait(&journey, &mut opened)).await?;
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
        Command::Revoke(reading) => {
            let unsure = "The session may be over already: perfagg summary tells.";
            interruptible(unsure, revoke::run(&journey, &reading)).await
        }
        Command::Replay { .. }
        | Command::Verify { .. }
        | Command::VerifyEvidence(_)
        | Command::Collateral(_)
        | Command::Completions { .. } => Ok(()),
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

/// What every subcommand goes by.
struct Journey {
    output: Output,
    session_file: Option<PathBuf>,
    trust: Trust,
    development: bool,
    direct: bool,
}

impl Journey {
    fn new(options: Options) -> Result<Self, Complaint> {
        let trust = options.dangerous_development_root.as_deref().map(development_trust).transpose()?;
        Ok(Self {
            output: Output { json: options.json },
            session_file: options.session_file.or_else(settings::session_file),
            development: trust.is_some(),
            direct: options.direct,
            trust: trust.unwrap_or_default(),
        })
    }

    /// A client of the service at `url` for these environments. The development root accepts its own one only.
    fn client(&self, url: ServiceUrl, environments: &[&str]) -> Client {
        let trust = self.trust.clone();
        let trust = if self.development { trust } else { trust.in_environments(environments) };
        let mut client = self.new_client(url, trust);
        if let Some(session) = self.session_at(client.url()) {
            client.remember_epoch(session.epoch);
        }
        client
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
        let trust = self.trust.clone().in_environments(&[&session.environment]);
        let mut client = self.new_client(url, trust);
        client.remember_epoch(session.epoch);
        Ok((client, session))
    }

    fn new_client(&self, url: ServiceUrl, trust: Trust) -> Client {
        let mut client = Client::new(url, trust, Clock::system());
        if self.direct {
            client.require_direct();
        }
        client
    }

    /// Keeps the keys that were verified, if they are newer.
    fn remember(&self, session: &mut Session, client: &Client) -> Result<(), Complaint> {
        match client.enclave() {
            Some(enclave) if session.saw(enclave) => {
                let draft = self.session_file()?.draft();
                draft.and_then(|draft| draft.save(session)).map_err(|error| self.complain(error))
            }
            _ => Ok(()),
        }
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
