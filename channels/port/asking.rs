//! What a connection is asked, beside its family's calls. None of it changes anything at the vendor, and all of
//! it may be repeated at will.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{CallError, RawRequest};

/// Fetching the public keys that a vendor signs its webhooks with. It changes nothing there.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Fetches the key that a webhook names, unless it is here by now. Afterwards
    /// [`Connector::verify`](super::Connector::verify) believes the webhook or does not. An error means that the vendor could not
    /// be asked, or was asked for too many keys that it does not have: nothing is known of the webhook.
    async fn learn(&self, request: &RawRequest<'_>) -> Result<(), CallError>;
}

/// A thing at the vendor that has changed in some way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// What it is, in the vendor's word: `order`, `payment`.
    pub kind: String,
    /// Its id there.
    pub id: String,
}

/// Looking things up at the vendor. It changes nothing there and may be repeated at will.
#[async_trait]
pub trait LookUp: Send + Sync {
    /// A thing as it is now; no [`Statement`] when the vendor has no such thing.
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError>;
}

/// Something that the vendor said when it was asked: read by [`Connector::read`](super::Connector::read) like a webhook, and
/// kept and read again like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Headers that tell the reader what it is, as a webhook of the same meaning would have them.
    pub headers: BTreeMap<String, String>,
    /// The vendor's own bytes.
    pub raw: Vec<u8>,
}

/// Asking a vendor from time to time what is new. It changes nothing there.
#[async_trait]
pub trait Poll: Send + Sync {
    /// How long to wait between two rounds.
    fn every(&self) -> Duration;

    /// The next page after a cursor, oldest change first; from the beginning of the connection's time
    /// when there is none yet. Asking again with the same cursor misses nothing.
    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError>;
}

/// Looking whether the vendor's side has what a connection needs. It changes nothing there.
#[async_trait]
pub trait Checkup: Send + Sync {
    /// What is there, in a clause.
    ///
    /// # Errors
    /// When the connection would not work, with what to do about it.
    async fn look(&self) -> Result<String, CallError>;
}

/// A page of what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What the vendor said, oldest first. One that cannot be read is among them, so that it is put
    /// away and holds up nothing behind it.
    pub statements: Vec<Statement>,
    /// Where to go on once all of these are on disk.
    pub next: String,
    /// There is more already: ask again at once.
    pub more: bool,
}
