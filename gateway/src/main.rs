//! The main service (DESIGN.md section 2): an optional relay outside the enclave. It passes the enclave's paths on
//! unchanged and sees sealed bytes only; nothing that it says is believed by a client.
//!
//! Not here: web pages and the access audit log, which are later releases.

mod settings;
mod log;
mod limits;
mod server;
mod route;
mod relay;
mod problem;
#[cfg(test)]
mod tests;

use anyhow::Context as _;
use settings::Settings;
use std::{process::ExitCode, sync::Arc};
use tokio::{signal::unix, sync::watch};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perf-aggregator-main cannot start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    log::start(&settings.log)?;
    let listener = server::Listener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another with HOST or PORT", settings.listen))?;
    // Both before the announcement: whoever reads it may send a signal at once.
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    let mut interrupt = unix::signal(unix::SignalKind::interrupt())?;
    announce(&listener, &settings)?;

    let relay = Arc::new(relay::Relay::new(settings.backend, limits::CALL));
    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(server::serve(listener, stopping, move |request| {
        let relay = Arc::clone(&relay);
        async move { relay.answer(request).await }
    }));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: calls under way are answered");
    stop.send_replace(true);
    serving.await.context("the server ended badly")
}

/// One line on stdout, for whoever started this program.
#[expect(clippy::print_stdout, reason = "the one line that other programs read; everything else is a log")]
fn announce(listener: &server::Listener, settings: &Settings) -> anyhow::Result<()> {
    let listening = format!("http://{}", listener.address()?);
    let backend = format!("http://{}", settings.backend);
    println!("{}", serde_json::json!({ "listening": listening, "backend": backend }));
    tracing::info!(listening, backend, "serving");
    Ok(())
}
