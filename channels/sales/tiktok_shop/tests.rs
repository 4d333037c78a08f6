//! The connector from outside: who is believed, what its webhooks name, and how its requests are signed.

mod back;
mod offer;
mod orders;
mod poll;
mod returns;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::api::sign;
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

fn settings() -> Settings {
    Settings::new("tiktok-us".into())
        .with_text("app_key", "abcdef")
        .with_text("shop_id", "7495540735365777507")
        .with_text("shop_cipher", "ROW_own")
        .with_secrets("secrets", ["own-newer-secret", "123"])
        .with_secrets("refresh_token", ["ROW_own_refresh"])
}

fn shop() -> Arc<dyn SalesConnector> {
    connect("tiktok_shop", &settings()).expect("a connection")
}

fn wrapped(data: &Value) -> ResponseTemplate {
    let body = json!({ "code": 0, "message": "Success", "request_id": "own", "data": data });
    ResponseTemplate::new(200).set_body_json(body)
}

fn refusal(status: u16, code: i64) -> ResponseTemplate {
    let body = json!({ "code": code, "message": "no, Jane Doe", "request_id": "own" });
    ResponseTemplate::new(status).set_body_json(body)
}

/// A stand-in for the channel that hands out one key, and a connection that calls it.
async fn calling(more: impl FnOnce(Settings) -> Settings) -> (MockServer, Arc<dyn SalesConnector>) {
    let server = MockServer::start().await;
    hand_out(&server, "ROW_own_key", 1).await;
    let mut settings = more(settings());
    settings.base_url = Some(server.uri());
    let connector = connect("tiktok_shop", &settings).expect("a connection");
    (server, connector)
}

async fn hand_out(server: &MockServer, key: &str, times: u64) {
    let end = Timestamp::now().as_second() + 604_800;
    Mock::given(method("GET"))
        .and(path("/api/v2/token/refresh"))
        .and(query_param("app_key", "abcdef"))
        .and(query_param("app_secret", "own-newer-secret"))
        .and(query_param("grant_type", "refresh_token"))
        .respond_with(wrapped(&json!({
            "access_token": key, "access_token_expire_in": end,
            "refresh_token": "ROW_own_refresh", "refresh_token_expire_in": end,
        })))
        .up_to_n_times(times)
        .mount(server)
        .await;
}

fn headers(named: &[(&'static str, &str)]) -> HeaderMap {
    let headers = named.iter().map(|(name, value)| {
        let value = HeaderValue::from_str(value).expect("a value");
        (http::HeaderName::from_static(name), value)
    });
    headers.collect()
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn order(id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: "order".to_owned(),
        id: id.to_owned(),
    })
}

/// The vendor's published body and signature, for the app key `abcdef` and the secret `123`.
const BODY: &str = r#"{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}"#;
const TAG: &str = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05";

#[test]
fn the_published_signature_is_believed_beside_a_newer_secret_and_no_other_one_is() {
    let believed = |tag: &str, body: &str| {
        let headers = headers(&[("authorization", tag)]);
        shop().verify(&request(&headers, body.as_bytes()))
    };
    assert_eq!(believed(TAG, BODY), Ok(()));
    let newline = format!("{BODY}\n");
    assert_eq!(believed(TAG, &newline), Err(Forged::Mismatch));
    for place in 0..TAG.len() {
        let mut tag = TAG.as_bytes().to_vec();
        tag[place] = if tag[place] == b'0' { b'1' } else { b'0' };
        let tag = String::from_utf8(tag).expect("text");
        assert_eq!(believed(&tag, BODY), Err(Forged::Mismatch), "{place}");
    }
    for tag in ["", "5dec", "Bearer 5dec", &TAG[..62]] {
        assert_eq!(believed(tag, BODY), Err(Forged::Mismatch), "{tag}");
    }
    let none = HeaderMap::new();
    let forged = shop().verify(&request(&none, BODY.as_bytes()));
    assert_eq!(forged, Err(Forged::Missing));
    let other = settings().with_text("app_key", "abcdeg");
    let other = connect("tiktok_shop", &other).expect("a connection");
    let signed = headers(&[("authorization", TAG)]);
    let forged = other.verify(&request(&signed, BODY.as_bytes()));
    assert_eq!(forged, Err(Forged::Mismatch));
}

#[test]
fn requests_are_signed_as_the_vendor_publishes_it() {
    let query = BTreeMap::from([("app_key", "29a39d"), ("timestamp", "1623812664")]);
    let signed =
        |secret: &str, body: &str| sign(secret, "/authorization/202309/shops", &query, body);
    let published = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8";
    assert_eq!(signed("e59af819cc", ""), published);
    assert_ne!(signed("e59af819cc", "{}"), published);
    assert_ne!(signed("e59af819cd", ""), published);
}

#[test]
fn webhooks_name_orders_and_nothing_else() {
    let read = |body: Value| {
        let none = HeaderMap::new();
        shop().read(&request(&none, body.to_string().as_bytes()))
    };
    let unknown = |topic: &str| {
        let topic = topic.to_owned();
        vec![Inbound::Unknown { topic }]
    };
    let hook = |form: u32, data: Value| {
        read(
            json!({ "type": form, "shop_id": "7495540735365777507", "timestamp": 1, "data": data }),
        )
    };
    for form in [1, 2, 3, 11] {
        let named = hook(form, json!({ "order_id": "576653688135258178" }));
        assert_eq!(named, [order("576653688135258178")], "{form}");
    }
    let returned = hook(12, json!({ "order_id": "576653688135258178" }));
    let returns = Inbound::Changed(Resource {
        kind: "returns".to_owned(),
        id: "576653688135258178".to_owned(),
    });
    assert_eq!(returned, [order("576653688135258178"), returns]);
    let packages = json!({ "package_list": [
        { "package_id": "1", "order_id_list": ["576900000000000001", "576900000000000002"] },
        { "package_id": "2", "order_id_list": ["576900000000000001", "x"] },
    ] });
    let named = hook(4, packages);
    assert_eq!(named.len(), 3);
    assert_eq!(
        named[..2],
        [order("576900000000000001"), order("576900000000000002")]
    );
    assert!(matches!(named[2], Inbound::Unreadable { .. }));
    assert_eq!(
        hook(4, json!({ "package_id": "1" })),
        unknown("no_order:type.4")
    );
    assert_eq!(hook(5, json!({ "product_id": "1" })), unknown("type.5"));
    let other = json!({ "type": 1, "shop_id": "1", "data": { "order_id": "2" } });
    assert_eq!(read(other), unknown("another_shop:type.1"));
    let broken = read(json!([]));
    assert!(
        matches!(&broken[..], [Inbound::Unreadable { .. }]),
        "{broken:?}"
    );
}

#[tokio::test]
async fn an_order_is_looked_up_with_a_signed_request_and_read() {
    let (server, connector) = calling(|settings| settings).await;
    let whole: Value = serde_json::from_str(include_str!("fixtures/order.json")).expect("JSON");
    Mock::given(method("GET"))
        .and(path("/order/202309/orders"))
        .and(query_param("ids", "576900000000000001"))
        .and(query_param("shop_cipher", "ROW_own"))
        .and(wiremock::matchers::header(
            "x-tts-access-token",
            "ROW_own_key",
        ))
        .respond_with(wrapped(&json!({ "orders": [whole] })))
        .mount(&server)
        .await;
    let look_up = connector.look_up().expect("a look-up");
    let Inbound::Changed(named) = order("576900000000000001") else {
        panic!("a name");
    };
    let stated = look_up.look_up(&named).await.expect("an answer");
    let kind = stated[0].headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", kind)]);
    let read = connector.read(&request(&headers, &stated[0].raw));
    assert!(matches!(&read[..], [Inbound::Order(_)]), "{read:?}");
    let asked = server.received_requests().await.unwrap_or_default();
    let asked = asked.last().expect("a request");
    let mut query: BTreeMap<String, String> = asked.url.query_pairs().into_owned().collect();
    let tag = query.remove("sign");
    let query: BTreeMap<&str, &str> = query
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let wanted = sign("own-newer-secret", "/order/202309/orders", &query, "");
    assert_eq!(tag, Some(wanted));
    for (kind, id) in [("order", "../1"), ("payment", "1")] {
        let odd = Resource {
            kind: kind.to_owned(),
            id: id.to_owned(),
        };
        assert_eq!(look_up.look_up(&odd).await, Ok(Vec::new()));
    }
}

#[tokio::test]
async fn a_key_that_is_refused_early_is_replaced_once() {
    let (server, connector) = calling(|settings| settings).await;
    hand_out(&server, "ROW_next_key", 1).await;
    for (key, answer) in [
        ("ROW_own_key", refusal(401, 105_002)),
        ("ROW_next_key", wrapped(&json!({ "orders": [] }))),
    ] {
        Mock::given(path("/order/202309/orders"))
            .and(wiremock::matchers::header("x-tts-access-token", key))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    let Inbound::Changed(named) = order("1") else {
        panic!("a name");
    };
    let look_up = connector.look_up().expect("a look-up");
    // The first key was handed out just now: its refusal is the channel's own answer.
    assert!(look_up.look_up(&named).await.is_err());
    assert_eq!(look_up.look_up(&named).await, Ok(Vec::new()));
}

#[test]
fn it_is_live_unless_told_and_wants_a_shop_of_digits() {
    assert!(shop().is_live());
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert!(
        !connect("tiktok_shop", &test)
            .expect("a connection")
            .is_live()
    );
    let odd = settings().with_text("shop_id", "ROW_1");
    assert!(connect("tiktok_shop", &odd).is_err());
}
