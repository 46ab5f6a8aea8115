//! Where an account is: at a venue, or at a test system of one, whose accounts are others and have keys of their own. A test
//! system speaks as the venue does, so one connector reads both; on its way out a request is sent there instead.
//!
//! ```text
//! connector ─► request to api.bybit.com ─► Sandboxed ─► request to api-testnet.bybit.com
//! ```

use crate::{
    ExchangeConnector, Finding, Next, Note, Progress, Refusal, Reply, Request, SharedMarkets, Task, Venue,
    VenueError,
};
use ledger::Timestamp;
use protocol::Credentials;
use zeroize::Zeroizing;

/// A venue's test system.
#[derive(Debug)]
pub struct Sandbox {
    /// The venue's name and the system's: `bybit/testnet`. Accounts are kept under it: it never changes.
    pub name: &'static str,
    /// The account types that are read there.
    pub account_types: &'static [&'static str],
    /// Hosts of the venue, and those that answer instead of them.
    pub hosts: &'static [(&'static str, &'static str)],
    /// What tells the venue that the system is meant, where the host does not.
    pub header: Option<(&'static str, &'static str)>,
    /// Paths that begin so are not there.
    pub lacks: Option<&'static str>,
    /// Whether it tells what a key may do.
    pub tells_rights: bool,
    /// What such an account may hold or do unseen, beside what is unseen of a live one.
    pub cannot_see: &'static [Note],
}

impl Sandbox {
    /// The host that answers instead of one of the venue's.
    fn host(&self, live: &str) -> Option<&'static str> {
        self.hosts.iter().find(|(of, _)| *of == live).map(|(_, here)| *here)
    }

    fn has(&self, path: &str) -> bool {
        self.lacks.is_none_or(|prefix| !path.starts_with(prefix))
    }

    /// The hosts of the venue that this one answers for, if it has the path.
    pub(crate) fn stands_for<'a>(
        &self,
        host: &'a str,
        path: &'a str,
    ) -> impl Iterator<Item = &'static str> + use<'a, '_> {
        let own = self.hosts.iter().filter(move |(_, here)| *here == host && self.has(path));
        own.map(|(live, _)| *live)
    }

    /// The request as it goes there; `None`: there is nothing that could answer it.
    fn moved(&self, mut request: Request) -> Option<Request> {
        request.host = self.host(request.host).filter(|_| self.has(request.path))?;
        let header = self.header.map(|(name, value)| (name, Zeroizing::new(value.to_owned())));
        request.headers.extend(header);
        Some(request)
    }
}

/// A venue's own system, or a test system of it.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// The venue.
    pub venue: Venue,
    sandbox: Option<&'static Sandbox>,
}

impl PartialEq for Site {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl From<Venue> for Site {
    /// Where money is.
    fn from(venue: Venue) -> Self {
        Self { venue, sandbox: None }
    }
}

impl Site {
    /// The test systems of a venue that have all these account types.
    pub fn sandboxes(venue: Venue, types: &[String]) -> Vec<Self> {
        let has = |sandbox: &&Sandbox| types.iter().all(|of| sandbox.account_types.contains(&of.as_str()));
        let sandboxes = venue.capability().sandboxes.iter().filter(has);
        sandboxes.map(|sandbox| Self { venue, sandbox: Some(sandbox) }).collect()
    }

    /// The site of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let tests = || Venue::ALL.into_iter().flat_map(|venue| Self::sandboxes(venue, &[]));
        Venue::from_name(name).map(Self::from).or_else(|| tests().find(|site| site.name() == name))
    }

    /// The venue's name, of a test system with its own behind it. Accounts are kept under it.
    pub fn name(self) -> &'static str {
        self.sandbox.map_or(self.venue.name(), |sandbox| sandbox.name)
    }

    /// Whether no money is there.
    pub fn is_sandbox(self) -> bool {
        self.sandbox.is_some()
    }

    /// What is unseen of such an account, in words.
    pub fn unseen(self, types: &[&str]) -> Vec<String> {
        let own = self.sandbox.into_iter().flat_map(|sandbox| sandbox.cannot_see).map(Note::told);
        own.chain(self.venue.capability().unseen(types)).collect()
    }

    /// A conversation about the account of these credentials, of these account types or of all if none is named. Those that share
    /// `markets` read once what is public.
    pub fn connector(
        self,
        credentials: Credentials,
        markets: &SharedMarkets,
        types: &[&str],
    ) -> Box<dyn ExchangeConnector> {
        let Some(sandbox) = self.sandbox else {
            return self.venue.speaking(credentials, markets.of(self), types, true);
        };
        let all = if types.is_empty() { sandbox.account_types } else { types };
        let inner = self.venue.speaking(credentials, markets.of(self), all, sandbox.tells_rights);
        Box::new(Sandboxed { inner, sandbox })
    }
}

/// A connector whose requests go to a test system.
struct Sandboxed {
    inner: Box<dyn ExchangeConnector>,
    sandbox: &'static Sandbox,
}

impl ExchangeConnector for Sandboxed {
    fn start(&mut self, task: Task) {
        self.inner.start(task);
    }

    fn next(&mut self, now: Timestamp) -> Next {
        loop {
            let request = match self.inner.next(now) {
                Next::Ask(request) => request,
                next => return next,
            };
            if let Some(moved) = self.sandbox.moved(request) {
                return Next::Ask(moved);
            }
            match self.inner.absent(now) {
                Ok(findings) if findings.is_empty() => {}
                Ok(findings) => return Next::Found(findings),
                Err(refusal) => return Next::Failed(refusal),
            }
        }
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        self.inner.take(reply, now)
    }

    fn absent(&mut self, now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        self.inner.absent(now)
    }

    fn beside(&mut self, found: &[Finding]) {
        self.inner.beside(found);
    }

    fn progress(&self) -> Progress {
        self.inner.progress()
    }

    fn saved(&self) -> Vec<u8> {
        self.inner.saved()
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        self.inner.resume(saved)
    }
}

#[cfg(test)]
mod tests;
