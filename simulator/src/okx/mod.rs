//! OKX's REST interface, version 5, over the same world: which request is answered, by whom, and how often.
//!
//! In this order: mode, endpoint, budget of public ones, fault, key and signature, budget of signed ones, permission,
//! parameters, answer. Every answer is `{"code","msg","data"}`; all values are texts, and an empty text is none.
//! See <https://www.okx.com/docs-v5/en/>.
//!
//! The account lives in its trading account, as `book` says. Lists keep what they keep on the real venue: executions
//! three months, bookings of trading three months, those of funding for ever, deposits and withdrawals for ever.

mod refusal;
mod query;
mod auth;
mod limits;
mod names;
mod book;
mod page;
mod routes;
mod market;
mod account;
mod history;
mod funding;

use crate::{
    args::Rights,
    faults::{Disorder, Fault, broken},
    http::{Incoming, Outcome, Reply},
    venue::{Access, Mode, Settings, Venue},
    world::World,
};
use book::Book;
use limits::Limits;
use query::Query;
use refusal::Refusal;
use routes::Route;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use auth::Keys;

/// All paths of OKX's begin so.
pub(crate) const PREFIX: &str = "/api/v5/";

/// The imitated venue.
pub(crate) struct Okx {
    venue: Arc<Venue>,
    keys: Keys,
    limits: Mutex<Limits>,
    book: Mutex<Option<Arc<Book>>>,
}

/// One request under way.
pub(crate) struct Call<'a> {
    world: &'a World,
    book: &'a Book,
    query: &'a Query,
    /// By the venue's clock.
    now_ms: i64,
    rights: Rights,
    disorder: Option<(Disorder, u64)>,
}

/// The `data` of an answer, or why there is none.
pub(crate) type Answer = Result<String, Refusal>;

impl Okx {
    pub(crate) fn new(venue: Arc<Venue>, keys: Keys) -> Self {
        Self { venue, keys, limits: Mutex::default(), book: Mutex::new(None) }
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Outcome {
        let mode = self.venue.settings().mode;
        if let Some(outcome) = self.as_a_whole(mode) {
            return outcome;
        }
        let now_ms = self.venue.now_ms();
        let Some(route) = routes::find(&request.path) else {
            return Outcome::Whole(Refusal::path().reply());
        };
        if request.method != route.method {
            return Outcome::Whole(Refusal::method().reply());
        }
        if route.access == Access::Public && !self.take(route, now_ms) {
            return Outcome::Whole(Refusal::too_many().reply());
        }
        let fault = self.venue.faults.as_ref().map_or(Fault::None, |faults| faults.next(route.path));
        let disorder = match fault {
            // There is no ban for good and no hint how long to wait: the longer one is an outage.
            Fault::Limited { banned: false, .. } => return Outcome::Whole(Refusal::too_many().reply()),
            Fault::Limited { banned: true, .. } => return Outcome::Whole(Refusal::unavailable().reply()),
            Fault::Broken(kind) => return Outcome::Whole(out_of_order(kind)),
            Fault::Hang => return self.venue.hang().await,
            Fault::Disorder(disorder, detail) => Some((disorder, detail)),
            Fault::None | Fault::Cut => None,
        };
        let reply = match self.answer_to(route, &request, now_ms, disorder) {
            Ok(data) => Reply::json(200, format!("{{\"code\":\"0\",\"msg\":\"\",\"data\":{data}}}")),
            Err(refusal) => refusal.reply(),
        };
        if fault == Fault::Cut { Outcome::Cut(reply) } else { Outcome::Whole(reply) }
    }

    fn answer_to(
        &self,
        route: &Route,
        request: &Incoming,
        now_ms: i64,
        disorder: Option<(Disorder, u64)>,
    ) -> Answer {
        let Settings { mode, rights } = *self.venue.settings();
        if route.access != Access::Public {
            if mode == Mode::KeyRefused {
                return Err(Refusal::key());
            }
            self.keys.check(request, now_ms)?;
            if !self.take(route, now_ms) {
                return Err(Refusal::too_many());
            }
            if !route.access.is_within(rights) {
                return Err(Refusal::permission());
            }
        }
        let query = Query::parse(&request.query)?;
        let world = self.venue.world();
        let book = self.book(&world, now_ms);
        (route.answer)(&Call { world: &world, book: &book, query: &query, now_ms, rights, disorder })
    }

    /// Whether there is still something left of the endpoint's budget.
    fn take(&self, route: &Route, now_ms: i64) -> bool {
        !self.venue.is_limited || held(&self.limits).take(route.path, route.limit, now_ms)
    }

    /// The account as OKX keeps it. Made again only when there is more to tell.
    fn book(&self, world: &World, now_ms: i64) -> Arc<Book> {
        let mut kept = held(&self.book);
        match kept.as_ref().filter(|book| book.is_of(world, now_ms)) {
            Some(book) => Arc::clone(book),
            None => Arc::clone(kept.insert(Arc::new(Book::new(world, self.venue.faults.as_ref(), now_ms)))),
        }
    }

    /// What the mode says to every request, if it does.
    fn as_a_whole(&self, mode: Mode) -> Option<Outcome> {
        match mode {
            Mode::Normal | Mode::KeyRefused => None,
            Mode::Down if self.venue.is_silent() => Some(Outcome::Dropped),
            Mode::Down => Some(Outcome::Whole(out_of_order(0))),
            Mode::RateLimited => Some(Outcome::Whole(Refusal::too_many().reply())),
            Mode::RegionBlocked => {
                Some(Outcome::Whole(Reply::html(451, "Unavailable For Legal Reasons: restricted location")))
            }
        }
    }
}

/// Errors of a server: in its own words, or as what stands before it writes them.
fn out_of_order(kind: u64) -> Reply {
    match kind {
        0 => Refusal::busy().reply(),
        1 => Refusal::system().reply(),
        2 => Refusal::timeout().reply(),
        html => broken(html),
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
