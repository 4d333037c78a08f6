//! I/O Events: who is believed, and what they name.

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{calling, settings, unknown};
use crate::port::{CallError, Forged, Greeting, Inbound, RawRequest, Resource};
use crate::sales::{SalesConnector, connect};

/// An event of our own, and its signature by a key made for these tests; and of one for another project.
const EVENT: &str = r#"{"event_id":"own-1","event":{"data":{"value":{"entity_id":"8","increment_id":"000000008","state":"processing"}}},"recipient_client_id":"own-project"}"#;
const SIGNATURE: &str = "A4KcVsnNBj4MqIbkr0GegwEkA/2oq2curD6GZCTx0DxcRxiJTB+hmE5T0Nn8RubxPYuT8sJby5bcOFa5EA7nBGR6b01zv9n6A9fhYHSxIh6y1Q9FwPdrEO6DRHOUve6JgMkaYlYj+L4YxSnSVr98Hh55Xm2+J5DAOJ52VG7e3+CvUiif4NDgK8AbezFPO7M2SdxQH4pA3Z9fC7IXYDYoGGfPkVpSG4nzl6Qjm6X0Uw8X55ZxOtg2MlciwHRiAwQgj4gSLNpGPO0AF9KAzK6WqrmGwJlAkX/0in/S2gntukX5nl8E9TQWe22+5qzTWkZtzH4glPbMWvu56K3MwL8e0A==";
const FOREIGN: &str = "CeV8huuemgZnvnhJaMKoeT1X5mFsM/OCxcRQC8i6j/VRePbH5Bwiw56xWoDuz2kVf9zx3ICe9PubZCgehxhUycjguZilBOhwoRXjk1kHGMw3KdAm3BsC1nWJ9PIlMurWSiRF2KWBXskOBGjT9WeoqA9abB1ff8OL6PIj30zBEKtZ35sECgUBVpum3KN3hcvGvqBcUfW1m0Ql7xFPWOzqvO7vnZNkhPhy3echvl+9x/xpGtFz82iq1rsoWtM29tSF4iYKJeGPegen0DtNuWtV7oCQk/LbpQ9DycJX2pDUEuDFnSJlfjP5P1c5+Eui2ZPbRmQQCE6C5fEBU7Zb1lepeg==";
const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtsqhdh3bSs1H5Afn8u7YttIyVg4WfqUD96dA/CaSJcW5zC4PV62qqCgG79TVmyu1dkBupiC3Np534SpuTSNg/Una72sXzNxqkKDZVeSfnQBU2EMJAzYNcW6XxNj75fRfliPzf62C/4jCycowWXR2WP+OJGGXQOqZvDGebgjCISZCEyPmYdWEmxkfrSS9KGGoFCQBDJEisbt8XdXIGnE+zbAg3Y39bCrhIsS1HrjZ2zZBKfckruF/TZi4CQGoJAfSJuVzBUq9QHES8xSkOqoj1g1R4HHCDFHtosp0b4585fnpMFGo9rSTJrzgUKfkrQWvHcmDMH1XKrgXs/HA/DGDxQIDAQAB\n-----END PUBLIC KEY-----\n";

const PATH: &str = "/prod/keys/pub-key-own1.pem";
const OTHER: &str = "/prod/keys/pub-key-own2.pem";

/// The headers of the two signatures and of the paths of their keys, in this order.
const SIGNED: [(&str, &str); 4] = [
    ("x-adobe-digital-signature-1", SIGNATURE),
    ("x-adobe-public-key1-path", PATH),
    ("x-adobe-digital-signature-2", "b3du"),
    ("x-adobe-public-key2-path", OTHER),
];

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header"))
        })
        .collect()
}

fn pushed<'a>(headers: &'a HeaderMap, body: &'a str) -> RawRequest<'a> {
    RawRequest {
        headers,
        body: body.as_bytes(),
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn listening(base_url: &str) -> Arc<dyn SalesConnector> {
    let settings = settings(base_url).with_text("events_client_id", "own-project");
    connect("adobe_commerce", &settings).expect("a connection")
}

/// A stand-in that serves this as the first key and has no second one, and a connection that asks it.
async fn serving(answer: ResponseTemplate) -> (MockServer, Arc<dyn SalesConnector>) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(PATH))
        .respond_with(answer)
        .mount(&server)
        .await;
    let shop = listening(&server.uri());
    (server, shop)
}

fn key() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(KEY)
}

fn verified(
    shop: &Arc<dyn SalesConnector>,
    pairs: &[(&'static str, &str)],
    body: &str,
) -> Result<(), Forged> {
    shop.verify(&pushed(&headers(pairs), body))
}

async fn learn(
    shop: &Arc<dyn SalesConnector>,
    pairs: &[(&'static str, &str)],
) -> Result<(), CallError> {
    let keys = shop.keys().expect("keys are fetched");
    keys.learn(&pushed(&headers(pairs), EVENT)).await
}

#[tokio::test]
async fn an_event_for_our_project_is_believed_once_its_key_was_fetched() {
    let (server, shop) = serving(key()).await;
    assert_eq!(verified(&shop, &SIGNED, EVENT), Err(Forged::KeyUnknown));
    assert_eq!(learn(&shop, &SIGNED).await, Ok(()));
    assert_eq!(verified(&shop, &SIGNED, EVENT), Ok(()));
    // Either signature is enough, and so is one alone.
    let [one, of_one, two, of_two] = SIGNED;
    let crossed = [
        (one.0, two.1),
        (of_one.0, OTHER),
        (two.0, one.1),
        (of_two.0, PATH),
    ];
    assert_eq!(verified(&shop, &crossed, EVENT), Ok(()));
    assert_eq!(verified(&shop, &SIGNED[..2], EVENT), Ok(()));
    let asked = server.received_requests().await.expect("recorded");
    assert_eq!(asked.len(), 2, "both keys once");

    let foreign = EVENT.replace("own-project", "another");
    let signed = [(one.0, FOREIGN), of_one];
    assert_eq!(verified(&shop, &signed, &foreign), Err(Forged::Mismatch));
    for mutated in [EVENT.replace('8', "9"), format!("{EVENT} "), String::new()] {
        let forged = verified(&shop, &SIGNED, &mutated);
        assert_eq!(forged, Err(Forged::Mismatch), "{mutated}");
    }
    for (place, odd) in [
        (0, "not base64!"),
        (0, FOREIGN),
        (1, "/prod/keys/../x.pem"),
        (1, "/prod/keys/a/b.pem"),
        (1, "https://example.com/prod/keys/pub-key-own1.pem"),
        (1, OTHER),
    ] {
        let mut pairs = SIGNED;
        pairs[place].1 = odd;
        let forged = verified(&shop, &pairs, EVENT);
        assert_eq!(forged, Err(Forged::Mismatch), "{odd}");
    }
    assert_eq!(verified(&shop, &[one], EVENT), Err(Forged::Missing));
    let mut dressed = SIGNED.to_vec();
    dressed.push(("orderhub-stated", "order"));
    let forged = verified(&shop, &dressed, EVENT);
    assert_eq!(
        forged,
        Err(Forged::Mismatch),
        "what is asked for never comes this way"
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_fetched_leaves_it_open() {
    for answer in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let (_server, shop) = serving(answer).await;
        assert!(learn(&shop, &SIGNED).await.is_err());
        assert_eq!(verified(&shop, &SIGNED, EVENT), Err(Forged::KeyUnknown));
    }
    let (_server, shop) = serving(ResponseTemplate::new(404)).await;
    assert_eq!(learn(&shop, &SIGNED).await, Ok(()));
    assert_eq!(verified(&shop, &SIGNED, EVENT), Err(Forged::Mismatch));
}

#[test]
fn the_challenge_is_given_back_where_events_are_wanted() {
    let ask = |shop: &Arc<dyn SalesConnector>, name: &str, word: &str| {
        shop.greet(&[(name.to_owned(), word.to_owned())])
    };
    let shop = listening("https://shop.example.com");
    let word = "8ec8d794-e0ab-42df-9017-e3dada8e84f7";
    let greeting = Some(Greeting::Text(word.to_owned()));
    assert_eq!(ask(&shop, "challenge", word), greeting);
    for odd in ["<b>", "", &"c".repeat(129)] {
        assert_eq!(ask(&shop, "challenge", odd), None, "{odd}");
    }
    assert_eq!(ask(&shop, "other", word), None);
    let silent = calling("https://shop.example.com");
    assert_eq!(ask(&silent, "challenge", word), None);
    assert!(silent.keys().is_none());
}

#[test]
fn an_event_only_names_its_order() {
    let read = |code: Option<&str>, body: &Value| {
        let pairs: Vec<_> = code
            .map(|code| ("x-adobe-event-code", code))
            .into_iter()
            .collect();
        let read = listening("https://shop.example.com");
        let read = read.read(&pushed(&headers(&pairs), &body.to_string()));
        let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
        inbound
    };
    let changed = |id: &str| {
        Inbound::Changed(Resource {
            kind: "order".to_owned(),
            id: id.to_owned(),
        })
    };
    let saved = "com.adobe.commerce.observer.sales_order_save_commit_after";
    let invoiced = "com.adobe.commerce.observer.sales_order_invoice_save_after";
    let order = json!({"event": {"data": {"value": {"entity_id": "8", "grand_total": "Jane"}}}});
    assert_eq!(read(Some(saved), &order), changed("8"));
    let invoice = json!({"event": {"data": {"value": {"order_id": 8, "entity_id": "13"}}}});
    assert_eq!(read(Some(invoiced), &invoice), changed("8"));
    let bare = json!({"type": saved, "data": {"value": {"entity_id": 8}}});
    assert_eq!(read(None, &bare), changed("8"));
    let product = "com.adobe.commerce.observer.catalog_product_save_after";
    assert_eq!(read(Some(product), &order), unknown(product));
    assert_eq!(read(None, &order), unknown("event"));
    for odd in [
        json!({"event": {"data": {"value": {"entity_id": "Jane Doe"}}}}),
        json!({"event": {"data": {}}}),
        json!({"event": {"data": {"value": "Jane"}}}),
        json!({"event": "Jane"}),
        json!("Jane"),
    ] {
        let Inbound::Unreadable { reason } = read(Some(saved), &odd) else {
            panic!("{odd} is read");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}

#[tokio::test]
async fn the_named_order_is_looked_up() {
    let server = MockServer::start().await;
    let order = json!({"entity_id": 8, "total": 12.50});
    Mock::given(method("GET"))
        .and(path("/rest/all/V1/orders/8"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&order))
        .mount(&server)
        .await;
    let shop = calling(&server.uri());
    let look_up = shop.look_up().expect("it looks up");
    let thing = |kind: &str, id: &str| Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let stated = look_up
        .look_up(&thing("order", "8"))
        .await
        .expect("an answer");
    let [stated] = &stated[..] else {
        panic!("one statement: {stated:?}");
    };
    assert_eq!(stated.headers["orderhub-stated"], "order");
    assert_eq!(stated.raw, order.to_string().into_bytes());
    let asked = server.received_requests().await.expect("recorded");
    let query = asked[0].url.query().unwrap_or_default();
    assert!(
        query.starts_with("fields=entity_id%2Cincrement_id"),
        "{query}"
    );
    for (kind, id) in [("invoice", "8"), ("order", "../8"), ("order", "x")] {
        assert_eq!(look_up.look_up(&thing(kind, id)).await, Ok(Vec::new()));
    }
    let away = calling("http://127.0.0.1:9");
    let look_up = away.look_up().expect("it looks up");
    let failed = look_up.look_up(&thing("order", "8")).await;
    assert!(
        matches!(failed, Err(CallError::NotDone { .. })),
        "{failed:?}"
    );
}
