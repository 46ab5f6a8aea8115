//! An invented exchange that imitates Binance, Bybit, OKX, Kraken, Coinbase and Hyperliquid, strictly: for development and tests
//! only, on loopback only. Its world grows from a seed, its faults from another, and its time can be moved.
//!
//! All venues tell of one account, each in its own words, below paths of its own; what is nobody else's is Binance's.
//!
//! It knows nothing of the programs that are tested against it.

mod amount;
mod random;
mod calendar;
mod args;
mod clock;
mod world;
mod weights;
mod faults;
mod http;
mod venue;
mod rest;
mod kraken;
mod coinbase;
mod okx;
mod bybit;
mod hyperliquid;
mod systems;
mod truth;
mod control;

use anyhow::Context as _;
use args::Args;
use clap::Parser as _;
use clock::Clock;
use faults::Faults;
use http::Outcome;
use serde_json::{Value, json};
use std::{fs, io::Write as _, process::ExitCode, sync::Arc};
use systems::{System, Systems};
use tokio::signal::unix::{SignalKind, signal};
use venue::Venue;
use world::World;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perf-aggregator-simulator cannot start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let now_ms = args.now.unwrap_or_else(clock::machine_ms);
    let mut world = World::new(args.seed, now_ms, args.fills);
    if args.contracts {
        world = world.with_contracts(now_ms);
    }
    if let Some(file) = &args.truth {
        let written = fs::write(file, truth::document(&world, now_ms));
        written.with_context(|| format!("the truth could not be written to {}", file.display()))?;
    }
    let listener = http::listen(args.port).await.with_context(|| {
        format!("port {} cannot be opened on loopback; another one is chosen with --port", args.port)
    })?;
    let ready = ready_line(&args, &world, listener.local_addr()?.port(), now_ms);
    let faults = args.faults.map(|seed| Faults::new(seed, now_ms));
    let clock = Clock::new(now_ms, args.time_rate);
    let venue = Arc::new(Venue::new(world, clock, args.rights, faults).limited(!args.no_limits));
    let systems = Systems::new(&venue, &args);

    let mut terminate = signal(SignalKind::terminate())?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{ready}")
        .and_then(|()| stdout.flush())
        .context("the first line could not be written")?;
    drop(stdout);

    let served = http::serve(listener, move |request| {
        let (venue, systems) = (Arc::clone(&venue), systems.clone());
        async move {
            if request.path.starts_with(control::PREFIX) {
                Outcome::Whole(control::answer(&venue, &request).await)
            } else {
                systems.answer(request).await
            }
        }
    });
    tokio::select! {
        () = served => {}
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

/// What this process serves, in one line for whoever started it.
fn ready_line(args: &Args, world: &World, port: u16, now_ms: i64) -> Value {
    let traded = world.markets.iter().zip(&world.account.fills).filter(|(_, fills)| !fills.is_empty());
    let symbols: Vec<&str> = traded.map(|(market, _)| market.symbol.as_str()).collect();
    let mut ready = json!({
        "url": format!("http://127.0.0.1:{port}"),
        "venue": "binance",
        "now": now_ms,
        "seed": args.seed,
        "faults": args.faults,
        "account": { "uid": world.account.uid, "opened": world.account.opened_ms, "types": ["spot"] },
        "fills": world.account.fill_count(),
        "symbols": symbols,
        "key": args.key(),
        // One that was given is somebody's own.
        "secret": args.public_secret(),
        // The same account, as Kraken tells of it.
        "kraken": { "key": args.kraken_key(), "secret": args.public_kraken_secret() },
        // And as Coinbase does: the name of the key is that of Binance's.
        "coinbase": { "key": args.key(), "secret": args::COINBASE_SECRET },
        // As OKX tells of it: its keys are those of Binance, and a passphrase.
        "okx": { "passphrase": args.public_passphrase() },
        // Of the test systems, whose secrets are those above.
        "sandbox": { "testnet": System::Testnet.key(args.key()), "demo": System::Demo.key(args.key()) },
        "hyperliquid": { "address": hyperliquid::ADDRESS, "private_key": hyperliquid::PRIVATE_KEY },
    });
    if let (Some(contracts), Some(ready)) = (&world.contracts, ready.as_object_mut()) {
        let symbols: Vec<&str> = contracts.markets.iter().map(|market| market.symbol).collect();
        ready.insert("contracts".to_owned(), json!({ "fills": contracts.fill_count(), "symbols": symbols }));
    }
    ready
}
