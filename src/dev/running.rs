//! A demo that runs, as other processes find it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// A demo that runs.
#[derive(Debug)]
pub struct Running {
    /// What its hub is configured with.
    pub config: PathBuf,
    /// Its API key.
    pub key: SecretString,
}

/// The demo that runs in this folder, if one does. Its lock is tried and let go at once, and only
/// where a demo has been before.
pub fn running(folder: &Path) -> Option<Running> {
    let lock = File::open(folder.join("lock")).ok()?;
    let Err(TryLockError::WouldBlock) = lock.try_lock_shared() else {
        return None;
    };
    let config = folder.join("orderhub.toml");
    let key = std::fs::read_to_string(folder.join("key")).ok()?;
    config.exists().then(|| Running {
        config,
        key: key.trim().to_owned().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_runs_while_its_lock_is_held() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        assert!(running(home.path()).is_none(), "nothing was ever here");
        let lock = File::create(at("lock")).expect("a file");
        for (name, text) in [("orderhub.toml", ""), ("key", "ohk_x\n")] {
            std::fs::write(at(name), text).expect("written");
        }
        assert!(running(home.path()).is_none(), "it has ended");
        lock.lock().expect("locked");
        let found = running(home.path()).expect("it runs");
        assert_eq!(found.config, at("orderhub.toml"));
        assert!(!format!("{found:?}").contains("ohk_x"));
    }
}
