//! The access log: one line a call, chained by hashes, without a body, an id or an address (docs/protocol.md, "Access
//! log"). It shows that nothing was taken out of the middle or changed afterwards without redoing all that follows; who
//! keeps it could redo all of it, up to the head that the enclave signed last.
//!
//! Calls never wait for the disk: what finds the queue full is counted, and the count is written as an entry.

mod entry;
mod book;
mod source;
mod countersign;

pub(crate) use book::Book;
#[cfg(test)]
pub(crate) use book::BookError;
pub(crate) use countersign::{Countersigner, Missed};
pub(crate) use entry::{Called, Entry};

use crate::{clock::Clock, counters::Counters, limits};
use core::net::IpAddr;
use source::Sources;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
    mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
};
use tokio::{sync::oneshot, time::timeout};

/// What the thread of the log is told.
enum Told {
    Call(Called),
    Entry(Entry),
    /// Asks for the last line, by number and hash, once what was told before is written.
    Head(oneshot::Sender<(u64, [u8; 32])>),
}

/// Where calls are told to.
pub(crate) struct AccessLog {
    pub(crate) clock: Clock,
    sources: Sources,
    /// `None`: no log is kept, or it was closed.
    queue: Mutex<Option<SyncSender<Told>>>,
    /// Told, and not written: the next entry says how many.
    lost: Arc<AtomicU64>,
    counters: Arc<Counters>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

impl AccessLog {
    /// Keeps nothing.
    pub(crate) fn off(clock: Clock, counters: Arc<Counters>) -> Self {
        let (sources, lost) = (Sources::default(), Arc::default());
        Self { clock, sources, queue: Mutex::new(None), lost, counters, ended: Mutex::new(None) }
    }

    /// Keeps what it is told in this book, in a thread of its own: a disk may take its time.
    pub(crate) fn start(book: Book, clock: Clock, counters: Arc<Counters>) -> std::io::Result<Self> {
        let (log, (queue, waiting)) =
            (Self::off(clock, Arc::clone(&counters)), sync_channel(limits::ACCESS_QUEUE_MAX));
        let (end, ended) = oneshot::channel();
        let lost = Arc::clone(&log.lost);
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            keep(book, &waiting, &lost, &counters);
            let _ = end.send(());
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), ended: Mutex::new(Some(ended)), ..log })
    }

    /// A call ended.
    pub(crate) fn tell(&self, from: Option<IpAddr>, called: Called) {
        let Some(queue) = &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) else { return };
        let source = from.and_then(|address| self.sources.of(address, called.at_s));
        match queue.try_send(Told::Call(Called { source, ..called })) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                self.counters.log_lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Something else is to be said. Without room for it it is left out: whoever says it says it again.
    fn note(&self, entry: Entry) {
        if let Some(queue) = &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = queue.try_send(Told::Entry(entry));
        }
    }

    /// The last line, by number and hash, with all that was told until now. `None`: there is no log, or no room to ask.
    async fn head(&self) -> Option<(u64, [u8; 32])> {
        let (answer, head) = oneshot::channel();
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()?
            .try_send(Told::Head(answer))
            .ok()?;
        timeout(limits::ACCESS_STOP_TIMEOUT, head).await.ok()?.ok()
    }

    /// Takes nothing more, and waits until what was told is written, but not for ever.
    pub(crate) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            let _ = timeout(limits::ACCESS_STOP_TIMEOUT, ended).await;
        }
    }
}

/// Writes what comes, as much at once as waits, until nobody tells any more.
fn keep(mut book: Book, waiting: &Receiver<Told>, lost: &AtomicU64, counters: &Counters) {
    let mut is_failing = false;
    while let Ok(first) = waiting.recv() {
        let (mut entries, mut asked, mut count) = (Vec::new(), Vec::new(), 0_u64);
        for told in core::iter::once(first).chain(waiting.try_iter().take(limits::ACCESS_BATCH_MAX)) {
            match told {
                Told::Call(called) => {
                    count = count.saturating_add(1);
                    entries.push(Entry::Call(called));
                }
                Told::Entry(entry) => entries.push(entry),
                Told::Head(answer) => asked.push(answer),
            }
        }
        entries.retain(|entry| !is_stale(entry, &book));
        let gap = lost.swap(0, Ordering::Relaxed);
        if gap > 0 {
            entries.push(Entry::Gap { lost: gap });
        }
        let written = entries.is_empty() || book.append(&entries).is_ok();
        let (next, head) = book.end();
        for answer in asked.into_iter().filter(|_| written) {
            // Who asked may have given up.
            let _ = answer.send((next.saturating_sub(1), head));
        }
        if !written {
            lost.fetch_add(count.saturating_add(gap), Ordering::Relaxed);
            counters.log_lost.fetch_add(count, Ordering::Relaxed);
        }
        match (written, is_failing) {
            (false, false) => {
                tracing::error!(code = "access-log-unwritten", "calls are missing in the access log")
            }
            (true, true) => tracing::info!("the access log is written again"),
            _ => {}
        }
        is_failing = !written;
    }
    let gap = lost.swap(0, Ordering::Relaxed);
    let gap = (gap > 0).then_some(Entry::Gap { lost: gap });
    let entries: Vec<Entry> = gap.into_iter().chain([Entry::Stop]).collect();
    if book.append(&entries).is_err() {
        tracing::error!(code = "access-log-unwritten", "the end of the access log is not written");
    }
}

/// A countersignature that came so late that readers no longer have its line at hand.
fn is_stale(entry: &Entry, book: &Book) -> bool {
    let within = u64::try_from(protocol::limits::COUNTERSIGNED_WITHIN_LINES / 2).unwrap_or(u64::MAX);
    matches!(entry, Entry::Countersign { seq, .. } if book.end().0.saturating_sub(*seq) > within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called() -> Called {
        let route = "/enclave/sealed";
        Called { at_s: 1, route, status: 200, ms: 1, bytes_in: 1, bytes_out: 1025, source: None }
    }

    #[test]
    fn who_finds_the_queue_full_is_counted_and_does_not_wait() {
        let counters = Arc::new(Counters::default());
        let log = AccessLog::off(|| 1, Arc::clone(&counters));
        let (queue, waiting) = sync_channel(1);
        *log.queue.lock().unwrap() = Some(queue);
        for _ in 0..8 {
            log.tell(None, called());
        }
        assert_eq!((log.lost.load(Ordering::Relaxed), waiting.try_iter().count()), (7, 1));
        assert!(counters.text().ends_with("perfagg_main_access_log_lost_total 7\n"), "{}", counters.text());
    }

    #[test]
    fn what_was_lost_is_an_entry_of_the_log() {
        let directory = crate::tests::Directory::new();
        let (lost, counters) = (AtomicU64::new(7), Counters::default());
        let (queue, waiting) = sync_channel(8);
        queue.send(Told::Call(called())).unwrap();
        drop(queue);
        keep(Book::open(&directory.0, || 1_795_521_600).unwrap(), &waiting, &lost, &counters);
        let verdict = directory.judged().unwrap();
        assert_eq!((verdict.calls, verdict.gaps, verdict.lost, verdict.stops), (1, 1, 7, 1));
        assert!(!verdict.is_complete());
    }

    #[test]
    fn a_disk_that_says_no_costs_entries_and_no_more() {
        let directory = crate::tests::Directory::new();
        let mut book = Book::open(&directory.0, || 1_795_521_600).unwrap();
        // The next day's file cannot be opened: a directory has its name.
        std::fs::create_dir(directory.0.join("access-2026-11-25.jsonl")).unwrap();
        book.set_clock(|| 1_795_521_600 + 86_400);
        let (lost, counters, (queue, waiting)) = (AtomicU64::new(0), Counters::default(), sync_channel(8));
        queue.send(Told::Call(called())).unwrap();
        queue.send(Told::Call(called())).unwrap();
        drop(queue);
        keep(book, &waiting, &lost, &counters);
        assert_eq!(counters.log_lost.load(Ordering::Relaxed), 2);
        std::fs::remove_dir(directory.0.join("access-2026-11-25.jsonl")).unwrap();
        assert_eq!(directory.judged().unwrap().lines, 1, "what was written before holds");
    }
}
