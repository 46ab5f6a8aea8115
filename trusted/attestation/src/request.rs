//! What the client knows of its own request and connection, and the steps that look at it: 16 to 18 of ATTESTATION.md
//! section 4.

use crate::binding::Binding;
use crate::evidence::{Bundle, Config, Tee, limits};
use crate::failure::{Checked, Class, Refusal, ensure, refuse};
use crate::nonce_tree::Nonce;
use crate::policy::Policy;

/// What the client knows of its own request and connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The nonce of this request. The caller makes a new one for each.
    pub nonce: Option<Nonce>,
    /// When the nonce was sent, Unix seconds by the client's clock.
    pub asked_at: u64,
    /// The connection over which the bundle came.
    pub connection: Connection,
    /// Refuse it unless TLS ends inside the enclave ([`Mode::Direct`]).
    pub direct: bool,
    /// The TLS exporter value of this connection.
    pub channel: Option<[u8; 32]>,
}

/// The connection over which a bundle came, as the client saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// None: the bundle was kept.
    #[default]
    None,
    /// Plain HTTP, on one machine.
    Plain,
    /// TLS, whose handshake was signed by this key.
    Tls {
        /// SHA-256 of its SubjectPublicKeyInfo.
        spki: [u8; 32],
        /// True if the web's roots vouch that the key is the named host's.
        certified: bool,
    },
}

/// Who ends TLS. Calls are sealed in either mode; plain reads and what is public are seen by whoever does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The enclave: the connection's key is the attested one.
    Direct,
    /// Somebody in between, or nobody.
    Relayed,
}

/// Step 16: the nonce of this request is proven under `challenge`, and young. That it is used once is the caller's
/// part: a nonce that was answered is dropped.
pub(crate) fn freshness(
    bundle: &Bundle,
    binding: &Binding,
    policy: &Policy,
    expected: &Expected,
    now: u64,
) -> Checked<()> {
    let Some(nonce) = &expected.nonce else {
        ensure(!policy.require_nonce, Class::Freshness, "the policy asks for a nonce and none was sent")?;
        return Ok(((), "no nonce was sent".to_owned()));
    };
    let proven = match (&bundle.challenge_proof, &binding.challenge) {
        (Some(proof), Some(challenge)) => proof.root(nonce).as_ref() == Some(challenge),
        _ => false,
    };
    ensure(proven, Class::Freshness, "the evidence does not answer this request's nonce")?;
    let age = now.checked_sub(expected.asked_at).filter(|&age| age < limits::NONCE_AGE_S);
    let Some(age) = age else {
        return refuse(Class::Freshness, "the nonce is older than a minute, or from the future");
    };
    Ok(((), format!("answers this request's nonce, {age} s old")))
}

/// Step 17: channel and TLS key where the policy asks; configuration and epoch as pinned.
pub(crate) fn channel(
    tee: Tee,
    binding: &Binding,
    config: &Config,
    policy: &Policy,
    expected: &Expected,
) -> Checked<Option<Mode>> {
    let mode = mode(binding, expected)?;
    if policy.require_channel {
        let exporter = binding.channel.is_some() && binding.channel == expected.channel;
        ensure(exporter, Class::Channel, "the evidence is not over this connection")?;
        let key = binding.tls_spki.is_none() || mode == Some(Mode::Direct);
        ensure(key, Class::Channel, "the connection's TLS key is not the attested one")?;
    }
    ensure(config.sha256() == binding.config, Class::Config, "the configuration is not the attested one")?;
    let pinned = policy.pinned_config.is_none_or(|pinned| pinned == binding.config);
    ensure(pinned, Class::Config, "the configuration is not the pinned one")?;
    let served = |name: &str| config.environment().iter().any(|served| served == name);
    let wanted = policy.environment.iter().any(|name| served(name));
    ensure(wanted, Class::Config, "the enclave does not serve an environment that the policy accepts")?;
    let development = policy.environment.iter().any(|name| name == "development");
    ensure(development || !served("development"), Class::Config, "the enclave serves development")?;
    let only_development = config.environment().iter().all(|name| name == "development");
    let honest = only_development || !tee.is_development();
    ensure(honest, Class::Config, "development evidence for another environment than development")?;
    let forward = policy.min_epoch.is_none_or(|seen| binding.epoch >= seen);
    ensure(forward, Class::EpochRollback, "newer keys of this deployment have been seen before")?;
    Ok((mode, format!("configuration {}, epoch {}", hex::encode(binding.config), binding.epoch)))
}

/// Step 17, who ends TLS: the attested key, or a host that the web's roots know, or nobody. Anyone else is a man in the
/// middle.
fn mode(binding: &Binding, expected: &Expected) -> Result<Option<Mode>, Refusal> {
    let mode = match expected.connection {
        Connection::None => None,
        Connection::Plain => Some(Mode::Relayed),
        Connection::Tls { spki, .. } if binding.tls_spki == Some(spki) => Some(Mode::Direct),
        Connection::Tls { certified: true, .. } => Some(Mode::Relayed),
        Connection::Tls { certified: false, .. } => {
            return refuse(
                Class::Channel,
                "TLS ends neither in the enclave nor at a host whose certificate the web vouches for",
            );
        }
    };
    let direct = !expected.direct || mode == Some(Mode::Direct);
    ensure(direct, Class::Channel, "a direct connection was asked for, and TLS does not end in the enclave")?;
    Ok(mode)
}

/// Step 18: operator endorsement and release proof are not in the first round (section 17); a policy that asks for
/// one is refused rather than silently satisfied.
pub(crate) fn endorsement(policy: &Policy) -> Checked<()> {
    let asked = policy.require_operator_endorsement;
    ensure(
        !asked,
        Class::Endorsement,
        "the policy asks for an endorsement, which this version cannot judge",
    )?;
    Ok(((), "none asked for".to_owned()))
}
