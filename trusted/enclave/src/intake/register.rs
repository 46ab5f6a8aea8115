//! Registration: credentials in, session out (DESIGN.md section 4, Key rights). Nothing exists before the venue said what the key
//! may do; then session, lease, account and record are written in one transaction, and only then answered.

use crate::{
    account::{Account, AccountRecord, Rows},
    environment,
    failure::Failure,
    holder::{Record, Signed},
    kept::{self, Saving},
    lease::Lease,
    publish,
    service::{Service, hear},
    session::{RecordKey, Session, SessionKey, Terms},
    store::{Claim, Writes},
};
use exchange::{ExchangeConnector, Finding, Site, Task, Unproven, Venue, Verdict};
use ledger::Timestamp;
use protocol::{
    Code, Credentials, Secret,
    api::{self, Registration},
    limits, rfc3339, wire,
};
use std::sync::Arc;

/// Another registration of the same account or record may be written meanwhile.
const WRITE_TRIES: usize = 8;

/// What was asked for, as far as it can be had.
struct Asked {
    ttl_s: u64,
    /// How long the key may be used, where that is to outlive the process.
    lease_s: Option<u64>,
    accept_trading_key: bool,
    bearer: bool,
    label: Option<String>,
    holder: Option<([u8; 32], RecordKey)>,
}

pub(super) async fn register(
    service: &Arc<Service>,
    asked: Registration,
    signed: Option<&Signed>,
    keyset_hash: &[u8; 64],
) -> Result<api::SessionOpened, Failure> {
    let mut applying = Applying::judged(service, asked, signed)?;
    applying.proved(keyset_hash)?;
    let checked = applying.checked(service).await?;
    applying.accepted(service, checked).await
}

/// A registration before the venue was asked: nothing of it exists yet.
pub(crate) struct Applying {
    wanted: Asked,
    id: Secret,
    lease: Lease,
    /// Test systems that the key may be of beside that of the lease, the next one last.
    or_at: Vec<Site>,
}

impl Applying {
    /// What can be judged without the venue.
    pub(crate) fn judged(
        service: &Service,
        asked: Registration,
        signed: Option<&Signed>,
    ) -> Result<Self, Failure> {
        if let Some(defect) = asked.defect() {
            return Err(Failure::new(Code::EnvelopeMalformed, defect));
        }
        let venue = Venue::from_name(&asked.exchange).ok_or(Code::ExchangeUnknown)?;
        let wanted = wanted(service, venue, &asked, signed)?;
        let types = asked.account_types.clone().unwrap_or_default();
        let (site, or_at) = sites(venue, asked.sandbox, &types)?;
        let (id, session) = service.sessions.draw(service.clock.now());
        let credentials = credentials(asked)?;
        let until = service.clock.now();
        let lease = Lease { session, site, until, trading_accepted: false, types, credentials };
        Ok(Self { wanted, id, lease, or_at })
    }

    /// Where everybody may read every account, its owner signed for the keys that the envelope is sealed to.
    fn proved(&self, keyset_hash: &[u8; 64]) -> Result<(), Failure> {
        let Lease { site, credentials, .. } = &self.lease;
        site.venue.proof(credentials, keyset_hash).map_err(|unproven| match unproven {
            Unproven::Address => Failure::new(
                Code::CredentialsInvalid,
                "apiKey is no address: it has 0x and 40 hexadecimal digits, and a checksum that is right if their case is mixed.",
            ),
            Unproven::Form => Failure::new(
                Code::CredentialsInvalid,
                "secret is no signature: it has 65 bytes in hexadecimal digits, as personal_sign of a wallet gives them.",
            ),
            Unproven::Signature => Failure::new(
                Code::CredentialsRefused,
                "The signature is not that of this address for the keys that this enclave has now, which change every day. \
                 Sign anew what perfagg challenge prints, then register again.",
            ),
        })
    }

    /// What asks the venue.
    pub(crate) fn connector(&self, service: &Service) -> Box<dyn ExchangeConnector> {
        self.lease.connector(&service.markets)
    }

    /// What the venue says of the key. Of several test systems the key says which it is of: the others do not know it.
    async fn checked(&mut self, service: &Service) -> Result<Checked, Failure> {
        let Site { venue, .. } = self.lease.site;
        if self.lease.site.is_sandbox() && service.venue_times.check(service.clock.now()).is_err() {
            // Nobody told the time lately, and what is asked now vouches for none.
            hear(service, venue).await;
        }
        let mut failed: Option<Failure> = None;
        loop {
            match check_key(service, self.lease.site, self.connector(service).as_mut()).await {
                Ok(checked) => return Ok(checked),
                // One that does not answer may be the one that would know it.
                Err(failure) => match &failed {
                    Some(before) if before.code != Code::CredentialsRefused => {}
                    _ => failed = Some(failure),
                },
            }
            match self.or_at.pop() {
                Some(next) => self.lease.site = next,
                None => return Err(failed.unwrap_or_else(|| Code::VenueUnreachable.into())),
            }
        }
    }

    /// Opens the session, if the venue's answer allows it.
    pub(crate) async fn accepted(
        self,
        service: &Arc<Service>,
        checked: Checked,
    ) -> Result<api::SessionOpened, Failure> {
        let Self { wanted, id: session_id, mut lease, or_at: _ } = self;
        let (site, session) = (lease.site, lease.session);
        if !checked.rights.read && site.venue.is_public() {
            return Err(Failure::new(
                Code::CredentialsRefused,
                "The exchange knows no account at this address: nothing was ever there, or it only signs for another one.",
            ));
        }
        let trading_accepted = judge(&checked.rights, wanted.accept_trading_key)?;
        let now = service.clock.now();
        service.venue_times.check(now)?;
        let until = |seconds: u64| {
            let ms = i64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
            Timestamp::from_millis(now.millis().saturating_add(ms))
        };
        let id = [site.name().as_bytes(), checked.account_id.as_bytes()];
        let account = service.vault.id("account", &id);
        let fingerprint = service.vault.id("fingerprint", &id);
        let shown = api::Account {
            venue: site.venue.name().to_owned(),
            fingerprint: wire::encode(fingerprint.first_chunk::<16>().unwrap_or(&[0; 16])),
            types: checked.types.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        let expires_at = until(wanted.ttl_s);
        let lease_until = wanted.lease_s.map_or(expires_at, until);
        (lease.until, lease.trading_accepted) = (lease_until, trading_accepted);
        let terms = Terms {
            opened_at: now,
            expires_at,
            bearer: wanted.bearer,
            account,
            shown,
            label: wanted.label,
            holder: wanted.holder,
            lease_until,
        };
        let keeps = wanted.lease_s.is_some();
        let opening = Opening { session, terms, lease, keeps, rights: checked.rights };
        opening.open(service, session_id, now).await
    }
}

/// What is about to be opened.
struct Opening {
    session: SessionKey,
    terms: Terms,
    lease: Lease,
    /// The lease outlives the process.
    keeps: bool,
    rights: exchange::KeyRights,
}

impl Opening {
    async fn open(
        self,
        service: &Arc<Service>,
        id: Secret,
        now: Timestamp,
    ) -> Result<api::SessionOpened, Failure> {
        let mut tries = 0;
        let (account, session, record) = loop {
            // Most accounts that are not in memory are new, and nothing needs to be read to write them; the store knows.
            let may_be_new = tries == 0 && !service.accounts.has(&self.terms.account);
            match self.written(service, may_be_new, now).await {
                Err(failure) if failure.is_conflict() && tries < WRITE_TRIES => tries += 1,
                outcome => break outcome?,
            }
        };
        let key = account.key;
        service.sessions.remember(Arc::new(session));
        let store = service.vault.store();
        store.enroll(key, u64::try_from(self.lease.until.seconds()).unwrap_or(0)).await?;
        let claim: Option<Claim> = store.claim_one(service.polls.instance, key).await?;
        let trading_accepted = self.lease.trading_accepted;
        service.polls.grant(service, key, self.lease, claim);
        tracing::info!(venue = account.site.name(), "a session was opened");
        let sync = account.record().sync(now);
        let (chain, anchored) = match &record {
            Some(record) => publish::together(service, record, now).await?,
            None => publish::alone(service, &account),
        };
        Ok(api::SessionOpened {
            session_id: id.expose().to_owned(),
            expires_at: rfc3339(self.terms.expires_at),
            environment: environment::of(account.site, service.environment).to_owned(),
            account: self.terms.shown,
            key_rights: publish::key_rights(&self.rights, trading_accepted),
            lease_until: rfc3339(self.terms.lease_until),
            sync,
            record: record.and_then(|record| record.held()),
            checkpoint: Some(chain.told(anchored)),
        })
    }

    /// Writes all of it, or nothing. What is taken for new and is not is a conflict.
    async fn written(
        &self,
        service: &Service,
        may_be_new: bool,
        now: Timestamp,
    ) -> Result<(Arc<Account>, Session, Option<Record>), Failure> {
        let Terms { account: key, shown, holder, .. } = &self.terms;
        let mut writes = Writes::new();
        let session = Session::opened(self.session, self.terms.clone(), &mut writes);
        if self.keeps {
            self.lease.keep(key, &mut writes);
        }
        let record = match holder {
            Some((_, record)) => {
                let account = (*key, shown, self.lease.site.is_sandbox());
                Some(service.holders.join(record, account, self.session, now, &mut writes).await?)
            }
            None => None,
        };
        let (mut ties, version) = match may_be_new {
            true => Default::default(),
            false => kept::ties(&service.vault, key).await?,
        };
        // What is kept has them: an account in memory without was erased this moment.
        let known = match version {
            0 => {
                service.accounts.forget(key);
                None
            }
            _ => service.accounts.find(*key, now).await?,
        };
        ties.lease(now, self.lease.until);
        match holder {
            Some((_, record)) => drop(ties.records.insert(wire::encode(record))),
            None => ties.read_until = ties.read_until.max(self.terms.expires_at.millis()),
        }
        kept::put_ties(key, &ties, version, &mut writes);
        let account = match known {
            Some(account) => {
                service.vault.commit(writes).await?;
                account
            }
            None => self.new_account(service, writes, now).await?,
        };
        let mut known = account.record_mut();
        known.ties = ties;
        known.attend();
        drop(known);
        Ok((account, session, record))
    }

    async fn new_account(
        &self,
        service: &Service,
        writes: Writes,
        now: Timestamp,
    ) -> Result<Arc<Account>, Failure> {
        let Terms { account: key, shown, .. } = &self.terms;
        let site = self.lease.site;
        let mut known = AccountRecord::new(site.venue, self.rights, now);
        known.trading_accepted = self.lease.trading_accepted;
        let account = Account::new(*key, site, shown.clone(), known, Rows::default());
        let saving = Saving { what: "registered", cursor: None, claim: None, state: None, at: now };
        kept::save(&service.vault, &account, saving, writes).await?;
        Ok(service.accounts.replace(account, now))
    }
}

/// What the registration asks for beside the key, if it can be had.
fn wanted(
    service: &Service,
    venue: Venue,
    asked: &Registration,
    signed: Option<&Signed>,
) -> Result<Asked, Failure> {
    let malformed = |detail: &'static str| Failure::new(Code::EnvelopeMalformed, detail);
    let ttl_s = asked.ttl_seconds.unwrap_or(match asked.lease_seconds {
        Some(lease_s) => service.session_ttl_default_s.min(lease_s),
        None => service.session_ttl_default_s,
    });
    if ttl_s > service.session_ttl_max_s {
        return Err(malformed(
            "ttlSeconds exceeds what this enclave allows; session_ttl.max of its attested configuration tells.",
        ));
    }
    if asked.lease_seconds.is_some() && !service.keeps_leases {
        return Err(malformed(
            "leaseSeconds: this enclave has no store that outlives it (lease_max of its attested configuration tells). Leave \
             it out: the key is then used as long as the session lasts.",
        ));
    }
    if asked.quote_currency.as_deref().is_some_and(|currency| currency != venue.reporting_currency()) {
        return Err(malformed(
            "quoteCurrency: this release reports in the venue's main stablecoin only. Leave it out.",
        ));
    }
    let readable = venue.account_types();
    if asked.account_types.iter().flatten().any(|kind| !readable.contains(&kind.as_str())) {
        return Err(malformed(
            "accountTypes names a type that this release does not read. GET /exchanges lists them.",
        ));
    }
    let public: Option<[u8; 32]> = asked.holder_key.as_deref().and_then(wire::decode_array);
    if public.is_some_and(|public| !signed.is_some_and(|signed| signed.is_by(&public))) {
        return Err(malformed(
            "The registration names a holder key and is not signed by it. docs/protocol.md says how.",
        ));
    }
    Ok(Asked {
        ttl_s,
        lease_s: asked.lease_seconds,
        accept_trading_key: asked.accept_trading_key,
        bearer: asked.bearer,
        label: asked.label.clone(),
        holder: public.map(|public| (public, service.holders.key(&public))),
    })
}

/// Where the account may be: the first is tried first.
fn sites(venue: Venue, is_sandbox: bool, types: &[String]) -> Result<(Site, Vec<Site>), Failure> {
    if !is_sandbox {
        return Ok((venue.into(), Vec::new()));
    }
    let mut sites = Site::sandboxes(venue, types).into_iter();
    match (sites.next(), types) {
        (Some(first), _) => Ok((first, sites.rev().collect())),
        (None, []) => Err(Code::SandboxUnsupported.into()),
        (None, _) => {
            let detail =
                "No test system of this exchange has all these account types. GET /exchanges lists them.";
            Err(Failure::new(Code::SandboxUnsupported, detail))
        }
    }
}

fn credentials(asked: Registration) -> Result<Credentials, Failure> {
    let Registration { api_key, secret, passphrase, .. } = asked;
    // Line ends occur in PEM keys; nothing else that cannot be seen belongs into a credential.
    let printable = |byte: u8| byte.is_ascii_graphic() || byte == b'\n' || byte == b'\r' || byte == b' ';
    let fits = |part: &Secret| {
        let text = part.expose();
        !text.trim().is_empty() && text.len() <= limits::CREDENTIAL_BYTES_MAX && text.bytes().all(printable)
    };
    let header_safe = api_key.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if fits(&api_key) && header_safe && fits(&secret) && passphrase.as_ref().is_none_or(fits) {
        Ok(Credentials { api_key, secret, passphrase })
    } else {
        Err(Code::CredentialsInvalid.into())
    }
}

/// What the venue says of a key.
pub(crate) struct Checked {
    pub(crate) rights: exchange::KeyRights,
    pub(crate) account_id: String,
    pub(crate) types: Vec<&'static str>,
}

async fn check_key(
    service: &Service,
    site: Site,
    connector: &mut dyn ExchangeConnector,
) -> Result<Checked, Failure> {
    let (mut rights, mut account) = (None, None);
    service
        .transport
        .converse(connector, service.clock.as_ref(), Task::CheckKey, &mut |findings, _| {
            for finding in findings {
                match finding {
                    Finding::Rights(found) => rights = Some(found),
                    Finding::Account { id, types } => account = Some((id, types)),
                    Finding::VenueTime(at) => service.heard_time(site, at),
                    _ => {}
                }
            }
        })
        .await?;
    match (rights, account) {
        (Some(rights), Some((account_id, types))) => Ok(Checked { rights, account_id, types }),
        _ => Err(Failure::from(Code::VenueUnreachable).retry_after(60)),
    }
}

/// Whether the key may be used (DESIGN.md section 4, Key rights); `true`: it can trade, and the trader accepted that.
pub(crate) fn judge(rights: &exchange::KeyRights, accept_trading_key: bool) -> Result<bool, Failure> {
    let refuse = |right: &'static str| {
        Failure::new(
            Code::KeyNotReadOnly,
            format!(
                "The key can {right}. Make a key that can only read, and delete this one at the exchange."
            ),
        )
    };
    if rights.withdraw == Some(true) {
        return Err(refuse("withdraw"));
    }
    if rights.transfer == Some(true) {
        return Err(refuse("transfer"));
    }
    if !rights.read {
        return Err(Failure::new(
            Code::CredentialsRefused,
            "The key cannot read, or a part of the history only. Give it the right to read, bound to no span of time, then register again.",
        ));
    }
    match (rights.verdict, rights.trade) {
        (Verdict::Refuse, Some(true)) if accept_trading_key => Ok(true),
        (Verdict::Refuse, Some(true)) => Err(Failure::new(
            Code::KeyNotReadOnly,
            "The key can trade. Make a key that can only read, or register with acceptTradingKey: every figure then says so.",
        )),
        (Verdict::Refuse, _) => Err(refuse("do more than read")),
        (Verdict::Accept | Verdict::Undecided, _) => Ok(false),
    }
}
