//! API keys: how they look, what they may do, and where they are looked up.
//!
//! A key is shown once. What is kept is its SHA-256: the secret half has 192 random bits, so a
//! slow hash would protect nothing.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::Slug;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// What a key may do. `admin` may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Send orders.
    OrdersWrite,
    /// Set stock.
    InventoryWrite,
    /// Read events.
    EventsRead,
    /// Act on orders, fulfilments and returns.
    OpsAct,
    /// See personal data.
    PiiRead,
    /// Everything.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] = [
        Self::OrdersWrite,
        Self::InventoryWrite,
        Self::EventsRead,
        Self::OpsAct,
        Self::PiiRead,
        Self::Admin,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OrdersWrite => "orders:write",
            Self::InventoryWrite => "inventory:write",
            Self::EventsRead => "events:read",
            Self::OpsAct => "ops:act",
            Self::PiiRead => "pii:read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.word() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::word).join(", ");
                format!("\"{text}\" is not a scope; scopes are {known}")
            })
    }
}

/// A key that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public id, part of the token.
    pub id: String,
    /// What the operator called it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The only channel it may see, if it is bound to one.
    pub channel: Option<Slug>,
}

impl Key {
    /// Whether it may do what needs this scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

/// A key to be kept, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What it is and may do.
    pub key: Key,
    /// SHA-256 of the whole token.
    pub token_hash: [u8; 32],
}

/// A key as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// What it is and may do.
    pub key: Key,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// Where requests find keys.
#[async_trait]
pub trait KeyRing: Send + Sync {
    /// The key whose token has this SHA-256, unless it is revoked.
    async fn lookup(&self, token_hash: [u8; 32]) -> Result<Option<Key>, Unavailable>;
}

/// Where operators keep keys.
#[async_trait]
pub trait KeyBook: Send + Sync {
    /// Keeps a new key.
    async fn add(&self, key: &NewKey) -> Result<(), Unavailable>;

    /// Every key, oldest first.
    async fn list(&self) -> Result<Vec<KeptKey>, Unavailable>;

    /// Ends a key; `false` when there is none with this id. Again: nothing changes.
    async fn revoke(&self, id: &str) -> Result<bool, Unavailable>;
}

const PREFIX: &str = "ohk_live_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 24;
const CHECK_DIGITS: usize = 8;

/// The system has no randomness to give.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gives no random numbers; nothing was made")]
pub struct NoRandomness;

/// Makes a token and its id: `ohk_live_<id>_<secret><check>`, all hexadecimal. The check lets
/// secret scanners and the front tell a key from a typing mistake without a look-up.
pub fn generate() -> Result<(String, String), NoRandomness> {
    let mut random = [0; ID_BYTES + SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| NoRandomness)?;
    let (id, secret) = random.split_at(ID_BYTES);
    let id = hex::encode(id);
    let body = format!("{PREFIX}{id}_{}", hex::encode(secret));
    let check = check_digits(&body);
    Ok((format!("{body}{check}"), id))
}

fn check_digits(body: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(body));
    digits.truncate(CHECK_DIGITS);
    digits
}

/// Whether a text can be a token. What [`generate`] made must have its check right; other tokens
/// that begin with `ohk_` are left to the look-up.
pub fn is_well_formed(token: &str) -> bool {
    if !token.starts_with(PREFIX) {
        let plain = token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return token.starts_with("ohk_") && plain && (24..=200).contains(&token.len());
    }
    let length = PREFIX.len() + 2 * ID_BYTES + 1 + 2 * SECRET_BYTES + CHECK_DIGITS;
    if token.len() != length || !token.is_ascii() {
        return false;
    }
    let (body, check) = token.split_at(length - CHECK_DIGITS);
    check_digits(body) == check
}

/// What is kept of a token.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_token_is_well_formed_and_no_two_are_alike() {
        let (one, id) = generate().expect("randomness");
        let (other, _) = generate().expect("randomness");
        assert!(is_well_formed(&one), "{one}");
        assert!(one.starts_with(&format!("ohk_live_{id}_")));
        assert_ne!(one, other);
    }

    #[test]
    fn one_wrong_letter_shows() {
        let (token, _) = generate().expect("randomness");
        for index in PREFIX.len()..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(bytes).expect("ASCII");
            assert!(!is_well_formed(&wrong), "{wrong}");
        }
    }

    #[test]
    fn scopes_are_exact_but_for_admin() {
        let key = |scopes: &[Scope]| Key {
            id: "a".into(),
            name: "a".into(),
            scopes: scopes.to_vec(),
            channel: None,
        };
        for has in Scope::ALL {
            for needs in Scope::ALL {
                let allowed = has == needs || has == Scope::Admin;
                assert_eq!(key(&[has]).may(needs), allowed, "{has} {needs}");
            }
            assert_eq!(has.word().parse(), Ok(has));
        }
        assert!("orders:read".parse::<Scope>().is_err());
    }
}
