//! `perfagg`: verify an enclave, register an account, read its performance. Parse, run, say how it ended.

mod arguments;
mod settings;
mod command;
mod credentials;
mod complaint;
mod output;
mod progress;
mod table;
mod figure;
mod shown;
mod sparkline;

use arguments::Arguments;
use clap::Parser as _;
use complaint::Complaint;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error),
    };
    let json = arguments.options.json;
    // One task at a time: a prompt may hold the thread while it waits for its user.
    let ended = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let ended = runtime.block_on(command::run(arguments));
            // A name look-up that nobody waits for any more holds nobody up.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(Complaint::internal(&error)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => complaint.tell(json),
    }
}

/// Help and version are answers; anything else is a complaint, in JSON if that was asked for.
fn not_understood(error: &clap::Error) -> ExitCode {
    let said = |word: &str| std::env::args_os().any(|argument| argument == word);
    let judges = said("verify") || said("verify-evidence") || (said("policy") && said("check"));
    if error.use_stderr() && said("--json") {
        let complaint = Complaint::not_understood(error);
        return if judges { complaint.where_two_is_a_verdict() } else { complaint }.tell(true);
    }
    // Whoever closed the pipe does not want the rest.
    let _ = error.print();
    match (error.use_stderr(), judges) {
        (false, _) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(complaint::exit::USAGE),
        (true, true) => ExitCode::from(complaint::exit::INTERNAL),
    }
}
