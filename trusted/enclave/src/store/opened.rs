//! Which store the settings mean, and its keys: opened at the start, and replaced as the time goes.

use super::{Embedded, KeyRing, Memory, Postgres, RingFile, Store, StoreError, Table, Trust, Vault, Writes};
use crate::{random, settings::Settings};
use anyhow::Context as _;
use attestation::SealRoot;
use ledger::Timestamp;
use std::{fs, path::Path, sync::Arc};
use zeroize::Zeroizing;

/// Keys seal for a month; then the next ones do, and what they sealed is sealed anew.
const GENERATION_MS: i64 = 30 * 86_400_000;
/// Rows that are sealed anew in one step.
const STEP_ROWS: usize = 64;
/// The row that says when keys were replaced last.
const ROTATED: &[u8] = b"rotated";

/// An open store, and the keys of its rows if they are here.
pub(crate) struct OpenStore {
    pub(crate) store: Arc<dyn Store>,
    /// Where the keys are while no process runs; nowhere without a directory for it.
    pub(crate) file: Option<RingFile>,
    /// None where other enclaves may have them.
    pub(crate) ring: Option<KeyRing>,
    /// Whether what is written outlives the process.
    pub(crate) keeps: bool,
}

impl OpenStore {
    /// How long the keys live, for the configuration document.
    pub(crate) fn life(&self) -> &'static str {
        match &self.file {
            None => "none",
            Some(file) if file.store_file().is_none() && self.store.is_shared() => "replicas",
            Some(file) => file.life(),
        }
    }
}

/// Opens the store of the settings. `root` is what the platform seals with, if it can.
pub(crate) async fn open(settings: &Settings, root: Option<SealRoot>) -> anyhow::Result<OpenStore> {
    let Some(directory) = &settings.data_dir else {
        anyhow::ensure!(
            settings.database.is_none(),
            "DATABASE_URL needs ENCLAVE_DATA_DIR too: the keys of its rows are kept there, sealed"
        );
        tracing::info!("nothing is kept: ENCLAVE_DATA_DIR names where it would be");
        let (store, ring) = (Arc::new(Memory::new()), Some(KeyRing::born(random::bytes)));
        return Ok(OpenStore { store, file: None, ring, keeps: false });
    };
    fs::create_dir_all(directory).context("ENCLAVE_DATA_DIR: the directory cannot be made")?;
    if let Some(address) = &settings.database {
        let (file, ring) = RingFile::find(directory, root)?;
        let trust = trust(settings.database_ca.as_deref())?;
        let store = Arc::new(Postgres::connect(address, trust).await.context("DATABASE_URL")?);
        return Ok(OpenStore { store, file: Some(file), ring, keeps: true });
    }
    let (file, ring) = RingFile::open(directory, root)?;
    let (store, keeps): (Arc<dyn Store>, bool) = match file.store_file() {
        Some(path) => {
            let store = tokio::task::spawn_blocking(move || Embedded::open(&path)).await?;
            (Arc::new(store.context("ENCLAVE_DATA_DIR: store.redb")?), true)
        }
        None => (Arc::new(Memory::new()), false),
    };
    Ok(OpenStore { store, file: Some(file), ring: Some(ring), keeps })
}

fn trust(file: Option<&Path>) -> anyhow::Result<Trust> {
    let Some(file) = file else { return Ok(Trust::web()) };
    let pem = fs::read(file).context("DATABASE_CA_FILE: the file cannot be read")?;
    Trust::only(&pem).context("DATABASE_CA_FILE: certificates in PEM are expected, and nothing else")
}

/// Replaces the keys of the store when their time is over, and seals anew what older ones sealed. A step that fails is made
/// again by the next call.
pub(crate) async fn keep_keys(vault: &Vault, ring: &RingFile, now: Timestamp) -> anyhow::Result<()> {
    // Enclaves that share rows share keys: `replicas.rs` replaces them when all have the next ones.
    if vault.store().is_shared() {
        return Ok(());
    }
    if is_due(vault, now).await? {
        let generation = vault.rotate(random::bytes(), |next| ring.save(next)).await?;
        tracing::info!(replaced = generation.is_some(), "the time of the store's keys is over");
    }
    seal_anew(vault, ring).await
}

/// Seals anew what older keys sealed, and forgets those of which nothing is left. Nobody seals with them any more.
pub(crate) async fn seal_anew(vault: &Vault, ring: &RingFile) -> anyhow::Result<()> {
    if vault.older().await.is_empty() {
        return Ok(());
    }
    let mut after = None;
    loop {
        let step = vault.reseal(after, STEP_ROWS).await?;
        after = step.next;
        if after.is_none() {
            break;
        }
        tokio::task::yield_now().await;
    }
    for generation in vault.older().await {
        vault.retire(generation, |next| ring.save(next)).await?;
    }
    Ok(())
}

/// Whether keys are to be replaced; notes when that was.
pub(crate) async fn is_due(vault: &Vault, now: Timestamp) -> Result<bool, StoreError> {
    let row = vault.get(Table::Meta, ROTATED).await?;
    let last = row.as_ref().and_then(|row| core::str::from_utf8(&row.bytes).ok()?.parse::<i64>().ok());
    if last.is_some_and(|last| now.millis().saturating_sub(last) < GENERATION_MS) {
        return Ok(false);
    }
    let expect = row.as_ref().map_or(super::Expect::Absent, |row| super::Expect::Version(row.version));
    let mut writes = Writes::new();
    writes.put(Table::Meta, ROTATED, expect, Zeroizing::new(now.millis().to_string().into_bytes()));
    vault.commit(writes).await?;
    // Keys that were born with the store are young.
    Ok(last.is_some())
}
