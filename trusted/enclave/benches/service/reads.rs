//! Memory of live sessions whose keys are all in use, and plain reads in that state beside a server that only signs.

use crate::{figure, load, middle, processes::Process, rows};
use std::{fs, net::SocketAddr, path::Path, time::Duration};

/// That are read, one after the other on each connection.
const SESSIONS: u64 = 32;
const RUNS: usize = 5;
const RUN: Duration = Duration::from_secs(4);

pub(crate) fn measure(directory: &Path, data: &Path, venue: SocketAddr) {
    let venue = venue.to_string();
    let ours = Process::own("serve", &[data, Path::new(&venue)], &directory.join("log"));
    let (began, most) = ours.rest();
    figure("sessions_memory", ours.resident_kib() as f64 / 1024.0, "MiB");
    figure("sessions_memory_most", most as f64 / 1024.0, "MiB");
    figure("sessions_begun", began.as_secs_f64(), "s");

    let paths: Vec<String> =
        (0..SESSIONS).map(|number| format!("/enclave/summary/{}", rows::id(number))).collect();
    let body = load::body(&load::ask(ours.address, &paths[0])).to_vec();
    let file = directory.join("body");
    fs::write(&file, &body).unwrap();
    figure("summary_bytes", body.len(), "bytes");
    let peer = Process::own("sign", &[&file], &directory.join("peer.log"));
    let both = [("summary_reads", &ours), ("summary_peer", &peer)];
    let (mut rates, mut costs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for run in 0..=RUNS {
        for (at, (_, process)) in both.iter().enumerate() {
            let before = process.ticks();
            let rate = load::per_second(process.address, &paths, RUN);
            // Nobody counts the first runs: accounts are read from the store, connections are new.
            if run > 0 {
                rates[at].push(rate);
                costs[at].push((process.ticks() - before) as f64 * 10_000.0 / (rate * RUN.as_secs_f64()));
            }
        }
    }
    for ((name, _), (rates, costs)) in both.iter().zip(rates.into_iter().zip(costs)) {
        figure(name, middle(rates), "reads/s");
        figure(&format!("{name}_core"), middle(costs), "µs");
    }
}
