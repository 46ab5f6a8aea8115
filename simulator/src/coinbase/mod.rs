//! Coinbase's Advanced Trade interface (v3) and the wallets behind it (v2), over the same world: which request is answered, by
//! whom, and what it costs.
//!
//! In this order: mode, public budget, fault, token, budget of the key, permission, answer.
//! See <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api>.

mod refusal;
mod query;
mod auth;
mod budget;
mod ids;
mod coins;
mod book;
mod page;
mod routes;
mod market;
mod account;
mod fills;
mod wallet;

use crate::{
    args::Rights,
    calendar,
    faults::{Disorder, Fault, broken},
    http::{Incoming, Outcome, Reply},
    venue::{Access, Mode, Settings, Venue},
    world::World,
};
use book::Book;
use budget::Budgets;
use query::Query;
use refusal::Refusal;
use routes::Route;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use auth::Keys;

/// All paths of v3 begin so.
const PREFIX_V3: &str = "/api/v3/brokerage/";
/// All paths of v2 begin so.
const PREFIX_V2: &str = "/v2/";

/// Whether a path is Coinbase's.
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with(PREFIX_V3) || path.starts_with(PREFIX_V2)
}

/// The imitated venue.
pub(crate) struct Coinbase {
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
    /// What stands in the path where its pattern has braces.
    segment: &'a str,
    /// By the venue's clock.
    now_ms: i64,
    rights: Rights,
    disorder: Option<(Disorder, u64)>,
}

/// An answer, or why there is none.
pub(crate) type Answer = Result<Value, Refusal>;

impl Coinbase {
    pub(crate) fn new(venue: Arc<Venue>, keys: Keys) -> Self {
        Self { venue, keys, budgets: Mutex::new(Budgets::new()), book: Mutex::new(None) }
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Outcome {
        let (path, now_ms) = (request.path.as_str(), self.venue.now_ms());
        let mode = self.venue.settings().mode;
        if let Some(outcome) = self.as_a_whole(mode, path) {
            return outcome;
        }
        let Some((route, segment)) = routes::find(&request.method, path) else {
            return Outcome::Whole(Refusal::NotFound.reply(path));
        };
        if route.access == Access::Public
            && let Err(refusal) = self.take(route, now_ms)
        {
            return Outcome::Whole(refusal.reply(path));
        }
        let fault = self.venue.faults.as_ref().map_or(Fault::None, |faults| faults.next(route.path));
        let disorder = match fault {
            Fault::Limited { banned, wait_s } => {
                // Mostly nobody says how long.
                return Outcome::Whole(Refusal::Limited { wait_s: banned.then_some(wait_s) }.reply(path));
            }
            Fault::Broken(kind) => return Outcome::Whole(out_of_order(kind, path)),
            Fault::Hang => return self.venue.hang().await,
            Fault::Disorder(disorder, detail) => Some((disorder, detail)),
            Fault::None | Fault::Cut => None,
        };
        let mut left = None;
        let reply = match self.answer_to(route, &request, &segment, now_ms, disorder, &mut left) {
            Ok(answer) => Reply::json(200, answer),
            Err(refusal) => refusal.reply(path),
        };
        // What the token is judged by: a client may learn of its own clock here.
        let reply = reply.with("date", calendar::http_date(now_ms));
        let reply = match left {
            Some((most, left)) => reply.with("x-ratelimit-limit", most).with("x-ratelimit-remaining", left),
            None => reply,
        };
        if fault == Fault::Cut { Outcome::Cut(reply) } else { Outcome::Whole(reply) }
    }

    fn answer_to(
        &self,
        route: &Route,
        request: &Incoming,
        segment: &str,
        now_ms: i64,
        disorder: Option<(Disorder, u64)>,
        left: &mut Option<(i64, i64)>,
    ) -> Answer {
        let Settings { mode, rights } = *self.venue.settings();
        if route.access != Access::Public {
            if mode == Mode::KeyRefused {
                return Err(Refusal::Unauthorized);
            }
            self.keys.check(request, now_ms)?;
            *left = self.take(route, now_ms)?;
            if !route.access.is_within(rights) {
                return Err(Refusal::Permission);
            }
        }
        let query = Query::parse(&request.query)?;
        let world = self.venue.world();
        let book = self.book(&world);
        (route.answer)(&Call { world: &world, book: &book, query: &query, segment, now_ms, rights, disorder })
    }

    /// Takes what a request costs, if anything costs anything: how much there may be at once, and is left.
    fn take(&self, route: &Route, now_ms: i64) -> Result<Option<(i64, i64)>, Refusal> {
        let is_limited = self.venue.is_limited;
        is_limited.then(|| held(&self.budgets).take(route.budget, now_ms)).transpose()
    }

    /// The account as Coinbase keeps it. Made again only when there is more to tell.
    fn book(&self, world: &World) -> Arc<Book> {
        let mut kept = held(&self.book);
        match kept.as_ref().filter(|book| book.is_of(world)) {
            Some(book) => Arc::clone(book),
            None => Arc::clone(kept.insert(Arc::new(Book::new(world, self.venue.faults.as_ref())))),
        }
    }

    /// What the mode says to every request, if it does.
    fn as_a_whole(&self, mode: Mode, path: &str) -> Option<Outcome> {
        match mode {
            Mode::Normal | Mode::KeyRefused => None,
            Mode::Down if self.venue.is_silent() => Some(Outcome::Dropped),
            Mode::Down => Some(Outcome::Whole(Refusal::Unavailable.reply(path))),
            Mode::RateLimited => Some(Outcome::Whole(Refusal::Limited { wait_s: None }.reply(path))),
            Mode::RegionBlocked => {
                Some(Outcome::Whole(Reply::html(451, "Unavailable For Legal Reasons: restricted location")))
            }
        }
    }
}

/// Errors of a server: in its own words, or as what stands before it writes them.
fn out_of_order(kind: u64, path: &str) -> Reply {
    match kind {
        0 | 2 => Refusal::Internal.reply(path),
        1 => Refusal::Unavailable.reply(path),
        html => broken(html),
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
