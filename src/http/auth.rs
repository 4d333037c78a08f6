//! Who asks: the `Authorization` header, looked up with a short memory.
//!
//! A revoked key works for at most [`REMEMBERED`] more. Keys that are not there are never
//! remembered: a new key works at once, and guessing cannot fill the memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::keys::{Key, KeyRing, is_well_formed, token_hash};
use super::problem::Problem;

/// How long a looked-up key is believed.
pub const REMEMBERED: Duration = Duration::from_secs(3);

/// At most so many keys are remembered; beyond, the memory starts anew.
const MOST_REMEMBERED: usize = 10_000;

/// Keys by the hash of their token, and since when they are believed.
type Remembered = HashMap<[u8; 32], (Arc<Key>, Instant)>;

/// The keys, with a short memory.
pub struct Keys {
    ring: Arc<dyn KeyRing>,
    remembered: Mutex<Remembered>,
}

impl Keys {
    /// Looks keys up in this ring.
    pub fn new(ring: Arc<dyn KeyRing>) -> Self {
        Self {
            ring,
            remembered: Mutex::default(),
        }
    }

    /// The key of a request.
    pub async fn of(&self, headers: &HeaderMap) -> Result<Arc<Key>, Problem> {
        self.of_token(bearer(headers)).await
    }

    /// The key of a token, if it is one of ours.
    pub async fn of_token(&self, token: Option<&str>) -> Result<Arc<Key>, Problem> {
        let token = token.filter(|token| is_well_formed(token));
        let hash = token.map(token_hash).ok_or_else(unauthorized)?;
        if let Some(key) = self.recall(&hash) {
            return Ok(key);
        }
        let key = self.ring.lookup(hash).await?.ok_or_else(unauthorized)?;
        Ok(self.remember(hash, Arc::new(key)))
    }

    fn recall(&self, hash: &[u8; 32]) -> Option<Arc<Key>> {
        let remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (key, since) = remembered.get(hash)?;
        (since.elapsed() < REMEMBERED).then(|| key.clone())
    }

    fn remember(&self, hash: [u8; 32], key: Arc<Key>) -> Arc<Key> {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(hash, (key.clone(), Instant::now()));
        key
    }
}

fn unauthorized() -> Problem {
    Problem::new(
        "unauthorized",
        "The request carries no API key that is known here.",
    )
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
