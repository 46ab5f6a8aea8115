//! What comes from the environment: credentials, and where a user's own state is kept. The one place that reads it.

use crate::complaint::Complaint;
use protocol::Secret;
use std::path::PathBuf;

/// The credential in a variable; an empty one counts as absent.
pub(crate) fn secret(variable: &str) -> Result<Option<Secret>, Complaint> {
    let Some(value) = read(variable) else { return Ok(None) };
    match value.into_string() {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(_) => Err(Complaint::usage(
            &format!("{variable} is not text"),
            "Set it to the text that the exchange shows.",
        )),
    }
}

/// Where the session is kept if nothing else is said; nowhere without a home.
pub(crate) fn session_file() -> Option<PathBuf> {
    state_home(&read).map(|state| state.join("perfagg").join("session.json"))
}

/// Where the holder's key is kept, if it is said; an empty name counts as absent.
pub(crate) fn holder_file() -> Option<PathBuf> {
    read("PERFAGG_HOLDER").map(PathBuf::from).filter(|path| path.as_os_str() != "")
}

/// The XDG base directory for state; a relative one counts as absent, as that specification says.
fn state_home(variable: &impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || path("HOME").map(|home| home.join(".local").join("state"));
    let windows = || if cfg!(windows) { path("LOCALAPPDATA") } else { None };
    path("XDG_STATE_HOME").or_else(windows).or_else(home)
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn read(variable: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_kept_where_the_user_keeps_state() {
        let with = |pairs: &[(&str, &str)]| {
            state_home(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
        };
        assert_eq!(with(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/a")]), Some("/state".into()));
        assert_eq!(with(&[("HOME", "/home/a")]), Some("/home/a/.local/state".into()));
        assert_eq!(
            with(&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/a")]),
            Some("/home/a/.local/state".into())
        );
        assert_eq!(with(&[("XDG_STATE_HOME", ""), ("HOME", "")]), None);
        assert_eq!(with(&[]), None);
    }
}
