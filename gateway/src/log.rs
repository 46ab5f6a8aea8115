//! The log: lines of this program on stderr, and of nobody else.
//!
//! The libraries below tell addresses, headers and bytes at their finer levels, and those hold session ids. Their
//! lines are left out whatever `RUST_LOG` asks for.

use crate::settings::SettingError;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{EnvFilter, Layer as _, filter, fmt::MakeWriter, layer::SubscriberExt as _};

/// Starts it. `directives` is `RUST_LOG`; nothing means `info`.
///
/// # Errors
/// If the directives cannot be read.
pub(crate) fn start(directives: &str) -> Result<(), SettingError> {
    // A second start would be a mistake of ours; the first one goes on.
    let _ = tracing::subscriber::set_global_default(subscriber(directives, std::io::stderr)?);
    quiet_panics();
    Ok(())
}

fn subscriber<W>(directives: &str, writer: W) -> Result<impl Subscriber + Send + Sync, SettingError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let asked = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(directives)
        .map_err(|_| SettingError::new("RUST_LOG", "takes a level: error, warn, info, debug or trace"))?;
    let ours = filter::filter_fn(|metadata| metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    Ok(tracing_subscriber::registry().with(lines.with_filter(ours)).with(asked))
}

/// A panic's message may hold what it tripped over; only its place is told.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!("panic at {place}");
    }));
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    /// What was written.
    #[derive(Clone, Default)]
    pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A log at the given level, in memory, for this thread.
    pub(crate) fn captured(directives: &str) -> (tracing::subscriber::DefaultGuard, Written) {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = subscriber(directives, move || writer.clone()).unwrap();
        (tracing::subscriber::set_default(subscriber), written)
    }

    #[test]
    fn lines_of_other_crates_are_left_out_whatever_is_asked_for() {
        for directives in ["trace", "trace,hyper=trace,hyper_util=trace"] {
            let (_guard, written) = captured(directives);
            tracing::error!(target: "hyper::proto", "planted");
            tracing::trace!(target: "hyper_util::client", "planted");
            tracing::error!("ours");
            let text = written.text();
            assert!(text.contains("ours") && !text.contains("planted"), "{directives}: {text}");
        }
    }

    #[test]
    fn rust_log_sets_the_level_of_our_lines() {
        for (directives, debug, info) in [("", false, true), ("debug", true, true), ("warn", false, false)] {
            let (_guard, written) = captured(directives);
            tracing::debug!("fine");
            tracing::info!("plain");
            let text = written.text();
            assert_eq!(
                (text.contains("fine"), text.contains("plain")),
                (debug, info),
                "{directives:?}: {text}"
            );
        }
        assert!(subscriber("=nonsense=", io::stderr).is_err());
    }
}
