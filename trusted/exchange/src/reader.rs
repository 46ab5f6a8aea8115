//! The connector of every venue that tells its lists by spans of time: what a venue is stands in its [`Plan`], how it speaks in
//! its dialect, and here what is asked next.
//!
//! ```text
//! balances ─► each list, page by page ─► balances ─► Plan::digest ─► findings
//! ```
//!
//! What a round read is handed on when all of it is there: a venue may tell a fill in one list and what it cost in another.
//! Rows that were read before are told again within the overlap; the ledger knows them.
//!
//! Not here: sockets, waiting, retries (`transport`). Time and answers come as arguments.

mod plan;
mod walk;
mod known;
mod markets;
mod collect;

pub(crate) use markets::{Listed, Markets};
pub(crate) use plan::{Digest, List, Paging, Plan, Rows};

use crate::{
    Asked, ExchangeConnector, Finding, Kline, Moment, Next, Progress, Question, Refusal, Reply, Request,
    Said, Task, VenueError,
    offset::Offset,
    prices::{Candle, Closes, Pricing, earliest, length_ms},
    saved::{self, Owner, short_hash},
};
use collect::Collect;
use known::Known;
use ledger::{Interval, Price, Timestamp};
use protocol::Credentials;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The connector of one account.
pub(crate) struct Reader {
    plan: &'static dyn Plan,
    key: Credentials,
    owner: Owner,
    offset: Offset,
    listed: Arc<Listed>,
    /// The list that is worked with.
    markets: Arc<Markets>,
    closes: Closes,
    /// As of the last round that was received whole, and as of the round under way.
    received: Known,
    known: Known,
    /// Whether `known` was received.
    whole: bool,
    job: Job,
    asked: Option<(Due, Question<'static>)>,
    /// Where the last request went.
    path: &'static str,
    /// The stamp of the last request, milliseconds: those of some venues must rise.
    stamped_ms: i64,
}

enum Job {
    Idle,
    Time,
    Rights,
    Collect(Box<Collect>),
    Price { pricing: Pricing, whole_before: bool },
}

/// What the next answer belongs to.
#[derive(Clone, Copy)]
enum Due {
    Time { sent: Timestamp },
    Markets,
    Rights,
    Collect,
    Candles(Interval),
}

impl Reader {
    pub(crate) fn new(plan: &'static dyn Plan, key: Credentials, listed: Arc<Listed>) -> Self {
        let key_hash = short_hash(key.api_key.expose().as_bytes());
        Self {
            plan,
            key,
            owner: Owner { key_hash, account_hash: None },
            offset: Offset::default(),
            markets: listed.current(),
            listed,
            closes: Closes::default(),
            received: Known::default(),
            known: Known::default(),
            whole: true,
            job: Job::Idle,
            asked: None,
            path: "",
            stamped_ms: 0,
        }
    }

    /// The stamp and the nonce of the next request: nobody has to guess them, none may come twice.
    fn moment(&mut self, at: Timestamp) -> Moment {
        self.stamped_ms = at.millis().max(self.stamped_ms.saturating_add(1));
        let mut hash = Sha256::new();
        for part in [self.owner.key_hash, self.stamped_ms.cast_unsigned()] {
            hash.update(part.to_be_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let random = hash.first_chunk().copied().unwrap_or_default();
        Moment { at: Timestamp::from_millis(self.stamped_ms), random }
    }

    fn request(&mut self, question: &Question<'_>, venue_now: Timestamp) -> Result<Request, Refusal> {
        let moment = self.moment(venue_now);
        let request = self.plan.dialect().ask(question, &self.key, moment)?;
        self.path = request.path;
        Ok(request)
    }

    /// The task is done.
    fn finish(&mut self) -> Next {
        match &self.job {
            Job::Collect(_) => self.whole = true,
            Job::Price { pricing, whole_before } => {
                self.whole = *whole_before;
                // Of all that were asked since the last collection.
                self.known.owed_since_ms = earliest(self.known.owed_since_ms, pricing.owed_since_ms);
            }
            Job::Idle | Job::Time | Job::Rights => {}
        }
        self.job = Job::Idle;
        Next::Finished
    }

    /// What is due, and the question that asks for it.
    fn due(&mut self, now: Timestamp, venue_now: Timestamp) -> Option<(Due, Question<'static>)> {
        let plan = self.plan;
        let old = self.offset.is_old(now);
        if old && !matches!(self.job, Job::Idle) {
            return Some((Due::Time { sent: now }, plan.time()));
        }
        match &mut self.job {
            Job::Idle | Job::Time => None,
            Job::Rights => Some((Due::Rights, plan.rights())),
            Job::Collect(_) | Job::Price { .. } if self.markets.are_old(venue_now) => {
                Some((Due::Markets, plan.listings()))
            }
            Job::Collect(collect) => Some((Due::Collect, collect.next(plan)?)),
            Job::Price { pricing, .. } => {
                let candles = pricing.next(&*self.markets, &self.closes, venue_now)?;
                Some((Due::Candles(candles.interval), plan.candles(&candles)))
            }
        }
    }

    fn read(&self, question: &Question<'_>, reply: &Reply) -> Result<Said, VenueError> {
        self.plan.dialect().read(self.asked(question), reply, self.markets.listings())
    }

    /// What an answer belongs to, as a dialect is told.
    fn asked<'a>(&self, question: &Question<'a>) -> Asked<'a> {
        let Question { need, market, symbol, currency, .. } = question;
        Asked { need: *need, market, path: self.path, symbol: *symbol, currency: *currency, account: None }
    }

    fn take_time(
        &mut self,
        told: &Said,
        sent: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let Said::Time(venue) = *told else { return Err(VenueError::Retry) };
        self.offset.measure(venue, sent, now);
        Ok(vec![Finding::VenueTime(venue)])
    }

    fn take_rights(&mut self, told: &Said, reply: &Reply) -> Result<Vec<Finding>, VenueError> {
        let Said::Rights(rights) = *told else { return Err(VenueError::Retry) };
        let id = self.plan.account_id(reply, &self.key)?;
        self.owner.account_hash = Some(short_hash(id.as_bytes()));
        self.job = Job::Idle;
        let types = self.plan.account_types().to_vec();
        Ok(vec![Finding::Rights(rights), Finding::Account { id, types }])
    }

    /// Takes the candles of an answer; `None`: the venue does not know the symbol.
    fn take_candles(
        &mut self,
        told: Option<Said>,
        interval: Interval,
        venue_now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let candle = |row: Kline| {
            let open_ms = row.open_at.millis();
            let is_closed = open_ms.saturating_add(length_ms(interval)) <= venue_now.millis();
            Candle { open_ms, is_closed, close: Price(row.close) }
        };
        let candles = match told {
            None => None,
            Some(Said::Klines(rows)) => Some(rows.into_iter().map(candle).collect()),
            Some(_) => return Err(VenueError::Retry),
        };
        if let Job::Price { pricing, .. } = &mut self.job {
            pricing.take(&mut self.closes, candles, venue_now);
        }
        Ok(Vec::new())
    }

    fn take_due(
        &mut self,
        (due, question): (Due, Question<'static>),
        answer: Result<&Reply, VenueError>,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let venue_now = self.offset.venue_time(now);
        // What a venue refuses to tell is a part of what it says; not so of these three.
        let may_refuse = matches!(due, Due::Collect | Due::Candles(_));
        let told = match answer {
            Err(VenueError::Permanent(Refusal::Request { .. })) if may_refuse => None,
            answer => Some((self.read(&question, answer?)?, answer?)),
        };
        match (due, told) {
            (Due::Time { sent }, Some((told, _))) => self.take_time(&told, sent, now),
            (Due::Rights, Some((told, reply))) => self.take_rights(&told, reply),
            (Due::Markets, Some((Said::Listings(rows), _))) => {
                self.markets = self.listed.renew(Markets::new(rows, venue_now));
                Ok(Vec::new())
            }
            (Due::Collect, told) => {
                let Job::Collect(collect) = &mut self.job else { return Ok(Vec::new()) };
                let told = told.map(|(told, _)| told);
                collect.take(self.plan, &mut self.known, &self.markets, told, venue_now)
            }
            (Due::Candles(interval), told) => {
                self.take_candles(told.map(|(told, _)| told), interval, venue_now)
            }
            (Due::Time { .. } | Due::Rights | Due::Markets, _) => Err(VenueError::Retry),
        }
    }
}

impl ExchangeConnector for Reader {
    fn start(&mut self, task: Task) {
        self.asked = None;
        self.job = match task {
            Task::Time => {
                self.offset.forget();
                Job::Time
            }
            Task::CheckKey => Job::Rights,
            Task::Collect => {
                // What a long walk read before it failed is as good as it was.
                let begun = match core::mem::replace(&mut self.job, Job::Idle) {
                    Job::Collect(collect) if !self.whole && collect.is_under_way() => Some(collect),
                    _ => None,
                };
                if self.whole {
                    self.received = self.known.clone();
                    // Each price was told and received.
                    self.closes = Closes::default();
                } else if begun.is_none() {
                    self.known = self.received.clone();
                }
                self.whole = false;
                Job::Collect(begun.unwrap_or_else(|| Box::new(Collect::new())))
            }
            Task::Price(wanted) => {
                let whole_before = core::mem::replace(&mut self.whole, false);
                Job::Price {
                    pricing: Pricing::new(wanted, &mut self.closes, self.plan.depth()),
                    whole_before,
                }
            }
        };
    }

    fn next(&mut self, now: Timestamp) -> Next {
        let venue_now = self.offset.venue_time(now);
        if self.markets.are_old(venue_now) {
            // Another account may have read it meanwhile.
            self.markets = self.listed.current();
        }
        let due = self.due(now, venue_now);
        if let Job::Price { pricing, .. } = &mut self.job {
            let found = pricing.found();
            if !found.is_empty() {
                return Next::Found(found);
            }
        }
        let Some((due, question)) = due else { return self.finish() };
        let request = self.request(&question, venue_now);
        self.asked = Some((due, question));
        request.map_or_else(Next::Failed, Next::Ask)
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        let answer = match self.plan.dialect().error(reply, self.offset.venue_time(now)) {
            Some(VenueError::FixClock) => {
                self.offset.forget();
                return Err(VenueError::FixClock);
            }
            Some(error) => Err(error),
            None => Ok(reply),
        };
        let Some(due) = self.asked.clone() else { return Ok(Vec::new()) };
        let findings = self.take_due(due, answer, now)?;
        self.asked = None;
        Ok(findings)
    }

    fn progress(&self) -> Progress {
        match &self.job {
            Job::Idle => Progress { done: 1, total: 1 },
            Job::Time | Job::Rights => Progress { done: 0, total: 1 },
            Job::Collect(collect) => collect.progress(),
            Job::Price { pricing, .. } => pricing.progress(),
        }
    }

    fn saved(&self) -> Vec<u8> {
        saved::write(
            self.plan.saved_head(),
            self.owner,
            if self.whole { &self.known } else { &self.received },
        )
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        let known = saved::read::<Known>(self.plan.saved_head(), saved);
        let Some((owner, known)) = known.filter(|(owner, _)| self.owner.is(owner)) else { return false };
        self.owner.account_hash = self.owner.account_hash.or(owner.account_hash);
        (self.known, self.received) = (known.clone(), known);
        (self.whole, self.job, self.asked) = (true, Job::Idle, None);
        true
    }
}
