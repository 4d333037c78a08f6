//! The filters: path and method of every route, joined to its handler. Boxed per group, because
//! unboxed chains of this length take minutes to compile. Hot routes come first.

mod actions;
mod address;
mod arriving;
mod batch;
mod claims;
mod console;
mod edits;
mod events;
mod exchanges;
mod feeds;
mod files;
mod fulfilments;
mod hooks;
mod imports;
mod inventory;
mod lines;
mod locations;
mod orders;
mod parked;
mod quotas;
mod reads;
mod returns;
mod routing;
mod settlements;
mod supply;
mod system;
mod unreconciled;
mod webhooks;

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::Value;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::asked::Asked;
use super::edge::Edge;
use super::problem::Problem;

/// Says that the answer is that of an earlier request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// All routes of both addresses; the table says which answers where.
pub fn all(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    orders::routes(edge)
        .or(hooks::routes(edge))
        .unify()
        .or(reads::routes(edge))
        .unify()
        .or(fulfilments::routes(edge))
        .unify()
        .or(returns::routes(edge))
        .unify()
        .or(actions::routes(edge))
        .unify()
        .or(routing::routes(edge))
        .unify()
        .or(feeds::routes(edge))
        .unify()
        .or(inventory::routes(edge))
        .unify()
        .or(locations::routes(edge))
        .unify()
        .or(supply::routes(edge))
        .unify()
        .or(quotas::routes(edge))
        .unify()
        .or(batch::routes(edge))
        .unify()
        .or(parked::routes(edge))
        .unify()
        .or(webhooks::routes(edge))
        .unify()
        .or(settlements::routes(edge))
        .unify()
        .or(imports::routes(edge))
        .unify()
        .or(unreconciled::routes(edge))
        .unify()
        .or(events::routes(edge))
        .unify()
        .or(console::routes(edge))
        .unify()
        .or(system::routes(edge))
        .unify()
        .boxed()
}

/// The admitted request's head.
fn asked() -> impl Filter<Extract = (Arc<Asked>,), Error = Rejection> + Clone {
    warp::ext::get::<Arc<Asked>>()
}

/// The whole body; the front has read it already.
fn body() -> impl Filter<Extract = (Bytes,), Error = Rejection> + Clone {
    warp::body::bytes()
}

/// What the routes stand on.
fn with(
    edge: &Arc<Edge>,
) -> impl Filter<Extract = (Arc<Edge>,), Error = std::convert::Infallible> + Clone + use<> {
    let edge = edge.clone();
    warp::any().map(move || edge.clone())
}

/// The answer, or the problem in its place.
fn answer(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(Problem::into_response)
}

/// The answer to a request that was carried out, now or before.
fn answered(body: &Value, repeated: bool) -> Response {
    let mut response = json(StatusCode::OK, body);
    if repeated {
        let headers = response.headers_mut();
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(value.to_string().into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
