//! An imitation of a witness (c2sp.org/tlog-witness) on loopback: a service of somebody else's, written from the specification
//! and from nothing of ours, with moods. It remembers of each log that it was told of the largest checkpoint that it saw.

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

type Hash = [u8; 32];

/// What it does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// What the specification says.
    Normal,
    /// It hangs up.
    Down,
    /// It hears the call, and does nothing until its mood changes; then it hangs up.
    Stalls,
    /// It does what it should, and does not answer until its mood changes; then it hangs up.
    Mute,
    /// It signs with a key that is not its own.
    Forges,
    /// It signs another checkpoint than the one that it was given.
    Mistakes,
    /// It says that it saw more.
    Exaggerates,
    /// It sends callers to somebody else.
    Redirects,
    /// It talks without end.
    Babbles,
    /// It remembers nothing of before.
    Forgets,
}

/// The service.
pub(crate) struct Witness {
    pub(crate) url: String,
    inside: Arc<Inside>,
}

struct Inside {
    key: SigningKey,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    mood: Mood,
    logs: BTreeMap<String, Log>,
    /// Bodies of calls, and the status that each got; 0: none yet.
    calls: Vec<(String, u16)>,
}

struct Log {
    key: VerifyingKey,
    size: u64,
    root: Hash,
}

const NAME: &str = "witness.example/imitation";

impl Witness {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/prefix", listener.local_addr().unwrap());
        let state = State { mood: Mood::Normal, logs: BTreeMap::new(), calls: Vec::new() };
        let key = SigningKey::from_bytes(&[0x77; 32]);
        let inside = Arc::new(Inside { key, state: Mutex::new(state), changed: Condvar::new() });
        let serving = Arc::clone(&inside);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                thread::spawn(move || serving.serve(stream));
            }
        });
        Self { url, inside }
    }

    /// Its public key, as operators of logs are told it.
    pub(crate) fn key(&self) -> String {
        let public = self.inside.key.verifying_key().to_bytes();
        let id = key_id(NAME, 4, &public);
        let id = id.map(|byte| format!("{byte:02x}")).concat();
        format!("{NAME}+{id}+{}", Base64::encode_string(&[&[4], &public[..]].concat()))
    }

    /// Watches a log from now on.
    pub(crate) fn watch(&self, log: &str) {
        let mut parts = log.trim().splitn(3, '+');
        let (origin, id, key) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let key = Base64::decode_vec(key).unwrap();
        let public: [u8; 32] = key[1..].try_into().unwrap();
        assert_eq!(key_id(origin, key[0], &public).map(|byte| format!("{byte:02x}")).concat(), id);
        assert_eq!(key[0], 1, "an Ed25519 key that signs notes");
        let log =
            Log { key: VerifyingKey::from_bytes(&public).unwrap(), size: 0, root: Sha256::digest([]).into() };
        self.inside.state.lock().unwrap().logs.insert(origin.to_owned(), log);
    }

    pub(crate) fn be(&self, mood: Mood) {
        let mut state = self.inside.state.lock().unwrap();
        state.mood = mood;
        if mood == Mood::Forgets {
            for log in state.logs.values_mut() {
                (log.size, log.root) = (0, Sha256::digest([]).into());
            }
        }
        self.inside.changed.notify_all();
    }

    /// How large the largest checkpoint of its only log is.
    pub(crate) fn size(&self) -> u64 {
        let state = self.inside.state.lock().unwrap();
        state.logs.values().map(|log| log.size).sum()
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<(String, u16)> {
        self.inside.state.lock().unwrap().calls.clone()
    }
}

/// What it says.
struct Said {
    status: u16,
    content_type: &'static str,
    body: String,
}

fn said(status: u16, body: impl ToString) -> Said {
    Said { status, content_type: "text/plain", body: body.to_string() }
}

impl Inside {
    fn serve(&self, mut stream: TcpStream) {
        if self.state.lock().unwrap().mood == Mood::Down {
            return;
        }
        let Some((head, body)) = read(&mut stream) else { return };
        let mut state = self.state.lock().unwrap();
        let (mood, call) = (state.mood, state.calls.len());
        state.calls.push((body.clone(), 0));
        self.changed.notify_all();
        let answer = match mood {
            Mood::Stalls => said(500, ""),
            Mood::Redirects => said(307, ""),
            Mood::Exaggerates => Said { content_type: "text/x.tlog.size", ..said(409, "1000000\n") },
            Mood::Babbles => said(200, "— somebody.else AAAAAAAA\n".repeat(10_000)),
            _ if head.starts_with("POST /prefix/add-checkpoint HTTP/1.1\r\n") => self.add(&mut state, &body),
            _ => said(404, ""),
        };
        if matches!(mood, Mood::Stalls | Mood::Mute) {
            let _moved_on = self.changed.wait_while(state, |state| state.mood == mood).unwrap();
            return;
        }
        state.calls[call].1 = answer.status;
        drop(state);
        let Said { status, content_type, body } = answer;
        let location = if status == 307 { "location: /prefix/elsewhere\r\n" } else { "" };
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n{location}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes());
    }

    /// `add-checkpoint`.
    fn add(&self, state: &mut State, body: &str) -> Said {
        let Some((asked, note)) = body.split_once("\n\n") else { return said(400, "") };
        let mut lines = asked.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(number);
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let Some((text, signatures)) = note.split_once("\n\n") else { return said(400, "") };
        let text = format!("{text}\n");
        let head: Vec<&str> = text.lines().collect();
        let (Some(old), Some(proof), &[origin, size, root]) = (old, proof, head.as_slice()) else {
            return said(400, "");
        };
        let (Some(size), Some(root)) = (number(size), hash(root)) else { return said(400, "") };
        let mood = state.mood;
        let Some(log) = state.logs.get_mut(origin) else { return said(404, "unknown log") };
        if !signatures.lines().any(|line| is_signed(line, origin, &log.key, &text)) {
            return said(403, "");
        }
        if old > size || proof.len() > 63 {
            return said(400, "");
        }
        if old != log.size {
            return Said { content_type: "text/x.tlog.size", ..said(409, format!("{}\n", log.size)) };
        }
        if old == size && root != log.root {
            return Said { content_type: "text/x.tlog.size", ..said(409, format!("{}\n", log.size)) };
        }
        if !is_consistent((old, log.root), (size, root), &proof) {
            return said(422, "");
        }
        (log.size, log.root) = (size, root);
        said(200, self.cosignature(mood, &text))
    }

    fn cosignature(&self, mood: Mood, text: &str) -> String {
        let time = 1_795_305_600_u64;
        let text = if mood == Mood::Mistakes { text.replacen('\n', "\n1", 1) } else { text.to_owned() };
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        let forged = SigningKey::from_bytes(&[0x78; 32]);
        let key = if mood == Mood::Forges { &forged } else { &self.key };
        let id = key_id(NAME, 4, self.key.verifying_key().as_bytes());
        let signature = key.sign(message.as_bytes()).to_bytes();
        let own = Base64::encode_string(&[&id[..], &time.to_be_bytes(), &signature].concat());
        // Somebody else signs here too.
        format!("— witness.example/other AAAAAAAA\n— {NAME} {own}\n")
    }
}

fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8(bytes.clone()).unwrap_or_default();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return Some((format!("{head}\r\n"), body.to_owned()));
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn hash(text: &str) -> Option<Hash> {
    Base64::decode_vec(text).ok()?.try_into().ok()
}

fn key_id(name: &str, kind: u8, key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::digest([name.as_bytes(), b"\n", &[kind], key].concat());
    hash[..4].try_into().unwrap()
}

fn is_signed(line: &str, origin: &str, key: &VerifyingKey, text: &str) -> bool {
    let encoded = line.strip_prefix(&format!("— {origin} "));
    let Some(bytes) = encoded.and_then(|encoded| Base64::decode_vec(encoded).ok()) else { return false };
    bytes.len() == 68
        && bytes[..4] == key_id(origin, 1, key.as_bytes())
        && key.verify_strict(text.as_bytes(), &Signature::from_slice(&bytes[4..]).unwrap()).is_ok()
}

/// RFC 9162, section 2.1.4.2, step by step.
fn is_consistent(
    (first, first_root): (u64, Hash),
    (second, second_root): (u64, Hash),
    proof: &[Hash],
) -> bool {
    if first == 0 || first == second {
        return proof.is_empty() && (first == 0 || first_root == second_root);
    }
    let mut path = proof.to_vec();
    if path.is_empty() {
        return false;
    }
    if first.is_power_of_two() {
        path.insert(0, first_root);
    }
    let (mut fnode, mut snode) = (first - 1, second - 1);
    while fnode & 1 == 1 {
        (fnode, snode) = (fnode >> 1, snode >> 1);
    }
    let (mut froot, mut sroot) = (path[0], path[0]);
    for next in &path[1..] {
        if snode == 0 {
            return false;
        }
        if fnode & 1 == 1 || fnode == snode {
            (froot, sroot) = (node(next, &froot), node(next, &sroot));
            while fnode & 1 == 0 && fnode != 0 {
                (fnode, snode) = (fnode >> 1, snode >> 1);
            }
        } else {
            sroot = node(&sroot, next);
        }
        (fnode, snode) = (fnode >> 1, snode >> 1);
    }
    froot == first_root && sroot == second_root && snode == 0
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::digest([&[1], &left[..], right].concat()).into()
}
