//! `/v1/events` and `/v1/events/stream`: what was committed, by page or as it happens, as the same
//! messages that the bus has.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::sse::Event;

use super::{answer, asked, json as reply, with};
use crate::events::{Position, Told, Watch};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::pages::{self, USUAL_PAGE};
use crate::http::problem::Problem;
use crate::http::streams::Teller;

const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let page = warp::path!("v1" / "events")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(page(&edge, &asked).await) },
        );
    let stream = warp::path!("v1" / "events" / "stream")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(stream(&edge, &asked).await) },
        );
    page.or(stream).unify().boxed()
}

/// Which events somebody wants to hear and may hear.
struct Wanted {
    /// Beginnings of kinds (`shipment.`) or whole ones; empty: all.
    kinds: Vec<String>,
    /// The only channel whose events the key may see. Stock belongs to no channel.
    channel: Option<String>,
}

impl Wanted {
    fn of(asked: &Asked, kinds: &str) -> Result<Self, Problem> {
        let kinds = kinds
            .split(',')
            .map(str::trim)
            .filter(|kind| !kind.is_empty());
        let kinds = kinds.map(|kind| kind.trim_end_matches('*').to_owned());
        let channel = asked.key()?.channel.as_ref();
        Ok(Self {
            kinds: kinds.collect(),
            channel: channel.map(ToString::to_string),
        })
    }

    fn includes(&self, told: &Told) -> bool {
        let visible = self.channel.is_none() || self.channel == told.channel;
        let wanted = |kind: &String| match kind.strip_suffix('.') {
            Some(_) => told.kind.starts_with(kind.as_str()),
            None => {
                told.kind
                    .rsplit_once(".v")
                    .is_some_and(|(whole, _)| whole == kind)
                    || told.kind == *kind
            }
        };
        visible && (self.kinds.is_empty() || self.kinds.iter().any(wanted))
    }
}

async fn page(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    let mut position = Position::default();
    let mut limit = usize::from(USUAL_PAGE);
    let mut kinds = String::new();
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "after" => position = read_position(&name, &value)?,
            "types" => kinds = value,
            "limit" => limit = usize::from(pages::limit(&value)?),
            _ => return Err(pages::unknown("after, types and limit")),
        }
    }
    let wanted = Wanted::of(asked, &kinds)?;
    let told = edge.feed.page(&mut position, limit).await?;
    // Whoever has read to the end goes on from there later: the cursor is never missing.
    let has_more = !told.is_empty();
    let data: Vec<Value> = told
        .iter()
        .filter(|told| wanted.includes(told))
        .map(|told| serde_json::from_slice(&told.body).unwrap_or_default())
        .collect();
    let next = position.encode();
    let body = json!({ "data": data, "next_cursor": next, "has_more": has_more });
    Ok(reply(StatusCode::OK, &body))
}

async fn stream(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    let mut after = None;
    let mut kinds = String::new();
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "after" => after = Some(read_position(&name, &value)?),
            "types" => kinds = value,
            _ => return Err(pages::unknown("after and types")),
        }
    }
    // A listener that was cut off says where; that is later than where it once began.
    if let Some(last) = asked.headers().get(LAST_EVENT_ID) {
        let last = last.to_str().unwrap_or_default();
        after = Some(read_position("Last-Event-ID", last)?);
    }
    let wanted = Wanted::of(asked, &kinds)?;
    let watch = edge.feed.watch(after).await?;
    edge.streams
        .answer("api", |teller| tell(watch, wanted, teller))
}

/// Tells a listener what it wants to hear, as it happens.
async fn tell(mut watch: Watch, wanted: Wanted, teller: Teller) {
    // So that a listener that is cut off before the first event comes back to here.
    let begin = Event::default().comment("from here on");
    let mut going = teller.tell(begin.id(watch.position().encode())).await;
    while going {
        let batch = match watch.next().await {
            None => return,
            Some(Ok(batch)) => batch,
            Some(Err(error)) => {
                // It comes back to where it was.
                tracing::warn!(%error, "a listener is sent away: the log cannot be read");
                return;
            }
        };
        let mut told = batch.told;
        told.retain(|one| wanted.includes(one));
        let last = told.len().saturating_sub(1);
        for (index, one) in told.iter().enumerate() {
            let Ok(text) = std::str::from_utf8(&one.body) else {
                continue;
            };
            let mut event = Event::default().data(text);
            if index == last {
                event = event.id(batch.position.encode());
            }
            going = teller.tell(event).await;
        }
    }
}

fn read_position(name: &str, word: &str) -> Result<Position, Problem> {
    let hint = "the next_cursor of a page of events, or the id of an event of the stream";
    Position::decode(word).ok_or_else(|| pages::refused(name, hint))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use orderhub_domain::ids::ShardId;

    use super::*;
    use crate::store::Log;

    fn told(kind: &str, channel: Option<&str>) -> Told {
        Told {
            log: Log::Shard(ShardId(1)),
            seq: 1,
            kind: kind.to_owned(),
            order: None,
            channel: channel.map(str::to_owned),
            body: Bytes::new(),
        }
    }

    #[test]
    fn kinds_are_wanted_whole_or_by_their_beginning() {
        let wanted = |kinds: &[&str]| Wanted {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            channel: None,
        };
        let event = told("order.received.v1", Some("web"));
        assert!(wanted(&[]).includes(&event));
        assert!(wanted(&["order.received"]).includes(&event));
        assert!(wanted(&["order.received.v1"]).includes(&event));
        assert!(wanted(&["shipment.", "order."]).includes(&event));
        assert!(!wanted(&["order.rec"]).includes(&event));
        assert!(!wanted(&["order"]).includes(&event));
        let voided = told("payment.voided.v1", Some("web"));
        assert!(wanted(&["payment.voided"]).includes(&voided));
        assert!(!wanted(&["payment"]).includes(&voided));
        assert!(!wanted(&["shipment."]).includes(&event));
    }

    #[test]
    fn a_key_of_one_channel_hears_of_no_other_and_of_no_stock() {
        let bound = Wanted {
            kinds: Vec::new(),
            channel: Some("web".to_owned()),
        };
        assert!(bound.includes(&told("order.received.v1", Some("web"))));
        assert!(!bound.includes(&told("order.received.v1", Some("shop-de"))));
        assert!(!bound.includes(&told("inventory.stock_changed.v1", None)));
    }
}
