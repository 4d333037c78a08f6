//! `/v1/parked`: messages that changed nothing yet, and what people do about them.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use metrics::counter;
use orderhub_actors::ports::ParkedState;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::webhooks::{may_see, offer_again, own_source, sealed_otherwise};
use super::{answer, answered, asked, body, json as reply, with};
use crate::http::KeptWebhook;
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::{Fields, LONGEST_REASON};
use crate::http::json::{body_hash, object};
use crate::http::pages::{self, USUAL_PAGE};
use crate::http::problem::Problem;
use crate::store::{ParkedDetail, ParkedFilter, ParkedPlace};
use crate::views;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let many = warp::path!("v1" / "parked")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(list(&edge, &asked).await) },
        );
    let one = warp::path!("v1" / "parked" / String)
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |id: String, asked: Arc<Asked>, edge: Arc<Edge>| async move {
                answer(show(&edge, &asked, &id).await)
            },
        );
    let acts = warp::path!("v1" / "parked" / String / "actions" / String)
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, verb: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(act(&edge, &asked, &id, &verb, &body).await)
            },
        );
    many.or(one).unify().or(acts).unify().boxed()
}

async fn list(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    let mut filter = ParkedFilter {
        limit: USUAL_PAGE,
        ..ParkedFilter::default()
    };
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "source" => filter.source = Some(value),
            "reason" => filter.reason = Some(value),
            "state" => {
                let state = ParkedState::ALL.into_iter().find(|s| s.word() == value);
                let state = state.ok_or_else(|| pages::refused("state", "waiting, kept or dead"));
                filter.state = Some(state?);
            }
            "limit" => filter.limit = pages::limit(&value)?,
            "cursor" => filter.after = Some(pages::cursor(&value, place)?),
            _ => return Err(pages::unknown("source, reason, state, limit and cursor")),
        }
    }
    let path = "/v1/parked";
    let own = own_source(asked.key()?);
    if !may_see(own.as_deref(), filter.source.as_deref()) {
        return Ok(pages::page(path, asked, &[], None));
    }
    filter.source = own.or(filter.source);
    let found = edge.messages.parked(&filter).await?;
    let data = found.messages.iter().map(views::messages::parked);
    let next = found.next.map(cursor);
    Ok(pages::page(
        path,
        asked,
        &data.collect::<Vec<_>>(),
        next.as_deref(),
    ))
}

/// A place as a cursor's bytes: microseconds, as the store keeps them, and the id.
fn cursor((received_at, id): ParkedPlace) -> Vec<u8> {
    let mut bytes = received_at.as_microsecond().to_be_bytes().to_vec();
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

fn place(bytes: &[u8]) -> Option<ParkedPlace> {
    let (at, id) = bytes.split_first_chunk()?;
    let at = Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?;
    Some((at, Uuid::from_slice(id).ok()?))
}

async fn show(edge: &Edge, asked: &Asked, id: &str) -> Result<Response, Problem> {
    let found = find(edge, asked, id).await?;
    let personal = asked.may_see_personal_data();
    let body = views::messages::parked_in_full(&found, personal);
    Ok(reply(StatusCode::OK, &body))
}

/// What people do about a parked message.
enum Act {
    /// Offer it again now.
    Replay,
    /// Throw it away, for this reason.
    Discard(String),
}

async fn act(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    verb: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    let mut fields = Fields::new("", object(body)?);
    let act = match verb {
        "replay" => {
            fields.text("reason", LONGEST_REASON);
            Act::Replay
        }
        "discard" => Act::Discard(fields.required_text("reason", LONGEST_REASON)),
        _ => return Err(Problem::not_found()),
    };
    fields.finish()?;
    let request = asked.request(id, &body_hash(body)?)?;
    let done = async {
        let found = find(edge, asked, id).await?;
        match act {
            Act::Replay => replay(edge, asked, &found).await,
            Act::Discard(reason) => discard(edge, asked, &found, &reason).await,
        }
    };
    let (body, repeated) = edge.requests.once(request, done).await?;
    Ok(answered(&body, repeated))
}

/// Offers a message again. What still cannot be applied is parked again, as the same row.
async fn replay(
    edge: &Edge,
    asked: &Asked,
    found: &ParkedDetail,
) -> Result<serde_json::Value, Problem> {
    let body = found.body.as_ref().map_err(|_| sealed_otherwise())?;
    let listing = &found.listing;
    let kept = KeptWebhook {
        source: &listing.source,
        received_at: listing.received_at,
        headers: &found.headers,
        body,
    };
    let receipt = offer_again(edge, asked, listing.id, &kept).await?;
    Ok(views::messages::replayed(listing.id, &receipt))
}

/// Throws a message away. Who did it and why stands in the log.
async fn discard(
    edge: &Edge,
    asked: &Asked,
    found: &ParkedDetail,
    reason: &str,
) -> Result<serde_json::Value, Problem> {
    let listing = &found.listing;
    if !edge.journal.unpark(listing.id).await? {
        return Err(Problem::not_found());
    }
    tracing::info!(
        message.id = %listing.id,
        source = listing.source,
        parked_for = listing.reason,
        operator = asked.key()?.name,
        reason,
        "a parked message is discarded"
    );
    counter!("orderhub_parked_discarded_total", "source" => listing.source.clone()).increment(1);
    Ok(views::messages::discarded(listing.id))
}

/// A message that this key may see. Another channel's is as unknown as none.
async fn find(edge: &Edge, asked: &Asked, id: &str) -> Result<ParkedDetail, Problem> {
    let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
    let found = edge.messages.parked_message(id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let own = own_source(asked.key()?);
    if !may_see(own.as_deref(), Some(&found.listing.source)) {
        return Err(Problem::not_found());
    }
    Ok(found)
}
