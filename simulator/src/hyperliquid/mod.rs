//! Hyperliquid's `POST /info` over the same world: everything is asked there, of any address and by anybody, and nothing is
//! signed. The money of this venue is USDC: it stands for the world's USDT.
//!
//! In this order: mode, budget, fault, question, answer. A question that cannot be read is a 422 in words, one about what
//! does not exist a 500. `POST /exchange`, where orders go, never takes one.
//! See <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint>.

mod question;
mod refusal;
mod budget;
mod names;
mod ids;
mod book;
mod routes;
mod market;
mod candles;
mod state;
mod history;

use crate::{
    faults::{Disorder, Fault, broken},
    http::{Incoming, Outcome, Reply},
    venue::{Mode, Venue},
    world::World,
};
use book::Book;
use budget::Budget;
use question::Question;
use refusal::Refusal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where everything is asked, and where orders would go.
pub(crate) const PATHS: [&str; 2] = ["/info", "/exchange"];

/// Publicly known: the accounts behind them are invented. The first is that of the world, whose private key is known too;
/// the second is a sub-account of it, which is empty.
pub(crate) const ADDRESS: &str = "0xed951a28e6a4c957e46d5138a14a231dab7726a6";
pub(crate) const PRIVATE_KEY: &str = "0x64656d6f2068797065726c6971756964206b65792c20696e76656e7465642121";
const SUB_ACCOUNT: &str = "0x5ab0000000000000000000000000000000000001";

/// The imitated venue.
pub(crate) struct Hyperliquid {
    venue: Arc<Venue>,
    /// How many of the newest fills exist.
    fills_kept: usize,
    budget: Mutex<Budget>,
    book: Mutex<Option<Arc<Book>>>,
}

/// One question under way.
pub(crate) struct Call<'a> {
    world: &'a World,
    book: &'a Book,
    question: &'a Question,
    fills_kept: usize,
    now_ms: i64,
    /// The address is none any more.
    forgotten: bool,
    disorder: Option<(Disorder, u64)>,
}

/// The body of an answer, and what it weighs more for its rows; or why there is none.
pub(crate) type Answer = Result<(String, u32), Refusal>;

impl Hyperliquid {
    pub(crate) fn new(venue: Arc<Venue>, fills_kept: usize) -> Self {
        Self { venue, fills_kept, budget: Mutex::default(), book: Mutex::default() }
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Outcome {
        let mode = self.venue.settings().mode;
        if let Some(outcome) = self.as_a_whole(mode) {
            return outcome;
        }
        let now_ms = self.venue.now_ms();
        if request.method != "POST" {
            return Outcome::Whole(Refusal::Method.reply());
        }
        if request.path != "/info" {
            return Outcome::Whole(Refusal::Order.reply());
        }
        if self.venue.is_limited && held(&self.budget).is_used_up(now_ms) {
            return Outcome::Whole(Refusal::Rate.reply());
        }
        let question = match Question::parse(&request) {
            Ok(question) => question,
            Err(refusal) => return Outcome::Whole(refusal.reply()),
        };
        let path = format!("/info {}", question.kind());
        let fault = self.venue.faults.as_ref().map_or(Fault::None, |faults| faults.next(&path));
        let disorder = match fault {
            // Nobody is banned here: who asks too much is told so each time.
            Fault::Limited { .. } => return Outcome::Whole(Refusal::Rate.reply()),
            Fault::Broken(kind) => return Outcome::Whole(out_of_order(kind)),
            Fault::Hang => return self.venue.hang().await,
            Fault::Disorder(disorder, detail) => Some((disorder, detail)),
            Fault::None | Fault::Cut => None,
        };
        let reply = match self.answer_to(&question, mode, now_ms, disorder) {
            Ok(body) => Reply::json(200, body),
            Err(refusal) => refusal.reply(),
        };
        if fault == Fault::Cut { Outcome::Cut(reply) } else { Outcome::Whole(reply) }
    }

    fn answer_to(
        &self,
        question: &Question,
        mode: Mode,
        now_ms: i64,
        disorder: Option<(Disorder, u64)>,
    ) -> Result<String, Refusal> {
        let route = routes::find(question.kind()).ok_or(Refusal::Form)?;
        held(&self.budget).take(route.weight, now_ms);
        let world = self.venue.world();
        let book = self.book(&world);
        let (fills_kept, forgotten) = (self.fills_kept, mode == Mode::KeyRefused);
        let call = Call { world: &world, book: &book, question, fills_kept, now_ms, forgotten, disorder };
        let (body, more) = (route.answer)(&call)?;
        held(&self.budget).take(more, now_ms);
        Ok(body)
    }

    /// The account as Hyperliquid keeps it. Made again only when there is more to tell.
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
            // There is no key: an account that is refused is none (`state::role`).
            Mode::Normal | Mode::KeyRefused => None,
            Mode::Down if self.venue.is_silent() => Some(Outcome::Dropped),
            Mode::Down => Some(Outcome::Whole(out_of_order(0))),
            Mode::RateLimited => Some(Outcome::Whole(Refusal::Rate.reply())),
            Mode::RegionBlocked => Some(Outcome::Whole(Reply::html(403, "Forbidden"))),
        }
    }
}

impl Call<'_> {
    /// Whether the question is about the account of the world.
    fn is_ours(&self) -> Result<bool, Refusal> {
        Ok(self.question.user()? == ADDRESS && !self.forgotten)
    }
}

/// Errors of a server: in its own words, or as what stands before it writes them.
fn out_of_order(kind: u64) -> Reply {
    match kind {
        0..=2 => Refusal::Server.reply(),
        html => broken(html),
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
