//! Checkout.com's webhook signature: `Cko-Signature: <hex>`, HMAC-SHA256 over the raw body with the
//! key of the workflow's webhook action used as text (checkout.com/docs/workflows). No time is signed,
//! so an old event may come again; it says the same again.

use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

const SIGNATURE: &str = "cko-signature";

pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let stated = request.header(SIGNATURE).ok_or(Forged::Missing)?;
    let tag = hex::decode(stated.trim()).map_err(|_| Forged::Mismatch)?;
    let keys = secrets.iter().map(|key| key.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}
