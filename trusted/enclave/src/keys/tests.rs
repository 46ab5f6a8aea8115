//! Where the result key is kept, and what is refused as one.

use super::*;

/// A directory of a test's own, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("perfagg-keys-{}", random::base62(12)));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn settings(&self) -> Settings {
        Settings::read(|name| {
            let file = match name {
                "ENCLAVE_PRIVATE_KEY" => "result",
                "ENCLAVE_PUBLIC_KEY" => "result.pub",
                _ => return None,
            };
            Some(self.0.join(file).display().to_string())
        })
        .unwrap()
    }

    fn file(&self) -> PathBuf {
        self.0.join("result")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn root(secret: u8, measurement: u8) -> Option<SealRoot> {
    Some(SealRoot { secret: Zeroizing::new([secret; 32]), measurement: [measurement; 32] })
}

#[test]
fn the_public_half_is_written_as_spki_pem() {
    let directory = Directory::new();
    let key = ResultKey::open(&directory.settings(), root(1, 2)).unwrap();
    let pem = fs::read_to_string(directory.0.join("result.pub")).unwrap();
    // RFC 8410 section 10.1 gives this form: the prefix in base64 is MCowBQYDK2VwAyEA.
    let body = pem.lines().nth(1).unwrap().strip_prefix("MCowBQYDK2VwAyEA").expect("an Ed25519 key");
    assert_eq!(
        protocol::wire::decode_array(&body.trim_end_matches('=').replace('+', "-").replace('/', "_")),
        Some(key.public())
    );
}

#[test]
fn a_sealed_key_outlives_a_start_and_epochs_only_grow() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new();
    let open = || ResultKey::open(&directory.settings(), root(1, 2)).unwrap();
    let mut first = open();
    assert_eq!((first.next_epoch(1000).unwrap(), first.life()), (1000, "sealed"));
    let (seed, text) = (first.key.to_bytes(), fs::read(directory.file()).unwrap());
    for hidden in [protocol::wire::encode(&seed).into_bytes(), seed.to_vec()] {
        assert!(!text.windows(hidden.len()).any(|window| window == hidden), "the host learns nothing");
    }
    first.remember(1500);
    let mut second = open();
    assert_eq!(second.public(), first.public());
    assert_eq!(second.next_epoch(5).unwrap(), 1501, "even when the clock was set back");
    assert_eq!(fs::metadata(directory.file()).unwrap().permissions().mode() & 0o777, 0o600);
    // An older copy brings the key back and an older number; the clock is ahead of that.
    fs::write(directory.file(), &text).unwrap();
    let mut third = open();
    assert_eq!((third.public(), third.next_epoch(2000).unwrap()), (first.public(), 2000));
}

#[test]
fn a_seal_that_does_not_open_is_kept_aside_and_a_new_key_is_made() {
    for (secret, measurement) in [(9, 2), (1, 9)] {
        let directory = Directory::new();
        let mut first = ResultKey::open(&directory.settings(), root(1, 2)).unwrap();
        first.next_epoch(1000).unwrap();
        let text = fs::read(directory.file()).unwrap();
        let mut second = ResultKey::open(&directory.settings(), root(secret, measurement)).unwrap();
        assert_ne!(second.public(), first.public());
        assert_eq!(fs::read(directory.0.join("result.unopened-1")).unwrap(), text, "nothing is lost");
        second.next_epoch(1000).unwrap();
        let newer = fs::read(directory.file()).unwrap();
        assert_ne!(newer, text);
        // The same the other way round: neither is written over the other.
        ResultKey::open(&directory.settings(), root(1, 2)).unwrap().next_epoch(1000).unwrap();
        assert_eq!(fs::read(directory.0.join("result.unopened-1")).unwrap(), text);
        assert_eq!(fs::read(directory.0.join("result.unopened-2")).unwrap(), newer);
    }
}

#[test]
fn a_key_that_this_program_did_not_seal_is_refused_and_left_where_it_is() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPLANTED\n-----END PRIVATE KEY-----\n";
    let clear = "perf-aggregator-development-result-key/1 1000 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    for text in [pem, clear, "planted", "", "{}"] {
        let directory = Directory::new();
        fs::write(directory.file(), text).unwrap();
        let error = ResultKey::open(&directory.settings(), root(1, 2)).err().expect("refused");
        let error = format!("{error:#}");
        assert!(error.contains("ENCLAVE_PRIVATE_KEY") && error.contains("in clear"), "{error}");
        assert!(!error.to_lowercase().contains("planted"), "{error}");
        assert_eq!(fs::read_to_string(directory.file()).unwrap(), text);
    }
}

#[cfg(not(feature = "development"))]
#[test]
fn a_release_without_a_seal_keeps_no_key() {
    let directory = Directory::new();
    let error = ResultKey::open(&directory.settings(), None).err().expect("refused");
    assert!(format!("{error:#}").contains("no secret to seal with"), "{error:#}");
    assert_eq!(ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap().life(), "process");
}

#[cfg(feature = "development")]
#[test]
fn a_development_key_outlives_a_start_in_clear() {
    let directory = Directory::new();
    let mut first = ResultKey::open(&directory.settings(), None).unwrap();
    assert_eq!((first.next_epoch(1000).unwrap(), first.life()), (1000, "clear"));
    let mut second = ResultKey::open(&directory.settings(), None).unwrap();
    assert_eq!((second.public(), second.next_epoch(5).unwrap()), (first.public(), 1001));
    fs::write(directory.file(), "planted").unwrap();
    assert!(ResultKey::open(&directory.settings(), None).is_err());
}
