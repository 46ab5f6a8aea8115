//! Binance's REST interface: which request is answered, by whom, and what it costs.
//!
//! In this order: mode, budget, fault, key and signature, parameters, answer. Weights as the venue documents them.

mod refusal;
mod params;
mod auth;
mod routes;
mod market;
mod spot;
mod wallet;
mod transfers;
mod margin;
mod futures;

use crate::{
    args::Rights,
    faults::{Disorder, Fault, Faults, broken, disturb},
    http::{Incoming, Outcome, Reply},
    venue::{Access, Mode, Settings, Venue},
    weights::{Refused, Weights},
    world::World,
};
use refusal::Refusal;
use routes::Route;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use auth::Keys;
pub(crate) use margin::{interest_row, loan_row};
pub(crate) use market::symbol_row;
pub(crate) use params::{Params, decoded};
pub(crate) use spot::{FillRow, balance_rows};
pub(crate) use wallet::{convert_row, deposit_row, dividend_row, dust_row, withdrawal_row};

/// What everybody is told to wait in the mode that limits all: longer than anybody holds a request back.
const LIMITED_WAIT_S: u32 = 300;

/// The imitated venue.
pub(crate) struct Binance {
    venue: Arc<Venue>,
    keys: Keys,
    weights: Mutex<Weights>,
}

/// One request under way.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) params: &'a Params,
    /// By the venue's clock.
    pub(crate) now_ms: i64,
    pub(crate) rights: Rights,
    faults: Option<&'a Faults>,
    disorder: Option<(Disorder, u64)>,
}

/// What an endpoint answers, or why not.
pub(crate) type Answer = Result<String, Refusal>;

impl Call<'_> {
    /// A list of rows as an answer, in disorder if that is the fault of the request.
    fn page<T: Clone>(&self, mut rows: Vec<T>, limit: usize) -> Vec<T> {
        if let Some((disorder, detail)) = self.disorder {
            disturb(&mut rows, limit, disorder, detail);
        }
        rows
    }
}

impl Binance {
    pub(crate) fn new(venue: Arc<Venue>, keys: Keys) -> Self {
        Self { venue, keys, weights: Mutex::default() }
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Outcome {
        let mode = self.venue.settings().mode;
        if let Some(outcome) = self.as_a_whole(mode) {
            return outcome;
        }
        let Some(route) = routes::find(&request.method, &request.path) else {
            return Outcome::Whole(routes::nowhere(&request));
        };
        let params = match Params::parse(&request.query, &request.body) {
            Ok(params) => params,
            Err(refusal) => return Outcome::Whole(refusal.reply()),
        };
        let now_ms = self.venue.now_ms();
        let (used, taken) = self.take(route, &params, now_ms);
        let header = route.budget.header();
        if let Err(refused) = taken {
            return Outcome::Whole(too_many(refused).with(header, used));
        }
        let fault = self.venue.faults.as_ref().map_or(Fault::None, |faults| faults.next(route.path));
        let disorder = match fault {
            Fault::Limited { banned: false, wait_s } => {
                return Outcome::Whole(too_many(Refused::TooMany { wait_s, limit: route.budget.limit() }));
            }
            Fault::Limited { banned: true, wait_s } => {
                return Outcome::Whole(too_many(Refused::Banned {
                    wait_s,
                    until_ms: now_ms + wait_s * 1000,
                }));
            }
            Fault::Broken(kind) => return Outcome::Whole(broken(kind)),
            Fault::Hang => return self.venue.hang().await,
            Fault::Disorder(disorder, detail) => Some((disorder, detail)),
            Fault::None | Fault::Cut => None,
        };
        let reply = match self.answer_to(route, &request, &params, now_ms, disorder) {
            Ok(body) => Reply::json(200, body),
            Err(refusal) => refusal.reply(),
        };
        let reply = reply.with(header, used);
        if fault == Fault::Cut { Outcome::Cut(reply) } else { Outcome::Whole(reply) }
    }

    fn take(&self, route: &Route, params: &Params, now_ms: i64) -> (u32, Result<(), Refused>) {
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        let (used, taken) = weights.take(route.budget, route.path, (route.weight)(params), now_ms);
        (used, if self.venue.is_limited { taken } else { Ok(()) })
    }

    fn answer_to(
        &self,
        route: &Route,
        request: &Incoming,
        params: &Params,
        now_ms: i64,
        disorder: Option<(Disorder, u64)>,
    ) -> Answer {
        let Settings { mode, rights } = *self.venue.settings();
        if route.access != Access::Public {
            if mode == Mode::KeyRefused {
                return Err(Refusal::key());
            }
            self.keys.check(request, params, now_ms)?;
            if !route.access.is_within(rights) {
                return Err(Refusal::key());
            }
        }
        route.check_names(params)?;
        let world = self.venue.world();
        (route.answer)(&Call {
            world: &world,
            params,
            now_ms,
            rights,
            faults: self.venue.faults.as_ref(),
            disorder,
        })
    }

    /// What the mode says to every request, if it does.
    fn as_a_whole(&self, mode: Mode) -> Option<Outcome> {
        match mode {
            Mode::Normal | Mode::KeyRefused => None,
            Mode::Down if self.venue.is_silent() => Some(Outcome::Dropped),
            Mode::Down => Some(Outcome::Whole(broken(4))),
            Mode::RateLimited => {
                let refused = Refused::TooMany { wait_s: i64::from(LIMITED_WAIT_S), limit: 6_000 };
                Some(Outcome::Whole(too_many(refused)))
            }
            Mode::RegionBlocked => {
                let message = "Service unavailable from a restricted location according to 'b. Eligibility' in https://www.binance.com/en/terms. Please contact customer service if you believe you received this message in error.";
                Some(Outcome::Whole(Reply::json(451, json!({ "code": 0, "msg": message }))))
            }
        }
    }
}

fn too_many(refused: Refused) -> Reply {
    let (status, wait_s, message) = match refused {
        Refused::TooMany { wait_s, limit } => (
            429,
            wait_s,
            format!(
                "Too much request weight used; current limit is {limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
            ),
        ),
        Refused::Banned { wait_s, until_ms } => (
            418,
            wait_s,
            format!(
                "Way too much request weight used; IP banned until {until_ms}. Please use WebSocket Streams for live updates to avoid bans."
            ),
        ),
    };
    Reply::json(status, json!({ "code": -1003, "msg": message })).with("Retry-After", wait_s)
}
