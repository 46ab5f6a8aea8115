//! Bybit's REST interface, version 5, over the same world: which request is answered, by whom, and what it costs.
//!
//! In this order: mode, the address's budget, fault, key, clock and signature, the path's budget, permission, answer. Nearly
//! every error is an HTTP 200 with a code in `retCode`.
//! See <https://bybit-exchange.github.io/docs/v5/intro>.

mod refusal;
mod query;
mod auth;
mod budget;
mod ids;
mod page;
mod book;
mod routes;
mod market;
mod contracts;
mod account;
mod history;
mod wallet;

use crate::{
    args::Rights,
    faults::{Disorder, Fault, broken},
    http::{Incoming, Outcome, Reply},
    venue::{Access, Mode, Settings, Venue},
    world::World,
};
use book::Book;
use budget::{Budgets, Left};
use query::Query;
use refusal::{Refusal, shut_out};
use routes::Route;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use auth::Keys;

/// All paths of Bybit's begin so.
pub(crate) const PREFIX: &str = "/v5/";

/// The imitated venue.
pub(crate) struct Bybit {
    venue: Arc<Venue>,
    keys: Keys,
    budgets: Mutex<Budgets>,
    book: Mutex<Option<Arc<Book>>>,
}

/// One request under way.
pub(crate) struct Call<'a> {
    world: &'a World,
    book: &'a Book,
    query: &'a Query,
    keys: &'a Keys,
    /// By the venue's clock.
    now_ms: i64,
    rights: Rights,
    disorder: Option<(Disorder, u64)>,
}

/// The `result` of an answer, or why there is none.
pub(crate) type Answer = Result<String, Refusal>;

impl Bybit {
    pub(crate) fn new(venue: Arc<Venue>, keys: Keys) -> Self {
        Self { venue, keys, budgets: Mutex::new(Budgets::default()), book: Mutex::new(None) }
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Outcome {
        let now_ms = self.venue.now_ms();
        let mode = self.venue.settings().mode;
        if let Some(outcome) = self.as_a_whole(mode, now_ms) {
            return outcome;
        }
        if self.venue.is_limited && !held(&self.budgets).admit(now_ms) {
            return Outcome::Whole(shut_out());
        }
        let Some(route) = routes::find(&request.method, &request.path) else {
            return Outcome::Whole(Reply::html(404, "Not Found"));
        };
        let fault = self.venue.faults.as_ref().map_or(Fault::None, |faults| faults.next(route.path));
        let disorder = match fault {
            Fault::Limited { banned, wait_s } => return Outcome::Whole(limited(banned, wait_s, now_ms)),
            Fault::Broken(kind) => return Outcome::Whole(out_of_order(kind, now_ms)),
            Fault::Hang => return self.venue.hang().await,
            Fault::Disorder(disorder, detail) => Some((disorder, detail)),
            Fault::None | Fault::Cut => None,
        };
        let reply = self.reply_to(route, &request, now_ms, disorder);
        if fault == Fault::Cut { Outcome::Cut(reply) } else { Outcome::Whole(reply) }
    }

    fn reply_to(
        &self,
        route: &Route,
        request: &Incoming,
        now_ms: i64,
        disorder: Option<(Disorder, u64)>,
    ) -> Reply {
        let mut left = None;
        let reply = match self.answer_to(route, request, now_ms, disorder, &mut left) {
            Ok(result) => Reply::json(
                200,
                format!(
                    "{{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{result},\"retExtInfo\":{{}},\"time\":{now_ms}}}"
                ),
            ),
            Err(refusal) => refusal.reply(now_ms),
        };
        match left {
            None => reply,
            Some(Left { limit, left, reset_ms, .. }) => reply
                .with("X-Bapi-Limit", limit)
                .with("X-Bapi-Limit-Status", left)
                .with("X-Bapi-Limit-Reset-Timestamp", reset_ms),
        }
    }

    fn answer_to(
        &self,
        route: &Route,
        request: &Incoming,
        now_ms: i64,
        disorder: Option<(Disorder, u64)>,
        left: &mut Option<Left>,
    ) -> Answer {
        let Settings { mode, rights } = *self.venue.settings();
        if route.access != Access::Public {
            if mode == Mode::KeyRefused {
                return Err(Refusal::expired());
            }
            self.keys.check(request, now_ms)?;
            let told = held(&self.budgets).take(route.path, route.limit, now_ms);
            *left = Some(told);
            if told.refused && self.venue.is_limited {
                return Err(Refusal::too_many());
            }
            if !route.access.is_within(rights) {
                return Err(Refusal::permission());
            }
        }
        let query = Query::parse(&request.query)?;
        let world = self.venue.world();
        let book = self.book(&world);
        let (query, keys) = (&query, &self.keys);
        (route.answer)(&Call { world: &world, book: &book, query, keys, now_ms, rights, disorder })
    }

    /// The account as Bybit keeps it. Made again only when there is more to tell.
    fn book(&self, world: &World) -> Arc<Book> {
        let mut kept = held(&self.book);
        match kept.as_ref().filter(|book| book.is_of(world)) {
            Some(book) => Arc::clone(book),
            None => Arc::clone(kept.insert(Arc::new(Book::new(world, self.venue.faults.as_ref())))),
        }
    }

    /// What the mode says to every request, if it does.
    fn as_a_whole(&self, mode: Mode, now_ms: i64) -> Option<Outcome> {
        match mode {
            Mode::Normal | Mode::KeyRefused => None,
            Mode::Down if self.venue.is_silent() => Some(Outcome::Dropped),
            Mode::Down => Some(Outcome::Whole(out_of_order(4, now_ms))),
            Mode::RateLimited => Some(Outcome::Whole(shut_out())),
            Mode::RegionBlocked => {
                let words =
                    "The Amazon CloudFront distribution is configured to block access from your country.";
                Some(Outcome::Whole(Reply::html(403, words)))
            }
        }
    }
}

/// Too many requests, in each of the words there are for it.
fn limited(banned: bool, wait_s: i64, now_ms: i64) -> Reply {
    if banned && wait_s == 4 {
        return shut_out();
    }
    let refusal = if banned { Refusal::too_many_of_the_address() } else { Refusal::too_many() };
    refusal
        .reply(now_ms)
        .with("X-Bapi-Limit-Status", 0)
        .with("X-Bapi-Limit-Reset-Timestamp", now_ms + wait_s * 1000)
}

/// Errors of a server: in its own words, or as what stands before it writes them.
fn out_of_order(kind: u64, now_ms: i64) -> Reply {
    match kind {
        0 => Refusal::server().reply(now_ms),
        1 | 2 => Refusal::timed_out().reply(now_ms),
        html => broken(html),
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
