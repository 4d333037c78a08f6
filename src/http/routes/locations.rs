//! `/v1/locations`: where goods lie, whether anybody works there, and how much of the day is taken.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use orderhub_actors::ports::Pause;
use orderhub_domain::ids::LocationCode;
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::actions::operator;
use super::{answer, answered, asked, body, json as reply, with};
use crate::http::asked::{Asked, segment};
use crate::http::edge::Edge;
use crate::http::fields::Fields;
use crate::http::json::{body_hash, object};
use crate::http::problem::Problem;
use crate::views::location;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let list = warp::path!("v1" / "locations")
        .and(warp::get())
        .and(with(edge))
        .then(|edge: Arc<Edge>| async move { answer(Ok(list(&edge))) });
    let change = |verb: &'static str, paused: bool| {
        warp::path!("v1" / "locations" / String / ..)
            .and(warp::path(verb))
            .and(warp::path::end())
            .and(warp::post())
            .and(asked())
            .and(body())
            .and(with(edge))
            .then(
                move |code: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                    answer(pause(&edge, &asked, (&code, verb, paused), &body).await)
                },
            )
    };
    let pausing = change("pause", true).or(change("resume", false)).unify();
    list.or(pausing).unify().boxed()
}

fn list(edge: &Edge) -> Response {
    let places = edge.hub.places();
    let shown = places.locations().iter();
    let shown: Vec<Value> = shown
        .map(|known| location::of(&*places, known, edge.hub.pause_of(&known.code).as_ref()))
        .collect();
    reply(StatusCode::OK, &json!({ "data": shown }))
}

/// Says it to the location; a repeat under a key is answered as its first time was.
async fn pause(
    edge: &Edge,
    asked: &Asked,
    (code, verb, paused): (&str, &str, bool),
    body: &[u8],
) -> Result<Response, Problem> {
    let code = LocationCode(segment(code)?);
    let mut fields = Fields::new("", object(body)?);
    let reason = fields.required_text("reason", LONGEST_REASON);
    fields.finish()?;
    let request = asked.request(&format!("{verb} {code}"), &body_hash(body)?)?;
    let change = Pause {
        at: Timestamp::now(),
        by: operator(asked)?,
        reason,
    };
    let done = async {
        let news = edge.hub.pause(code.clone(), paused, change).await?;
        let places = edge.hub.places();
        let mut known = places.locations().iter();
        let known = known.find(|known| known.code == code);
        let known = known.ok_or_else(Problem::not_found)?;
        let mut told = location::of(&*places, known, edge.hub.pause_of(&code).as_ref());
        told["changed"] = news.into();
        Ok(told)
    };
    let (body, repeated) = edge.requests.once(request, done).await?;
    Ok(answered(&body, repeated))
}
