//! Writes `development-root.pem`, the root of the public development seed, to standard output.

use attestation::development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED};
use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let backend = DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, [0; 32]).map_err(std::io::Error::other)?;
    std::io::stdout().write_all(backend.root_pem().as_bytes())
}
