//! `/v1/webhooks-received`: webhooks as they came, and offering one again.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use metrics::counter;
use orderhub_actors::api::Receipt;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{answer, answered, asked, body, json as reply, with};
use crate::http::KeptWebhook;
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::{Fields, LONGEST_REASON};
use crate::http::json::{body_hash, object};
use crate::http::keys::Key;
use crate::http::pages::{self, USUAL_PAGE};
use crate::http::problem::Problem;
use crate::store::{WebhookDetail, WebhookFilter};
use crate::views;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let many = warp::path!("v1" / "webhooks-received")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(list(&edge, &asked).await) },
        );
    let one = warp::path!("v1" / "webhooks-received" / String)
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |id: String, asked: Arc<Asked>, edge: Arc<Edge>| async move {
                answer(show(&edge, &asked, &id).await)
            },
        );
    let again = warp::path!("v1" / "webhooks-received" / String / "actions" / "replay")
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(replay(&edge, &asked, &id, &body).await)
            },
        );
    many.or(one).unify().or(again).unify().boxed()
}

async fn list(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    let mut filter = WebhookFilter {
        limit: USUAL_PAGE,
        ..WebhookFilter::default()
    };
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "source" => filter.source = Some(value),
            "outcome" => filter.outcome = Some(value),
            "limit" => filter.limit = pages::limit(&value)?,
            "cursor" => {
                let before = pages::cursor(&value, |bytes| Uuid::from_slice(bytes).ok())?;
                filter.before = Some(before);
            }
            _ => return Err(pages::unknown("source, outcome, limit and cursor")),
        }
    }
    let path = "/v1/webhooks-received";
    let own = own_source(asked.key()?);
    if !may_see(own.as_deref(), filter.source.as_deref()) {
        return Ok(pages::page(path, asked, &[], None));
    }
    filter.source = own.or(filter.source);
    let found = edge.messages.webhooks(&filter).await?;
    let data = found.webhooks.iter().map(views::messages::webhook);
    let next = found.next.as_ref().map(|id| id.as_bytes().as_slice());
    Ok(pages::page(path, asked, &data.collect::<Vec<_>>(), next))
}

async fn show(edge: &Edge, asked: &Asked, id: &str) -> Result<Response, Problem> {
    let found = find(edge, asked, id).await?;
    let personal = asked.may_see_personal_data();
    let body = views::messages::webhook_in_full(&found, personal);
    Ok(reply(StatusCode::OK, &body))
}

async fn replay(edge: &Edge, asked: &Asked, id: &str, body: &[u8]) -> Result<Response, Problem> {
    let mut fields = Fields::new("", object(body)?);
    fields.text("reason", LONGEST_REASON);
    fields.finish()?;
    let request = asked.request(id, &body_hash(body)?)?;
    let act = async {
        let found = find(edge, asked, id).await?;
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
    };
    let (body, repeated) = edge.requests.once(request, act).await?;
    Ok(answered(&body, repeated))
}

/// Offers what was kept through the same door as when it came. It was verified then; what it says is
/// read anew, with the connection as it is configured now. What is applied is parked no longer; what
/// is not is parked again, as the same rows. Twice is harmless: facts merge.
pub(super) async fn offer_again(
    edge: &Edge,
    asked: &Asked,
    id: Uuid,
    kept: &KeptWebhook<'_>,
) -> Result<Receipt, Problem> {
    let delivery = edge.hooks.read_again(kept).ok_or_else(|| {
        let detail = format!("There is no connection {} any more.", kept.source);
        Problem::new("connection_missing", detail)
    })?;
    let receipt = edge.hub.inbound(delivery).await?;
    for message in &receipt.applied {
        edge.journal.unpark(*message).await?;
    }
    let outcome = receipt.received.word();
    let source = kept.source.to_owned();
    tracing::info!(message.id = %id, source, outcome, operator = asked.key()?.name, "a message is replayed");
    counter!("orderhub_messages_replayed_total", "source" => source, "outcome" => outcome)
        .increment(1);
    Ok(receipt)
}

/// The problem of a message that another key sealed.
pub(super) fn sealed_otherwise() -> Problem {
    let detail = "What the message says was sealed with another key than the configured one.";
    Problem::new("sealed_otherwise", detail)
}

/// The only source whose messages this key may see, if it is bound to a channel.
pub(super) fn own_source(key: &Key) -> Option<String> {
    let bound = key.channel.as_ref()?;
    Some(format!("sales/{bound}"))
}

/// Whether messages of this source, or of all together, may be asked for.
pub(super) fn may_see(own: Option<&str>, source: Option<&str>) -> bool {
    own.is_none_or(|own| source.is_none_or(|source| source == own))
}

/// A webhook that this key may see. Another channel's is as unknown as none.
async fn find(edge: &Edge, asked: &Asked, id: &str) -> Result<WebhookDetail, Problem> {
    let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
    let found = edge.messages.webhook(id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let own = own_source(asked.key()?);
    if !may_see(own.as_deref(), Some(&found.listing.source)) {
        return Err(Problem::not_found());
    }
    Ok(found)
}
