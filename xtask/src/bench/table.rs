//! What was asked for, what was measured, and whether it is met.

use super::{Figure, Measured};
use crate::report::say;

/// Whether native and wasm give the same digest: 1 or 0.
pub(super) const DIGESTS: &str = "digests_equal";

/// Something that was asked for.
struct Target {
    what: &'static str,
    asked: &'static str,
    measure: Measure,
    met: Met,
}

/// Where the number comes from.
enum Measure {
    /// A figure as it is.
    Figure(&'static str),
    /// The first figure divided by the second: how many times as much.
    Ratio(&'static str, &'static str),
    /// How far two figures that should agree are apart, as a part of the first.
    Apart(&'static str, &'static str),
}

enum Met {
    AtLeast(f64),
    AtMost(f64),
    MoreThan(f64),
    LessThan(f64),
    /// Nothing was asked: it is told.
    Told,
}

use Measure::{Apart, Figure as Of, Ratio};
use Met::{AtLeast, AtMost, LessThan, MoreThan, Told};

/// In the order of the requirements; each peer after what it is held against.
const TARGETS: [Target; 47] = [
    target("fills in order, FIFO, trade statistics", "≥ 3 M/s", Of("in_order"), AtLeast(3e6)),
    target("deduplicated, ids in no order", "≥ 2 M/s", Of("deduplicated_by_table"), AtLeast(2e6)),
    target(
        "deduplicated, everything told twice",
        "≥ 2 M/s",
        Of("deduplicated_everything_twice"),
        AtLeast(2e6),
    ),
    target("10 open lots", "", Of("in_order_with_10_open_lots"), Told),
    target("1,000,000 open lots", "", Of("in_order_with_1000000_open_lots"), Told),
    target(
        "speed with 1,000,000 open lots, of that with 10",
        "as fast (≥ 0.9)",
        Ratio("in_order_with_1000000_open_lots", "in_order_with_10_open_lots"),
        AtLeast(0.9),
    ),
    target("an open lot", "≤ 96 bytes", Of("bytes_an_open_lot"), AtMost(96.0)),
    target("the race: ours, exact, FIFO, deduplicated", "", Of("race_ours"), Told),
    // The same work: from fills to trade statistics. Its orders alone know cash and position, and neither cost nor profit.
    target("ours against vectorbt", "faster", Ratio("race_ours", "race_vectorbt_statistics"), MoreThan(1.0)),
    target("against its orders alone", "", Ratio("race_ours", "race_vectorbt_orders"), Told),
    target("against the compiled loop inside alone", "", Ratio("race_ours", "race_vectorbt_kernel"), Told),
    target("ours against accfifo", "≥ 20 times", Ratio("race_ours", "race_accfifo"), AtLeast(20.0)),
    target(
        "their profit against ours, vectorbt",
        "equal (1e-9)",
        Apart("race_ours_gross", "race_vectorbt_gross"),
        AtMost(1e-9),
    ),
    target(
        "their profit against ours, accfifo",
        "equal (1e-9)",
        Apart("race_ours_gross", "race_accfifo_gross"),
        AtMost(1e-9),
    ),
    target("all metrics of 10 years of days", "≤ 0.5 ms", Of("metrics_10y"), AtMost(0.5)),
    target("quantstats' time, of ours", "", Ratio("metrics_quantstats", "metrics_10y"), Told),
    target("empyrical's time, of ours", "", Ratio("metrics_empyrical", "metrics_10y"), Told),
    target("1,000,000 fills replay from their file", "< 1 s", Of("replay_1000000"), LessThan(1000.0)),
    // The library's own call on the same evidence, in the same bench; real evidence is there with the shared vectors.
    target(
        "an SGX quote, of dcap-qvl's time",
        "≤ 1.4",
        Ratio("verify_sgx", "verify_sgx_library"),
        AtMost(1.4),
    ),
    target("a TDX quote", "≤ 1.4", Ratio("verify_tdx", "verify_tdx_library"), AtMost(1.4)),
    target("a real SGX quote", "≤ 1.4", Ratio("verify_sgx_real", "verify_sgx_real_library"), AtMost(1.4)),
    target("a real TDX quote", "≤ 1.4", Ratio("verify_tdx_real", "verify_tdx_real_library"), AtMost(1.4)),
    target("a bundle around SGX, from its JSON", "", Ratio("verify_sgx_bundle", "verify_sgx_library"), Told),
    target("a bundle around TDX, from its JSON", "", Ratio("verify_tdx_bundle", "verify_tdx_library"), Told),
    target("a bundle around SGX, p99", "< 5 ms", Of("verify_sgx_bundle_p99"), LessThan(5.0)),
    target("a bundle around TDX, p99", "< 5 ms", Of("verify_tdx_bundle_p99"), LessThan(5.0)),
    target("a real SGX quote, p99", "< 5 ms", Of("verify_sgx_real_p99"), LessThan(5.0)),
    target("a real TDX quote, p99", "< 5 ms", Of("verify_tdx_real_p99"), LessThan(5.0)),
    target("a real SEV-SNP report, p99", "< 5 ms", Of("verify_snp_real_p99"), LessThan(5.0)),
    target("a real Nitro document, p99", "< 5 ms", Of("verify_nitro_real_p99"), LessThan(5.0)),
    // Each of their accounts is polled: a key for it is here, and it stands in line at the venue.
    target("100,000 live sessions, idle, in memory", "≤ 1.5 GiB", Of("sessions_memory"), AtMost(1536.0)),
    target("at most, while they begin", "", Of("sessions_memory_most"), Told),
    target("where their keys ended with another process", "", Of("sessions_without_keys_memory"), Told),
    target("restart with 100,000 sessions, to ready", "≤ 2 s", Of("restart"), AtMost(2000.0)),
    target("the same after a kill", "≤ 2 s", Of("restart_after_kill"), AtMost(2000.0)),
    target(
        "plain `summary`, of an axum server that signs as many bytes",
        "≥ 0.8",
        Ratio("summary_reads", "summary_peer"),
        AtLeast(0.8),
    ),
    target(
        "a read's time on a core, of that server's",
        "",
        Ratio("summary_reads_core", "summary_peer_core"),
        Told,
    ),
    target(
        "registrations, of HPKE open and one group-committed write",
        "≥ 0.5",
        Ratio("registrations", "registrations_peer"),
        AtLeast(0.5),
    ),
    target("accounts claimed from PostgreSQL", "≥ 2,000/s", Of("claims"), AtLeast(2000.0)),
    target("by four enclaves together", "≥ 2,000/s", Of("claims_by_4"), AtLeast(2000.0)),
    // An account over HTTP, one request after the other.
    target(
        "200,000 fills collected, of ccxt for Python",
        "≥ 10 times",
        Ratio("collect_ours", "collect_python"),
        AtLeast(10.0),
    ),
    target("of ccxt for Node", "≥ 3 times", Ratio("collect_ours", "collect_node"), AtLeast(3.0)),
    // What else the machine does is not in these: time on a core, of who asks and of the simulator together.
    target("on cores, of ccxt for Python", "", Ratio("collect_ours_core", "collect_python_core"), Told),
    target("on cores, of ccxt for Node", "", Ratio("collect_ours_core", "collect_node_core"), Told),
    target("the same without what else is asked than fills", "", Of("collect_ours_pages"), Told),
    target("collected and applied to the ledger", "", Of("collect_ours_applied"), Told),
    target("of it the simulator, on a core", "", Of("collect_ours_served"), Told),
];

const fn target(what: &'static str, asked: &'static str, measure: Measure, met: Met) -> Target {
    Target { what, asked, measure, met }
}

/// Everything that was asked for; of one bench alone, what it measured.
pub(super) fn print(measured: &Measured, all: bool) {
    say("| | asked | measured | |");
    say("| --- | --- | --- | --- |");
    for target in TARGETS.iter().filter(|target| all || target.measure.of(measured).is_some()) {
        say(&target.row(measured));
    }
    let (digests, verdict) = match measured.figures.get(DIGESTS) {
        Some(figure) if figure.number > 0.0 => ("equal", "met"),
        Some(_) => ("they differ", "**not met**"),
        None => ("", "not measured"),
    };
    if all {
        say(&format!("| native and wasm builds of the ledger | the same digest | {digests} | {verdict} |"));
    }
    say("");
    for (name, Figure { number, unit }) in &measured.figures {
        say(&format!("{name} {} {unit}", rounded(*number)));
    }
    for (name, why) in &measured.skipped {
        say(&format!("skipped: {name}: {why}"));
    }
}

impl Target {
    fn row(&self, measured: &Measured) -> String {
        let Some((number, shown)) = self.measure.of(measured) else {
            return format!("| {} | {} | | not measured |", self.what, self.asked);
        };
        let verdict = match self.met.by(number) {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "",
        };
        format!("| {} | {} | {shown} | {verdict} |", self.what, self.asked)
    }
}

impl Measure {
    /// The number, and as it is shown.
    fn of(&self, measured: &Measured) -> Option<(f64, String)> {
        let figure = |name: &str| measured.figures.get(name);
        match self {
            Self::Figure(name) => {
                let Figure { number, unit } = figure(name)?;
                Some((*number, format!("{} {unit}", rounded(*number))))
            }
            Self::Ratio(name, other) => {
                let (number, other) = (figure(name)?, figure(other)?);
                let ratio = number.number / other.number;
                let beside = format!("{} against {}", rounded(number.number), rounded(other.number));
                Some((ratio, format!("{} times ({beside} {})", rounded(ratio), number.unit)))
            }
            Self::Apart(name, other) => {
                let (number, other) = (figure(name)?.number, figure(other)?.number);
                let apart = (number - other).abs() / number.abs();
                Some((apart, format!("{number} against {other}")))
            }
        }
    }
}

impl Met {
    fn by(&self, number: f64) -> Option<bool> {
        match self {
            Self::AtLeast(bound) => Some(number >= *bound),
            Self::AtMost(bound) => Some(number <= *bound),
            Self::MoreThan(bound) => Some(number > *bound),
            Self::LessThan(bound) => Some(number < *bound),
            Self::Told => None,
        }
    }
}

/// Three digits are all that a measurement is good for: `3.12 M`, `0.214`, `88`.
fn rounded(number: f64) -> String {
    match number.abs() {
        size if size >= 1e6 => format!("{:.2} M", number / 1e6),
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(figures: &[(&str, f64, &str)]) -> Measured {
        let mut measured = Measured::default();
        figures.iter().for_each(|(name, number, unit)| measured.add(name, *number, unit));
        measured
    }

    #[test]
    fn a_row_tells_whether_what_was_asked_is_met() {
        let row = |index: usize, figures: &[(&str, f64, &str)]| TARGETS[index].row(&measured(figures));
        let first = "| fills in order, FIFO, trade statistics | ≥ 3 M/s |";
        let fast = row(0, &[("in_order", 3_123_456.0, "fills/s")]);
        assert_eq!(fast, format!("{first} 3.12 M fills/s | met |"));
        let slow = row(0, &[("in_order", 2_999_999.0, "fills/s")]);
        assert_eq!(slow, format!("{first} 3.00 M fills/s | **not met** |"));
        assert_eq!(row(0, &[]), format!("{first} | not measured |"));
        let raced = row(11, &[("race_ours", 3e6, "fills/s"), ("race_accfifo", 1e5, "fills/s")]);
        assert_eq!(
            raced,
            "| ours against accfifo | ≥ 20 times | 30.0 times (3.00 M against 100000 fills/s) | met |"
        );
    }

    #[test]
    fn profits_that_differ_are_not_equal() {
        let figures = |theirs| measured(&[("a", -42.5, "USDT"), ("b", theirs, "USDT")]);
        let met = |theirs| AtMost(1e-9).by(Apart("a", "b").of(&figures(theirs)).unwrap().0);
        assert_eq!((met(-42.5), met(-42.500_001), met(42.5)), (Some(true), Some(false), Some(false)));
    }
}
