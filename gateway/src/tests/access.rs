//! The access log: what is written of calls, what a crash leaves, and what the verifier says of it.

use super::*;
use crate::access::{BookError, Called, Entry, Missed};
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::countersign;

const DAY: u64 = 86_400;

fn call() -> Entry {
    let route = "/enclave/summary/{session_id}";
    Entry::Call(Called {
        at_s: now(),
        route,
        status: 200,
        ms: 3,
        bytes_in: 0,
        bytes_out: 2048,
        source: Some([7; 8]),
    })
}

#[tokio::test]
async fn a_call_is_a_line_without_anything_that_the_caller_sent() {
    let directory = Directory::new();
    let (enclave, _) = backend(format!("HTTP/1.1 401 X\r\ncontent-length: 42\r\n\r\n{SESSION}")).await;
    let counters = Arc::new(Counters::default());
    let log = AccessLog::start(Book::open(&directory.0, now).unwrap(), now, Arc::clone(&counters)).unwrap();
    let log = Arc::new(log);
    let backend = read(&[("BACKEND_URL", &format!("http://{enclave}"))]).backend;
    let relay = Relay::new(backend, CALL, Arc::clone(&counters), Arc::clone(&log)).unwrap();
    let main = start_relay(relay).await;
    get(main.address, &format!("/enclave/summary/{SESSION}?{SESSION}")).await;
    post(main.address, &format!("{{\"planted\":\"{}\"}}", "PLANTED".repeat(200))).await;
    post(main.address, r#"{"apiKey":"PLANTED"}"#).await;
    get(main.address, "/PLANTED").await;
    main.stop.send_replace(true);
    main.serving.await.unwrap();
    log.close().await;
    let verdict = directory.judged().unwrap();
    assert_eq!((verdict.calls, verdict.starts, verdict.stops, verdict.lines), (4, 1, 1, 6));
    assert!(verdict.is_complete());
    let text = directory.text();
    assert!(!text.contains("PLANTED") && !text.contains("127.0.0.1") && !text.contains("planted"), "{text}");
    for line in [
        r#""route":"/enclave/summary/{session_id}","status":401,"#,
        r#""route":"/enclave/sealed","status":401,"#,
        r#""in_kib":2,"out_kib":1,"#,
        r#""route":"/enclave/sealed","status":422,"#,
        r#""route":"(none)","status":404,"#,
        r#""time":"2026-11-24T12:00:00Z""#,
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let sources: std::collections::BTreeSet<&str> =
        text.split(r#""source":"#).skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(sources.len(), 1, "one source is one all day: {text}");
}

#[test]
fn each_day_has_its_file_and_one_chain_goes_through_all() {
    let directory = Directory::new();
    let mut book = Book::open(&directory.0, now).unwrap();
    for clock in [now as crate::clock::Clock, || now() + DAY, || now() + DAY, now, || now() + 3 * DAY] {
        book.set_clock(clock);
        book.append(&[call(), call()]).unwrap();
    }
    drop(book);
    // A clock that was set back goes on where the log is.
    Book::open(&directory.0, now).unwrap().append(&[call()]).unwrap();
    let names: Vec<String> =
        directory.files().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["access-2026-11-24.jsonl", "access-2026-11-25.jsonl", "access-2026-11-27.jsonl"]);
    let verdict = directory.judged().unwrap();
    assert_eq!((verdict.lines, verdict.calls, verdict.starts), (13, 11, 2));
}

#[test]
fn whatever_a_crash_leaves_of_a_line_is_cut_and_said() {
    let directory = Directory::new();
    Book::open(&directory.0, now).unwrap().append(&[call(), call()]).unwrap();
    let path = directory.files().pop().unwrap();
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let head = fs::read(directory.0.join("head.json")).unwrap();
    // Cut anywhere in the last line, which the head names already.
    for end in last + 1..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert_eq!(directory.judged(), Err(LogError::Head), "until the program starts again");
        drop(Book::open(&directory.0, now).unwrap());
        let verdict = directory.judged().unwrap();
        assert_eq!((verdict.torn_lines, verdict.heads_lost, verdict.calls), (1, 1, 1), "{end}");
        assert!(!verdict.is_complete());
        fs::write(directory.0.join("head.json"), &head).unwrap();
    }
    // Rubbish without an end, longer than any block that is read.
    fs::write(&path, [whole.clone(), vec![0; 200_000]].concat()).unwrap();
    drop(Book::open(&directory.0, now).unwrap());
    assert!(fs::read_to_string(&path).unwrap().contains(r#""note":"torn-line","bytes":200000"#));
    assert_eq!(directory.judged().unwrap().torn_lines, 1);
    // A first line that never became one.
    fs::write(&path, b"{\"seq\"").unwrap();
    fs::remove_file(directory.0.join("head.json")).unwrap();
    drop(Book::open(&directory.0, now).unwrap());
    assert_eq!(directory.judged().unwrap().lines, 2);
}

#[test]
fn lines_that_are_gone_at_a_start_are_said() {
    let directory = Directory::new();
    Book::open(&directory.0, now).unwrap().append(&[call(), call()]).unwrap();
    let path = directory.files().pop().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&path, kept).unwrap();
    assert_eq!(directory.judged(), Err(LogError::Head));
    drop(Book::open(&directory.0, now).unwrap());
    let verdict = directory.judged().unwrap();
    assert_eq!((verdict.heads_lost, verdict.calls, verdict.lines), (1, 1, 4));
}

#[test]
fn a_log_that_cannot_be_gone_on_with_is_not_begun_anew() {
    let directory = Directory::new();
    let first = Book::open(&directory.0, now).unwrap();
    assert!(matches!(Book::open(&directory.0, now), Err(BookError::InUse)));
    drop(first);
    let path = directory.files().pop().unwrap();
    for rubbish in ["PLANTED\n", "\n", "{\"seq\":\"x\"}\n", &format!("{}\n", "x".repeat(5000))] {
        fs::write(&path, rubbish).unwrap();
        let error = Book::open(&directory.0, now).err().unwrap();
        assert!(matches!(error, BookError::Broken), "{error}");
        assert!(error.to_string().starts_with("ACCESS_LOG_DIR") && !error.to_string().contains("PLANTED"));
        assert_eq!(fs::read_to_string(&path).unwrap(), rubbish, "and nothing of it is touched");
    }
    let file = directory.0.join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Book::open(&file, now), Err(BookError::Io(_))));
}

#[test]
fn a_head_that_the_enclave_signed_fixes_what_came_before() {
    let directory = Directory::new();
    let mut book = Book::open(&directory.0, now).unwrap();
    book.append(&[call()]).unwrap();
    let kept: serde_json::Value =
        serde_json::from_slice(&fs::read(directory.0.join("head.json")).unwrap()).unwrap();
    let mut head = [0; 32];
    hex::decode_to_slice(kept["sha256"].as_str().unwrap(), &mut head).unwrap();
    let enclave = SigningKey::from_bytes(&[5; 32]);
    let signature = enclave.sign(&countersign::bytes(&head, now())).to_bytes();
    let key = enclave.verifying_key().to_bytes();
    let good =
        Entry::Countersign { seq: kept["seq"].as_u64().unwrap(), head, created_s: now(), key, signature };
    book.append(&[call(), good, call()]).unwrap();
    let verdict = directory.judged().unwrap();
    let by = &verdict.countersigned[&key];
    assert_eq!((by.count, by.seq, by.created_s, verdict.lines), (1, 1, now(), 5));

    for (changed, error) in [
        (Entry::Countersign { seq: 1, head, created_s: now() + 1, key, signature }, LogError::Signature),
        (Entry::Countersign { seq: 1, head, created_s: now(), key: [6; 32], signature }, LogError::Signature),
        (Entry::Countersign { seq: 2, head, created_s: now(), key, signature }, LogError::Countersigned),
        (Entry::Countersign { seq: 99, head, created_s: now(), key, signature }, LogError::Countersigned),
    ] {
        let directory = Directory::new();
        let mut book = Book::open(&directory.0, now).unwrap();
        book.append(&[call(), call(), changed]).unwrap();
        assert_eq!(directory.judged().map(|_| ()), Err(error));
    }
}

#[test]
fn lines_that_waited_for_more_than_an_hour_for_their_signature_are_told() {
    let (directory, enclave) = (Directory::new(), SigningKey::from_bytes(&[5; 32]));
    let key = enclave.verifying_key().to_bytes();
    let mut book = Book::open(&directory.0, now).unwrap();
    let sign = |book: &mut Book, created_s: u64| {
        let (next, head) = book.end();
        let signature = enclave.sign(&countersign::bytes(&head, created_s)).to_bytes();
        book.append(&[Entry::Countersign { seq: next - 1, head, created_s, key, signature }]).unwrap();
    };
    sign(&mut book, now());
    // An hour and five minutes are allowed, and two clocks may differ a little.
    book.append(&[call()]).unwrap();
    sign(&mut book, now() + 3900);
    assert_eq!((directory.judged().unwrap().countersigned[&key].late), 0);
    book.append(&[call(), Entry::CountersignMissed(Missed::Refused)]).unwrap();
    sign(&mut book, now() + 3901);
    sign(&mut book, now() + 7200);
    let verdict = directory.judged().unwrap();
    let by = &verdict.countersigned[&key];
    // Each line here was written at noon by the log's clock.
    assert_eq!((by.count, by.late, by.late_s_max), (4, 2, 7200));
    assert_eq!(verdict.countersigns_missed, 1);
    assert!(verdict.is_complete(), "nothing is missing for that");
}
