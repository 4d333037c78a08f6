//! `GET /v1/settlements/unreconciled`: money that was taken and that no payout has named.

use std::sync::Arc;

use jiff::Timestamp;
use orderhub_domain::ids::Slug;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::settlements::unbound;
use super::{answer, asked, with};
use crate::config::duration;
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::pages::{self, USUAL_PAGE};
use crate::http::problem::Problem;
use crate::settlement::{UnreconciledFilter, UnreconciledPlace};
use crate::views;

const PATH: &str = "/v1/settlements/unreconciled";

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "settlements" / "unreconciled")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(|asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(list(&edge, &asked).await) })
        .boxed()
}

/// Captures of the connections that pay out in files that the hub reads; of others none is awaited.
async fn list(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    unbound(asked)?;
    let payers = edge
        .payers
        .iter()
        .filter(|(_, payer)| payer.format.is_some());
    let payers: Vec<Slug> = payers.map(|(slug, _)| slug.clone()).collect();
    let mut filter = UnreconciledFilter {
        sources: payers.clone(),
        limit: USUAL_PAGE,
        ..UnreconciledFilter::default()
    };
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "gateway" => filter.sources = vec![payer(&payers, &value)?],
            "older_than" => filter.before = Some(long_ago(&value)?),
            "limit" => filter.limit = pages::limit(&value)?,
            "cursor" => {
                filter.after = Some(pages::cursor(&value, UnreconciledPlace::from_bytes)?);
            }
            _ => return Err(pages::unknown("gateway, older_than, limit and cursor")),
        }
    }
    let (found, next) = edge.payouts.unreconciled(&filter).await?;
    let data: Vec<_> = found.iter().map(views::settlement::unreconciled).collect();
    let next = next.map(UnreconciledPlace::to_bytes);
    Ok(pages::page(
        PATH,
        asked,
        &data,
        next.as_ref().map(<[u8; 34]>::as_slice),
    ))
}

/// The connection of this name, if it pays out in files.
fn payer(payers: &[Slug], named: &str) -> Result<Slug, Problem> {
    let found = payers.iter().find(|slug| slug.as_str() == named);
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> = payers.iter().map(Slug::as_str).collect();
        let known = if known.is_empty() {
            "none is configured".to_owned()
        } else {
            known.join(", ")
        };
        let hint = format!("a connection that pays out in files: {known}");
        pages::refused("gateway", &hint)
    })
}

/// The moment that was so long ago.
fn long_ago(text: &str) -> Result<Timestamp, Problem> {
    let ago = duration(text).and_then(|age| Timestamp::now().checked_sub(age).ok());
    ago.ok_or_else(|| {
        let hint = "a duration above zero: a number and ms, s, m, h or d, like 14d";
        pages::refused("older_than", hint)
    })
}
