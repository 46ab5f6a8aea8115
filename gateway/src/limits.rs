//! Every bound of the main service, with its reason. What a call and an answer may weigh is the protocol's.

use core::time::Duration;

/// Connections open at once; more wait to be accepted.
pub(crate) const CONNECTIONS_MAX: usize = 1024;
/// A request head must have come by then; a connection that is idle for so long is closed.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What a request head may weigh.
pub(crate) const HEAD_BYTES_MAX: usize = 32 * 1024;
/// A connection takes no further call after this long, so that slow readers do not fill the room for good.
pub(crate) const CONNECTION_LIFE: Duration = Duration::from_secs(600);
/// Before the next try to accept a connection when the last one failed.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A stop waits so long for calls under way.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The enclave must accept a connection by then.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Idle connections to the enclave are given up before it closes them itself (after 10 s), so that no call is
/// sent into one that is just ending.
pub(crate) const BACKEND_IDLE: Duration = Duration::from_secs(5);
/// A TLS handshake with the enclave must be over by then.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// And what it claims of its key must have come by then: evidence waits for the platform.
pub(crate) const CLAIM_TIMEOUT: Duration = Duration::from_secs(20);
/// What an evidence bundle may weigh (ATTESTATION.md section 2).
pub(crate) const BUNDLE_BYTES_MAX: usize = 512 * 1024;
/// And the binding in it.
pub(crate) const BINDING_BYTES_MAX: usize = 2048;

/// Entries of the access log that wait for the disk; beyond it calls are counted as lost. A second of a busy service.
pub(crate) const ACCESS_QUEUE_MAX: usize = 4096;
/// Entries that are written at once, with one wait for the disk.
pub(crate) const ACCESS_BATCH_MAX: usize = 512;
/// A line of the access log.
pub(crate) const ACCESS_LINE_BYTES_MAX: u64 = 1024;
/// A stop waits so long for what is left to be written.
pub(crate) const ACCESS_STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How often it is looked whether the head of the access log is to be countersigned.
pub(crate) const COUNTERSIGN_LOOK: Duration = Duration::from_secs(5);
/// After a miss the enclave is asked again.
pub(crate) const COUNTERSIGN_RETRY_S: u64 = 60;
/// The enclave must have signed by then; the last time, a stop waits for it.
pub(crate) const COUNTERSIGN_TIMEOUT: Duration = Duration::from_secs(5);
/// What a countersignature may weigh: some 250 bytes.
pub(crate) const COUNTERSIGN_BYTES_MAX: usize = 2048;

/// The bounds of the folder of the web pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folder {
    /// Files, and folders among them.
    pub(crate) files_max: usize,
    /// Folders in folders.
    pub(crate) depth_max: usize,
    /// A file.
    pub(crate) file_bytes_max: u64,
    /// All files: they are held in memory.
    pub(crate) bytes_max: u64,
}

/// As read at the start: some ten pages, their code and styles, and the verifiers.
pub(crate) const PAGES: Folder =
    Folder { files_max: 512, depth_max: 4, file_bytes_max: 16 << 20, bytes_max: 64 << 20 };

/// The bounds of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// What a request body may weigh.
    pub(crate) request_bytes_max: usize,
    /// What an answer may weigh.
    pub(crate) answer_bytes_max: usize,
    /// A request body must have come by then.
    pub(crate) request_timeout: Duration,
    /// The enclave's answer must have begun by then: a registration waits for an exchange.
    pub(crate) answer_timeout: Duration,
    /// And it must have passed by then, counted from its beginning.
    pub(crate) passing_timeout: Duration,
    /// A stream of events may last so long instead,
    pub(crate) stream_life: Duration,
    /// and must not be silent for longer than this.
    pub(crate) stream_silence: Duration,
}

impl Call {
    /// How long a call can take at most.
    pub(crate) const fn longest(self, is_stream: bool) -> Duration {
        let passing = if is_stream { self.stream_life } else { self.passing_timeout };
        self.request_timeout.saturating_add(self.answer_timeout).saturating_add(passing)
    }
}

/// As served.
pub(crate) const CALL: Call = Call {
    request_bytes_max: protocol::limits::ENVELOPE_BYTES_MAX,
    answer_bytes_max: protocol::limits::ANSWER_BYTES_MAX,
    request_timeout: Duration::from_secs(20),
    answer_timeout: Duration::from_secs(60),
    passing_timeout: Duration::from_secs(120),
    // The enclave ends a stream after an hour, and says something every 15 s.
    stream_life: Duration::from_secs(protocol::limits::EVENT_STREAM_S_MAX + 60),
    stream_silence: Duration::from_secs(4 * protocol::limits::EVENT_HEARTBEAT_S),
};

const _: () = assert!(BACKEND_IDLE.as_secs() < 10, "the enclave closes idle connections after 10 s");
