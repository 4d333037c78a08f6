//! `/v1/inventory/{location}/{sku}/quotas/{channel}`: how many units a location may promise through a
//! channel. What counts against it is the location's business (`orderhub_domain::stock`).

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use orderhub_domain::ids::{LocationCode, Slug};
use orderhub_domain::stock::{QuotaChange, StockCommand, Taken};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::actions::operator;
use super::inventory::{MOST_UNITS, sku_of};
use super::{answer, asked, body, json as reply, with};
use crate::http::asked::{Asked, segment};
use crate::http::edge::Edge;
use crate::http::fields::Fields;
use crate::http::json::object;
use crate::http::problem::Problem;
use crate::views::stock;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "inventory" / String / String / "quotas" / String)
        .and(warp::put())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |location: String,
             sku: String,
             channel: String,
             asked: Arc<Asked>,
             body: Bytes,
             edge: Arc<Edge>| async move {
                answer(set(&edge, &asked, [&location, &sku, &channel], &body).await)
            },
        )
        .boxed()
}

/// Sets it, or takes it away with `units: null`. The same again changes nothing.
async fn set(
    edge: &Edge,
    asked: &Asked,
    [location, sku, channel]: [&str; 3],
    body: &[u8],
) -> Result<Response, Problem> {
    let location = LocationCode(segment(location)?);
    let sku = sku_of(sku)?;
    let slug = Slug::from(segment(channel)?.as_str());
    // A key of one channel knows no other.
    let key = asked.key()?;
    let known = edge.desk.channels.get(&slug);
    let known = known.filter(|channel| edge.may_see(key, channel.id));
    let channel = known.ok_or_else(|| {
        let detail =
            format!("No sales channel {slug} is configured; orderhub channel ls names them.");
        Problem::new("unknown_channel", detail)
    })?;
    let mut members = object(body)?;
    let unbounded = members.get("units").is_some_and(serde_json::Value::is_null);
    if unbounded {
        members.remove("units");
    }
    let mut fields = Fields::new("", members);
    let units = (!unbounded).then(|| fields.required_count("units", MOST_UNITS));
    let reason = fields.required_text("reason", LONGEST_REASON);
    fields.finish()?;
    let expected = asked
        .if_match()?
        .map(|rev| i64::try_from(rev).unwrap_or(i64::MAX));
    let wanted = QuotaChange {
        sku: sku.clone(),
        channel: channel.id,
        units,
        expected,
        by: operator(asked)?,
        reason,
    };
    let command = StockCommand::SetQuota(wanted);
    let said = edge.hub.tell_stock(location.clone(), command).await?;
    let now = edge.hub.places().quota(&location, &sku, channel.id);
    if said.taken == Taken::Outdated {
        let detail = format!("It is at version {} now.", now.rev);
        return Err(Problem::new("quota_changed", detail));
    }
    let mut told = stock::quota(&slug, &now);
    told["location"] = location.as_str().into();
    told["sku"] = sku.as_str().into();
    told["repeated"] = (said.taken == Taken::Repeated).into();
    Ok(reply(StatusCode::OK, &told))
}
