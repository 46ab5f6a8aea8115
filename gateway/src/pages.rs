//! The web pages: the files of one folder, read into memory at the start and served under exactly their names. No
//! request reaches the disk, and what is not in the folder at the start is not served.
//!
//! Not here: what the pages do. A page's code sees the key that is typed into it, so whoever can write this folder can
//! take keys; docs/operations.md says so, and so does the page.

use crate::{description, limits::Folder, problem::Failure, relay::Answer, route};
use core::fmt;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Response, StatusCode,
    body::Bytes,
    header::{
        ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue,
        IF_NONE_MATCH, VARY,
    },
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fs::{File, read_dir},
    io::{self, Read as _},
    path::Path,
};

/// What a file may be, by the end of its name, and what it is served as.
const KINDS: [(&str, &str); 13] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("svg", "image/svg+xml"),
    ("json", "application/json"),
    ("txt", "text/plain; charset=utf-8"),
    ("sha256", "text/plain; charset=utf-8"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
    // Only beside the file that it is made of, for who takes it.
    ("gz", ""),
];

/// The whole page as one file, to be kept and opened from a disk: it holds a policy of its own, and this one would add
/// nothing to a file that is downloaded.
const SELF_CONTAINED: &str = "perf-aggregator.html";

/// Nothing from elsewhere, nothing inline, no plug-in, no frame: code of this folder, and the verifier's wasm.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; manifest-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Of every page. A browser asks again each time: a page that was mended must not live on in its cache.
const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-cache"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), \
         usb=()",
    ),
];

/// What is shown at `/` when there are no pages.
const FRONT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
<title>Perf-Aggregator: main service</title>\n<h1>Perf-Aggregator: main service</h1>\n\
<p>It proves how an exchange account performed, without showing anyone the key or the trades. This program relays \
sealed calls to the enclave and can read none of them. Clients verify the enclave before they send it anything: \
use <code>perfagg</code>, <code>SecureClient</code> or <code>register-user.ps1</code>.</p>\n\
<p>The API: <a href=\"/docs\">to read</a>, and <a href=\"/openapi.json\">as OpenAPI 3.1</a>. No web pages are served here: its operator sets \
<code>PAGES_DIR</code> for that.</p>\n</html>\n";

/// Why there are no pages. The operator reads it at the start.
#[derive(Debug)]
pub(crate) enum PagesError {
    /// The machine said no.
    Io(io::ErrorKind),
    /// More files, or folders in folders, than pages need.
    TooMany,
    /// A file, or all of them together, are larger than pages are.
    TooLarge,
}

impl fmt::Display for PagesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(kind) => write!(f, "PAGES_DIR cannot be read: {kind}"),
            Self::TooMany => f.write_str(
                "PAGES_DIR holds more files or folders than pages need: name the folder that the build of the pages \
                 made",
            ),
            Self::TooLarge => f.write_str(
                "PAGES_DIR holds a file of more than 16 MiB, or more than 64 MiB in all: name the folder that the \
                 build of the pages made",
            ),
        }
    }
}

impl std::error::Error for PagesError {}

impl From<io::Error> for PagesError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// What is served, by its path.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    files: BTreeMap<String, Page>,
    /// What was found and is not served: hidden, a link, or of another kind.
    left_out: usize,
}

#[derive(Debug)]
struct Page {
    kind: &'static str,
    plain: Form,
    gzip: Option<Form>,
}

/// The bytes of a page in one encoding.
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    /// As `ETag` has it: the SHA-256 of the bytes.
    tag: String,
}

impl Form {
    fn new(bytes: Vec<u8>) -> Self {
        let tag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
        Self { bytes: bytes.into(), tag }
    }
}

/// What a folder held.
#[derive(Default)]
struct Found {
    files: BTreeMap<String, (&'static str, Vec<u8>)>,
    left_out: usize,
    entries: usize,
    bytes: u64,
}

impl Pages {
    /// The pages of this program itself: what its routes are, to read.
    pub(crate) fn own() -> Self {
        let page = |kind, text: String| Page { kind, plain: Form::new(text.into_bytes()), gzip: None };
        let docs = page("text/html; charset=utf-8", description::page());
        let style = page("text/css; charset=utf-8", description::STYLE.to_owned());
        let files = [("/docs".to_owned(), docs), ("/docs.css".to_owned(), style)];
        Self { files: files.into(), left_out: 0 }
    }

    /// Reads a folder, and serves its files beside its own pages. Symbolic links are not followed, so that nothing outside of it is served.
    pub(crate) fn read(directory: &Path, bounds: Folder) -> Result<Self, PagesError> {
        let mut found = Found::default();
        found.folder(directory, "", bounds.depth_max, bounds)?;
        let (packed, plain): (Vec<_>, Vec<_>) =
            found.files.into_iter().partition(|(_, (kind, _))| kind.is_empty());
        let mut pages = Self { left_out: found.left_out, ..Self::own() };
        for (name, (kind, bytes)) in plain {
            pages.files.insert(format!("/{name}"), Page { kind, plain: Form::new(bytes), gzip: None });
        }
        for (name, (_, bytes)) in packed {
            match pages.files.get_mut(&format!("/{}", name.trim_end_matches(".gz"))) {
                Some(page) => page.gzip = Some(Form::new(bytes)),
                None => pages.left_out = pages.left_out.saturating_add(1),
            }
        }
        Ok(pages)
    }

    /// How many files of the folder are served, and how many are not.
    pub(crate) fn count(&self) -> (usize, usize) {
        (
            self.files.keys().filter(|name| !route::is_reserved(name.trim_start_matches('/'))).count(),
            self.left_out,
        )
    }

    /// The page at a path: by its name, `/` for `index.html`, and `/register` for `register.html`.
    fn find(&self, path: &str) -> Option<(&str, &Page)> {
        let names = match path {
            "/" => ["/index.html".to_owned(), String::new()],
            path => [path.to_owned(), format!("{path}.html")],
        };
        let (name, page) = names.iter().find_map(|name| self.files.get_key_value(name))?;
        Some((name.trim_start_matches('/'), page))
    }

    /// Whether there is something at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        path == "/" || self.find(path).is_some()
    }

    /// The page at a path.
    pub(crate) fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Answer, Failure> {
        let front;
        let (name, page) = match self.find(path) {
            Some(found) => found,
            None if path == "/" => {
                let plain = Form::new(FRONT.as_bytes().to_vec());
                front = Page { kind: "text/html; charset=utf-8", plain, gzip: None };
                ("", &front)
            }
            None => return Err(Failure::NotFound),
        };
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Failure::MethodNotAllowed);
        }
        Ok(page.answer(name == SELF_CONTAINED, headers))
    }
}

impl Page {
    fn answer(&self, is_self_contained: bool, asked: &HeaderMap) -> Answer {
        let gzip = self.gzip.as_ref().filter(|_| takes_gzip(asked));
        let form = gzip.unwrap_or(&self.plain);
        let is_known = knows(asked, &form.tag);
        let bytes = if is_known { Bytes::new() } else { form.bytes.clone() };
        let mut answer = Response::new(Full::new(bytes).map_err(|never| match never {}).boxed());
        let headers = answer.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let policy = if is_self_contained { "base-uri 'none'; frame-ancestors 'none'" } else { POLICY };
        headers.insert("content-security-policy", HeaderValue::from_static(policy));
        if let Ok(tag) = HeaderValue::from_str(&form.tag) {
            headers.insert(ETAG, tag);
        }
        if self.gzip.is_some() {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if is_known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return answer;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if is_self_contained {
            let kept = HeaderValue::from_static("attachment; filename=\"perf-aggregator.html\"");
            headers.insert(CONTENT_DISPOSITION, kept);
        }
        answer
    }
}

/// Whether the caller has the page already (RFC 9110 section 13.1.2).
fn knows(asked: &HeaderMap, tag: &str) -> bool {
    let named = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Whether the caller names gzip, and not with `q=0`.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let named = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

impl Found {
    /// Takes the files of a folder, and of those in it.
    fn folder(
        &mut self,
        folder: &Path,
        below: &str,
        depth_left: usize,
        bounds: Folder,
    ) -> Result<(), PagesError> {
        for entry in read_dir(folder)? {
            let entry = entry?;
            self.entries = self.entries.saturating_add(1);
            if self.entries > bounds.files_max {
                return Err(PagesError::TooMany);
            }
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let Some(name) = name.to_str().filter(|name| is_plain(name)) else {
                self.left_out = self.left_out.saturating_add(1);
                continue;
            };
            let name = format!("{below}{name}");
            // A path of the enclave's, or of this program, is never a page.
            if route::is_reserved(&name) {
                self.left_out = self.left_out.saturating_add(1);
            } else if kind.is_dir() {
                let depth_left = depth_left.checked_sub(1).ok_or(PagesError::TooMany)?;
                self.folder(&entry.path(), &format!("{name}/"), depth_left, bounds)?;
            } else {
                let end = Path::new(&name).extension().and_then(|end| end.to_str()).unwrap_or_default();
                match KINDS.into_iter().find(|(known, _)| *known == end) {
                    Some((_, served_as)) if kind.is_file() => {
                        let bytes = self.file(&entry.path(), bounds)?;
                        self.files.insert(name, (served_as, bytes));
                    }
                    _ => self.left_out = self.left_out.saturating_add(1),
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, bounds: Folder) -> Result<Vec<u8>, PagesError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(bounds.file_bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        if length > bounds.file_bytes_max || self.bytes > bounds.bytes_max {
            return Err(PagesError::TooLarge);
        }
        Ok(bytes)
    }
}

/// A name that stands in a path as it is: no hidden file, nothing to be decoded.
fn is_plain(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.starts_with('.') && name.bytes().all(is_sign)
}
