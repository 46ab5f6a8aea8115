//! The paths that are passed on, and what each is called in a log: never what a caller put into it.

/// Own answer; says only that this program runs.
pub(crate) const LIVE: &str = "/health/live";

/// Own answer too: the description of the enclave's routes and of what this program adds.
pub(crate) const DESCRIPTION: &str = "/openapi.json";

/// Paths of the enclave. A segment in braces stands for one of any text; a star at the end for all that is below,
/// so that a newer enclave's routes pass too.
const RELAYED: [&str; 13] = [
    "/attestation/quote",
    "/enclave/sealed",
    "/enclave/sessions",
    "/enclave/sessions/{session_id}",
    "/enclave/record",
    "/enclave/summary/{session_id}",
    "/enclave/metrics/{session_id}",
    "/enclave/ledger/{session_id}",
    "/enclave/events/{session_id}",
    "/attestation/*",
    "/enclave/*",
    "/exchanges",
    "/health/ready",
];

/// The route of a path: its name, in words of this program. `None`: not one of the enclave's.
pub(crate) fn find(path: &str) -> Option<&'static str> {
    if let Some(own) = [LIVE, DESCRIPTION].into_iter().find(|own| *own == path) {
        return Some(own);
    }
    // A path that climbs could leave the enclave's on its way.
    let climbs = path.split('/').any(|segment| matches!(plain(segment).as_str(), "." | ".."));
    let passes = !climbs && path != COUNTERSIGN;
    RELAYED.into_iter().find(|template| passes && fits(template, path))
}

/// Where the enclave signs the head of the access log. This program asks for itself; it passes nobody on to it, who could
/// use up what the enclave allows to this address.
pub(crate) const COUNTERSIGN: &str = "/attestation/countersign";

/// A web page, whichever.
pub(crate) const PAGE: &str = "(page)";

/// Whether a file of this name, without the slash before it, would stand where a route is or may come to be.
pub(crate) fn is_reserved(file: &str) -> bool {
    let first = file.split('/').next().unwrap_or_default();
    let stem = first.split('.').next().unwrap_or_default();
    ["attestation", "docs", "enclave", "exchanges", "health", "metrics", "openapi"]
        .iter()
        .any(|reserved| stem.eq_ignore_ascii_case(reserved))
}

/// A segment with its dots decoded, as an intermediary might.
fn plain(segment: &str) -> String {
    segment.to_ascii_lowercase().replace("%2e", ".")
}

fn fits(template: &str, path: &str) -> bool {
    if let Some(prefix) = template.strip_suffix('*') {
        return path.len() > prefix.len() && path.starts_with(prefix);
    }
    let (mut expected, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {}
            (Some(name), Some(segment)) if name == segment => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_named_without_what_a_caller_put_into_it() {
        for (path, name) in [
            ("/health/live", "/health/live"),
            ("/health/ready", "/health/ready"),
            ("/attestation/quote", "/attestation/quote"),
            ("/enclave/sealed", "/enclave/sealed"),
            ("/enclave/summary/session_1_abc", "/enclave/summary/{session_id}"),
            ("/enclave/sessions/session_1_abc", "/enclave/sessions/{session_id}"),
            ("/enclave/summary", "/enclave/*"),
            ("/enclave/events/session_1_abc", "/enclave/events/{session_id}"),
            ("/enclave/later/session_1_abc", "/enclave/*"),
            ("/attestation/later/thing", "/attestation/*"),
        ] {
            assert_eq!(find(path), Some(name), "{path}");
        }
    }

    #[test]
    fn every_route_of_a_sealed_call_has_its_name() {
        for route in protocol::Route::ALL {
            let (_, path) = route.as_str().split_once(' ').unwrap();
            assert_eq!(find(path), Some(path));
        }
    }

    #[test]
    fn what_is_not_the_enclaves_is_not_passed_on() {
        for path in [
            "/",
            "/metrics",
            "/enclave",
            "/enclave/",
            "/enclaves/sealed",
            "/health",
            "/health/ready/more",
            "/enclave/../metrics",
            "/enclave/%2E%2e/metrics",
            "/attestation/./quote",
            "/attestation/countersign",
            "*",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
