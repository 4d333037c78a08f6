//! Sales channels: orders in; later shipments, cancellations and stock back out.

use crate::port::{Forged, Inbound, RawRequest};

/// A connection to a sales channel that pushes webhooks.
pub trait SalesConnector: Send + Sync {
    /// Whether the bytes are really from the vendor. Called before anything is parsed.
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged>;

    /// What they say. Pure; called only after `verify`.
    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound>;

    /// Whether test orders are recorded only (`live`) or handled like any other (`test`).
    fn is_live(&self) -> bool;
}
