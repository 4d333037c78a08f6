//! Pages of lists: `limit` and `cursor` in, `{data, next_cursor, has_more}` and a `Link` out.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{HeaderValue, LINK};
use serde_json::{Value, json};
use warp::reply::Response;

use super::asked::Asked;
use super::problem::Problem;
use super::routes::json as reply;

/// Rows on a page when nothing else is asked.
pub const USUAL_PAGE: u16 = 50;
/// Most rows on a page.
const LARGEST_PAGE: u16 = 200;

/// A parameter is not what it must be.
pub fn refused(name: &str, hint: &str) -> Problem {
    let detail = format!("The parameter {name} must be {hint}.");
    Problem::new("invalid_query", detail)
}

/// A parameter that the list does not have.
pub fn unknown(known: &str) -> Problem {
    let detail = format!("Only the parameters {known} are known here.");
    Problem::new("invalid_query", detail)
}

/// Reads `limit`.
pub fn limit(value: &str) -> Result<u16, Problem> {
    let limit = value.parse().ok();
    limit
        .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        .ok_or_else(|| refused("limit", "a number from 1 to 200"))
}

/// The bytes of a `cursor`, of which this list makes sense.
pub fn cursor<T>(value: &str, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<T, Problem> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(value).ok();
    bytes
        .and_then(|bytes| read(&bytes))
        .ok_or_else(|| refused("cursor", "the next_cursor of the page before"))
}

/// A page of the list at `path`; `next` are the bytes of the cursor that goes on after it.
pub fn page(path: &str, asked: &Asked, data: &[Value], next: Option<&[u8]>) -> Response {
    let cursor = next.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let body = json!({ "data": data, "next_cursor": cursor, "has_more": cursor.is_some() });
    let mut response = reply(StatusCode::OK, &body);
    if let Some(bytes) = next {
        let next = query_of_next(asked, bytes);
        if let Ok(link) = HeaderValue::from_str(&format!("<{path}{next}>; rel=\"next\"")) {
            response.headers_mut().insert(LINK, link);
        }
    }
    response
}

/// The query, with its question mark, of the page that goes on after this cursor.
pub fn query_of_next(asked: &Asked, cursor: &[u8]) -> String {
    let mut next = form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.parameters().filter(|(name, _)| name != "cursor") {
        next.append_pair(&name, &value);
    }
    let cursor = BASE64_URL_SAFE_NO_PAD.encode(cursor);
    format!("?{}", next.append_pair("cursor", &cursor).finish())
}
