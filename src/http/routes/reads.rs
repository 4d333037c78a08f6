//! Reading orders: one, its timeline, why it is where it is, and lists.

use std::sync::Arc;

use http::StatusCode;
use http::header::{ETAG, HeaderValue};
use jiff::Timestamp;
use orderhub_domain::ids::{OrderId, Sku, Slug};
use orderhub_domain::order::Stage;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{answer, asked, json as reply, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::pages::{self, USUAL_PAGE};
use crate::http::problem::Problem;
use crate::store::{OrderFilter, OrderPage};
use crate::views;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let one = warp::path!("v1" / "orders" / String)
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |id: String, asked: Arc<Asked>, edge: Arc<Edge>| async move {
                answer(show(&edge, &asked, &id).await)
            },
        );
    let parts = warp::path!("v1" / "orders" / String / String)
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |id: String, part: String, asked: Arc<Asked>, edge: Arc<Edge>| async move {
                answer(show_part(&edge, &asked, &id, &part).await)
            },
        );
    let many = warp::path!("v1" / "orders")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(list(&edge, &asked).await) },
        );
    one.or(parts).unify().or(many).unify().boxed()
}

async fn show(edge: &Edge, asked: &Asked, id: &str) -> Result<Response, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let (order, _) = edge.visible(asked.key()?, id).await?;
    let private = edge.journal.private(id).await?;
    let personal = asked.may_see_personal_data();
    let body = views::order::order(&order, private.as_ref(), personal, &edge.policy);
    let mut response = reply(StatusCode::OK, &body);
    if let Ok(version) = HeaderValue::from_str(&format!("\"{}\"", order.version)) {
        response.headers_mut().insert(ETAG, version);
    }
    Ok(response)
}

async fn show_part(edge: &Edge, asked: &Asked, id: &str, part: &str) -> Result<Response, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let (order, log) = edge.visible(asked.key()?, id).await?;
    let body = match part {
        "timeline" => views::timeline::timeline(&log),
        "explain" => views::explain::explain(&order, &edge.policy),
        _ => return Err(Problem::not_found()),
    };
    Ok(reply(StatusCode::OK, &body))
}

async fn list(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    let found = match read_query(edge, asked)? {
        Some(query) => edge.list.list(&query).await?,
        None => OrderPage::default(),
    };
    let data: Vec<_> = found.orders.iter().map(views::order::listed).collect();
    let next = found.next.map(OrderId::uuid);
    let next = next.as_ref().map(|id| id.as_bytes().as_slice());
    Ok(pages::page("/v1/orders", asked, &data, next))
}

/// What is asked for; `None` when nothing can match: a channel that is not there, for this key.
pub(super) fn read_query(edge: &Edge, asked: &Asked) -> Result<Option<OrderFilter>, Problem> {
    let mut query = OrderFilter {
        limit: USUAL_PAGE,
        ..OrderFilter::default()
    };
    let mut channel = None;
    for (name, value) in asked.parameters() {
        let refused = |hint: &str| pages::refused(&name, hint);
        match name.as_str() {
            "stage" => {
                let stage = Stage::ALL.into_iter().find(|stage| stage.word() == value);
                query.stage = Some(stage.ok_or_else(|| refused("a stage's word"))?);
            }
            "channel" => channel = Some(Slug(value)),
            "sku" => query.sku = Some(Sku(value)),
            "hold" => query.hold = Some(value),
            "q" => query.q = Some(value),
            "named" => query.named = Some(value),
            "updated_after" => {
                let moment = value.parse::<Timestamp>();
                query.updated_after = Some(moment.map_err(|_| refused("a time in RFC 3339"))?);
            }
            "limit" => query.limit = pages::limit(&value)?,
            "cursor" => {
                let before = pages::cursor(&value, |bytes| uuid::Uuid::from_slice(bytes).ok())?;
                query.before = Some(OrderId::from_uuid(before));
            }
            _ => {
                let known = "stage, channel, sku, hold, q, named, updated_after, limit and cursor";
                return Err(pages::unknown(known));
            }
        }
    }
    let bound = asked.key()?.channel.clone();
    let wanted = match (bound, channel) {
        (Some(bound), Some(asked_for)) if bound != asked_for => return Ok(None),
        (bound, asked_for) => bound.or(asked_for),
    };
    if let Some(slug) = wanted {
        match edge.desk.channels.get(&slug) {
            Some(known) => query.channel = Some(known.id),
            None => return Ok(None),
        }
    }
    Ok(Some(query))
}
