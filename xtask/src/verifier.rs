//! The verifier of evidence as one wasm file (clients/verifier): built, made smaller, and looked at. It imports nothing, so
//! nothing of its host reaches a verdict; it exports what its callers know, and no more.

use crate::{
    children::{Running, Stop},
    installed::{self, node_is_missing},
    report::say,
    wasm, workspace,
};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

const PACKAGE: &str = "attestation-wasm";
/// What its tests read from the environment: the directory with the files.
pub(crate) const VARIABLE: &str = "PERFAGG_VERIFIER_DIR";
/// How it stands in a report.
pub(crate) const WHAT: &str = "the verifier compiles to wasm that imports nothing";
/// The files: of every family, with answers that were kept; and of each family alone, which is what a client loads that
/// meets an enclave.
const FILES: [(&str, &[&str]); 4] = [
    ("verifier.wasm", &[]),
    ("verifier-dcap.wasm", &["--features", "dcap"]),
    ("verifier-sev-snp.wasm", &["--features", "sev-snp"]),
    ("verifier-nitro.wasm", &["--features", "nitro"]),
];
/// Where npm is told which optimiser, and where it lies there: binaryen's wasm-opt, whose version a lock file fixes.
const OPTIMISER: (&str, &str) = ("clients/verifier/optimiser", "node_modules/binaryen/bin/wasm-opt");
/// For size, and with the features that the compiler was given and every engine of the last years has, so that nothing
/// newer gets in.
const OPTIONS: [&str; 9] = [
    "-Oz",
    "--converge",
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-reference-types",
];
/// What a web page loads before it seals anything, compressed.
const FAMILY_BYTES_MAX: usize = 250_000;
/// As clients/verifier/src/abi.rs says.
const EXPORTS: [&str; 4] = ["allocate", "answer_length", "memory", "verify"];
/// The sections of a module that are looked at (WebAssembly Core Specification, 5.5.2).
const IMPORT_SECTION: u8 = 2;
const EXPORT_SECTION: u8 = 7;

/// Where to put them.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Put the files into this directory too.
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let stop = Stop::listen()?;
    let (folder, note) = match build(&stop)? {
        Ok(built) => built,
        Err(missing) => bail!(missing),
    };
    let shown = options.out.as_ref().unwrap_or(&folder);
    if let Some(out) = &options.out {
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        for (name, _) in FILES {
            fs::copy(folder.join(name), out.join(name)).with_context(|| format!("cannot write {name}"))?;
        }
    }
    say(&format!("{}: {note}", workspace::shown(shown)));
    Ok(ExitCode::SUCCESS)
}

/// The same, if there is a Node to run it.
pub(crate) fn for_node(stop: &Stop) -> anyhow::Result<Result<(PathBuf, String), String>> {
    match node_is_missing("node") {
        Some(missing) => Ok(Err(missing)),
        None => build(stop),
    }
}

/// The directory with the files and how large they are, or what is missing to build them.
fn build(stop: &Stop) -> anyhow::Result<Result<(PathBuf, String), String>> {
    let folder = workspace::target()?.join("verifier");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (optimiser, missing) = match installed::npm_of(OPTIMISER.0, "optimiser", stop)? {
        Ok(folder) => (Some(folder.join(OPTIMISER.1)), None),
        Err(missing) => (None, Some(missing)),
    };
    let mut notes = Vec::new();
    for (name, features) in FILES {
        // Alone: a library for Rust beside it would switch off the optimisation of the whole.
        let how = [&["rustc", "--profile", "wasm", "--crate-type", "cdylib"], features].concat();
        let built = match wasm::build(PACKAGE, &how, stop)? {
            Ok(built) => built,
            Err(missing) => return Ok(Err(missing)),
        };
        let file = folder.join(name);
        match &optimiser {
            Some(program) => optimise(program, &built, &file, stop)?,
            None => drop(fs::copy(&built, &file).with_context(|| format!("cannot write {name}"))?),
        }
        let bytes = fs::read(&file).context("the verifier's wasm file")?;
        look_at(&bytes).context(name)?;
        let compressed = compressed(&file);
        if optimiser.is_some()
            && !features.is_empty()
            && compressed.is_some_and(|size| size > FAMILY_BYTES_MAX)
        {
            bail!("{name} is larger than {FAMILY_BYTES_MAX} bytes, compressed");
        }
        let compressed = compressed.map(|size| format!(", {size} compressed")).unwrap_or_default();
        notes.push(format!("{name} {} bytes{compressed}", bytes.len()));
    }
    // Its SHA-256 is then not the one that others get.
    notes.extend(missing.map(|missing| format!("not optimised: {missing}")));
    Ok(Ok((folder, notes.join("; "))))
}

/// The same module, smaller.
fn optimise(program: &Path, from: &Path, to: &Path, stop: &Stop) -> anyhow::Result<()> {
    let mut command = Command::new("node");
    command.arg(program).args(OPTIONS).arg(from).arg("-o").arg(to).stdin(Stdio::null());
    let mut running = Running::start("wasm-opt", &mut command)?;
    if running.wait(|| stop.check())?.success() {
        return Ok(());
    }
    bail!("wasm-opt does not take {}: see its messages above", workspace::shown(from))
}

/// What `gzip -9` makes of it, where there is one.
fn compressed(file: &Path) -> Option<usize> {
    let mut gzip = Command::new("gzip");
    let output = gzip.args(["-9", "-n", "-c"]).arg(file).stdin(Stdio::null()).output().ok()?;
    output.status.success().then_some(output.stdout.len())
}

/// Nothing is imported, and what is exported is as agreed.
fn look_at(module: &[u8]) -> anyhow::Result<()> {
    let sections = sections(module).context("the verifier's file is no wasm module")?;
    let of = |wanted: u8| sections.iter().filter(move |(id, _)| *id == wanted).map(|(_, body)| *body);
    if let Some(imports) = of(IMPORT_SECTION).next() {
        bail!("the verifier imports {} things", number(imports).map_or(0, |(count, _)| count));
    }
    let mut exports = Vec::new();
    for body in of(EXPORT_SECTION) {
        exports.extend(exported(body).context("the verifier's exports cannot be read")?);
    }
    exports.sort_unstable();
    // The linker adds where its data ends.
    exports.retain(|name| !matches!(*name, "__data_end" | "__heap_base"));
    if exports != EXPORTS {
        bail!("the verifier exports {}, and should {}", exports.join(", "), EXPORTS.join(", "));
    }
    Ok(())
}

/// Sections by their number.
fn sections(module: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    let mut sections = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = number(after)?;
        let (body, after) = after.split_at_checked(length)?;
        sections.push((*id, body));
        rest = after;
    }
    Some(sections)
}

/// The names in a section of exports.
fn exported(body: &[u8]) -> Option<Vec<&str>> {
    let (count, mut rest) = number(body)?;
    let mut names = Vec::new();
    for _ in 0..count {
        let (length, after) = number(rest)?;
        let (name, after) = after.split_at_checked(length)?;
        names.push(std::str::from_utf8(name).ok()?);
        // What kind of thing, and which.
        (_, rest) = number(after.get(1..)?)?;
    }
    Some(names)
}

/// LEB128, of 32 bits.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\0asm\x01\0\0\0";
    /// memory, and functions 0 to 2.
    const OURS: &[u8] =
        b"\x07\x2e\x04\x06memory\x02\0\x08allocate\0\0\x06verify\0\x01\x0danswer_length\0\x02";

    fn check(sections: &[&[u8]], said: Option<&str>) {
        let found = look_at(&[&[HEAD], sections].concat().concat()).err().map(|error| error.to_string());
        assert_eq!(found.as_deref(), said);
    }

    #[test]
    fn what_imports_something_or_exports_something_else_is_told() {
        check(&[OURS], None);
        check(&[b"\x02\x0b\x01\x03env\x03now\0\0", OURS], Some("the verifier imports 1 things"));
        let none = "the verifier exports , and should allocate, answer_length, memory, verify";
        check(&[], Some(none));
        check(&[b"\x07\x7f"], Some("the verifier's file is no wasm module"));
    }

    #[test]
    fn numbers_are_read_to_their_end() {
        assert_eq!(number(b"\x00x"), Some((0, &b"x"[..])));
        assert_eq!(number(b"\xe5\x8e\x26"), Some((624_485, &b""[..])));
        assert_eq!(number(b"\x80\x80"), None);
    }
}
