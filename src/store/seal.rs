//! Sealing: what holds personal data is stored encrypted, bound to the row it belongs to.
//!
//! AES-256-GCM under one key of the configuration. A sealed value is a version byte, a random
//! nonce of twelve bytes and the ciphertext with its tag. The associated data names the row, so
//! that a value copied to another order does not open.
//!
//! What has to be found again without being read is hashed instead, under a key made of the same
//! one: whoever has the rows alone cannot try addresses out.

use orderhub_domain::order::Mark;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::StoreError;

// Of two processes that start at once one makes the key; the update lets the other see it.
const KEPT: &str = "
insert into orderhub.seal_key (key) values ($1)
on conflict (only_one) do update set key = orderhub.seal_key.key
returning key
";

/// What makes a key for hashing out of the one that seals. Never changes: marks would be lost.
const MARKS_KEY: &[u8] = b"orderhub order marks 1";

/// The layout of sealed values.
const VERSION: u8 = 1;

/// The key that seals. Neither printed nor logged.
#[derive(Clone)]
pub struct Seal {
    key: std::sync::Arc<LessSafeKey>,
    marks: hmac::Key,
    random: SystemRandom,
}

/// A value could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system gives no randomness.
    #[error("the system gives no random numbers; nothing can be sealed")]
    NoRandomness,
    /// Another key sealed it, or it was changed.
    #[error("the stored value does not open with the configured key; check the sealing key")]
    DoesNotOpen,
}

/// The key that the database itself keeps, made when there is none. It is there so that a hub without
/// `[store] seal_key` can start; it protects copies of single tables and nothing more.
pub async fn kept_key(url: &str) -> Result<[u8; 32], StoreError> {
    let mut made = [0; 32];
    SystemRandom::new()
        .fill(&mut made)
        .map_err(|_| SealError::NoRandomness)?;
    let mut conn = PgConnection::connect(url)
        .await
        .map_err(StoreError::database)?;
    let kept: Vec<u8> = sqlx::query_scalar(KEPT)
        .bind(made.to_vec())
        .fetch_one(&mut conn)
        .await
        .map_err(StoreError::database)?;
    conn.close().await.map_err(StoreError::database)?;
    kept.try_into()
        .map_err(|_| StoreError::Seal(SealError::DoesNotOpen))
}

impl Seal {
    /// Seals under this key of 32 random bytes.
    pub fn new(key: [u8; 32]) -> Result<Self, SealError> {
        let marks = hmac::sign(&hmac::Key::new(HMAC_SHA256, &key), MARKS_KEY);
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| SealError::DoesNotOpen)?;
        Ok(Self {
            marks: hmac::Key::new(HMAC_SHA256, marks.as_ref()),
            key: std::sync::Arc::new(LessSafeKey::new(key)),
            random: SystemRandom::new(),
        })
    }

    /// The keyed hash of a mark: the same for the same mark under the same key.
    pub(super) fn hash(&self, mark: &Mark) -> Uuid {
        let mut hashing = hmac::Context::with_key(&self.marks);
        hashing.update(mark.kind.word().as_bytes());
        hashing.update(&[0]);
        hashing.update(mark.value.as_bytes());
        let tag = hashing.sign();
        let first = tag.as_ref().first_chunk::<16>();
        Uuid::from_bytes(first.copied().unwrap_or_default())
    }

    /// Seals `plain` for the row that `row` names.
    pub(super) fn close(&self, row: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .map_err(|_| SealError::NoRandomness)?;
        let mut text = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(row),
                &mut text,
            )
            .map_err(|_| SealError::NoRandomness)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens what was sealed for this row.
    pub(super) fn open(&self, row: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::DoesNotOpen)?;
        let (nonce, text) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::DoesNotOpen)?;
        if *version != VERSION {
            return Err(SealError::DoesNotOpen);
        }
        let mut text = text.to_vec();
        let plain = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(row),
                &mut text,
            )
            .map_err(|_| SealError::DoesNotOpen)?;
        Ok(plain.to_vec())
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(..)")
    }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::order::MarkKind;

    use super::*;

    #[test]
    fn a_sealed_value_opens_only_for_its_row_and_key() {
        let seal = Seal::new([7; 32]).expect("a key");
        let sealed = seal.close("ord_1/details", b"Ada Example").expect("sealed");
        assert!(!sealed.windows(3).any(|window| window == b"Ada"));
        assert_eq!(
            seal.open("ord_1/details", &sealed).as_deref(),
            Ok(b"Ada Example".as_slice())
        );
        assert_eq!(
            seal.open("ord_2/details", &sealed),
            Err(SealError::DoesNotOpen)
        );
        let other = Seal::new([8; 32]).expect("a key");
        assert_eq!(
            other.open("ord_1/details", &sealed),
            Err(SealError::DoesNotOpen)
        );
        for cut in 0..sealed.len() {
            assert!(seal.open("ord_1/details", &sealed[..cut]).is_err());
        }
    }

    #[test]
    fn a_hash_tells_marks_apart_and_cannot_be_made_without_the_key() {
        let mark = |kind, value: &str| Mark {
            kind,
            value: value.to_owned(),
        };
        let ada = mark(MarkKind::Email, "ada@shop.example");
        let seal = Seal::new([7; 32]).expect("a key");
        let again = Seal::new([7; 32]).expect("a key");
        assert_eq!(seal.hash(&ada), again.hash(&ada));
        let other = Seal::new([8; 32]).expect("a key");
        assert_ne!(seal.hash(&ada), other.hash(&ada));
        let bob = mark(MarkKind::Email, "bob@shop.example");
        assert_ne!(seal.hash(&ada), seal.hash(&bob));
        let same_text = mark(MarkKind::Payment, "ada@shop.example");
        assert_ne!(seal.hash(&ada), seal.hash(&same_text));
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let seal = Seal::new([7; 32]).expect("a key");
        assert_ne!(seal.close("r", b"x"), seal.close("r", b"x"));
    }
}
