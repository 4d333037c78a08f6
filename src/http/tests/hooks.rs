//! Webhooks: believed or not, recorded or parked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use orderhub_actors::Inlet;
use orderhub_channels::port::{CallError, Connector, Forged, Greeting, Inbound, Keys, RawRequest};
use orderhub_channels::registry::Family;

use super::client::Ask;
use super::world;
use crate::http::{Hooks, KeptWebhook};

/// A connector that believes `x-signature: <length of the body>`, or what says `keyed` once it has fetched
/// the key, and stands for no vendor.
#[derive(Default)]
pub(super) struct Signed {
    keys: AtomicUsize,
}

impl Connector for Signed {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        assert!(
            request
                .url
                .starts_with("https://hub.example/v1/hooks/sales/shop")
        );
        let signature = request.header("x-signature").ok_or(Forged::Missing)?;
        match signature {
            "stale" => Err(Forged::Stale),
            "keyed" if self.keys.load(Ordering::SeqCst) == 0 => Err(Forged::KeyUnknown),
            "keyed" => Ok(()),
            _ if signature == request.body.len().to_string() => Ok(()),
            _ => Err(Forged::Mismatch),
        }
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.body {
            b"nobody knows" => Vec::new(),
            b"where" => vec![Inbound::Unknown {
                topic: request.url.to_owned(),
            }],
            b"broken" => vec![Inbound::Unreadable {
                reason: "broken".into(),
            }],
            _ => vec![Inbound::Unknown {
                topic: "tests".into(),
            }],
        }
    }

    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        let (name, word) = query.first()?;
        match name.as_str() {
            "hub.challenge" => Some(Greeting::Text(word.clone())),
            "challenge_code" => Some(Greeting::Json(format!("{{\"is\":\"{word}\"}}"))),
            _ => None,
        }
    }

    fn keys(&self) -> Option<&dyn Keys> {
        Some(self)
    }

    fn is_live(&self) -> bool {
        true
    }
}

#[async_trait]
impl Keys for Signed {
    async fn learn(&self, request: &RawRequest<'_>) -> Result<(), CallError> {
        if request.header("x-away").is_some() {
            return Err(CallError::not_done("the vendor is away"));
        }
        self.keys.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn hook(body: &str, signature: &str) -> Ask {
    Ask::post("/v1/hooks/sales/shop", body)
        .header("content-type", "text/odd")
        .header("x-signature", signature)
        .header("x-topic", "orders/create")
}

#[tokio::test]
async fn believed_webhooks_are_recorded_or_parked() {
    let world = world().await;
    assert_eq!(hook("hello", "5").send(world.api).await.status, 200);
    assert_eq!(hook("nobody knows", "12").send(world.api).await.status, 202);
    let deliveries = world.hub.deliveries.lock().expect("a lock");
    assert_eq!(deliveries.len(), 2);
    assert_eq!(
        (deliveries[0].source.as_str(), deliveries[0].body.as_slice()),
        ("sales/shop", &b"hello"[..])
    );
    assert_eq!(
        deliveries[0].headers.get("x-topic").map(String::as_str),
        Some("orders/create")
    );
    assert!(!deliveries[0].headers.contains_key("x-signature"));
}

#[tokio::test]
async fn what_stands_in_the_address_is_read_again_but_for_its_secrets() {
    let world = world().await;
    let ask = Ask::post("/v1/hooks/sales/shop?token=s3cret&order=7", "where");
    let ask = ask.header("x-signature", "5");
    let ask = ask.header("x-orderhub-query", "order=8");
    assert_eq!(ask.send(world.api).await.status, 200);
    let plain = hook("where", "5").header("x-orderhub-query", "order=8");
    assert_eq!(plain.send(world.api).await.status, 200);
    let deliveries = world.hub.deliveries.lock().expect("a lock");
    let inlet = Inlet {
        source: "sales/shop".to_owned(),
        slug: "shop".into(),
        channel: None,
        poll_every: None,
        connector: Arc::new(Signed::default()),
    };
    let connections = [((Family::Sales, "shop".into()), inlet)].into();
    let hooks = Hooks::new(connections, "https://hub.example".to_owned());
    let shop = "https://hub.example/v1/hooks/sales/shop";
    for (delivery, told, again) in [
        (&deliveries[0], "?token=s3cret&order=7", "?order=7"),
        (&deliveries[1], "", ""),
    ] {
        let items = |url: &str| {
            let topic = format!("{shop}{url}");
            vec![Inbound::Unknown { topic }]
        };
        assert_eq!(delivery.items, items(told));
        let read = hooks.read_again(&KeptWebhook {
            source: &delivery.source,
            received_at: jiff::Timestamp::UNIX_EPOCH,
            headers: &delivery.headers,
            body: &delivery.body,
        });
        assert_eq!(read.expect("a connection").items, items(again));
    }
}

#[tokio::test]
async fn every_reason_for_disbelief_gets_the_same_answer() {
    let world = world().await;
    let mut bodies = Vec::new();
    let missing = Ask::post("/v1/hooks/sales/shop", "hello");
    for ask in [
        missing,
        hook("hello", "6"),
        hook("hello", "stale"),
        hook("hello", "x"),
    ] {
        let answer = ask.send(world.api).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (401, "signature_invalid")
        );
        assert_eq!(answer.header("www-authenticate"), None);
        let mut document = answer.json();
        document["request_id"] = "".into();
        bodies.push(document);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert!(world.hub.deliveries.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn a_webhook_whose_key_is_not_here_is_taken_with_it_or_asked_for_again() {
    let world = world().await;
    let away = hook("hello", "keyed").header("x-away", "1");
    let away = away.send(world.api).await;
    assert_eq!(
        (away.status, away.problem().as_str()),
        (503, "key_unavailable")
    );
    assert_eq!(away.header("retry-after"), Some("30"));
    assert!(world.hub.deliveries.lock().expect("a lock").is_empty());
    assert_eq!(hook("hello", "keyed").send(world.api).await.status, 200);
    let known = hook("hello", "keyed").header("x-away", "1");
    assert_eq!(known.send(world.api).await.status, 200, "it is not asked");
    assert_eq!(world.hub.deliveries.lock().expect("a lock").len(), 2);
}

#[tokio::test]
async fn unknown_connections_are_404_and_large_webhooks_413() {
    let world = world().await;
    for path in [
        "/v1/hooks/sales/none",
        "/v1/hooks/payments/shop",
        "/v1/hooks/warehouses/own",
        "/v1/hooks/other/shop",
    ] {
        let answer = Ask::post(path, "hello").send(world.api).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    let two = "x".repeat(2 * 1024 * 1024);
    assert_eq!(
        hook(&two, &two.len().to_string())
            .send(world.api)
            .await
            .status,
        200
    );
    let five = "x".repeat(5 * 1024 * 1024);
    assert_eq!(
        hook(&five, "1").send(world.api).await.problem(),
        "too_large"
    );
    let packed = hook("hello", "5")
        .header("content-encoding", "gzip")
        .send(world.api)
        .await;
    assert_eq!(packed.problem(), "unsupported_encoding");
}

#[tokio::test]
async fn a_vendor_that_asks_first_is_answered_when_it_asks_rightly() {
    let world = world().await;
    let right = Ask::get("/v1/hooks/sales/shop?hub.challenge=17%20%3Cb%3E");
    let answer = right.send(world.api).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "17 <b>"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let document = Ask::get("/v1/hooks/sales/shop?challenge_code=17");
    let document = document.send(world.api).await;
    assert_eq!(document.body, "{\"is\":\"17\"}");
    assert_eq!(document.header("content-type"), Some("application/json"));
    for wrong in [
        "/v1/hooks/sales/shop",
        "/v1/hooks/sales/shop?other=17",
        "/v1/hooks/sales/none?hub.challenge=17",
    ] {
        let answer = Ask::get(wrong).send(world.api).await;
        assert_eq!(answer.problem(), "not_found", "{wrong}");
    }
}
