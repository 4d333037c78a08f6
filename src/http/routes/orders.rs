//! `POST /v1/orders`: one order in the canonical form.

use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use orderhub_domain::ids::Slug;
use orderhub_domain::order::Request;
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{REPLAYED, answer, asked, body, json, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::keys::Key;
use crate::http::problem::Problem;
use crate::intake::{Sender, unknown_channel};
use crate::views::replies;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "orders")
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, body: bytes::Bytes, edge: Arc<Edge>| async move {
                answer(
                    place(&edge, &asked, &body)
                        .await
                        .map(Recorded::into_response),
                )
            },
        )
        .boxed()
}

/// An order that is on disk.
pub(super) struct Recorded {
    /// 201 for what is new, and for the repeat of the key that made it; 200 for the same order
    /// under another key or none.
    pub(super) status: StatusCode,
    /// The answer, built from the first event alone: every repeat gets the same bytes.
    pub(super) body: Value,
    /// It answers an earlier request with the same key.
    pub(super) replayed: bool,
}

impl Recorded {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.body);
        if self.replayed {
            let headers = response.headers_mut();
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Records one order, or recognises it.
pub(super) async fn place(edge: &Edge, asked: &Asked, body: &[u8]) -> Result<Recorded, Problem> {
    let caller = Caller::of(asked)?;
    let taken = edge.desk.take(&caller, body).await?;
    Ok(Recorded {
        status: if taken.made {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
        body: replies::order_received(&taken.placed.received),
        replayed: taken.placed.replayed,
    })
}

/// A request of the API, under its key.
pub(super) struct Caller<'a> {
    asked: &'a Asked,
    key: &'a Key,
}

impl<'a> Caller<'a> {
    pub(super) fn of(asked: &'a Asked) -> Result<Self, Problem> {
        let key = asked.key()?;
        Ok(Self { asked, key })
    }
}

impl Sender for Caller<'_> {
    fn actor(&self) -> String {
        format!("key:{}", self.key.name)
    }

    /// A key that is bound to another channel does not learn that this one exists.
    fn check_channel(&self, channel: &Slug) -> Result<(), Problem> {
        let bound = self.key.channel.as_ref();
        if bound.is_none_or(|bound| bound == channel) {
            Ok(())
        } else {
            Err(unknown_channel())
        }
    }

    fn request(&self, target: &str, body_hash: &str) -> Result<Option<Request>, Problem> {
        self.asked.request(target, body_hash)
    }
}
