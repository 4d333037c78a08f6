//! What the connectors to tills have in common: how a thing that was looked up says what it is, what an
//! answer to a question means, and refusals.
//!
//! A till's sales are finished at the counter: what was handed over there is the channel's
//! (`FulfilledBy::Channel`), and no hub ever sets it aside. What is to be shipped or collected later is ours.

use std::collections::BTreeMap;

use orderhub_domain::order::NoticeEvidence;

use super::Offered;
use crate::port::{CallError, RawRequest, Statement};

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

/// A failure to answer a question. It changes nothing there, so it was not done, whatever became of it.
pub(super) fn of_question(failure: CallError) -> CallError {
    match failure {
        CallError::Unknown { reason, .. } => CallError::not_done(reason),
        not_done @ CallError::NotDone { .. } => not_done,
    }
}

/// The till will not take a notice, by this code.
pub(super) fn refused(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused {
        code: code.to_owned(),
    }
}

/// Whether an answer to a notice is a refusal.
pub(super) const fn is_refusal(evidence: &NoticeEvidence) -> bool {
    matches!(evidence, NoticeEvidence::Refused { .. })
}

/// The till will not offer so many units, by this code.
pub(super) fn not_offered(code: &str) -> Offered {
    Offered::Refused {
        code: code.to_owned(),
    }
}

/// Whether an answer to an offer is a refusal.
pub(super) const fn is_not_offered(offered: &Offered) -> bool {
    matches!(offered, Offered::Refused { .. })
}
