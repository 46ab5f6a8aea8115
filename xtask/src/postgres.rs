//! PostgreSQL's programs, with which tests start servers of their own.

use crate::{
    children::Stop,
    installed::{self, There},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// How tests are told where they are.
pub(crate) const VARIABLE: &str = "PERFAGG_POSTGRES_BIN";
/// Where Debian and its kin put them, a folder for each version; their superuser's PATH does not lead there.
const DEBIAN: &str = "/usr/lib/postgresql";
/// What tests start. A machine that has only the client is not enough.
const NEEDED: [&str; 4] = ["initdb", "postgres", "pg_basebackup", "psql"];

/// The directory with the programs. Where there is none, the superuser of a Debian gets the package.
pub(crate) fn programs(stop: &Stop) -> There<PathBuf> {
    let found =
        || newest(Path::new(DEBIAN)).or_else(|| installed::on_path("initdb")?.parent().and_then(complete));
    if let Some(directory) = found() {
        return Ok(Ok(directory));
    }
    if let Err(missing) = installed::apt("postgresql", stop)? {
        return Ok(Err(format!("no PostgreSQL: {missing}")));
    }
    Ok(found().ok_or_else(|| "apt-get installed no PostgreSQL".to_owned()))
}

/// Of the versions below a directory, the highest that has what is needed.
fn newest(below: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(below).ok()?.filter_map(Result::ok);
    let version = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let complete = entries.filter_map(|entry| Some((version(&entry)?, complete(&entry.path().join("bin"))?)));
    complete.max().map(|(_, directory)| directory)
}

fn complete(directory: &Path) -> Option<PathBuf> {
    NEEDED.iter().all(|name| directory.join(name).is_file()).then(|| directory.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_versions_the_highest_complete_one_is_taken() {
        let below = std::env::temp_dir().join(format!("xtask-postgres-{}", std::process::id()));
        for (version, programs) in
            [("9", &NEEDED[..]), ("15", &NEEDED[..]), ("17", &NEEDED[..3]), ("common", &NEEDED[..])]
        {
            let bin = below.join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in programs {
                fs::write(bin.join(program), "").unwrap();
            }
        }
        assert_eq!(newest(&below), Some(below.join("15/bin")));
        assert_eq!(newest(&below.join("missing")), None);
        fs::remove_dir_all(below).unwrap();
    }
}
