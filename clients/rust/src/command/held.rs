//! The holder's key of a command, and what was seen of stores: where both are kept, and what to say when they are not there.

use super::{Journey, parse_url};
use crate::{arguments::holder::Held, complaint::Complaint, output::plain, settings};
use perfagg::{
    Checkpoints, Client, HolderKey, ServiceUrl, checkpoint_file,
    checkpoint_file::CheckpointFileError,
    holder_file::{self, HolderFileError},
    session_file::Session,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

impl Journey {
    /// The holder's key that a session needs. It is looked for before anybody is called.
    pub(super) fn holder_of(
        &self,
        session: &Session,
        moved: Option<&Path>,
    ) -> Result<Option<Arc<HolderKey>>, Complaint> {
        let Some(held) = &session.holder else { return Ok(None) };
        let place = match moved {
            Some(_) => place(self.session_file.as_deref(), moved)?,
            None => held.file.clone(),
        };
        let lost = |error| {
            complain(error, &place).and(
                "Nobody was called, and the session file stays as it is: the session answers again when its key is back. \
                 --holder FILE names it if it moved.",
            )
        };
        let key = holder_file::read(&place).map_err(lost)?;
        if key.public_text() != held.public_key {
            return Err(lost(HolderFileError::Other));
        }
        Ok(Some(Arc::new(key)))
    }

    /// The key that a command names, or the one of the session that is kept, or the one that is kept for all; a client of its
    /// service; and the session, if it is one of this key.
    pub(super) fn held(&self, asked: &Held) -> Result<(Client, Arc<HolderKey>, Option<Session>), Complaint> {
        let kept = self.session_file().ok().and_then(|file| file.read().ok());
        let of_session =
            kept.as_ref().and_then(|session| session.holder.as_ref()).map(|held| held.file.clone());
        let place = match (&asked.holder, of_session) {
            (None, Some(file)) => file,
            (named, _) => place(self.session_file.as_deref(), named.as_deref())?,
        };
        let key =
            holder_file::read(&place).map_err(|error| complain(error, &place).and("Nobody was called."))?;
        let public = key.public_text();
        let is_asked = |session: &Session| {
            let elsewhere = asked.service_url.as_ref().is_some_and(|url| {
                ServiceUrl::parse(url).ok() != ServiceUrl::parse(&session.service_url).ok()
            });
            !elsewhere && session.holder.as_ref().is_some_and(|held| held.public_key == public)
        };
        let session = kept.filter(is_asked);
        let url = asked.service_url.as_ref().or(session.as_ref().map(|session| &session.service_url));
        let url = url.ok_or_else(|| {
            Complaint::usage(
                "no session of this holder's key is kept here, so it is not known whom to ask",
                "Say where the service is: --service-url URL.",
            )
        })?;
        let client = self.client(parse_url(url)?, &["live", "sandbox"])?;
        if let Some(session) = &session {
            self.same_policy(session)?;
        }
        Ok((client, Arc::new(key), session))
    }

    /// What earlier calls saw of stores; none, and a remark, if that cannot be read.
    pub(super) fn seen_checkpoints(&self) -> Option<Checkpoints> {
        let path = checkpoint_file::beside(self.session_file.as_deref()?);
        match checkpoint_file::read(&path) {
            Ok(seen) => Some(seen),
            Err(error) => {
                self.forgetful(&path, error);
                None
            }
        }
    }

    /// Keeps what a client saw of stores. The figures are no worse if it cannot be kept.
    pub(super) fn keep_checkpoints(&self, client: &Client) {
        self.change_checkpoints(|kept| kept.join(client.checkpoints().clone()));
    }

    /// Changes what is kept; what cannot be read is left as it is.
    pub(super) fn change_checkpoints(&self, change: impl FnOnce(&mut Checkpoints)) {
        let Some((path, kept)) = self.session_file.as_deref().zip(self.seen_checkpoints()) else { return };
        let path = checkpoint_file::beside(path);
        let mut now = kept.clone();
        change(&mut now);
        if now != kept
            && let Err(error) = checkpoint_file::write(&path, now)
        {
            self.forgetful(&path, error);
        }
    }

    fn forgetful(&self, path: &Path, error: CheckpointFileError) {
        if self.said_forgetful.replace(true) {
            return;
        }
        self.output.remark(&format!(
            "What was seen of the service's store is not remembered beyond the session: {error}.\nMend or remove {}; until then a \
             store that is put back between two sessions goes unnoticed.\n",
            plain(&path.display().to_string())
        ));
    }
}

/// Where a holder's key is: at the path that was named, or where it is kept if nothing, or `default`, was said.
pub(super) fn place(session_file: Option<&Path>, named: Option<&Path>) -> Result<PathBuf, Complaint> {
    let named = named.filter(|path| *path != Path::new("default")).map(Path::to_owned);
    let beside = || session_file.map(holder_file::beside);
    named.or_else(settings::holder_file).or_else(beside).ok_or_else(|| {
        Complaint::usage(
            "there is no home directory to keep the holder's key in",
            "Set HOME or PERFAGG_HOLDER, or say where it is.",
        )
    })
}

/// What is wrong with the holder's key at a place.
pub(super) fn complain(error: HolderFileError, place: &Path) -> Complaint {
    Complaint::from(error).about(&place.display().to_string())
}
