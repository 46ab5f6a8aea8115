//! Whom the client believes: a policy and roots (ATTESTATION.md section 5), chosen by the caller, never by a service.

use attestation::{Policy, Roots, RootsError};

/// What evidence must show, and which roots it may lead to.
///
/// The default is what was released with this client. Nothing was released yet, so it accepts nothing: a client says
/// so instead of trusting the first program it meets.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// What evidence must show.
    pub policy: Policy,
    /// Which roots it may lead to.
    pub roots: Roots,
}

impl Trust {
    /// Accepts development evidence under this root (PEM or DER), and no other evidence. It proves nothing about
    /// hardware: whoever runs such an enclave can read what is sealed to it.
    ///
    /// # Errors
    /// If it is not one self-issued P-256 CA certificate, or a vendor's root.
    pub fn dangerous_development(root: &[u8]) -> Result<Self, RootsError> {
        Ok(Self { policy: Policy::dangerous_development(), roots: Roots::dangerous_development(root)? })
    }

    /// The same, for figures of these environments only. A development root goes on accepting development alone.
    #[must_use]
    pub fn in_environments(mut self, environments: &[&str]) -> Self {
        self.policy.environment = environments.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The same, for those of these environments that the policy accepts already.
    #[must_use]
    pub fn narrowed_to(mut self, environments: &[&str]) -> Self {
        self.policy.environment.retain(|name| environments.contains(&name.as_str()));
        self
    }
}
