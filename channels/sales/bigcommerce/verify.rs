//! BigCommerce's webhook signature, in the manner of Standard Webhooks; the key is the client secret of the
//! API account, as text. Secrets overlap while one is being replaced.
//!
//! The vendor publishes no vector of its own, and the deliveries that others have published show none of
//! these headers: a store that signs in another way is refused, and seen by that.

use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::standard_webhooks;

/// Checks the signature and its time.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    standard_webhooks::verify(&keys, request)
}
