//! The head of an admitted request, as the routes need it.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, IF_MATCH};
use http::{HeaderMap, HeaderName};
use orderhub_domain::ids::CommandId;
use orderhub_domain::order::{REPLY_SCHEMA, Request};
use percent_encoding::percent_decode_str;

use super::keys::{Key, Scope};
use super::problem::Problem;
use crate::intake;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Who asks, for what, and how a repeat would be recognised.
#[derive(Debug)]
pub struct Asked {
    key: Option<Arc<Key>>,
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    /// The request's id.
    pub request_id: String,
    /// How long a piece of a body may take.
    pub body_time: Duration,
}

impl Asked {
    /// From a request's head and the key that was found for it.
    pub fn new(
        key: Option<Arc<Key>>,
        head: &http::request::Parts,
        request_id: String,
        body_time: Duration,
    ) -> Self {
        Self {
            key,
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            request_id,
            body_time,
        }
    }

    /// The key. Routes without one in the table never ask.
    pub fn key(&self) -> Result<&Key, Problem> {
        self.key.as_deref().ok_or_else(|| {
            Problem::new(
                "unauthorized",
                "The request carries no API key that is known here.",
            )
        })
    }

    /// Whether personal data may be shown.
    pub fn may_see_personal_data(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.may(Scope::PiiRead))
    }

    /// Path and query as sent.
    pub fn path_and_query(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// All headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The query's parameters, decoded.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        form_urlencoded::parse(self.query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    /// How a repeat of this request is recognised, if the sender gave a key. `target` is the order
    /// that it reaches.
    pub fn request(&self, target: &str, body_hash: &str) -> Result<Option<Request>, Problem> {
        let mut values = self.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let refused = || {
            let detail =
                "Idempotency-Key must be given once, as 1 to 255 visible ASCII characters.";
            Problem::new("idempotency_key_invalid", detail)
        };
        let value = value.to_str().ok().and_then(intake::usable_key);
        let value = value.ok_or_else(refused)?;
        if values.next().is_some() {
            return Err(refused());
        }
        let id = &self.key()?.id;
        let command_id = CommandId::of_request(id, &self.method, &self.path, target, value);
        Ok(Some(Request {
            command_id,
            body_hash: body_hash.to_owned(),
            reply_schema: REPLY_SCHEMA,
        }))
    }

    /// The same request under this key, whatever key it came with.
    pub fn under_key(&self, key: &str) -> Result<Self, Problem> {
        let mut headers = self.headers.clone();
        let value = HeaderValue::from_str(key);
        let value = value.map_err(|_| Problem::new("bad_request", "The form was changed."))?;
        headers.insert(IDEMPOTENCY_KEY, value);
        Ok(Self {
            key: self.key.clone(),
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers,
            request_id: self.request_id.clone(),
            body_time: self.body_time,
        })
    }

    /// The version that the sender saw, if it said so.
    pub fn if_match(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = self.headers.get(IF_MATCH) else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        text.trim_matches('"').parse().map(Some).map_err(|_| {
            let detail = "If-Match must be the version of the order in quotes, like \"7\".";
            Problem::new("if_match_invalid", detail)
        })
    }
}

/// A segment of a path, decoded. Control characters and broken UTF-8 name nothing.
pub fn segment(raw: &str) -> Result<String, Problem> {
    let text = percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| Problem::new("bad_request", "The path is not UTF-8."))?;
    if text.chars().any(char::is_control) {
        return Err(Problem::new(
            "bad_request",
            "The path holds control characters.",
        ));
    }
    Ok(text.into_owned())
}
