//! A second process on the same file, which is killed at any instant; and how fast it all is.

use super::*;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A process of its own that opens a file and writes a row for each number that it is told.
struct Process {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::embedded::tests::processes::a_process_that_writes",
                "--ignored",
                "--nocapture",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{}", path.display()).unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn tell(&mut self, number: u64) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{number}").unwrap();
    }

    /// The next word of its own; the test runner prints around it. `None` when it is gone.
    fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            if let Some((_, word)) = line.trim_end().split_once("said: ") {
                return Some(word.to_owned());
            }
            line.clear();
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
#[ignore = "what other tests start"]
async fn a_process_that_writes() {
    let mut lines = std::io::stdin().lines();
    let path = lines.next().unwrap().unwrap();
    let store = match Embedded::open(Path::new(&path)) {
        Ok(store) => store,
        Err(error) => return println!("said: {error:?}"),
    };
    println!("said: open");
    for line in lines {
        let number: u64 = line.unwrap().parse().unwrap();
        let rows = [0_u8, 1].map(|half| {
            put(
                Table::Part,
                &[&number.to_be_bytes()[..], &[half]].concat(),
                Expect::Absent,
                row(1, &[7; 600]),
            )
        });
        store.commit(batch(rows)).await.unwrap();
        println!("said: {number}");
    }
}

#[tokio::test]
async fn another_process_finds_the_file_in_use() {
    let directory = Directory::new();
    let path = directory.file("store.redb");
    let first = Embedded::open(&path).unwrap();
    assert_eq!(Process::start(&path).hear().as_deref(), Some("InUse"));
    drop(first);
    let mut process = Process::start(&path);
    assert_eq!(process.hear().as_deref(), Some("open"));
    assert_eq!(Embedded::open(&path).err(), Some(StoreError::InUse));
    drop(process);
    assert!(Embedded::open(&path).is_ok(), "the file is free when the process is gone");
}

#[tokio::test]
async fn a_process_that_is_killed_has_written_what_it_said() {
    let directory = Directory::new();
    let path = directory.file("store.redb");
    let (mut last_said, mut number) = (0, 0);
    for seed in 0..8 {
        let mut dice = Dice::new(seed);
        let mut process = Process::start(&path);
        assert_eq!(process.hear().as_deref(), Some("open"), "it opens after the kill before");
        let (answered, unanswered) = (dice.roll(6), 1 + dice.roll(20));
        for at in 0..answered + unanswered {
            number += 1;
            process.tell(number);
            if at < answered {
                last_said = process.hear().unwrap().parse().unwrap();
            }
        }
        process.child.kill().unwrap();
        while let Some(word) = process.hear() {
            last_said = word.parse().unwrap();
        }
        drop(process);
        let store = Embedded::open(&path).unwrap();
        let keys: Vec<_> = store.scan(Table::Part, b"", None, 9999).await.unwrap();
        let numbers: Vec<u64> =
            keys.iter().map(|(key, _)| u64::from_be_bytes(*key.first_chunk().unwrap())).collect();
        assert!(numbers.len().is_multiple_of(2), "no half of a batch");
        let there = *numbers.last().unwrap_or(&0);
        assert!(there >= last_said, "seed {seed}: {last_said} was said, {there} is there");
        number = there.max(number);
    }
    assert!(last_said > 20, "{last_said}");
}

/// `cargo test -p enclave --release … -- --ignored --nocapture figures_of_the_file`
#[expect(clippy::disallowed_methods, reason = "a figure for people: nothing depends on it")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure, and not a test"]
async fn figures_of_the_file() {
    use std::time::Instant;
    let directory = Directory::new();
    let key =
        |number: u64| crate::store::KeyRing::born(|| [1; 32]).ids().id("figure", &[&number.to_be_bytes()]);
    let store = Arc::new(Embedded::open(&directory.file("rate.redb")).unwrap());
    for writers in [1_u64, 16, 256] {
        let each = (4096 / writers).min(400);
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..writers {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                for at in 0..each {
                    let key = key((writers << 40) | (writer << 20) | at);
                    store
                        .commit(batch([put(Table::Session, &key, Expect::Absent, row(1, &[7; 600]))]))
                        .await
                        .unwrap();
                }
            });
        }
        tasks.join_all().await;
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{writers} writers: {:.0} commits/s of one row of 600 bytes",
            (writers * each) as f64 / seconds
        );
    }
    let path = directory.file("large.redb");
    let store = Embedded::open(&path).unwrap();
    for number in 0..100 {
        let rows = (0..1000)
            .map(|at| put(Table::Session, &key(number * 1000 + at), Expect::Absent, row(1, &[7; 600])));
        store.commit(batch(rows)).await.unwrap();
    }
    // As a process that is killed leaves it.
    let killed = directory.file("killed.redb");
    fs::copy(&path, &killed).unwrap();
    drop(store);
    for (path, how) in [(&killed, "killed"), (&path, "closed")] {
        let began = Instant::now();
        let store = Embedded::open(path).unwrap();
        println!("100,000 rows of 600 bytes, {how}: opens in {:.3} s", began.elapsed().as_secs_f64());
        let began = Instant::now();
        let (mut rows, mut after) = (0, None::<Vec<u8>>);
        loop {
            let page = store.scan(Table::Session, b"", after.as_deref(), 1000).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            (rows, after) = (rows + page.len(), Some(last.clone()));
        }
        println!("{rows} rows read in {:.3} s", began.elapsed().as_secs_f64());
        let began = Instant::now();
        for number in 0..10_000 {
            store.get(Table::Session, &key(number)).await.unwrap().unwrap();
        }
        println!("one row after the other: {:.0} reads/s", 10_000.0 / began.elapsed().as_secs_f64());
    }
}
