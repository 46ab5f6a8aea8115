//! Kraken's spot REST interface over the same world: which request is answered, by whom, and what it costs.
//!
//! In this order: mode, public budget, fault, key, signature and nonce, private budget, permission, answer. An error is
//! an HTTP 200 with words in `error`; there is no code and no `Retry-After`.
//! See <https://docs.kraken.com/api/docs/guides/spot-rest-intro>.

mod refusal;
mod form;
mod auth;
mod counter;
mod names;
mod ids;
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
use counter::Counter;
use form::Form;
use refusal::Refusal;
use routes::Route;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use auth::Keys;

/// All paths of Kraken's begin so.
pub(crate) const PREFIX: &str = "/0/";

/// Tier Intermediate: twenty points, of which one comes back in two seconds.
const PRIVATE: Counter = Counter::new(2_000, 20);
/// One request a second, and a burst that a first collection fits in.
const PUBLIC: Counter = Counter::new(1_000, 120);

/// The imitated venue.
pub(crate) struct Kraken {
    venue: Arc<Venue>,
    keys: Keys,
    public: Mutex<Counter>,
    private: Mutex<Counter>,
    book: Mutex<Option<Arc<Book>>>,
}

/// One request under way.
pub(crate) struct Call<'a> {
    world: &'a World,
    book: &'a Book,
    form: &'a Form,
    keys: &'a Keys,
    /// By the venue's clock.
    now_ms: i64,
    rights: Rights,
    disorder: Option<(Disorder, u64)>,
}

/// The `result` of an answer, or why there is none.
pub(crate) type Answer = Result<String, Refusal>;

impl Kraken {
    pub(crate) fn new(venue: Arc<Venue>, keys: Keys) -> Self {
        Self { venue, keys, public: Mutex::new(PUBLIC), private: Mutex::new(PRIVATE), book: Mutex::new(None) }
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Outcome {
        let mode = self.venue.settings().mode;
        if let Some(outcome) = self.as_a_whole(mode) {
            return outcome;
        }
        let now_ms = self.venue.now_ms();
        let Some(route) = routes::find(&request.path) else {
            return Outcome::Whole(Refusal::method().reply());
        };
        if route.access == Access::Public
            && let Err(refusal) = self.take(&self.public, route, now_ms)
        {
            return Outcome::Whole(refusal.reply());
        }
        let fault = self.venue.faults.as_ref().map_or(Fault::None, |faults| faults.next(route.path));
        let disorder = match fault {
            Fault::Limited { banned, wait_s } => {
                return Outcome::Whole(limited(banned, wait_s, now_ms).reply());
            }
            Fault::Broken(kind) => return Outcome::Whole(out_of_order(kind)),
            Fault::Hang => return self.venue.hang().await,
            Fault::Disorder(disorder, detail) => Some((disorder, detail)),
            Fault::None | Fault::Cut => None,
        };
        let reply = match self.answer_to(route, &request, now_ms, disorder) {
            Ok(result) => Reply::json(200, format!("{{\"error\":[],\"result\":{result}}}")),
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
        // What is signed is the body: a private question has its parameters there and nowhere else.
        let is_public = route.access == Access::Public;
        let form = Form::parse(if is_public { &request.query } else { &request.body })?;
        if !is_public {
            if mode == Mode::KeyRefused {
                return Err(Refusal::key());
            }
            self.keys.check(request, &form)?;
            self.take(&self.private, route, now_ms)?;
            if !route.access.is_within(rights) {
                return Err(Refusal::permission());
            }
        }
        let world = self.venue.world();
        let book = self.book(&world);
        let (form, keys) = (&form, &self.keys);
        (route.answer)(&Call { world: &world, book: &book, form, keys, now_ms, rights, disorder })
    }

    fn take(&self, counter: &Mutex<Counter>, route: &Route, now_ms: i64) -> Result<(), Refusal> {
        if self.venue.is_limited { held(counter).take(route.cost, now_ms) } else { Ok(()) }
    }

    /// The account as Kraken keeps it. Made again only when there is more to tell.
    fn book(&self, world: &World) -> Arc<Book> {
        let mut kept = held(&self.book);
        match kept.as_ref().filter(|book| book.is_of(world)) {
            Some(book) => Arc::clone(book),
            None => Arc::clone(kept.insert(Arc::new(Book::new(world, self.venue.faults.as_ref())))),
        }
    }

    /// What the mode says to every request, if it does.
    fn as_a_whole(&self, mode: Mode) -> Option<Outcome> {
        match mode {
            Mode::Normal | Mode::KeyRefused => None,
            Mode::Down if self.venue.is_silent() => Some(Outcome::Dropped),
            Mode::Down => Some(Outcome::Whole(out_of_order(0))),
            Mode::RateLimited => Some(Outcome::Whole(Refusal::rate().reply())),
            Mode::RegionBlocked => {
                Some(Outcome::Whole(Reply::html(451, "Unavailable For Legal Reasons: restricted location")))
            }
        }
    }
}

/// Too many requests, in each of the words there are for it.
fn limited(banned: bool, wait_s: i64, now_ms: i64) -> Refusal {
    match (banned, wait_s) {
        (true, _) => Refusal::lockout(),
        (false, 3..) => Refusal::throttled(now_ms.div_euclid(1000) + wait_s),
        (false, _) => Refusal::rate(),
    }
}

/// Errors of a server: in its own words, or as what stands before it writes them.
fn out_of_order(kind: u64) -> Reply {
    match kind {
        0 | 2 => Refusal::unavailable().reply(),
        1 => Refusal::busy().reply(),
        html => broken(html),
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
