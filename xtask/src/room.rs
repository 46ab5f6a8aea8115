//! Whether the disk has room for what is built. A linker that finds none dies of a signal and names no disk.

use crate::workspace;
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// KiB that the target directory comes to, with what cargo keeps for the next build of a change: more than half of it.
const FIRST_BUILD: u64 = 10 << 20;
/// KiB of the programs and tests that a change makes anew.
const NEXT_BUILD: u64 = 1 << 20;

/// Says so before minutes go by when the next build will hardly have room. No reason to stop: how much is made anew only
/// cargo knows.
pub(crate) fn note() -> anyhow::Result<()> {
    let target = workspace::target()?;
    let (needed, what) = if target.join("debug").is_dir() {
        (NEXT_BUILD, "a build")
    } else {
        (FIRST_BUILD, "the first build")
    };
    if let Some(little) = free(&target).filter(|&free| free < needed) {
        eprintln!(
            "note: {what} writes up to {} GiB to {}, where {} are free: make room, or set CARGO_TARGET_DIR",
            needed >> 20,
            workspace::shown(&target),
            in_words(little),
        );
    }
    Ok(())
}

/// What to add to the failure of a build: that it had no room, if it had none.
pub(crate) fn why_it_failed() -> Option<String> {
    let target = workspace::target().ok()?;
    let little = free(&target).filter(|&free| free < NEXT_BUILD / 16)?;
    Some(format!(
        "{} has {} free, which may be why: make room, or set CARGO_TARGET_DIR",
        workspace::shown(&target),
        in_words(little)
    ))
}

/// KiB that are free where this will be, if the system can be asked.
fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|ancestor| ancestor.is_dir())?;
    let asked = Command::new("df").arg("-Pk").arg(there).stdin(Stdio::null()).output().ok()?;
    available(&String::from_utf8_lossy(&asked.stdout))
}

/// The fourth column of what `df -Pk` prints of one file system; a name with blanks has more of the first.
fn available(table: &str) -> Option<u64> {
    let mut columns = table.lines().nth(1)?.split_whitespace().rev();
    // From the right: where it is mounted, how full it is in percent, and what is free.
    columns.by_ref().find(|column| column.ends_with('%'))?;
    columns.next()?.parse().ok()
}

fn in_words(kib: u64) -> String {
    if kib < 1 << 20 { format!("{} MiB", kib >> 10) } else { format!("{} GiB", kib >> 20) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_stands_before_the_percentage() {
        let table = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n\
                     /dev/vda         263174212 88123456   6501234      94% /\n";
        assert_eq!(available(table), Some(6_501_234));
        let blanks = table.replace("/dev/vda", "map of a").replace(" /\n", " /a b\n");
        assert_eq!(available(&blanks), Some(6_501_234));
        assert_eq!(available("df: no such file\n"), None);
        assert_eq!(available(""), None);
    }

    #[test]
    fn this_machine_can_be_asked() {
        let somewhere = workspace::root().join("target/not/yet/there");
        assert!(free(&somewhere).is_some_and(|kib| kib > 0));
    }

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        assert_eq!(in_words(12 << 10), "12 MiB");
        assert_eq!(in_words((5 << 20) + 1), "5 GiB");
    }
}
