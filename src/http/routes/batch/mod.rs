//! `POST /v1/orders/batch`: orders as NDJSON or as the rows of a CSV, read while they arrive, a verdict per
//! order; recorded, or tried out.
//!
//! At most [`IN_FLIGHT`] orders are in memory at once, so a batch of the largest orders costs no
//! more than that many of them. Verdicts stand in the order of the batch.

mod found;
mod trial;

use std::pin::pin;
use std::sync::Arc;

use bytes::Buf;
use futures_util::stream::FuturesOrdered;
use futures_util::{Stream, StreamExt};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use self::found::{Found, Orders};
use self::trial::Trial;
use super::{answer, asked, orders, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::pages;
use crate::http::problem::Problem;
use crate::intake;

/// Most orders of one batch.
const MOST_ORDERS: usize = 1_000;
/// Most orders that are being recorded at once.
const IN_FLIGHT: usize = 32;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "orders" / "batch")
        .and(warp::post())
        .and(asked())
        .and(warp::body::stream())
        .and(with(edge))
        .then(|asked: Arc<Asked>, body, edge: Arc<Edge>| async move {
            answer(batch(&edge, &asked, body).await)
        })
        .boxed()
}

/// What the query says.
#[derive(Default)]
struct Wanted {
    /// Say what would become of each order, and record nothing.
    dry_run: bool,
    /// The channel of rows that name none.
    channel: Option<Slug>,
    /// The number of the first row behind the heading, in the file that this is a piece of.
    first_row: Option<u64>,
}

async fn batch<B: Buf>(
    edge: &Edge,
    asked: &Asked,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let is_sheet = is_sheet(asked);
    let wanted = Wanted::of(asked, is_sheet)?;
    let body = pin!(body);
    let mut trial = wanted.dry_run.then(Trial::default);
    let mut orders = if is_sheet {
        Orders::rows(body, asked.body_time, wanted)
    } else {
        Orders::lines(body, asked.body_time)
    };
    let mut running = FuturesOrdered::new();
    let mut verdicts = Vec::new();
    let mut number = 0;
    let mut goes_on = true;
    while goes_on {
        let mut found = match orders.next().await {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(problem) if number == 0 => return Err(problem),
            // What was recorded must be told, whatever became of the rest.
            Err(problem) => {
                goes_on = false;
                orders.lost(problem)
            }
        };
        number += 1;
        if number > MOST_ORDERS {
            goes_on = false;
            let detail = format!(
                "A batch has at most {MOST_ORDERS} orders; this one and those after it were not read."
            );
            found.refuse(Problem::new("too_many", detail));
        }
        if let Some(trial) = &mut trial {
            verdicts.push(trial.verdict(edge, asked, found).await);
            continue;
        }
        if running.len() >= IN_FLIGHT
            && let Some(done) = running.next().await
        {
            verdicts.push(done);
        }
        running.push_back(verdict(edge, asked, found));
    }
    while let Some(done) = running.next().await {
        verdicts.push(done);
    }
    if verdicts.is_empty() {
        return Err(Problem::new("empty_body", "The batch has no orders."));
    }
    Ok(written(&verdicts))
}

/// The verdicts, one a line.
fn written(verdicts: &[Value]) -> Response {
    let mut text = String::new();
    for verdict in verdicts {
        text.push_str(&verdict.to_string());
        text.push('\n');
    }
    let mut response = Response::new(text.into());
    *response.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// What became of one order: the status and body that it would have got alone.
async fn verdict(edge: &Edge, asked: &Asked, found: Found) -> Value {
    let recorded = match found.body() {
        Ok(body) => orders::place(edge, asked, body)
            .await
            .map_err(|problem| found.told(problem)),
        Err(told) => {
            intake::count_refused(None);
            Err(told)
        }
    };
    let said = match recorded {
        Ok(recorded) => json!({
            "status": recorded.status.as_u16(),
            "replayed": recorded.replayed,
            "order": recorded.body,
        }),
        Err(told) => told.said(&asked.request_id),
    };
    found.verdict(said)
}

/// Whether the body is a CSV. What it may be at all was checked before.
fn is_sheet(asked: &Asked) -> bool {
    let stated = asked.headers().get(CONTENT_TYPE);
    let stated = stated.map_or("", |stated| stated.to_str().unwrap_or_default());
    let media = stated.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("text/csv")
}

impl Wanted {
    fn of(asked: &Asked, is_sheet: bool) -> Result<Self, Problem> {
        let mut wanted = Self::default();
        for (name, value) in asked.parameters() {
            match name.as_str() {
                "dry_run" if value == "true" => wanted.dry_run = true,
                "dry_run" if value == "false" => wanted.dry_run = false,
                "dry_run" => return Err(pages::refused("dry_run", "true or false")),
                "channel" if is_sheet => {
                    let known = Slug::is_valid(&value).then_some(Slug(value));
                    let hint = "the slug of a configured direct channel";
                    wanted.channel = Some(known.ok_or_else(|| pages::refused("channel", hint))?);
                }
                "first_row" if is_sheet => {
                    let row = value.parse().ok().filter(|row| *row > 1);
                    let hint = "the number of a row, from 2";
                    wanted.first_row = Some(row.ok_or_else(|| pages::refused("first_row", hint))?);
                }
                // One that is misspelt must not record what was only to be tried out.
                _ if is_sheet => return Err(pages::unknown("dry_run, channel and first_row")),
                _ => {
                    return Err(pages::unknown(
                        "dry_run, and of text/csv channel and first_row",
                    ));
                }
            }
        }
        Ok(wanted)
    }
}
