//! What the API says when it does not do what was asked: `application/problem+json`.
//!
//! Handlers return a [`Problem`]; the front gives it the request's id and writes it. Nothing of a
//! problem comes from the store, a panic or a partner: details are sentences of this program.

use std::time::Duration;

use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};
use orderhub_actors::api::HubError;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::canonical::Violation;
use orderhub_domain::order::Rejection;
use serde_json::{Value, json};
use warp::reply::Response;

use super::catalogue;

/// At most so many errors are listed in one answer.
pub const ERRORS_LISTED: usize = 20;

/// Why a request is not done.
#[derive(Debug, Clone)]
pub struct Problem {
    code: &'static str,
    detail: String,
    errors: Vec<Violation>,
    retry_after: Option<Duration>,
    allow: Option<String>,
    close: bool,
}

impl Problem {
    /// A problem with a code of the catalogue and one sentence about this case.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            allow: None,
            close: false,
        }
    }

    /// Something in the body is wrong. The code is that of the errors when they agree.
    pub fn invalid(errors: Vec<Violation>) -> Self {
        let code = match errors.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other.code == first.code) => first.code,
            _ => "validation_failed",
        };
        let detail = match errors.as_slice() {
            [one] => format!("At {}: {}.", place(&one.pointer), one.hint),
            many => format!("{} parts of the body are not valid.", many.len()),
        };
        let mut problem = Self::new(code, detail);
        problem.errors = errors;
        problem
    }

    /// One part of the body is wrong.
    pub fn at(pointer: impl Into<String>, code: &'static str, hint: impl Into<String>) -> Self {
        Self::invalid(vec![Violation::new(pointer, code, hint)])
    }

    /// There is no such thing here, for this caller.
    pub fn not_found() -> Self {
        Self::new("not_found", "There is nothing at this address.")
    }

    /// Another method would have been right.
    pub fn method_not_allowed(allow: String) -> Self {
        let mut problem = Self::new("method_not_allowed", format!("Only {allow} works here."));
        problem.allow = Some(allow);
        problem
    }

    /// Ask again after this long.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The connection ends with the answer: what follows on it cannot be trusted.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// Its code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong where.
    pub fn errors(&self) -> &[Violation] {
        &self.errors
    }

    /// One sentence about this case.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether the same request may succeed later, unchanged.
    pub fn is_retryable(&self) -> bool {
        catalogue::find(self.code).is_some_and(|entry| entry.retryable)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        // A connector may name a violation that the table does not have: still a bad body.
        catalogue::find(self.code)
            .map_or(StatusCode::UNPROCESSABLE_ENTITY, catalogue::Entry::status)
    }

    /// Its document.
    pub fn document(&self, request_id: &str) -> Value {
        let entry = catalogue::find(self.code);
        let errors = self.errors.iter().take(ERRORS_LISTED).map(
            |error| json!({ "pointer": error.pointer, "code": error.code, "hint": error.hint }),
        );
        json!({
            "type": format!("/docs/errors/{}", self.code),
            "title": entry.map_or("The request is not valid", |entry| entry.title),
            "status": self.status().as_u16(),
            "code": self.code,
            "detail": self.detail,
            "retryable": self.is_retryable(),
            "errors": errors.collect::<Vec<_>>(),
            "request_id": request_id,
        })
    }

    /// The answer. The front writes its body, because it knows the request's id.
    pub fn into_response(self) -> Response {
        let mut response = warp::reply::Response::default();
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }

    /// The answer with its body.
    pub fn written(&self, request_id: &str) -> Response {
        let mut response = Response::new(self.document(request_id).to_string().into());
        *response.status_mut() = self.status();
        self.write_headers(response.headers_mut());
        response
    }

    fn write_headers(&self, headers: &mut HeaderMap) {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let status = self.status();
        if matches!(status.as_u16(), 429 | 503) {
            let wait = self.retry_after.unwrap_or(Duration::from_secs(1));
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if status == StatusCode::UNAUTHORIZED && self.code == "unauthorized" {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(allow) = self.allow.as_ref().and_then(|allow| allow.parse().ok()) {
            headers.insert(ALLOW, allow);
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() {
        "the top"
    } else {
        pointer
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        tracing::warn!(reason = %error.0, "the store did not answer a request");
        Self::new(
            "store_unavailable",
            "The store does not answer; nothing was recorded.",
        )
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let sentence = sentence(&rejection.to_string());
        let pointer = match &rejection {
            Rejection::NoSuchHold(_) => Some("/hold_id".to_owned()),
            Rejection::BlocksNothing => Some("/blocks".to_owned()),
            Rejection::NoLine(_) => Some("/scope".to_owned()),
            Rejection::NeverOver => Some("/on_expiry".to_owned()),
            Rejection::NoSuchLine { place, .. } | Rejection::NoSuchOrderLine { place, .. } => {
                Some(format!("/lines/{place}/line"))
            }
            Rejection::TooMany { place, .. } | Rejection::TooManyLeft { place, .. } => {
                Some(format!("/lines/{place}/quantity"))
            }
            Rejection::Return(refused) => refused.pointer(),
            Rejection::Claim(refused) => refused.pointer(),
            Rejection::Edit(refused) => refused.pointer(),
            Rejection::Address(refused) => refused.pointer(),
            Rejection::Pack(refused) => Some(refused.pointer()),
            Rejection::Exchange(refused) => refused.pointer(),
            Rejection::NoUnits | Rejection::SplitsAll => Some("/lines".to_owned()),
            Rejection::NoSuchLocation(_) => Some("/to".to_owned()),
            Rejection::NotAhead => Some("/not_before".to_owned()),
            Rejection::CannotMerge(..) => Some("/from".to_owned()),
            _ => None,
        };
        match pointer {
            Some(pointer) => {
                let mut problem = Self::at(pointer, rejection.code(), rejection.to_string());
                problem.detail = sentence;
                problem
            }
            None => Self::new(rejection.code(), sentence),
        }
    }
}

impl From<HubError> for Problem {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Rejected(rejection) => rejection.into(),
            HubError::NotFound(_) => Self::not_found(),
            HubError::ExternalIdConflict { existing } => Self::new(
                "external_id_conflict",
                format!(
                    "Order {existing} has this external_id and was recorded from another body."
                ),
            ),
            HubError::KeyReused => Self::new(
                "idempotency_key_reused",
                "The idempotency key was used with another body.",
            ),
            HubError::ReadOnly(reason) => {
                tracing::warn!(%reason, "an order cannot be changed by this version");
                Self::new(
                    "read_only",
                    "A newer version of the hub has written this order.",
                )
                .after(Duration::from_secs(30))
            }
            HubError::Overloaded { retry_after } => {
                Self::new("overloaded", "The hub is busy; nothing was recorded.").after(retry_after)
            }
            HubError::Unavailable(reason) => Unavailable(reason).into(),
            HubError::OutcomeUnknown(reason) => {
                tracing::warn!(%reason, "the outcome of a commit is not known");
                Self::new(
                    "outcome_unknown",
                    "It is not known yet whether it was recorded; the same request, sent again, finds out.",
                )
            }
        }
    }
}

/// A message as a sentence: a capital first letter and a full stop.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(char::to_uppercase);
    first
        .into_iter()
        .flatten()
        .chain(letters)
        .chain(['.'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_agree_give_their_code_to_the_answer() {
        let same = Problem::invalid(vec![
            Violation::new("/a", "required", "a"),
            Violation::new("/b", "required", "b"),
        ]);
        assert_eq!(same.code(), "required");
        let mixed = Problem::invalid(vec![
            Violation::new("/a", "required", "a"),
            Violation::new("/b", "negative", "b"),
        ]);
        assert_eq!(mixed.code(), "validation_failed");
        assert_eq!(mixed.status(), 422);
    }

    #[test]
    fn the_stores_words_never_reach_the_sender() {
        let error = HubError::Unavailable("select secret from keys".into());
        let document = Problem::from(error).document("req_1").to_string();
        assert!(!document.contains("select"), "{document}");
    }

    #[test]
    fn busy_answers_say_when_to_come_back() {
        let wait = Duration::from_millis(1_200);
        let problem = Problem::from(HubError::Overloaded { retry_after: wait });
        let response = problem.written("req_1");
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "2");
    }
}
