//! Binance, spot accounts (EXCHANGES.md section 2): which request comes next, and what its answer means.
//!
//! Not here: sockets, waiting, retries (`transport`). Time and answers come as arguments.

mod capability;
mod sign;
mod endpoint;
mod wire;
mod errors;
mod rights;
mod markets;
mod income;
mod flows;
mod asked;
mod fills;
mod known;
mod reach;
mod collect;
mod candles;
mod fuzz;
mod dialect;
mod moves;
pub(crate) mod contracts;
pub(crate) mod margin;

pub(crate) use capability::CAPABILITY;
pub(crate) use dialect::BinanceDialect;
pub(crate) use dialect::WALLET_CALLS;
pub(crate) use endpoint::{ALLOWED, HOST};
pub use fuzz::{fuzz_binance_error, fuzz_binance_reply, fuzz_binance_saved};
pub(crate) use markets::Listed;

use crate::{
    ExchangeConnector, Finding, KeyRights, Method, Need, Next, Progress, Question, Refusal, Reply, Request,
    Task, VenueError,
    joined::{Joined, Part},
    offset::Offset,
    prices::{Candles, Closes, Pricing, earliest},
    reader::{self, INVENTORY_MS, Plan, Reader, below},
    saved::{self, Owner, short_hash},
};
use collect::Collect;
use endpoint::{ACCOUNT, API_RESTRICTIONS, Ask, EXCHANGE_INFO, SUB_ACCOUNTS, TIME};
use known::Known;
use ledger::Timestamp;
use markets::Markets;
use protocol::{Credentials, Secret};
use sha2::{Digest as _, Sha256};
use sign::Signer;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The spot account in the books of its record.
pub(crate) const SPOT: &str = "binance/spot";
/// The venue and the version of what is saved.
const SAVED_HEAD: &[u8] = b"binance/2\n";
/// Accounts below this one that a page tells.
const SUB_ACCOUNTS_MAX: usize = 200;
/// A request that takes longer than the transport waits is of no use any more (`recvWindow`).
const RECEIVE_WINDOW_MS: u32 = 20_000;
/// The connector of one account.
pub(crate) struct Binance {
    signer: Signer,
    /// Test systems do not tell what a key may do.
    tells_rights: bool,
    owner: Owner,
    offset: Offset,
    listed: Arc<Listed>,
    /// The list that is worked with.
    markets: Arc<Markets>,
    /// When accounts below this one were counted, and how many there are; `None`: the venue refused to tell.
    inventory: Option<(Timestamp, Option<usize>)>,
    /// As far as they are counted.
    counted: usize,
    closes: Closes,
    /// As of the last round that was received whole, and as of the round under way.
    received: Known,
    known: Known,
    /// Whether `known` was received.
    whole: bool,
    job: Job,
    asked: Option<Asked>,
}

enum Job {
    Idle,
    Time,
    Rights,
    Identity,
    Collect(Box<Collect>),
    Price { pricing: Pricing, whole_before: bool },
}

/// What the next answer belongs to.
#[derive(Clone, Copy)]
enum Asked {
    Time { sent: Timestamp },
    Markets,
    Inventory,
    Job,
}

/// The wallets beside the spot account are of the same key: where one is read alone, its key stands for the account.
fn key_as_account(key: &Credentials) -> String {
    let hash = Sha256::digest([b"binance account\0", key.api_key.expose().as_bytes()].concat());
    hex::encode(hash)
}

/// Pairs of coins, which price what is held, and contracts: all wallets share one list.
fn all_listings() -> Vec<Question<'static>> {
    ["spot", "usdm", "coinm"].map(|market| Question::of(Need::Listings, market)).to_vec()
}

/// The spot account with the wallets beside it, as far as these account types are asked for; all, if none is named.
pub(crate) fn connector(
    credentials: Credentials,
    (spot, wallets): (Arc<Listed>, &Arc<reader::Listed>),
    types: &[&str],
    tells_rights: bool,
) -> Box<dyn ExchangeConnector> {
    // What moved between cross and isolated margin is listed by the latter alone: it comes first.
    let plans: [(&str, &'static dyn Plan); 4] = [
        ("the USD-M wallet", &contracts::USDM),
        ("the COIN-M wallet", &contracts::COINM),
        ("isolated margin", &margin::ISOLATED),
        ("the cross margin wallet", &margin::CROSS),
    ];
    let is_asked =
        |plan: &dyn Plan| types.is_empty() || plan.account_types().iter().any(|of| types.contains(of));
    let others = plans.into_iter().filter(|(_, plan)| is_asked(*plan)).map(|(called, plan)| Part {
        account: plan.account(),
        called,
        types: plan.account_types(),
        connector: Box::new(Reader::new(plan, copy(&credentials), Arc::clone(wallets))),
    });
    let others: Vec<Part> = others.collect();
    let spot = Box::new(Binance::new(credentials, spot, tells_rights));
    match others.is_empty() {
        true => spot,
        false => Box::new(Joined::new(
            Part { account: SPOT, called: "the spot account", types: &["spot"], connector: spot },
            others,
        )),
    }
}

fn copy(Credentials { api_key, secret, passphrase }: &Credentials) -> Credentials {
    let again = |secret: &Secret| Secret::new(secret.expose().to_owned());
    Credentials { api_key: again(api_key), secret: again(secret), passphrase: passphrase.as_ref().map(again) }
}

/// Whether one of its connectors may send this.
pub(crate) fn allows(method: Method, host: &str, path: &str) -> bool {
    (host == HOST && ALLOWED.contains(&(method, path)))
        || (method == Method::Get && WALLET_CALLS.contains(&(host, path)))
}

/// What asks for candles of a pair of coins.
fn spot_candles(asked: &Candles) -> Question<'static> {
    let Candles { symbol, interval, first_ms, last_ms, limit } = asked;
    let with = vec![("symbol", symbol.to_string()), ("interval", interval.as_str().to_owned())];
    Question {
        from_ms: Some(*first_ms),
        to_ms: Some(*last_ms),
        limit: u32::try_from(*limit).ok(),
        with,
        ..Question::of(Need::Klines, "spot")
    }
}

impl Binance {
    pub(crate) fn new(credentials: Credentials, listed: Arc<Listed>, tells_rights: bool) -> Self {
        let Credentials { api_key, secret, passphrase: _ } = credentials;
        let signer = Signer::new(api_key, secret);
        Self {
            owner: Owner { key_hash: signer.key_hash(), account_hash: None },
            signer,
            tells_rights,
            offset: Offset::default(),
            markets: listed.current(),
            listed,
            inventory: None,
            counted: 0,
            closes: Closes::default(),
            received: Known::default(),
            known: Known::default(),
            whole: true,
            job: Job::Idle,
            asked: None,
        }
    }

    fn request(&self, ask: Ask, venue_now: Timestamp) -> Option<Request> {
        let Ask { endpoint, query } = ask;
        let (mut query, mut headers) = (Zeroizing::new(query), Vec::new());
        if endpoint.signed {
            let separator = if query.is_empty() { "" } else { "&" };
            let stamp = format!("{separator}recvWindow={RECEIVE_WINDOW_MS}&timestamp={}", venue_now.millis());
            query.push_str(&stamp);
            query = self.signer.signed(query)?;
            headers.push(self.signer.header());
        }
        let cost = endpoint.cost(self.owner.key_hash);
        Some(Request { query, headers, ..Request::get(HOST, endpoint.path, cost) })
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
            Job::Idle | Job::Time | Job::Rights | Job::Identity => {}
        }
        self.job = Job::Idle;
        Next::Finished
    }

    fn take_time(
        &mut self,
        body: &[u8],
        sent: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let told: wire::ServerTime<'_> = wire::read(TIME.path, body)?;
        let venue = told.server_time.time(TIME.path, "serverTime")?;
        self.offset.measure(venue, 1, sent, now);
        Ok(vec![Finding::VenueTime(venue)])
    }

    /// Who has accounts below this one has more than is read here.
    fn inventory_due(&self, venue_now: Timestamp) -> bool {
        let is_old = |(at, _): (Timestamp, _)| venue_now.millis() - at.millis() >= INVENTORY_MS;
        let is_under_way = matches!(&self.job, Job::Collect(collect) if collect.progress().done > 0);
        is_under_way && self.inventory.is_none_or(is_old)
    }

    fn ask_inventory(&self) -> Ask {
        let page = self.counted / SUB_ACCOUNTS_MAX + 1;
        SUB_ACCOUNTS.ask().with("page", page).with("limit", SUB_ACCOUNTS_MAX)
    }

    fn take_inventory(
        &mut self,
        answer: Result<&[u8], VenueError>,
        venue_now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let count = match answer {
            Err(VenueError::Permanent(_)) => None,
            answer => {
                let told: wire::SubAccounts = wire::read(SUB_ACCOUNTS.path, answer?)?;
                self.counted = self.counted.saturating_add(told.sub_accounts.len());
                if told.sub_accounts.len() >= SUB_ACCOUNTS_MAX {
                    return Ok(Vec::new());
                }
                Some(self.counted)
            }
        };
        (self.inventory, self.counted) = (Some((venue_now, count)), 0);
        Ok(Vec::new())
    }

    fn take_job(
        &mut self,
        answer: Result<&[u8], VenueError>,
        venue_now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        match &mut self.job {
            Job::Idle | Job::Time => Ok(Vec::new()),
            Job::Rights => {
                let rights = rights::rights(API_RESTRICTIONS.path, answer?)?;
                self.job = Job::Identity;
                Ok(vec![Finding::Rights(rights)])
            }
            Job::Identity => {
                let account: wire::Account<'_> = wire::read(ACCOUNT.path, answer?)?;
                let id = account.uid.ok_or(wire::wrong(ACCOUNT.path, "uid"))?.as_str().to_owned();
                self.owner.account_hash = Some(short_hash(id.as_bytes()));
                self.job = Job::Idle;
                let rights = (!self.tells_rights).then_some(Finding::Rights(KeyRights::untold()));
                Ok(rights.into_iter().chain([Finding::Account { id, types: vec!["spot"] }]).collect())
            }
            Job::Collect(collect) => {
                let mut findings = collect.take(&mut self.known, &self.markets, answer, venue_now)?;
                if findings.iter().any(|finding| matches!(finding, Finding::Reach(_))) {
                    findings.extend(self.inventory.and_then(|(_, count)| below(count)));
                }
                Ok(findings)
            }
            Job::Price { pricing, .. } => {
                let candles = match answer {
                    Err(VenueError::Permanent(Refusal::Request { .. })) => None,
                    answer => Some(candles::read(answer?, venue_now)?),
                };
                pricing.take(&mut self.closes, candles, venue_now);
                Ok(Vec::new())
            }
        }
    }
}

impl ExchangeConnector for Binance {
    fn start(&mut self, task: Task) {
        self.asked = None;
        self.job = match task {
            Task::Time => {
                self.offset.forget();
                Job::Time
            }
            Task::CheckKey if self.tells_rights => Job::Rights,
            Task::CheckKey => Job::Identity,
            Task::Collect => {
                if self.whole {
                    self.received = self.known.clone();
                    // Each price was told and received.
                    self.closes = Closes::default();
                } else {
                    self.known = self.received.clone();
                }
                self.whole = false;
                Job::Collect(Box::new(Collect::new()))
            }
            Task::Price(wanted) => {
                let whole_before = core::mem::replace(&mut self.whole, false);
                Job::Price { pricing: Pricing::new(wanted, &mut self.closes, candles::DEPTH), whole_before }
            }
        };
    }

    fn next(&mut self, now: Timestamp) -> Next {
        let venue_now = self.offset.venue_time(now);
        if self.markets.are_old(venue_now) {
            // Another account may have read it meanwhile.
            self.markets = self.listed.current();
        }
        let (old, inventory_due) = (self.offset.is_old(now), self.inventory_due(venue_now));
        let (asked, ask) = match &mut self.job {
            Job::Idle => return self.finish(),
            _ if old => (Asked::Time { sent: now }, TIME.ask()),
            Job::Time => return self.finish(),
            Job::Rights => (Asked::Job, API_RESTRICTIONS.ask()),
            Job::Identity => (Asked::Job, ACCOUNT.ask()),
            Job::Collect(_) | Job::Price { .. } if self.markets.are_old(venue_now) => {
                (Asked::Markets, EXCHANGE_INFO.ask())
            }
            Job::Collect(_) if inventory_due => (Asked::Inventory, self.ask_inventory()),
            Job::Collect(collect) => match collect.next() {
                Some(ask) => (Asked::Job, ask),
                None => return self.finish(),
            },
            Job::Price { pricing, .. } => {
                let ask =
                    pricing.next(&*self.markets, &self.closes, venue_now).map(|asked| candles::ask(&asked));
                let found = pricing.found();
                match ask {
                    _ if !found.is_empty() => return Next::Found(found),
                    Some(ask) => (Asked::Job, ask),
                    None => return self.finish(),
                }
            }
        };
        self.asked = Some(asked);
        self.request(ask, venue_now).map_or(Next::Failed(Refusal::Credentials), Next::Ask)
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        let venue_now = self.offset.venue_time(now);
        let answer = match errors::error(reply, venue_now) {
            Some(VenueError::FixClock) => {
                self.offset.forget();
                return Err(VenueError::FixClock);
            }
            Some(error) => Err(error),
            None => Ok(&*reply.body),
        };
        let findings = match self.asked {
            None => return Ok(Vec::new()),
            Some(Asked::Time { sent }) => self.take_time(answer?, sent, now),
            Some(Asked::Markets) => {
                self.markets = self.listed.renew(Markets::read(answer?, venue_now)?);
                Ok(Vec::new())
            }
            Some(Asked::Inventory) => self.take_inventory(answer, venue_now),
            Some(Asked::Job) => self.take_job(answer, venue_now),
        }?;
        self.asked = None;
        Ok(findings)
    }

    fn absent(&mut self, now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        let venue_now = self.offset.venue_time(now);
        let is_list = match (&self.asked, &mut self.job) {
            (Some(Asked::Inventory), _) => {
                // Where they cannot be asked for there are none.
                self.inventory = Some((venue_now, Some(0)));
                true
            }
            (Some(Asked::Job), Job::Collect(collect)) => {
                collect.absent(&mut self.known, &self.markets, venue_now)
            }
            _ => false,
        };
        self.asked = None;
        if is_list { Ok(Vec::new()) } else { Err(Refusal::Request { code: 404 }) }
    }

    fn beside(&mut self, found: &[Finding]) {
        for finding in found {
            if let Some((SPOT, Finding::Movement(movement))) = finding.within() {
                self.known.add_movement(movement);
            }
        }
    }

    fn progress(&self) -> Progress {
        match &self.job {
            Job::Idle => Progress { done: 1, total: 1 },
            Job::Time => Progress { done: 0, total: 1 },
            Job::Rights => Progress { done: 0, total: 2 },
            Job::Identity => Progress { done: 1, total: 2 },
            Job::Collect(collect) => collect.progress(),
            Job::Price { pricing, .. } => pricing.progress(),
        }
    }

    fn saved(&self) -> Vec<u8> {
        saved::write(SAVED_HEAD, self.owner, if self.whole { &self.known } else { &self.received })
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        let Some((owner, known)) =
            saved::read::<Known>(SAVED_HEAD, saved).filter(|(owner, _)| self.owner.is(owner))
        else {
            return false;
        };
        self.owner.account_hash = self.owner.account_hash.or(owner.account_hash);
        (self.known, self.received) = (known.clone(), known);
        (self.whole, self.job, self.asked) = (true, Job::Idle, None);
        true
    }
}
