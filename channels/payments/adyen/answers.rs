//! What the Checkout API's answers mean before anybody looks at their objects: taken, refused, or open.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::wire::Refused;
use crate::outbound::Answer;
use crate::port::CallError;
use crate::wire::code;

/// A request with this key is being carried out, or was and may not be told again.
const IN_PROGRESS: &str = "704";

/// An answer to a changing call that is none.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the gateway's answer cannot be read; it may have been carried out")
}

/// A request that was taken: its notification says what became of it.
pub(super) fn underway() -> CallError {
    CallError::under_way(
        "the gateway has taken the request; its notification tells what became of it",
    )
}

/// What an answer to a changing call means: the object, or the code of a refusal.
///
/// Adyen keeps an answer under the request's key; one marked as a transient error had no effect and
/// may be asked again under the same key (docs.adyen.com/development-resources/api-idempotency).
pub(super) fn understand<T: DeserializeOwned>(
    answer: &Answer,
) -> Result<Result<T, String>, CallError> {
    if answer.status.is_success() {
        return serde_json::from_slice(&answer.body)
            .map(Ok)
            .map_err(|_| garbled());
    }
    let refused = serde_json::from_slice::<Refused>(&answer.body);
    let refused = refused.ok().and_then(|refused| code(&refused.error_code));
    if refused.as_deref() == Some(IN_PROGRESS) || answer.status == StatusCode::CONFLICT {
        return Err(CallError::unknown(
            "the gateway is still carrying out an earlier try",
        ));
    }
    let transient = answer.headers.get("transient-error");
    if transient.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
        return Err(answer.not_done("the gateway has a passing problem and did nothing"));
    }
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    match refused {
        Some(word) => Ok(Err(format!("error_{word}"))),
        // Not Adyen's way of saying no: a proxy's error page, perhaps.
        None => Err(garbled()),
    }
}
