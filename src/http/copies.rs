//! The seam to the copies of webhooks, kept sealed for a month beside what they changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_actors::api::Receipt;

/// A verified webhook as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCopy {
    /// The connection: `payments/stripe-eu`.
    pub source: String,
    /// What became of it.
    pub receipt: Receipt,
    /// When it came.
    pub received_at: Timestamp,
    /// Headers without secrets and signatures.
    pub headers: BTreeMap<String, String>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// Where copies go. Handing one over never waits and never fails a webhook: what it changed is in
/// the log, what it did not is parked, the copy is for people.
pub trait WebhookCopies: Send + Sync {
    /// Keeps a copy.
    fn keep(&self, copy: WebhookCopy);
}
