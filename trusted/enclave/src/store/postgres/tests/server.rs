//! PostgreSQL servers that a test starts, breaks and starts again. `PERFAGG_POSTGRES_BIN` names the directory of its
//! programs, which `cargo xtask test` finds; without it the tests say `skipped`.
//!
//! A server never outlives us: a shell that reads from a pipe of ours ends it when the pipe closes, and removes what it
//! wrote. It closes when we say so, and also when we die in a way that lets us say nothing.

use crate::random;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

/// In every URL here, so that a test can look for it where it must not be.
pub(super) const PASSWORD: &str = "planted-secret";
/// The one name in the server's certificate.
const HOST: &str = "localhost";
/// Looks until a server must answer: 30 s.
const LOOKS: u32 = 600;
const LEASH: &str = r#"read -r _
pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then kill -s QUIT "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done; fi
rm -rf "$0""#;

/// A server with its data.
pub(super) struct Server {
    programs: PathBuf,
    directory: PathBuf,
    user: Option<(u32, u32)>,
    authority: String,
    port: u16,
    process: Option<Child>,
    leash: Child,
}

/// The server that tests share, each with a database of its own. `None`, with a word: there is no PostgreSQL here.
pub(super) fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    let shared = SHARED.get_or_init(Server::start).as_ref();
    if shared.is_none() {
        skipped();
    }
    shared
}

fn skipped() {
    println!("skipped: PERFAGG_POSTGRES_BIN is not set");
}

impl Server {
    /// A new server that is running.
    pub(super) fn start() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test's own variable")]
        let Some(programs) = std::env::var_os("PERFAGG_POSTGRES_BIN").map(PathBuf::from) else {
            skipped();
            return None;
        };
        let mut server = Self::prepare(programs);
        fs::write(server.directory.join("password"), PASSWORD).unwrap();
        let password = format!("--pwfile={}", server.directory.join("password").display());
        let initdb = ["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"];
        server.run("initdb", &[&initdb[..], &[&password, "-D", &server.data()]].concat());
        let rules =
            "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(server.directory.join("data/pg_hba.conf"), rules).unwrap();
        server.start_again();
        Some(server)
    }

    /// A directory that belongs to who runs servers: PostgreSQL refuses the superuser.
    fn prepare(programs: PathBuf) -> Self {
        let name = format!("perfagg-postgres-{}-{:016x}", std::process::id(), random::system_seed());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH]).arg(&directory).process_group(0);
        let leash = leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let user = superuser().then(|| account("postgres").or_else(|| account("nobody")).unwrap());
        let (authority, certificate, key) = certificates();
        for (name, text) in [("server.pem", &certificate), ("server.key", &key)] {
            let file = directory.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            own(&file, user);
        }
        own(&directory, user);
        Self { programs, directory, user, authority, port: free_port(), process: None, leash }
    }

    /// Starts it; it has its data and its port from before.
    pub(super) fn start_again(&mut self) {
        let mut postgres = self.command("postgres");
        postgres.args(["-D", &self.data(), "-k", &self.directory.display().to_string()]);
        postgres.args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "ssl=on",
            "max_connections=300",
            "shared_buffers=64MB",
            "wal_level=replica",
            &format!("ssl_cert_file={}", self.directory.join("server.pem").display()),
            &format!("ssl_key_file={}", self.directory.join("server.key").display()),
        ] {
            postgres.args(["-c", setting]);
        }
        let log = File::options().append(true).create(true).open(self.log()).unwrap();
        postgres.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut process = postgres.spawn().unwrap();
        for _ in 0..LOOKS {
            assert!(process.try_wait().unwrap().is_none(), "{}", fs::read_to_string(self.log()).unwrap());
            if self.try_sql("postgres", "SELECT 1").is_ok() {
                self.process = Some(process);
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL does not answer: {}", fs::read_to_string(self.log()).unwrap());
    }

    /// Ends it as a loss of power would, but for the disk's own memory: no connection is told, nothing is written.
    pub(super) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        // Its children end when they see that it is gone; until then they hold the shared memory.
        let pid = process.id().to_string();
        assert!(Command::new("kill").args(["-s", "QUIT", &pid]).status().unwrap().success());
        process.wait().unwrap();
    }

    /// Holds it still, or lets it go on.
    pub(super) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "STOP" } else { "CONT" };
        // The server and the processes of its connections.
        let pid = self.process.as_ref().expect("it runs").id().to_string();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &pid]).output().unwrap().stdout;
        let children = String::from_utf8(children).unwrap();
        let all = children.split_whitespace().chain([pid.as_str()]);
        assert!(Command::new("kill").args(["-s", signal]).args(all).status().unwrap().success());
    }

    /// A server that follows this one, and has everything that this one acknowledges from now on.
    pub(super) fn replica(&self) -> Self {
        let mut replica = Self::prepare(self.programs.clone());
        // The certificate of one authority: clients know both servers by it.
        replica.authority.clone_from(&self.authority);
        for name in ["server.pem", "server.key"] {
            fs::copy(self.directory.join(name), replica.directory.join(name)).unwrap();
        }
        let (socket, port) = (self.directory.display().to_string(), self.port.to_string());
        let source = ["-h", &socket, "-p", &port, "-U", "postgres", "--checkpoint=fast", "--no-sync"];
        replica
            .run("pg_basebackup", &[&source[..], &["--write-recovery-conf", "-D", &replica.data()]].concat());
        replica.start_again();
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("postgres", "SELECT pg_reload_conf()");
        self.until("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "1");
        replica
    }

    /// It follows no longer, and takes writes.
    pub(super) fn promote(&self) {
        self.sql("postgres", "SELECT pg_promote(true, 30)");
    }

    /// A new database.
    pub(super) fn database(&self) -> String {
        let name = format!("test_{:016x}", random::system_seed());
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// How an enclave is told of it.
    pub(super) fn url(&self, database: &str) -> String {
        self.url_at(HOST, database)
    }

    /// The same by another name of this machine.
    pub(super) fn url_at(&self, host: &str, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@{host}:{}/{database}", self.port)
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Where its Unix socket is.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The authority of its certificate, PEM.
    pub(super) fn authority(&self) -> &[u8] {
        self.authority.as_bytes()
    }

    /// Everything that it logged.
    pub(super) fn logged(&self) -> String {
        fs::read_to_string(self.log()).unwrap()
    }

    /// What its superuser is answered, without headings.
    pub(super) fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Waits until a question has this answer.
    pub(super) fn until(&self, sql: &str, answer: &str) {
        for _ in 0..LOOKS {
            if self.sql("postgres", sql) == answer {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{sql} is never {answer}");
    }

    fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            sql,
        ]);
        psql.arg("-h").arg(&self.directory).args(["-p", &self.port.to_string()]);
        let output = psql.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.directory).env("LC_ALL", "C");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> String {
        self.directory.join("data").display().to_string()
    }

    fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Letting go of the pipe pulls the leash; a process of ours is gone only when we have seen it end.
        drop(self.leash.stdin.take());
        if let Some(mut process) = self.process.take() {
            let _ = process.wait();
        }
        let _ = self.leash.wait();
    }
}

fn superuser() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// User and group of a name.
fn account(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let mut fields = users.lines().find(|line| line.split(':').next() == Some(name))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn own(path: &Path, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An authority, and a certificate that it made for [`HOST`] with its key; PEM.
fn certificates() -> (String, String, String) {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let authority = root.self_signed(&root_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    (authority, certificate.pem(), key.serialize_pem())
}
