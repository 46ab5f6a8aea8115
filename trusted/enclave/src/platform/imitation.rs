//! The platforms' interfaces, imitated for tests: they react to writes as Gramine and the kernel do, and misbehave
//! as they are told.

use super::files::Files;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// One way to misbehave. Numbers beside a name are error numbers of the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Reading this file is refused.
    Read(&'static str, i32),
    /// Writing this file is refused.
    Write(&'static str, i32),
    /// Making an entry is refused.
    Make(i32),
    /// The first so many entries are there already.
    Exists(usize),
    /// This file is empty.
    Empty(&'static str),
    /// Only so many bytes of this file come.
    Short(&'static str, usize),
    /// This file has no end.
    Long(&'static str),
    /// This file says something else.
    Text(&'static str, &'static str),
    /// A write to this file is accepted and does nothing.
    IgnoreWrite(&'static str),
    /// Somebody else's bytes are in the entry instead of those written.
    StaleWrite,
    /// Evidence is over other bytes.
    OtherReportData,
    /// Somebody else writes while evidence is read, so many times.
    Moves(usize),
}

/// What faults do to a file that would say `content`.
fn read(faults: &[Fault], name: &str, content: Vec<u8>, limit: usize) -> io::Result<Vec<u8>> {
    let mut content = content;
    for fault in faults {
        match fault {
            Fault::Read(of, error) if *of == name => return Err(io::Error::from_raw_os_error(*error)),
            Fault::Empty(of) if *of == name => content.clear(),
            Fault::Short(of, length) if *of == name => content.truncate(*length),
            Fault::Long(of) if *of == name => return Err(io::ErrorKind::FileTooLarge.into()),
            Fault::Text(of, text) if *of == name => content = text.as_bytes().to_vec(),
            _ => {}
        }
    }
    if content.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
}

fn refused_write(faults: &[Fault], name: &str) -> io::Result<()> {
    faults.iter().try_for_each(|fault| match fault {
        Fault::Write(of, error) if *of == name => Err(io::Error::from_raw_os_error(*error)),
        _ => Ok(()),
    })
}

fn ignored(faults: &[Fault], name: &str) -> bool {
    faults.iter().any(|fault| matches!(fault, Fault::IgnoreWrite(of) if *of == name))
}

fn named(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("paths end in a name")
}

/// Gramine's pseudo-files.
pub(crate) struct GramineWorld {
    kind: Option<Vec<u8>>,
    faults: Vec<Fault>,
    user_report_data: Mutex<[u8; 64]>,
}

impl GramineWorld {
    pub(crate) fn new(kind: &[u8]) -> Self {
        Self { kind: Some(kind.to_vec()), faults: Vec::new(), user_report_data: Mutex::new([0; 64]) }
    }

    pub(crate) fn absent() -> Self {
        Self { kind: None, ..Self::new(b"") }
    }

    pub(crate) fn with(self, faults: &[Fault]) -> Self {
        Self { faults: faults.to_vec(), ..self }
    }

    pub(crate) fn base() -> PathBuf {
        PathBuf::from("/dev/attestation")
    }
}

impl Files for GramineWorld {
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let Some(kind) = &self.kind else { return Err(io::ErrorKind::NotFound.into()) };
        let keys = Self::base().join("keys");
        assert!([Some(Self::base().as_path()), Some(keys.as_path())].contains(&path.parent()), "{path:?}");
        let content = match named(path) {
            "_sgx_mrenclave" => vec![0x5e; 16],
            "attestation_type" => kind.clone(),
            "quote" => {
                let mut asked = *self.user_report_data.lock().unwrap();
                if self.faults.iter().any(|fault| matches!(fault, Fault::OtherReportData)) {
                    asked[63] ^= 1;
                }
                sgx_quote(&asked)
            }
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        read(&self.faults, named(path), content, limit)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        assert_eq!(path, Self::base().join("user_report_data"));
        refused_write(&self.faults, named(path))?;
        if !ignored(&self.faults, named(path)) {
            *self.user_report_data.lock().unwrap() = bytes.try_into().expect("64 bytes");
        }
        Ok(())
    }

    fn make_directory(&self, _: &Path) -> io::Result<()> {
        // Nothing else is in this world.
        Err(io::ErrorKind::NotFound.into())
    }

    fn remove_directory(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The kernel's configfs-tsm.
pub(crate) struct TsmWorld {
    provider: Option<&'static str>,
    no_provider: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    faults: Vec<Fault>,
    moved: usize,
    existed: usize,
    entries: BTreeMap<PathBuf, Written>,
}

/// What was written to an entry.
#[derive(Clone, Default)]
struct Written {
    generation: u64,
    inblob: Option<[u8; 64]>,
    privlevel: Option<Vec<u8>>,
}

impl TsmWorld {
    pub(crate) fn new(provider: &'static str) -> Self {
        Self { provider: Some(provider), no_provider: false, state: Mutex::default() }
    }

    pub(crate) fn absent() -> Self {
        Self { provider: None, no_provider: false, state: Mutex::default() }
    }

    pub(crate) fn without_provider() -> Self {
        Self { provider: None, no_provider: true, state: Mutex::default() }
    }

    pub(crate) fn base() -> PathBuf {
        PathBuf::from("/sys/kernel/config/tsm/report")
    }

    /// From now on.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        let mut state = self.state.lock().unwrap();
        (state.faults, state.moved, state.existed) = (faults.to_vec(), 0, 0);
    }

    /// How many entries there are.
    pub(crate) fn entries(&self) -> usize {
        self.state.lock().unwrap().entries.len()
    }

    /// As the kernel makes it from what was written: without `inblob` there is nothing to read (EINVAL).
    fn outblob(&self, written: &Written, faults: &[Fault]) -> io::Result<Vec<u8>> {
        let invalid = || io::Error::from_raw_os_error(22);
        let mut asked = written.inblob.ok_or_else(invalid)?;
        if faults.iter().any(|fault| matches!(fault, Fault::OtherReportData)) {
            asked[0] ^= 0x80;
        }
        if self.provider.is_some_and(|provider| provider.starts_with("sev_guest")) {
            assert_eq!(written.privlevel.as_deref(), Some(&b"0"[..]), "the level is asked for first");
            Ok(snp_report(&asked))
        } else {
            Ok(tdx_quote(&asked, 4))
        }
    }
}

impl Files for TsmWorld {
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let mut state = self.state.lock().unwrap();
        let entry = path.parent().expect("files are in an entry");
        let Some(written) = state.entries.get(entry).cloned() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let content = match named(path) {
            "provider" => self.provider.unwrap_or_default().as_bytes().to_vec(),
            "generation" => format!("{}\n", written.generation).into_bytes(),
            "outblob" => {
                let outblob = self.outblob(&written, &state.faults)?;
                let moves =
                    state.faults.iter().any(|fault| matches!(fault, Fault::Moves(n) if state.moved < *n));
                if moves {
                    state.moved += 1;
                    let written = state.entries.get_mut(entry).expect("it is there");
                    (written.generation, written.inblob) = (written.generation + 1, Some([0xee; 64]));
                }
                outblob
            }
            "auxblob" if self.provider.is_some_and(|name| name.starts_with("sev_guest")) => table(&[
                (0x63da_758d_e664_4564_adc5_f4b9_3be8_accd, certificate(1)),
                (0x4ab7_b379_bbac_4fe4_a02f_05ae_f327_c782, certificate(2)),
                (0xc0b4_06a4_a803_4952_9743_3fb6_014c_d0ae, certificate(3)),
            ]),
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        read(&state.faults, named(path), content, limit)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        refused_write(&state.faults, named(path))?;
        if ignored(&state.faults, named(path)) {
            return Ok(());
        }
        let stale = state.faults.iter().any(|fault| matches!(fault, Fault::StaleWrite));
        let entry = path.parent().expect("files are in an entry");
        let Some(written) = state.entries.get_mut(entry) else { return Err(io::ErrorKind::NotFound.into()) };
        match named(path) {
            "inblob" => written.inblob = Some(if stale { [0xee; 64] } else { bytes.try_into().expect("64") }),
            "privlevel" => written.privlevel = Some(bytes.to_vec()),
            _ => return Err(io::ErrorKind::PermissionDenied.into()),
        }
        written.generation += 1;
        Ok(())
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        if self.no_provider {
            return Err(io::Error::from_raw_os_error(6));
        }
        if self.provider.is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        assert_eq!(path.parent(), Some(Self::base().as_path()));
        for fault in state.faults.clone() {
            match fault {
                Fault::Make(error) => return Err(io::Error::from_raw_os_error(error)),
                Fault::Exists(times) if state.existed < times => {
                    state.existed += 1;
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                _ => {}
            }
        }
        let before = state.entries.insert(path.to_owned(), Written::default());
        assert!(before.is_none(), "names are never used twice");
        Ok(())
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        let removed = self.state.lock().unwrap().entries.remove(path);
        removed.map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A quote of version 3 with nothing in it but its form and `report_data`.
pub(crate) fn sgx_quote(report_data: &[u8; 64]) -> Vec<u8> {
    let mut body = [0; 384];
    body[320..].copy_from_slice(report_data);
    signed([&header(3, 0)[..], &body].concat(), quoting_enclave())
}

/// A TD's quote of version 4 or 5, likewise.
pub(crate) fn tdx_quote(report_data: &[u8; 64], version: u8) -> Vec<u8> {
    let mut quote = header(version, 0x81);
    let mut length = 584_u32;
    if version == 5 {
        length = 648;
        quote.extend_from_slice(&3_u16.to_le_bytes());
        quote.extend_from_slice(&length.to_le_bytes());
    }
    let mut body = vec![0; length as usize];
    body[520..584].copy_from_slice(report_data);
    signed([quote, body].concat(), counted(6, &quoting_enclave()))
}

/// A report of SEV-SNP, likewise.
pub(crate) fn snp_report(report_data: &[u8; 64]) -> Vec<u8> {
    let mut report = vec![0; 1184];
    // The bit of the guest policy that is always one, and ECDSA P-384 with SHA-384.
    (report[0], report[0x0a], report[0x34]) = (5, 2, 1);
    report[0x50..0x90].copy_from_slice(report_data);
    report
}

/// Version, ECDSA P-256, kind of TEE, Intel's quoting enclave.
fn header(version: u8, tee_type: u8) -> Vec<u8> {
    let vendor = 0x939a_7233_f79c_4ca9_940a_0db3_957f_0607_u128.to_be_bytes();
    [&[version, 0, 2, 0, tee_type, 0, 0, 0, 0, 0, 0, 0][..], &vendor, &[0; 20]].concat()
}

/// Report of the quoting enclave, its signature, authentication data, and where certificates stand.
fn quoting_enclave() -> Vec<u8> {
    [&[0; 384][..], &[9; 64], &[32, 0], &[9; 32], &counted(5, b"certificates")].concat()
}

/// Certification data of a type.
fn counted(kind: u16, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), bytes].concat()
}

/// The same with signature, attestation key, and what vouches for that.
fn signed(quote: Vec<u8>, vouching: Vec<u8>) -> Vec<u8> {
    let signature = [&[9; 128][..], &vouching].concat();
    let length = u32::try_from(signature.len()).unwrap();
    [&quote[..], &length.to_le_bytes(), &signature].concat()
}

/// One DER SEQUENCE that stands for a certificate.
pub(crate) fn certificate(number: u8) -> Vec<u8> {
    [&[0x30, 0x82, 0x03, 0x00][..], &[number; 0x300]].concat()
}

/// A certificate table as hosts write it.
pub(crate) fn table(entries: &[(u128, Vec<u8>)]) -> Vec<u8> {
    let (mut head, mut body) = (Vec::new(), Vec::new());
    let start = (entries.len() + 1) * 24;
    for (guid, certificate) in entries {
        head.extend_from_slice(&guid.to_be_bytes());
        head.extend_from_slice(&u32::try_from(start + body.len()).unwrap().to_le_bytes());
        head.extend_from_slice(&u32::try_from(certificate.len()).unwrap().to_le_bytes());
        body.extend_from_slice(certificate);
    }
    [head, vec![0; 24], body].concat()
}
