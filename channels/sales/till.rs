//! What the connectors to tills have in common: how a thing that was looked up says what it is.
//!
//! A till's sales are finished at the counter: what was handed over there is the channel's
//! (`FulfilledBy::Channel`), and no hub ever sets it aside. What is to be shipped or collected later is ours.

use std::collections::BTreeMap;

use crate::port::{RawRequest, Statement};

/// The header of a statement that says what it is. Webhooks do not have it.
pub(super) const STATED: &str = "orderhub-stated";

/// Something that was looked up, as the reader is told what it is.
pub(super) fn stated(what: &str, raw: Vec<u8>) -> Statement {
    Statement {
        headers: BTreeMap::from([(STATED.to_owned(), what.to_owned())]),
        raw,
    }
}

/// Whether a webhook claims to be something that we looked up. That never comes this way.
pub(super) fn poses_as_stated(request: &RawRequest<'_>) -> bool {
    request.headers.contains_key(STATED)
}
