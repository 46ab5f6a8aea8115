//! The few file operations that the platforms' interfaces are made of. They stand behind a trait, so that tests can
//! answer as a kernel or a library OS does, and as one that misbehaves.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write as _},
    path::Path,
};

/// What a platform's interface is asked for. Paths are made from compiled-in ones, or are the operator's directory.
pub(crate) trait Files: Send + Sync {
    /// All of a file, in one opening; an error if it is longer than `limit`.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;

    /// Writes all bytes at once to a file that is there: each write means something to a kernel.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Makes a directory that is not there yet.
    fn make_directory(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory, and with it what the kernel shows in it.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
}

/// The files of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine;

impl Files for Machine {
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        bounded(File::open(path)?, limit)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let written = OpenOptions::new().write(true).open(path)?.write(bytes)?;
        if written == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}

/// Reads to the end, however small the pieces; stops one byte after `limit`.
fn bounded(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(one_more).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Gives one byte a read, and is interrupted before each.
    struct Drops(Vec<u8>, bool);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let Some(byte) = self.0.pop() else { return Ok(0) };
            buffer[0] = byte;
            Ok(1)
        }
    }

    #[test]
    fn short_reads_are_put_together_and_the_limit_is_exact() {
        assert_eq!(bounded(Drops(vec![3, 2, 1], false), 3).unwrap(), [1, 2, 3]);
        assert_eq!(bounded(io::empty(), 0).unwrap(), [0_u8; 0]);
        let longer = bounded(Drops(vec![4, 3, 2, 1], false), 3).unwrap_err();
        assert_eq!(longer.kind(), io::ErrorKind::FileTooLarge);
        assert!(bounded(io::repeat(7), 32 * 1024).is_err(), "a file without end is left after the limit");
    }

    #[test]
    fn the_machine_s_files_are_written_only_where_they_are_and_directories_made_once() {
        let base: PathBuf = std::env::temp_dir().join(format!("perfagg-files-{}", crate::random::base62(12)));
        let (files, entry) = (Machine, base.join("entry"));
        assert_eq!(files.make_directory(&entry).unwrap_err().kind(), io::ErrorKind::NotFound);
        files.make_directory(&base).unwrap();
        files.make_directory(&entry).unwrap();
        assert_eq!(files.make_directory(&entry).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let file = entry.join("inblob");
        assert_eq!(files.write(&file, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&file, b"").unwrap();
        files.write(&file, b"inblob").unwrap();
        assert_eq!(files.read(&file, 6).unwrap(), b"inblob");
        assert!(files.read(&file, 5).is_err());
        assert!(files.remove_directory(&entry).is_err(), "nothing else is removed with it");
        fs::remove_file(&file).unwrap();
        files.remove_directory(&entry).unwrap();
        files.remove_directory(&base).unwrap();
    }
}
