//! The web pages: what of a folder is served, as what, and that nothing else is.

use super::*;
use crate::{
    limits::{Folder, PAGES},
    pages::{Pages, PagesError},
};
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::symlink;

/// A folder as the build of the pages makes one, and things that must not be served.
fn folder() -> Directory {
    let directory = Directory::new();
    for (name, text) in [
        ("index.html", "<!doctype html>front"),
        ("register.html", "<!doctype html>register"),
        ("perf-aggregator.html", "<!doctype html>all in one"),
        ("perf-aggregator.html.sha256", "00  perf-aggregator.html\n"),
        ("assets/app.js", "let all"),
        ("assets/app.js.gz", "packed"),
        ("assets/app.css", "p{}"),
        ("verifier.wasm", "\0asm"),
        ("logo.svg", "<svg/>"),
        // And what is none of it.
        (".env", "PLANTED"),
        (".git/config.txt", "PLANTED"),
        ("notes.md", "PLANTED"),
        ("a b.html", "PLANTED"),
        ("alone.js.gz", "PLANTED"),
        ("enclave.html", "PLANTED"),
        ("enclave/sealed.html", "PLANTED"),
        ("attestation/quote.json", "PLANTED"),
        ("openapi.json", "PLANTED"),
        ("health/live.html", "PLANTED"),
    ] {
        let path = directory.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

async fn served(directory: &Directory) -> Running {
    let pages = Pages::read(&directory.0, PAGES).unwrap();
    start_relay(relay(&[("BACKEND_URL", "http://127.0.0.1:9")], CALL).with_pages(pages)).await
}

async fn with(to: SocketAddr, method: &str, path: &str, header: &str) -> String {
    ask(to, &format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{header}\r\n\r\n")).await
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_page_is_served_by_its_name_and_as_what_it_is() {
    let directory = folder();
    let main = served(&directory).await;
    for (path, kind, body) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>front"),
        ("/index.html", "text/html; charset=utf-8", "<!doctype html>front"),
        ("/register", "text/html; charset=utf-8", "<!doctype html>register"),
        ("/register?x=1", "text/html; charset=utf-8", "<!doctype html>register"),
        ("/register.html", "text/html; charset=utf-8", "<!doctype html>register"),
        ("/assets/app.js", "text/javascript; charset=utf-8", "let all"),
        ("/assets/app.css", "text/css; charset=utf-8", "p{}"),
        ("/verifier.wasm", "application/wasm", "\0asm"),
        ("/logo.svg", "image/svg+xml", "<svg/>"),
        ("/perf-aggregator.html.sha256", "text/plain; charset=utf-8", "00  perf-aggregator.html\n"),
    ] {
        let answer = get(main.address, path).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, body, "{path}");
        let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; manifest-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
        for (name, value) in [
            ("content-type", kind),
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-cache"),
            ("etag", &format!("\"{}\"", hex::encode(Sha256::digest(body)))),
        ] {
            assert_eq!(header(&answer, name), Some(value), "{path}");
        }
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "a page is for no other origin");
    }
}

#[tokio::test]
async fn nothing_else_of_the_folder_or_outside_is_served() {
    let directory = folder();
    let elsewhere = Directory::new();
    fs::create_dir_all(&elsewhere.0).unwrap();
    fs::write(elsewhere.0.join("secret.html"), "PLANTED").unwrap();
    symlink(elsewhere.0.join("secret.html"), directory.0.join("link.html")).unwrap();
    symlink(&elsewhere.0, directory.0.join("linked")).unwrap();
    let main = served(&directory).await;
    for path in [
        "/.env",
        "/.git/config.txt",
        "/notes.md",
        "/a%20b.html",
        "/alone.js.gz",
        "/alone.js",
        "/assets/app.js.gz",
        "/link",
        "/link.html",
        "/linked/secret.html",
        "/enclave",
        "/enclave/",
        "/enclave.html",
        "/health/live.html",
        "/assets",
        "/assets/",
        "/assets/../register.html",
        "/%72egister",
        "/REGISTER",
        "//register",
        "/register/",
        "/register.html.html",
    ] {
        assert_problem(&get(main.address, path).await, 404, "NOT_FOUND");
    }
    // These go to the enclave, which is not there, whatever the folder holds.
    for path in ["/enclave/sealed.html", "/attestation/quote.json", "/enclave/sealed"] {
        assert_problem(&get(main.address, path).await, 502, "RELAY_BACKEND_UNREACHABLE");
    }
    // What comes into the folder later is not served either.
    fs::write(directory.0.join("later.html"), "PLANTED").unwrap();
    assert_problem(&get(main.address, "/later").await, 404, "NOT_FOUND");
    let pages = Pages::read(&directory.0, PAGES).unwrap();
    assert_eq!(pages.count(), (9, 12), "{pages:?}");
}

#[tokio::test]
async fn who_has_a_page_already_is_told_so() {
    let directory = folder();
    let main = served(&directory).await;
    let tag = header(&get(main.address, "/register").await, "etag").unwrap().to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"a\", {tag}"), "*".to_owned()] {
        let answer = with(main.address, "GET", "/register", &format!("if-none-match: {known}")).await;
        assert!(answer.starts_with("HTTP/1.1 304 ") && answer.ends_with("\r\n\r\n"), "{answer}");
        assert_eq!(header(&answer, "etag"), Some(tag.as_str()));
        assert!(header(&answer, "content-security-policy").is_some(), "{answer}");
    }
    for other in ["\"a\"", &tag[1..], "", "\u{1}"] {
        let answer = with(main.address, "GET", "/register", &format!("if-none-match: {other}")).await;
        assert!(!answer.starts_with("HTTP/1.1 304 "), "{answer}");
    }
}

#[tokio::test]
async fn what_lies_packed_beside_a_page_is_for_who_takes_it() {
    let directory = folder();
    let main = served(&directory).await;
    for (takes, packed) in [
        ("gzip", true),
        ("br, GZIP;q=0.5", true),
        ("identity", false),
        ("gzip;q=0", false),
        ("gzip;q=x", false),
        ("xgzip", false),
    ] {
        let answer = with(main.address, "GET", "/assets/app.js", &format!("accept-encoding: {takes}")).await;
        assert!(answer.ends_with(if packed { "packed" } else { "let all" }), "{takes}: {answer}");
        assert_eq!(header(&answer, "content-encoding"), packed.then_some("gzip"));
        assert_eq!(header(&answer, "content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&answer, "vary"), Some("accept-encoding"));
    }
}

#[tokio::test]
async fn a_page_is_read_and_nothing_else() {
    let directory = folder();
    let main = served(&directory).await;
    let head = with(main.address, "HEAD", "/register", "x: y").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(header(&head, "content-length"), Some("23"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        assert_problem(&with(main.address, method, "/register", "x: y").await, 405, "METHOD_NOT_ALLOWED");
    }
    // A form that was sent here by mistake.
    assert_problem(&get(main.address, "/register?apiKey=PLANTED").await, 422, "RELAY_CLEAR_CREDENTIALS");
}

#[tokio::test]
async fn the_page_in_one_file_is_for_keeping() {
    let directory = folder();
    let main = served(&directory).await;
    let answer = get(main.address, "/perf-aggregator.html").await;
    let kept = "attachment; filename=\"perf-aggregator.html\"";
    assert_eq!(header(&answer, "content-disposition"), Some(kept));
    let policy = header(&answer, "content-security-policy").unwrap();
    assert!(!policy.contains("-src"), "its own policy holds: {policy}");
    assert_eq!(header(&get(main.address, "/register").await, "content-disposition"), None);
}

#[tokio::test]
async fn without_pages_the_front_says_what_this_is() {
    let main = start_relay(relay(&[("BACKEND_URL", "http://127.0.0.1:9")], CALL)).await;
    let answer = get(main.address, "/").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("/openapi.json"), "{answer}");
    assert!(header(&answer, "content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_problem(&get(main.address, "/register").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_page_is_a_line_of_the_access_log_without_its_name() {
    let (directory, kept) = (folder(), Directory::new());
    let counters = Arc::new(Counters::default());
    let log = AccessLog::start(Book::open(&kept.0, now).unwrap(), now, Arc::clone(&counters)).unwrap();
    let log = Arc::new(log);
    let backend = read(&[("BACKEND_URL", "http://127.0.0.1:9")]).backend;
    let relay = Relay::new(backend, CALL, Arc::clone(&counters), Arc::clone(&log)).unwrap();
    let main = start_relay(relay.with_pages(Pages::read(&directory.0, PAGES).unwrap())).await;
    get(main.address, "/register?PLANTED").await;
    main.stop.send_replace(true);
    main.serving.await.unwrap();
    log.close().await;
    assert_eq!(kept.judged().unwrap().calls, 1);
    let text = kept.text();
    assert!(text.contains(r#""route":"(page)","status":200,"#), "{text}");
    assert!(!text.contains("PLANTED") && !text.contains("register") && !text.contains("127.0.0.1"), "{text}");
}

#[test]
fn a_folder_that_is_none_of_pages_is_refused() {
    let directory = folder();
    let read = |bounds| Pages::read(&directory.0, bounds).map(|pages| pages.count().0);
    assert!(matches!(read(Folder { files_max: 8, ..PAGES }), Err(PagesError::TooMany)));
    assert!(matches!(read(Folder { depth_max: 0, ..PAGES }), Err(PagesError::TooMany)));
    assert!(matches!(read(Folder { file_bytes_max: 12, ..PAGES }), Err(PagesError::TooLarge)));
    assert!(matches!(read(Folder { bytes_max: 100, ..PAGES }), Err(PagesError::TooLarge)));
    assert_eq!(read(Folder { file_bytes_max: 25, ..PAGES }).unwrap(), 8, "the largest file has 25 bytes");
    let nowhere = Pages::read(&directory.0.join("nowhere"), PAGES).err().unwrap();
    assert!(nowhere.to_string().starts_with("PAGES_DIR cannot be read"), "{nowhere}");
}
