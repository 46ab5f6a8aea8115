//! One function for each parser of a stranger's bytes on the client's side, called by tests with seeded mutations.
//! Sealed answers have theirs in `protocol`, bundles in `attestation`.

use crate::{
    Saved, ServiceUrl, Trust, access_log::AccessLog, collateral, connection::Reply, failure::Failure, seal,
    session_file::Session,
};

/// An answer that nobody sealed is never a success, whatever its status and bytes.
pub fn fuzz_reply(data: &[u8]) {
    let Some((head, body)) = data.split_first_chunk::<2>() else { return };
    let status = u16::from_be_bytes(*head);
    let failure = seal::unopened(&Reply { status, retry_after_s: None, body: body.to_vec() });
    assert!(matches!(failure, Failure::NotSealed | Failure::OnTheWay(_)));
    assert!(!failure.ends_session(), "nobody but the enclave ends a session");
    let _ =
        (failure.to_string(), failure.code().len(), failure.is_transient(), failure.asks_for_a_new_quote());
}

/// What parses as a service URL is shown as one that parses to the same.
pub fn fuzz_service_url(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(url) = ServiceUrl::parse(text) {
        assert_eq!(ServiceUrl::parse(&url.to_string()), Ok(url));
    }
}

/// A session file of another hand.
pub fn fuzz_session(data: &[u8]) {
    let _ = Session::parse(data);
}

/// A saved answer or receipt of another hand: a client that names no release believes none.
pub fn fuzz_saved(data: &[u8]) {
    let Trust { policy, roots } = Trust::default();
    if let Ok(saved) = Saved::parse(data) {
        assert!(saved.judge(&policy, &roots).is_err() && saved.judge_receipt(&policy, &roots).is_err());
    }
}

/// An answer of Intel's service, or of a cache: what is taken of it is a piece of it.
pub fn fuzz_pcs(data: &[u8]) {
    collateral::fuzz_answer(data);
}

/// An access log of another hand: what holds is one chain from its first line to its last, however it came in files.
pub fn fuzz_access_log(data: &[u8]) {
    let judged = |log: &[u8]| {
        let mut judge = AccessLog::new(None);
        judge.read(log)?;
        judge.finish()
    };
    let Ok(verdict) = judged(data) else { return };
    let lines: Vec<&[u8]> = data.split_inclusive(|byte| *byte == b'\n').collect();
    let whole = lines.iter().filter(|line| line.ends_with(b"\n")).count();
    assert_eq!(usize::try_from(verdict.lines), Ok(whole));
    // Without any one line but the first or the last, it is no chain any more.
    for left_out in 1..whole.saturating_sub(1) {
        let others = lines.iter().enumerate().filter(|(at, _)| *at != left_out);
        let others: Vec<u8> = others.flat_map(|(_, line)| line.iter().copied()).collect();
        assert!(judged(&others).is_err());
    }
}
