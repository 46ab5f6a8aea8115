//! Each build starts only where it belongs, and says what it looked for.

use super::{files::Files, hardware::Places, imitation::GramineWorld, imitation::TsmWorld, release};
use crate::settings::Settings;
use attestation::Tee;
use std::sync::Arc;

/// With `ENCLAVE_HOST` as given and no other setting.
fn settings(host: &str) -> Settings {
    Settings::read(|name| (name == "ENCLAVE_HOST").then(|| host.to_owned())).unwrap()
}

fn start(files: Arc<dyn Files>, host: &str, arguments: &[&str]) -> Result<Tee, String> {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned());
    match release::on(arguments, &settings(host), &files, &Places::default()) {
        Ok(platform) => {
            assert_eq!(platform.environment, "live");
            assert!(platform.clock.now().millis() > 0);
            assert!(platform.tls, "a release has no plain HTTP");
            Ok(platform.backend.tee())
        }
        Err(error) => Err(format!("{error:#}")),
    }
}

#[test]
fn a_release_starts_where_there_is_hardware() {
    let started = start(Arc::new(GramineWorld::new(b"dcap")), "127.0.0.1", &[]);
    assert_eq!(started, Ok(Tee::SgxDcap));
    assert_eq!(start(Arc::new(NoGramine(TsmWorld::new("tdx_guest"))), "::1", &[]), Ok(Tee::Tdx));
}

#[test]
fn a_release_without_hardware_says_what_it_looked_for_and_where() {
    let error = start(Arc::new(GramineWorld::absent()), "127.0.0.1", &[]).unwrap_err();
    for word in
        ["/dev/attestation/attestation_type", "/sys/kernel/config/tsm/report", "SGX", "TDX", "SEV-SNP"]
    {
        assert!(error.contains(word), "{word}: {error}");
    }
    let error = start(Arc::new(GramineWorld::new(b"none")), "127.0.0.1", &[]).unwrap_err();
    assert!(error.contains("attestation type is not dcap"), "{error}");
}

#[test]
fn a_release_ends_tls_wherever_it_listens_and_takes_no_arguments() {
    for host in ["0.0.0.0", "192.0.2.1", "::", "127.0.0.1"] {
        assert_eq!(start(Arc::new(GramineWorld::new(b"dcap")), host, &[]), Ok(Tee::SgxDcap));
    }
    let error = start(Arc::new(GramineWorld::new(b"dcap")), "127.0.0.1", &["--x"]).unwrap_err();
    assert!(error.contains("takes no arguments"), "{error}");
}

#[cfg(feature = "development")]
#[test]
fn a_development_build_starts_in_no_trusted_environment_not_even_a_broken_one() {
    let refuse = |files: Arc<dyn Files>| super::development::refuse_hardware(&files, &Places::default());
    assert!(refuse(Arc::new(GramineWorld::absent())).is_ok());
    assert!(refuse(Arc::new(NoGramine(TsmWorld::without_provider()))).is_ok());
    for kind in ["dcap", "none", "", "epid"] {
        assert!(refuse(Arc::new(GramineWorld::new(kind.as_bytes()))).is_err(), "{kind:?}");
    }
    for provider in ["tdx_guest", "sev_guest", "arm_cca_guest", ""] {
        assert!(refuse(Arc::new(NoGramine(TsmWorld::new(provider)))).is_err(), "{provider:?}");
    }
}

/// The kernel's world, without Gramine in it.
struct NoGramine(TsmWorld);

impl Files for NoGramine {
    fn read(&self, path: &std::path::Path, limit: usize) -> std::io::Result<Vec<u8>> {
        if path.starts_with(GramineWorld::base()) {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        self.0.read(path, limit)
    }

    fn write(&self, path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write(path, bytes)
    }

    fn make_directory(&self, path: &std::path::Path) -> std::io::Result<()> {
        self.0.make_directory(path)
    }

    fn remove_directory(&self, path: &std::path::Path) -> std::io::Result<()> {
        self.0.remove_directory(path)
    }
}

#[test]
fn the_gramine_manifest_keeps_what_this_program_relies_on() {
    let manifest = include_str!("../../../../deploy/gramine/perf-aggregator.manifest.template");
    let lines: Vec<&str> = manifest.lines().filter(|line| !line.starts_with('#')).collect();
    for line in [
        r#"sgx.remote_attestation = "dcap""#,
        "sgx.debug = false",
        r#"sgx.allowed_files = ["file:/var/lib/perf-aggregator/"]"#,
        r#"loader.env.ENCLAVE_PRIVATE_KEY = "/sealed/result-key""#,
        r#"loader.env.ENCLAVE_PUBLIC_KEY = "/sealed/result-key.pub""#,
        r#"  { path = "/sealed", uri = "file:/var/lib/perf-aggregator" },"#,
        r#"sgx.file_check_policy = "strict""#,
        r#"loader.argv = ["perf-aggregator-enclave"]"#,
        r#"loader.log_level = "error""#,
    ] {
        assert!(lines.contains(&line), "{line}");
    }
    for word in ["insecure", "encrypted", "argv_src_file", "env_src_file"] {
        assert!(!lines.iter().any(|line| line.contains(word)), "{word}");
    }
    let passed: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("loader.env.")?.strip_suffix(" = { passthrough = true }"))
        .collect();
    let settings = [
        "ENCLAVE_HOST",
        "ENCLAVE_PORT",
        "ENCLAVE_TLS_NAMES",
        "ENCLAVE_EGRESS_ADDRESSES",
        "ENCLAVE_METRICS_ADDR",
        "ENCLAVE_LOG",
        "SESSION_TTL_DEFAULT",
        "SESSION_TTL_MAX",
        "DATABASE_URL",
        "WITNESS_URL",
        "WITNESS_KEY",
    ];
    assert_eq!(passed, settings, "no other setting crosses, above all none that names a file");
    let threads = lines.iter().find_map(|line| line.strip_prefix("sgx.max_threads = ")?.parse().ok());
    let needed = crate::WORKERS + crate::BLOCKING + 4;
    assert!(
        threads.is_some_and(|threads: usize| threads >= needed),
        "{threads:?} threads, {needed} are needed"
    );
}
