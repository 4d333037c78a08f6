//! What Klarna's answers mean before anybody looks at their objects: done, refused, or open
//! (docs.klarna.com, error codes and messages for order management).

use http::StatusCode;

use super::wire::{BadAmount, Refused};
use crate::outbound::Answer;
use crate::port::CallError;
use crate::wire::{code, path_id};

/// An answer to a changing call that is none.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the gateway's answer cannot be read; it may have been carried out")
}

/// An answer to a look-up that is none.
pub(super) fn unread() -> CallError {
    CallError::not_done("the gateway's answer cannot be read")
}

/// A look-up that was refused: nothing is known.
pub(super) fn look_up_refused(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!("the gateway answered {status} to a look-up"))
}

impl From<BadAmount> for CallError {
    fn from(_: BadAmount) -> Self {
        Self::unknown("the gateway answered with an amount that its currency cannot have")
    }
}

/// The code of Klarna's own refusal; `None` for a page that something on the way made.
pub(super) fn own_code(answer: &Answer) -> Option<String> {
    let refused = serde_json::from_slice::<Refused>(&answer.body).ok()?;
    code(&refused.error_code)
}

/// Whether an answer firmly says that there is no such order.
pub(super) fn is_no_order(answer: &Answer) -> bool {
    let not_there = |code: &str| code.starts_with("NO_SUCH_") || code == "NOT_FOUND";
    answer.status == StatusCode::NOT_FOUND && own_code(answer).is_some_and(|code| not_there(&code))
}

/// What an answer to a changing call means: done, or the code of a refusal.
///
/// A success has no body: what it made is named in a header. Klarna answers 403 with a code of its own
/// when the order's state does not allow something, and without one when it keeps a caller out.
pub(super) fn understand(answer: &Answer) -> Result<Result<(), String>, CallError> {
    if answer.status.is_success() {
        return Ok(Ok(()));
    }
    if answer.status == StatusCode::CONFLICT {
        return Err(CallError::unknown(
            "the gateway is busy with the order, perhaps with an earlier try",
        ));
    }
    let refused = own_code(answer);
    let of_state = refused
        .filter(|code| answer.status != StatusCode::FORBIDDEN || code.ends_with("NOT_ALLOWED"));
    match (answer.status.as_u16(), of_state) {
        (400 | 403 | 404 | 413 | 422, Some(code)) => Ok(Err(code)),
        _ => Err(answer.failure().unwrap_or_else(garbled)),
    }
}

/// The id of what a call made: Klarna names it in a header of its own, and at the end of `Location`.
pub(super) fn made(answer: &Answer, header: &str) -> Option<String> {
    let text = |name: &str| answer.headers.get(name)?.to_str().ok();
    let named = text(header).and_then(path_id);
    let last = || path_id(text("location")?.rsplit('/').next()?);
    named.or_else(last).map(str::to_owned)
}
