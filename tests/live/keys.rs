//! A marketplace that signs with a key of its own: what it pushes is taken once that key could be fetched.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::{Api, Reply};
use crate::support::checker;
use crate::support::doubles::server::{self, Answer, Asked, Double};
use crate::support::hub::kept_secret;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

/// A notification that names an order, and its signature over SHA-256 by a key made for this scenario.
const NOTIFICATION: &str = r#"{"metadata":{"topic":"ORDER_CONFIRMATION","schemaVersion":"1.0","deprecated":false},"notification":{"notificationId":"own-1","eventDate":"2026-03-01T09:31:00.000Z","publishDate":"2026-03-01T09:31:02.000Z","publishAttemptCount":1,"data":{"orderId":"07-00001-00002"}}}"#;
const SIGNATURE: &str = "MEUCIADnG5ilvQdESG9Wj70r8Xh/gPtWsQXWQCZ2hfxZJfexAiEAtHe8JBR+8fdlT8HLeW9OBr6RnbXfbym8PPXKfmJy7wI=";
const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfzyv8UaE8RryaYdXbML1inN1Z4SpJLwUD7bEdMGv8BgWx4JQinQ3tml7ZKXfO8scpNM90rIUkeTb6CI31JLr0w==\n-----END PUBLIC KEY-----";

/// eBay, as far as it is asked here: keys for its APIs, the key that it signs with, and one order.
#[derive(Default)]
struct Site {
    /// Whether the key that it signs with is served.
    serves: AtomicBool,
    keys_asked: AtomicUsize,
    asked: Mutex<Vec<String>>,
}

impl Double for Site {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(asked.path.clone());
            let (status, body) = self.said(&asked.path);
            Some(server::json(status, &body))
        })
    }
}

impl Site {
    fn said(&self, path: &str) -> (u16, Value) {
        match path {
            "/identity/v1/oauth2/token" => {
                let key = json!({ "access_token": "own-key", "expires_in": 7200 });
                (200, key)
            }
            "/commerce/notification/v1/public_key/own-key-1" => {
                self.keys_asked.fetch_add(1, Ordering::SeqCst);
                if !self.serves.load(Ordering::SeqCst) {
                    return (500, json!({}));
                }
                let key = json!({ "key": KEY, "algorithm": "ECDSA", "digest": "SHA256" });
                (200, key)
            }
            "/sell/fulfillment/v1/order/07-00001-00002" => (200, order()),
            "/sell/fulfillment/v1/order" => (200, json!({ "orders": [], "total": 0 })),
            _ => (404, json!({ "errors": [{ "errorId": 404 }] })),
        }
    }
}

fn order() -> Value {
    let money = |value: &str| json!({ "value": value, "currency": "EUR" });
    json!({
        "orderId": "07-00001-00002", "sellerId": "own-seller",
        "creationDate": "2026-03-01T09:30:00.000Z", "lastModifiedDate": "2026-03-01T09:31:00.000Z",
        "orderFulfillmentStatus": "NOT_STARTED", "orderPaymentStatus": "PAID",
        "cancelStatus": { "cancelState": "NONE_REQUESTED" },
        "buyer": { "username": "own-buyer" },
        "pricingSummary": { "priceSubtotal": money("20.00"), "total": money("20.00") },
        "paymentSummary": { "payments": [{ "paymentReferenceId": "own-pay-1" }] },
        "fulfillmentStartInstructions": [{
            "fulfillmentInstructionsType": "SHIP_TO",
            "shippingStep": { "shipTo": {
                "fullName": "Ada Example",
                "contactAddress": { "addressLine1": "Chausseestr. 1", "city": "Berlin",
                                    "postalCode": "10115", "countryCode": "DE" },
            } },
        }],
        "lineItems": [{
            "lineItemId": "1", "sku": "MUG", "title": "A mug", "quantity": 1,
            "lineItemCost": money("20.00"), "total": money("20.00"),
            "lineItemFulfillmentStatus": "NOT_STARTED", "taxes": [],
        }],
    })
}

async fn push(api: &Api, key: &str, body: &str) -> Reply {
    let signature = json!({ "alg": "ecdsa", "kid": key, "signature": SIGNATURE, "digest": "SHA1" });
    let request = api
        .with_key(None)
        .request(Method::POST, "/v1/hooks/sales/ebay")
        .header("content-type", "application/json")
        .header("x-ebay-signature", STANDARD.encode(signature.to_string()))
        .body(body.to_owned());
    // As a vendor does: once, whatever is answered.
    let reply = Api::try_send(request).await;
    reply.expect("the hub answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_is_asked_for_again_until_its_key_can_be_fetched_and_then_believed() {
    let site = Arc::new(Site::default());
    let (listener, addr) = server::listen().await;
    let (_on, switched) = server::switch();
    server::serve(listener, switched, site.clone());
    let secrets = [
        "own-cert-id",
        "v^1.1#own",
        "own-verification-token_0123456789",
    ]
    .map(kept_secret);
    let [cert, refresh, token] = secrets.each_ref().map(|file| file.path().display());
    let world = World::start_under(&format!(
        "[[sales]]\nslug = \"ebay\"\nkind = \"ebay\"\nbase_url = \"http://{addr}\"\n\
         client_id = \"own-app\"\nclient_secret = {{ file = \"{cert}\" }}\n\
         refresh_token = {{ file = \"{refresh}\" }}\n\
         verification_token = {{ file = \"{token}\" }}\n\
         endpoint = \"https://hub.example/v1/hooks/sales/ebay\"\n"
    ))
    .await;
    let api = &world.api;
    api.count("BER1", "MUG", 10).await;

    let away = push(api, "own-key-1", NOTIFICATION).await;
    assert_eq!(away.header("retry-after"), "30");
    assert_eq!(away.expect(503)["code"], "key_unavailable");
    let listed = api.get("/v1/webhooks-received").await.expect(200);
    assert_eq!(listed["data"], json!([]), "nothing is recorded of it");

    site.serves.store(true, Ordering::SeqCst);
    push(api, "own-key-1", NOTIFICATION).await.expect(202);
    let known = until("the named order is known", SOON, || async {
        let known = checker::orders_with(&world.audit, "ebay", "07-00001-00002").await;
        (!known.is_empty()).then_some(known)
    })
    .await;
    assert_eq!(known.len(), 1);
    api.until_stage(&known[0], &["fulfilling"]).await;
    assert_eq!(site.keys_asked.load(Ordering::SeqCst), 2);

    // With the key here, what was changed is a forgery; so is what names a key that eBay does not have.
    let changed = NOTIFICATION.replace("own-1", "own-2");
    for (key, body) in [("own-key-1", changed.as_str()), ("own-key-2", NOTIFICATION)] {
        let forged = push(api, key, body).await;
        assert_eq!(forged.expect(401)["code"], "signature_invalid", "{key}");
    }
    assert_eq!(site.keys_asked.load(Ordering::SeqCst), 2);

    // Names that are made up reach eBay a few times only, and keep nobody out whose key is here.
    for number in 0..20 {
        let stranger = push(api, &format!("made-up-{number}"), NOTIFICATION).await;
        assert!(matches!(stranger.status, 401 | 503), "{}", stranger.status);
    }
    let asked = site.asked.lock().unwrap().clone();
    let made_up = asked.iter().filter(|path| path.contains("made-up")).count();
    assert!(made_up < 4, "{asked:?}");
    push(api, "own-key-1", NOTIFICATION).await.expect(202);
    checker::always(&world.audit).await;
}
