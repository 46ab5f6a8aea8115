//! The main service (DESIGN.md section 2): an optional relay outside the enclave. It passes the enclave's paths on
//! unchanged and sees sealed bytes only; nothing that it says is believed by a client.

mod settings;
mod log;
mod limits;
mod clock;
mod server;
mod route;
mod clear;
mod backend;
mod relay;
mod passing;
mod pages;
mod description;
mod problem;
mod access;
mod counters;
#[cfg(test)]
mod tests;

use access::{AccessLog, Book, Countersigner};
use anyhow::Context as _;
use counters::Counters;
use pages::Pages;
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
    let counters = Arc::new(Counters::default());
    let access = Arc::new(access_log(&settings, &counters)?);
    let pages = web_pages(&settings)?;
    let listener = server::Listener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another with HOST or PORT", settings.listen))?;
    let operator = server::Listener::bind(settings.metrics)
        .await
        .with_context(|| format!("MAIN_METRICS_ADDR: cannot listen on {}", settings.metrics))?;
    // Both before the announcement: whoever reads it may send a signal at once.
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    let mut interrupt = unix::signal(unix::SignalKind::interrupt())?;
    announce(&listener, &operator, &settings, &pages)?;

    let (counted, kept) = (Arc::clone(&counters), Arc::clone(&access));
    let countersigner = Countersigner::new(&settings.backend, Arc::clone(&access))?;
    let relay = relay::Relay::new(settings.backend, limits::CALL, counted, kept)?;
    let relay = Arc::new(relay.with_pages(pages));
    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(server::serve(listener, stopping.clone(), move |request| {
        let relay = Arc::clone(&relay);
        async move { relay.answer(request).await }
    }));
    let countersigning = tokio::spawn(countersigner.run(stopping.clone()));
    let counting = tokio::spawn(server::serve(operator, stopping, move |request| {
        let counters = Arc::clone(&counters);
        async move { counters.answer(&request) }
    }));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: calls under way are answered");
    stop.send_replace(true);
    let ended = serving.await.and(counting.await);
    // The last lines too: what the enclave signs now, nobody can change afterwards.
    if let Ok(mut countersigner) = countersigning.await {
        countersigner.turn().await;
    }
    access.close().await;
    ended.context("the server ended badly")
}

/// The access log, if one is wanted.
fn access_log(settings: &Settings, counters: &Arc<Counters>) -> anyhow::Result<AccessLog> {
    let Some(directory) = &settings.access_log else {
        tracing::warn!("no access log is kept: ACCESS_LOG_DIR is not set");
        return Ok(AccessLog::off(clock::system, Arc::clone(counters)));
    };
    let book = Book::open(directory, clock::system)?;
    AccessLog::start(book, clock::system, Arc::clone(counters)).context("the access log cannot be kept")
}

/// The web pages, if there are any.
fn web_pages(settings: &Settings) -> anyhow::Result<Pages> {
    let Some(directory) = &settings.pages else { return Ok(Pages::own()) };
    let pages = Pages::read(directory, limits::PAGES)?;
    let (served, left_out) = pages.count();
    tracing::info!(served, left_out, "web pages are read");
    Ok(pages)
}

/// One line on stdout, for whoever started this program.
#[expect(clippy::print_stdout, reason = "the one line that other programs read; everything else is a log")]
fn announce(
    listener: &server::Listener,
    operator: &server::Listener,
    settings: &Settings,
    pages: &Pages,
) -> anyhow::Result<()> {
    let listening = format!("http://{}", listener.address()?);
    let metrics = format!("http://{}", operator.address()?);
    let backend = format!("{}://{}", settings.backend.scheme(), settings.backend.authority);
    let access_log = settings.access_log.is_some();
    println!(
        "{}",
        serde_json::json!({
            "listening": listening, "backend": backend, "metrics": metrics, "access_log": access_log,
            "pages": pages.count().0,
        })
    );
    tracing::info!(listening, backend, metrics, access_log, "serving");
    Ok(())
}
