//! How long commits take, as a histogram in the text format of Prometheus.

use core::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds in milliseconds: a disk that syncs well, one that does not, a database over a network, and trouble.
const BOUNDS_MS: [u64; 7] = [1, 5, 20, 100, 500, 2000, 10_000];

/// How long commits took.
#[derive(Default)]
pub(crate) struct Latency {
    within: [AtomicU64; BOUNDS_MS.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Latency {
    /// A commit took so long, whatever it came to.
    pub(super) fn took(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        for (bound, within) in BOUNDS_MS.iter().zip(&self.within) {
            if us <= bound.saturating_mul(1000) {
                within.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// In the text format of Prometheus.
    pub(crate) fn write(&self, text: &mut String) {
        const NAME: &str = "perfagg_store_commit_milliseconds";
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let _ = writeln!(text, "# TYPE {NAME} histogram");
        for (bound, within) in BOUNDS_MS.iter().zip(&self.within) {
            let _ = writeln!(text, "{NAME}_bucket{{le=\"{bound}\"}} {}", read(within));
        }
        let (count, sum_us) = (read(&self.count), read(&self.sum_us));
        let _ = writeln!(text, "{NAME}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "{NAME}_sum {}.{:03}\n{NAME}_count {count}", sum_us / 1000, sum_us % 1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_counted_in_every_bucket_that_it_fits() {
        let (latency, mut text) = (Latency::default(), String::new());
        latency.took(Duration::from_micros(1000));
        latency.took(Duration::from_micros(1001));
        latency.took(Duration::from_secs(60));
        latency.write(&mut text);
        for line in
            ["bucket{le=\"1\"} 1", "bucket{le=\"5\"} 2", "bucket{le=\"10000\"} 2", "bucket{le=\"+Inf\"} 3"]
        {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.contains("_sum 60002.001\n") && text.contains("_count 3\n"), "{text}");
    }
}
