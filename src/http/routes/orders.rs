//! `POST /v1/orders`: one order in the canonical form.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode};
use metrics::counter;
use orderhub_actors::api::NewOrder;
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{answer, asked, body, json, with};
use crate::http::asked::Asked;
use crate::http::edge::{Edge, SalesChannel};
use crate::http::intake::ParsedOrder;
use crate::http::keys::Key;
use crate::http::problem::Problem;
use crate::views::replies;

/// Says that the answer is that of an earlier request with the same key.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "orders")
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, body: bytes::Bytes, edge: Arc<Edge>| async move {
                answer(
                    place(&edge, &asked, &body)
                        .await
                        .map(Recorded::into_response),
                )
            },
        )
        .boxed()
}

/// An order that is on disk.
pub(super) struct Recorded {
    /// 201 for what is new, and for the repeat of the key that made it; 200 for the same order
    /// under another key or none.
    pub(super) status: StatusCode,
    /// The answer, built from the first event alone: every repeat gets the same bytes.
    pub(super) body: Value,
    /// It answers an earlier request with the same key.
    pub(super) replayed: bool,
}

impl Recorded {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.body);
        if self.replayed {
            let headers = response.headers_mut();
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Records one order, or recognises it.
pub(super) async fn place(edge: &Edge, asked: &Asked, body: &[u8]) -> Result<Recorded, Problem> {
    let key = asked.key()?;
    let parsed = edge
        .intake
        .read(body)
        .map_err(|error| refused(None, error.into()))?;
    let channel = channel_of(edge, key, &parsed).map_err(|problem| refused(None, problem))?;
    let slug = parsed.channel.clone();
    check_pickup(edge, &parsed).map_err(|problem| refused(Some(slug.as_str()), problem))?;
    let external_id = &parsed.submission.draft.external_id;
    let target = format!("{}/{external_id}", channel.id.0.simple());
    let request = asked
        .request(&target, &parsed.body_hash)
        .map_err(|problem| refused(Some(slug.as_str()), problem))?;
    let order = NewOrder {
        channel: channel.id,
        channel_slug: parsed.channel,
        live_connection: channel.live,
        submission: parsed.submission,
        body_hash: parsed.body_hash,
        request: request.clone(),
        actor: format!("key:{}", key.name),
    };
    let placed = edge.hub.place(order).await.map_err(|error| {
        let problem = Problem::from(error);
        if problem.status().is_client_error() {
            refused(Some(slug.as_str()), problem)
        } else {
            problem
        }
    })?;
    let status = if placed.is_made_by(request.as_ref()) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(Recorded {
        status,
        body: replies::order_received(&placed.received),
        replayed: placed.replayed,
    })
}

/// A buyer cannot collect at a place that does not exist.
fn check_pickup(edge: &Edge, parsed: &ParsedOrder) -> Result<(), Problem> {
    let pickup = parsed.submission.draft.pickup_location.as_ref();
    if pickup.is_none_or(|code| edge.locations.contains(code)) {
        return Ok(());
    }
    let hint = "the code of a configured location";
    Err(Problem::at("/pickup_location", "unknown_location", hint))
}

/// The direct channel that the order names. A key that is bound to another one does not learn
/// that this one exists.
fn channel_of(edge: &Edge, key: &Key, parsed: &ParsedOrder) -> Result<SalesChannel, Problem> {
    let slug = &parsed.channel;
    edge.channels
        .get(slug)
        .filter(|channel| channel.direct)
        .filter(|_| key.channel.as_ref().is_none_or(|bound| bound == slug))
        .copied()
        .ok_or_else(|| {
            let hint = "the slug of a configured channel of kind direct";
            Problem::at("/channel", "unknown_channel", hint)
        })
}

/// Counts an order that was not taken. What was taken is counted where it is committed.
fn refused(channel: Option<&str>, problem: Problem) -> Problem {
    let channel = channel.unwrap_or("unknown").to_owned();
    counter!("orderhub_orders_received_total", "channel" => channel, "outcome" => "rejected")
        .increment(1);
    problem
}
