//! `/v1/inventory`: what was counted, and what can be promised.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use orderhub_domain::ids::{LocationCode, Sku};
use orderhub_domain::stock::StockCommand;
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{answer, asked, body, json as reply, with};
use crate::http::asked::{Asked, segment};
use crate::http::edge::Edge;
use crate::http::fields::Fields;
use crate::http::json::object;
use crate::http::keys::Key;
use crate::http::problem::Problem;
use crate::views::stock;

/// Most units of one SKU at one location; a typing mistake is far above it.
pub(super) const MOST_UNITS: i64 = 1_000_000_000;
/// Longest SKU, in characters.
pub(super) const LONGEST_SKU: usize = 255;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let counting = warp::path!("v1" / "inventory" / String / String)
        .and(warp::put())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |location: String, sku: String, _: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(count(&edge, &location, &sku, &body).await)
            },
        );
    let reading = warp::path!("v1" / "inventory" / String)
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |sku: String, asked: Arc<Asked>, edge: Arc<Edge>| async move {
                answer(read(&edge, &asked, &sku).await)
            },
        );
    counting.or(reading).unify().boxed()
}

async fn count(edge: &Edge, location: &str, sku: &str, body: &[u8]) -> Result<Response, Problem> {
    let location = LocationCode(segment(location)?);
    let sku = sku_of(sku)?;
    let mut fields = Fields::new("", object(body)?);
    let on_hand = fields.required_count("on_hand", MOST_UNITS);
    let buffer = fields.count("buffer", MOST_UNITS);
    let backorder_limit = fields.count("backorder_limit", MOST_UNITS);
    fields.finish()?;
    let command = StockCommand::Count {
        sku: sku.clone(),
        on_hand,
        buffer,
        backorder_limit,
        unpicked: Vec::new(),
    };
    let said = edge.hub.tell_stock(location.clone(), command).await?;
    Ok(reply(
        StatusCode::OK,
        &stock::of(&location, &sku, &said.counters),
    ))
}

async fn read(edge: &Edge, asked: &Asked, sku: &str) -> Result<Response, Problem> {
    let sku = sku_of(sku)?;
    let key = asked.key()?;
    let counters = edge.hub.stock(sku.clone()).await?;
    let locations: Vec<_> = counters
        .iter()
        .map(|(location, counters)| {
            let mut shown = stock::at_location(location, counters);
            shown["quotas"] = quotas(edge, key, location, &sku);
            shown
        })
        .collect();
    let body = json!({ "sku": sku.as_str(), "locations": locations });
    Ok(reply(StatusCode::OK, &body))
}

/// What channels may have promised there, of those that are bounded and that the key may know.
fn quotas(edge: &Edge, key: &Key, location: &LocationCode, sku: &Sku) -> Value {
    let places = edge.hub.places();
    let channels = edge.desk.channels.iter();
    let known = channels.filter(|(_, channel)| edge.may_see(key, channel.id));
    let bounded = known.filter_map(|(slug, channel)| {
        let quota = places.quota(location, sku, channel.id);
        quota.units.map(|_| stock::quota(slug, &quota))
    });
    bounded.collect()
}

pub(super) fn sku_of(raw: &str) -> Result<Sku, Problem> {
    let text = segment(raw)?;
    if text.trim().is_empty() || text.chars().count() > LONGEST_SKU {
        let detail = "The SKU in the path is blank or longer than 255 characters.";
        return Err(Problem::new("too_long", detail));
    }
    Ok(Sku(text))
}
