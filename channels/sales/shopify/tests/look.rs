//! What webhooks only name, looked up at a stand-in shop: an edit, and holds.

use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::orders::body;
use super::{headers, request, settings, shop};
use crate::port::{CallError, Inbound, Resource, Statement};
use crate::sales::{SalesConnector, connect};

const NUMBER: &str = "5500000000000001027";

fn calling(server: &MockServer) -> std::sync::Arc<dyn SalesConnector> {
    let mut settings = settings().with_secrets("access_token", ["shpat_own"]);
    settings.base_url = Some(server.uri());
    connect("shopify", &settings).expect("a connection")
}

fn named(kind: &str, id: &str) -> Resource {
    Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    }
}

fn pushed(shop: &dyn SalesConnector, topic: &str, said: &Value) -> Vec<Inbound> {
    let headers = headers(&[("x-shopify-topic", topic)]);
    shop.read(&request(&headers, said.to_string().as_bytes()))
}

/// What the shop says of a thing, read.
async fn looked_up(
    shop: &dyn SalesConnector,
    kind: &str,
    id: &str,
) -> Result<Vec<Inbound>, CallError> {
    let look_up = shop.look_up().expect("it can be asked");
    let stated = look_up.look_up(&named(kind, id)).await?;
    let read = stated.iter().flat_map(|Statement { headers, raw }| {
        let headers = headers.iter().map(|(name, value)| {
            let name: http::HeaderName = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        });
        shop.read(&request(&headers.collect(), raw))
    });
    Ok(read.collect())
}

#[tokio::test]
async fn an_edit_that_comes_alone_is_looked_up_as_the_order_that_it_made() {
    let server = MockServer::start().await;
    let whole = body(json!({ "updated_at": "2026-03-04T09:00:00Z" }));
    Mock::given(method("GET"))
        .and(path(format!("/admin/api/2026-07/orders/{NUMBER}.json")))
        .and(header("x-shopify-access-token", "shpat_own"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "order": whole })))
        .mount(&server)
        .await;
    let connector = calling(&server);
    let number: u64 = NUMBER.parse().expect("a number");
    let edit = json!({ "order_edit": { "id": 7, "order_id": number, "line_items": {
        "additions": [{ "id": 1, "delta": 1 }], "removals": [] } } });
    let read = pushed(&*connector, "orders/edited", &edit);
    assert_eq!(read, [Inbound::Changed(named("order", NUMBER))]);
    let read = looked_up(&*connector, "order", NUMBER).await;
    let [Inbound::Order(order)] = &read.expect("an answer")[..] else {
        panic!("an order");
    };
    let changed_at = "2026-03-04T09:00:00Z".parse().ok();
    assert_eq!(order.submission.draft.changed_at, changed_at);
    // A connection that only listens keeps it under its topic, and takes a whole order as ever.
    let topic = "orders/edited".to_owned();
    assert_eq!(
        pushed(&*shop(), "orders/edited", &edit),
        [Inbound::Unknown { topic }]
    );
    let read = pushed(&*connector, "orders/edited", &whole);
    assert!(matches!(read[..], [Inbound::Order(_)]));
}

#[tokio::test]
async fn an_order_is_kept_back_as_long_as_one_of_its_fulfilment_orders_is_on_hold() {
    for (others, kept) in [("ON_HOLD", true), ("OPEN", false)] {
        let server = MockServer::start().await;
        let node = |id: u32, status: &str| json!({ "id": format!("gid://shopify/FulfillmentOrder/{id}"), "status": status });
        let order = json!({ "id": format!("gid://shopify/Order/{NUMBER}"),
            "fulfillmentOrders": { "nodes": [node(1, "OPEN"), node(2, others)] } });
        let answer = json!({ "data": { "fulfillmentOrder": { "order": order } } });
        let asked = json!({ "variables": { "id": "gid://shopify/FulfillmentOrder/1" } });
        Mock::given(method("POST"))
            .and(path("/admin/api/2026-07/graphql.json"))
            .and(body_partial_json(asked))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
        let connector = calling(&server);
        let word = json!({ "fulfillment_order": { "status": "open",
            "id": "gid://shopify/FulfillmentOrder/1" } });
        for topic in ["placed_on_hold", "hold_released"] {
            let read = pushed(&*connector, &format!("fulfillment_orders/{topic}"), &word);
            assert_eq!(read, [Inbound::Changed(named("fulfillment_order", "1"))]);
        }
        let read = looked_up(&*connector, "fulfillment_order", "1").await;
        let said = Inbound::Said {
            order: NUMBER.to_owned(),
            facts: vec![ChannelFact::KeptBack { kept }],
        };
        assert_eq!(read.expect("an answer"), [said]);
    }
}

#[tokio::test]
async fn what_the_shop_does_not_have_is_not_stated_and_what_it_cannot_say_is_asked_again() {
    let server = MockServer::start().await;
    let nothing = json!({ "data": { "fulfillmentOrder": null } });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(nothing))
        .mount(&server)
        .await;
    let connector = calling(&server);
    for (kind, id) in [
        ("fulfillment_order", "1"),
        ("order", NUMBER),
        ("order", "x"),
        ("refund", "1"),
    ] {
        let read = looked_up(&*connector, kind, id).await;
        assert_eq!(read.expect("an answer"), [], "{kind} {id}");
    }
    let broken = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(502))
        .mount(&broken)
        .await;
    let read = looked_up(&*calling(&broken), "order", NUMBER).await;
    assert!(matches!(read, Err(CallError::NotDone { .. })), "{read:?}");
    for odd in [json!({ "order_edit": { "order_id": "x" } }), json!({})] {
        let read = pushed(&*connector, "orders/edited", &odd);
        assert!(matches!(read[..], [Inbound::Unreadable { .. }]), "{read:?}");
    }
}
