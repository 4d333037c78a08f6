//! The folder of a demo hub: what is where, who has it, and what the last run said.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::programs::Account;
use crate::cli::{Exit, Failure};

/// A demo hub's folder, held by this process.
pub(super) struct Home {
    path: PathBuf,
    /// Released by the system when this process ends, however it ends.
    _lock: File,
    ephemeral: bool,
}

impl Home {
    /// Makes the folder if need be and takes it. `None` when another process has it.
    pub(super) fn open(folder: &Path, ephemeral: bool) -> Result<Option<Self>, Failure> {
        let cannot = |error: io::Error| unusable(folder, &error);
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let path = folder.canonicalize().map_err(cannot)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                path,
                _lock: lock,
                ephemeral,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder in it.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Eight letters that stand for this folder where its whole name is too long.
    pub(super) fn short_name(&self) -> String {
        let digest = Sha256::digest(self.path.as_os_str().as_encoded_bytes());
        hex::encode(&digest[..4])
    }

    /// A number below `bound` that stands for this folder: two demos that start at the same moment
    /// look for free ports in different places.
    pub(super) fn slot(&self, bound: u16) -> u16 {
        let digest = Sha256::digest(self.path.as_os_str().as_encoded_bytes());
        u16::from_be_bytes([digest[0], digest[1]]) % bound
    }

    /// What was written into a file in it, if it was.
    pub(super) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.at(name)).ok()
    }

    /// Writes a file that only its owner can read: some hold keys.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let place = self.at(name);
        let written = File::options()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&place)
            .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|error| unusable(&place, &error))?;
        Ok(place)
    }

    /// Lets the folder go; an ephemeral one is removed.
    pub(super) fn close(self) {
        if self.ephemeral {
            remove(&self.path);
        }
    }
}

/// Removes a folder of the demo with all that is in it.
pub(super) fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(%error, folder = %folder.display(), "a folder of the demo stays");
    }
}

/// Makes a folder that only this account (ours, by default) can use.
pub(super) fn private_folder(path: &Path, account: Option<Account>) -> Result<(), Failure> {
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| std::fs::set_permissions(path, PermissionsExt::from_mode(0o700)))
        .and_then(|()| match account {
            Some(to) => std::os::unix::fs::chown(path, Some(to.user), Some(to.group)),
            None => Ok(()),
        });
    made.map_err(|error| unusable(path, &error))
}

pub(super) fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("{} cannot be used: {error}", path.display()),
        "orderhub dev --folder FOLDER, with a folder that you may write",
    )
}
