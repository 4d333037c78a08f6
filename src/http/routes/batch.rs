//! `POST /v1/orders/batch`: orders as NDJSON, read while they arrive, a verdict per line.
//!
//! At most [`IN_FLIGHT`] lines are in memory at once, so a batch of the largest lines costs no
//! more than that many of them. Verdicts stand in the order of the lines.

use std::pin::pin;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use futures_util::stream::FuturesOrdered;
use futures_util::{Stream, StreamExt};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::lines::Lines;
use super::{answer, asked, orders, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::problem::Problem;

/// Most lines of one batch.
const MOST_LINES: usize = 1_000;
/// Most lines that are being recorded at once.
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

async fn batch<B: Buf>(
    edge: &Edge,
    asked: &Asked,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let body = pin!(body);
    let mut lines = Lines::new(body, asked.body_time);
    let mut running = FuturesOrdered::new();
    let mut verdicts = Vec::new();
    let mut number = 0;
    loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(problem) if number == 0 => return Err(problem),
            // What was recorded must be told, whatever became of the rest.
            Err(problem) => {
                running.push_back(verdict(edge, asked, number + 1, Err(problem)));
                break;
            }
        };
        number += 1;
        if number > MOST_LINES {
            let detail = format!(
                "A batch has at most {MOST_LINES} lines; this one and those after it were not read."
            );
            let problem = Problem::new("too_many", detail);
            running.push_back(verdict(edge, asked, number, Err(problem)));
            break;
        }
        if running.len() >= IN_FLIGHT
            && let Some(done) = running.next().await
        {
            verdicts.push(done);
        }
        running.push_back(verdict(edge, asked, number, line));
    }
    while let Some(done) = running.next().await {
        verdicts.push(done);
    }
    if verdicts.is_empty() {
        return Err(Problem::new("empty_body", "The batch has no lines."));
    }
    let mut text = String::new();
    for verdict in &verdicts {
        text.push_str(&verdict.to_string());
        text.push('\n');
    }
    let mut response = Response::new(text.into());
    *response.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// What became of one line: the status and body that it would have got alone.
async fn verdict(
    edge: &Edge,
    asked: &Asked,
    number: usize,
    line: Result<BytesMut, Problem>,
) -> Value {
    let recorded = match line {
        Ok(line) => orders::place(edge, asked, &line).await,
        Err(problem) => Err(problem),
    };
    match recorded {
        Ok(recorded) => json!({
            "line": number,
            "status": recorded.status.as_u16(),
            "replayed": recorded.replayed,
            "order": recorded.body,
        }),
        Err(problem) => json!({
            "line": number,
            "status": problem.status().as_u16(),
            "error": problem.document(&asked.request_id),
        }),
    }
}
