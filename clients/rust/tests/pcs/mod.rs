//! An imitation of Intel's service for collateral, and one of an enclave's operator listener, on loopback. The documents
//! are real ones, made under a development root or read from vectors; headers are encoded as Intel does it.
#![allow(dead_code, reason = "each test file uses its part")]

use crate::asked::{Asked, read};
use attestation::{
    BackendError, ClaimedPlatform, Collateral, DcapCollateral, Policy, Roots, Tee, claimed_platform,
    verify_evidence,
};
use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

/// A response as it will be sent.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type OnTheWay = Box<dyn FnMut(&Asked, Response) -> Response + Send>;
type Answers = Box<dyn Fn(&Asked) -> Response + Send + Sync>;

struct State {
    on_the_way: OnTheWay,
    asked: Vec<Asked>,
}

/// Something on loopback that answers, until the test ends.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let on_the_way: OnTheWay = Box::new(|_, response| response);
        let state = Arc::new(Mutex::new(State { on_the_way, asked: Vec::new() }));
        let (serving, answers) = (Arc::clone(&state), Arc::new(answers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, answers) = (Arc::clone(&serving), Arc::clone(&answers));
                thread::spawn(move || serve(stream, &state, &answers));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What passes from now on.
    pub(crate) fn passes(&self, on_the_way: impl FnMut(&Asked, Response) -> Response + Send + 'static) {
        self.state().on_the_way = Box::new(on_the_way);
    }

    /// What was asked, and is forgotten.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>, answers: &Answers) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let mut output = stream;
    while let Some(asked) = read(&mut input) {
        let response = {
            let mut state = state.lock().unwrap();
            state.asked.push(asked.clone());
            (state.on_the_way)(&asked, answers(&asked))
        };
        let Response { status, headers, body } = response;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        if output.write_all(head.as_bytes()).and_then(|()| output.write_all(&body)).is_err() {
            return;
        }
    }
}

/// What Intel has of one platform.
#[derive(Clone)]
pub(crate) struct Documents {
    pub(crate) platform: ClaimedPlatform,
    pub(crate) standard: DcapCollateral,
    pub(crate) early: DcapCollateral,
}

/// Intel's service, and its root's revocation list beside it; also in hex, as caches have it.
pub(crate) fn pcs(documents: Documents) -> Server {
    Server::start(Box::new(move |asked| documents.answer(asked)))
}

impl Documents {
    /// The early data set is the standard one.
    pub(crate) fn of(quote: &[u8], standard: DcapCollateral) -> Self {
        let platform = claimed_platform(quote).unwrap();
        Self { platform, early: standard.clone(), standard }
    }

    fn answer(&self, asked: &Asked) -> Response {
        assert_eq!((asked.method.as_str(), asked.body.len()), ("GET", 0));
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let parameter = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value))
        };
        let set = if parameter("update") == Some("early") { &self.early } else { &self.standard };
        let kind = if self.platform.tee == Tee::Tdx { "tdx" } else { "sgx" };
        let json = |name: &str, text: &str, signature: &[u8]| {
            let body = format!(r#"{{"{name}":{text},"signature":"{}"}}"#, hex::encode(signature));
            Response::new(200, body).with("Content-Type", "application/json")
        };
        match path.strip_prefix(&format!("/{kind}/certification/v4/")).unwrap_or(path) {
            "tcb" if parameter("fmspc") == Some(&hex::encode(self.platform.fmspc)) => {
                json("tcbInfo", &set.tcb_info, &set.tcb_info_signature)
                    .with("TCB-Info-Issuer-Chain", &encoded(&set.tcb_info_issuer_chain))
            }
            "qe/identity" => json("enclaveIdentity", &set.qe_identity, &set.qe_identity_signature)
                .with("SGX-Enclave-Identity-Issuer-Chain", &encoded(&set.qe_identity_issuer_chain)),
            "/IntelSGXRootCA.der" => Response::new(200, set.root_ca_crl.clone()),
            _ => self.list(path, parameter("ca"), parameter("encoding")),
        }
        .with("Request-ID", "0123456789abcdef")
    }

    /// What is under `sgx` for both kinds.
    fn list(&self, path: &str, ca: Option<&str>, encoding: Option<&str>) -> Response {
        match path {
            "/sgx/certification/v4/pckcrl" if ca == Some(self.platform.ca.name()) => {
                assert_eq!(encoding, Some("der"));
                Response::new(200, self.standard.pck_crl.clone())
                    .with("SGX-PCK-CRL-Issuer-Chain", &encoded(&self.standard.pck_crl_issuer_chain))
            }
            "/sgx/certification/v4/rootcacrl" => Response::new(200, hex::encode(&self.standard.root_ca_crl)),
            _ => Response::new(404, ""),
        }
    }
}

/// A PEM chain as Intel writes it into a header.
fn encoded(pem: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let one = |byte: u8| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    pem.bytes().map(one).collect()
}

/// An enclave's operator listener. It judges what it is handed as the enclave does, at the time of `clock`, and says
/// what it says.
pub(crate) fn enclave(
    tee: Tee,
    quote: Vec<u8>,
    roots: Roots,
    clock: impl Fn() -> u64 + Send + Sync + 'static,
) -> Server {
    let held = Mutex::new(None::<u32>);
    Server::start(Box::new(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("GET", "/quote") => Response::new(200, quote.clone()),
        ("PUT", "/collateral") => {
            let policy = Policy::dangerous_claims_only();
            let judged = Collateral::parse(&asked.body).and_then(|collateral| {
                verify_evidence(tee, &quote, Some(&collateral), &policy, &roots, None, clock())
            });
            let mut held = held.lock().unwrap();
            let error = match judged.map(|verified| verified.tcb_evaluation_number().unwrap()) {
                Ok(new) if held.is_some_and(|held| new < held) => BackendError::Older,
                Ok(new) => {
                    *held = Some(new);
                    return Response::new(200, "kept\n");
                }
                Err(failure) => BackendError::Collateral(failure.class),
            };
            Response::new(422, format!("{error}\n"))
        }
        _ => Response::new(404, "GET /metrics, GET /quote, PUT /collateral\n"),
    }))
}
