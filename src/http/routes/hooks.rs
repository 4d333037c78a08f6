//! `POST /v1/hooks/{family}/{slug}`: the vendors' own webhooks.
//!
//! The signature is checked over the bytes as they came, before anything reads them. Every reason
//! for not believing one gets the same answer; which it was only the metrics know.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use metrics::{counter, histogram};
use orderhub_actors::Inlet;
use orderhub_actors::api::{KEPT_QUERY, Received};
use orderhub_channels::port::{CallError, Forged, Greeting, RawRequest};
use orderhub_domain::ids::Slug;
use serde_json::json;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::{answer, asked, body, json as reply, with};
use crate::http::WebhookCopy;
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::problem::Problem;

/// When a vendor is asked to send again what cannot be verified yet.
const KEY_PAUSE: Duration = Duration::from_secs(30);

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let greeting = warp::path!("v1" / "hooks" / String / String)
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .map(
            |family: String, slug: String, asked: Arc<Asked>, edge: Arc<Edge>| {
                answer(greet(&edge, &asked, &family, slug))
            },
        );
    let webhook = warp::path!("v1" / "hooks" / String / String)
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |family: String, slug: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(take(&edge, &asked, &family, slug, body).await)
            },
        )
        .boxed();
    greeting.or(webhook).unify().boxed()
}

/// Answers a vendor that asks, before it sends anything, whether the address is ours.
fn greet(edge: &Edge, asked: &Asked, family: &str, slug: String) -> Result<Response, Problem> {
    let inlet = edge.hooks.find(family, &Slug(slug));
    let question: Vec<_> = asked.parameters().collect();
    let greeting = inlet.and_then(|(_, inlet)| inlet.connector.greet(&question));
    Ok(match greeting.ok_or_else(Problem::not_found)? {
        Greeting::Text(text) => plain(text),
        Greeting::Json(document) => {
            let media_type = "application/json";
            warp::reply::with_header(document, http::header::CONTENT_TYPE, media_type)
                .into_response()
        }
    })
}

/// A text of ours that a vendor wants to read.
fn plain(text: impl Into<String>) -> Response {
    let text: String = text.into();
    warp::reply::with_header(
        text,
        http::header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    )
    .into_response()
}

async fn take(
    edge: &Edge,
    asked: &Asked,
    family: &str,
    slug: String,
    body: Bytes,
) -> Result<Response, Problem> {
    let (_, inlet) = edge
        .hooks
        .find(family, &Slug(slug))
        .ok_or_else(Problem::not_found)?;
    let source = inlet.source.clone();
    let url = edge.hooks.url(&asked.path_and_query());
    let request = RawRequest {
        headers: asked.headers(),
        body: &body,
        url: &url,
        received_at: Timestamp::now(),
    };
    if let Err(forged) = verified(inlet, &request).await {
        return Err(disbelief(source, forged));
    }
    let headers = kept(asked);
    let delivery = inlet.deliver(&request, headers.clone());
    let receipt = edge.hub.inbound(delivery).await?;
    let received = receipt.received;
    count(source.clone(), received.word());
    if received == Received::Applied {
        let waited = Timestamp::now().duration_since(request.received_at);
        histogram!("orderhub_webhook_apply_delay_seconds", "source" => source.clone())
            .record(Duration::try_from(waited).unwrap_or_default());
    }
    edge.webhooks.keep(WebhookCopy {
        source,
        receipt,
        received_at: request.received_at,
        headers,
        body: body.to_vec(),
    });
    if let Some(thanks) = inlet.connector.thanks() {
        return Ok(plain(thanks));
    }
    Ok(if received.is_parked() {
        reply(StatusCode::ACCEPTED, &json!({ "status": "parked" }))
    } else {
        reply(StatusCode::OK, &json!({ "status": "recorded" }))
    })
}

/// Whether the vendor sent it; the vendor is asked for the key of its signature first, if need be.
async fn verified(inlet: &Inlet, request: &RawRequest<'_>) -> Result<(), Forged> {
    let verdict = inlet.connector.verify(request);
    let (Err(Forged::KeyUnknown), Some(keys)) = (verdict, inlet.connector.keys()) else {
        return verdict;
    };
    if let Err(CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. }) =
        keys.learn(request).await
    {
        tracing::warn!(
            source = inlet.source,
            reason,
            "the key of a webhook's signature cannot be fetched; the vendor is asked to send again"
        );
    }
    inlet.connector.verify(request)
}

/// The answer to what is not believed. A vendor whose key cannot be fetched now is asked to send again: it
/// may well be the vendor, and those that are refused a few times stop sending at all.
fn disbelief(source: String, forged: Forged) -> Problem {
    let outcome = match forged {
        Forged::Missing | Forged::Mismatch => "bad_signature",
        Forged::Stale => "stale",
        Forged::KeyUnknown => "key_unavailable",
    };
    count(source, outcome);
    if forged == Forged::KeyUnknown {
        let detail = "The key of this webhook's signature cannot be fetched now.";
        return Problem::new("key_unavailable", detail).after(KEY_PAUSE);
    }
    let detail = "The signature of this webhook is not believed.";
    Problem::new("signature_invalid", detail)
}

fn count(source: String, outcome: &'static str) {
    counter!("orderhub_webhooks_received_total", "source" => source, "outcome" => outcome)
        .increment(1);
}

/// What parts of a name say that its value is a signature, a secret, or about a person.
const NEVER: [&str; 20] = [
    "access",
    "auth",
    "cert",
    "client-ip",
    "cookie",
    "credential",
    "csrf",
    "digest",
    "email",
    "forwarded",
    "hmac",
    "jwt",
    "key",
    "pass",
    "real-ip",
    "secret",
    "session",
    "sign",
    "token",
    "user",
];

/// What reading the body again may need: the vendors' own headers, and the query's parameters. Neither
/// signatures nor secrets, nor what vendors or proxies tell about a person. What is dropped without need
/// costs a look at the body; what is kept without need may be a key.
fn kept(asked: &Asked) -> BTreeMap<String, String> {
    let mut kept = kept_headers(asked.headers());
    // It is ours to say.
    kept.remove(KEPT_QUERY);
    let query = kept_query(asked.parameters());
    kept.extend(query.map(|query| (KEPT_QUERY.to_owned(), query)));
    kept
}

fn kept_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let kept = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        let vendors =
            name == "content-type" || name.starts_with("x-") || name.starts_with("webhook-");
        vendors && !NEVER.iter().any(|part| name.contains(part))
    });
    kept.filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    })
    .collect()
}

fn kept_query(parameters: impl Iterator<Item = (String, String)>) -> Option<String> {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        !NEVER.iter().any(|part| name.contains(part))
    };
    let kept = parameters.filter(|(name, _)| plain(name));
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(kept).finish();
    (!query.is_empty()).then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_and_senders_are_not_kept() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-shop-topic",
            "x-shop-hmac-sha256",
            "webhook-id",
            "webhook-signature",
            "authorization",
            "cookie",
            "x-forwarded-for",
            "x-real-ip",
            "user-agent",
            "content-type",
            "x-api-token",
            "x-api-key",
            "x-webhook-sign",
            "x-session-id",
            "x-cluster-client-ip",
        ] {
            headers.insert(name, "v".parse().expect("a value"));
        }
        let kept: Vec<_> = kept_headers(&headers).into_keys().collect();
        assert_eq!(kept, ["content-type", "webhook-id", "x-shop-topic"]);
    }

    #[test]
    fn of_a_query_what_it_names_is_kept_and_no_secret() {
        let kept = |query: &str| {
            let parameters = form_urlencoded::parse(query.as_bytes());
            kept_query(parameters.into_owned())
        };
        let push = "token=s3cret&klarna_order_id=own%2D1&API_KEY=k&hub.verify_token=v&x=a%26b";
        let expected = Some("klarna_order_id=own-1&x=a%26b".to_owned());
        assert_eq!(kept(push), expected);
        for nothing in ["", "token=s", "user_email=jane"] {
            assert_eq!(kept(nothing), None, "{nothing}");
        }
    }
}
