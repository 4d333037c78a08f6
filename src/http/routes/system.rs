//! Probes, version, metrics, and the pages that errors link to.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{answer, json as reply, with};
use crate::http::catalogue;
use crate::http::edge::Edge;
use crate::http::problem::Problem;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let probes = warp::path!(String)
        .and(warp::get())
        .and(with(edge))
        .then(|name: String, edge: Arc<Edge>| async move { answer(probe(&edge, &name)) });
    let pages = warp::path!("docs" / "errors" / String)
        .and(warp::get())
        .then(|code: String| async move { answer(page(&code)) });
    probes.or(pages).unify().boxed()
}

fn probe(edge: &Edge, name: &str) -> Result<Response, Problem> {
    let ready = edge.ready();
    let said = match name {
        "livez" => true,
        "readyz" => ready,
        "startupz" => ready || edge.started.load(Ordering::Relaxed),
        "version" => {
            let body = json!({
                "name": "orderhub",
                "version": env!("CARGO_PKG_VERSION"),
                "revision": crate::telemetry::REVISION,
            });
            return Ok(reply(StatusCode::OK, &body));
        }
        "metrics" => return Ok(text("text/plain; version=0.0.4", (edge.metrics)())),
        _ => return Err(Problem::not_found()),
    };
    if said {
        Ok(reply(StatusCode::OK, &json!({ "status": "ok" })))
    } else {
        Err(Problem::new("not_ready", "Orders are not accepted yet."))
    }
}

fn page(code: &str) -> Result<Response, Problem> {
    let entry = catalogue::find(code).ok_or_else(Problem::not_found)?;
    Ok(text("text/html; charset=utf-8", entry.page()))
}

fn text(kind: &'static str, text: String) -> Response {
    let mut response = Response::new(text.into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
