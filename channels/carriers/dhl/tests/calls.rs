//! Calls against a stand-in of DHL: what is asked, and what each answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{
    NAME, NOWHERE, NUMBER, ORDERED, ORDERS, TOKEN, answering, bought, call, carrier, json_of, ok,
    parcel, problem, settings,
};
use crate::carriers::{Goods, LabelCall, connect};
use crate::port::{CallError, LabelAnswer, Repeat};

fn failed(reason: &str) -> LabelEvidence {
    LabelEvidence::Failed {
        reason: reason.to_owned(),
    }
}

async fn buying(answer: ResponseTemplate) -> LabelAnswer {
    let server = answering(vec![("POST", ORDERS, answer)]).await;
    carrier(&server.uri()).buy(&call()).await
}

#[tokio::test]
async fn a_label_is_bought_for_the_product_under_the_parcels_name() {
    let server = answering(vec![("POST", ORDERS, ok(&json_of(ORDERED)))]).await;
    assert_eq!(carrier(&server.uri()).buy(&call()).await, Ok(bought()));
    let requests = server.received_requests().await.expect("recorded");
    let [login, order] = &requests[..] else {
        panic!("two requests");
    };
    assert_eq!(login.url.path(), TOKEN);
    let pairs = String::from_utf8(login.body.clone()).expect("text");
    let pairs: BTreeMap<&str, &str> = pairs
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let expected = BTreeMap::from([
        ("client_id", "own-api-key"),
        ("client_secret", "own-api-secret"),
        ("grant_type", "password"),
        ("password", "own-user-word"),
        ("username", "own-user"),
    ]);
    assert_eq!(pairs, expected);
    assert_eq!(order.url.query(), Some("includeDocs=URL"));
    assert_eq!(order.headers["authorization"], "Bearer own-key");
    let asked: Value = serde_json::from_slice(&order.body).expect("JSON");
    let expected = json!({
        "profile": "STANDARD_GRUPPENPROFIL",
        "shipments": [{
            "product": "V01PAK", "billingNumber": "33333333330102", "refNo": NAME,
            "shipper": { "name1": "Own Shop", "name3": "Gate 4", "addressStreet": "Yard 9", "city": "Wien",
                "country": "AUT" },
            "consignee": { "name1": "Own GmbH", "name2": "Jane Doe", "addressStreet": "Own Street 1",
                "additionalAddressInformation1": "Floor 2, Door 3", "postalCode": "01067",
                "city": "Dresden", "country": "DEU" },
            "details": { "weight": { "uom": "g", "value": 500 } },
        }],
    });
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn missing_parts_and_a_missing_weight_never_stop_a_label() {
    let mut ordered = json_of(ORDERED);
    ordered["items"][0]["label"]["url"] = json!("javascript:alert(1)");
    ordered["items"][0]["sstatus"] = json!({"title": "OK", "status": "200"});
    // Some answers are 207, and some numbers have no quotes.
    ordered["items"][0]["shipmentNo"] = json!(340_434_310_428_091_700_u64);
    let answer = ResponseTemplate::new(207).set_body_json(&ordered);
    let server = answering(vec![("POST", ORDERS, answer)]).await;
    let bare = LabelCall {
        to: Address::default(),
        goods: Goods {
            weight_g: 0,
            ..Goods::default()
        },
        ..call()
    };
    let answer = carrier(&server.uri()).buy(&bare).await;
    let Ok(LabelEvidence::Bought {
        tracking_number,
        label_url: None,
        ..
    }) = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!(tracking_number, "340434310428091700");
    let requests = server.received_requests().await.expect("recorded");
    let asked: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    assert_eq!(asked["shipments"][0]["details"]["weight"]["value"], 1);
}

#[tokio::test]
async fn the_shipments_own_state_counts_and_not_the_one_around_it() {
    let within = |outer: u16, state: u16| {
        let mut ordered = json_of(ORDERED);
        ordered["items"][0]["sstatus"] = json!({"title": "Own", "statusCode": state});
        ResponseTemplate::new(outer).set_body_json(&ordered)
    };
    assert_eq!(buying(within(207, 200)).await, Ok(bought()));
    assert_eq!(
        buying(within(207, 400)).await,
        Ok(failed("consignee.addressHouse"))
    );
    let open = buying(within(207, 500)).await;
    assert!(matches!(open, Err(CallError::Unknown { .. })), "{open:?}");
}

#[tokio::test]
async fn a_purchase_without_a_clear_answer_is_open() {
    let mut numberless = json_of(ORDERED);
    numberless["items"][0]["shipmentNo"] = Value::Null;
    let empty = json!({"status": {"title": "ok", "statusCode": 200}, "items": []});
    for answer in [
        problem(500, "x"),
        problem(503, "x"),
        problem(302, "x"),
        problem(408, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ok(&json_of(ORDERED)).set_delay(Duration::from_secs(2)),
        ok(&numberless),
        ok(&empty),
    ] {
        let answer = buying(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: false, .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_purchase_that_dhl_asks_to_wait_with_was_not_made() {
    let answer = buying(problem(429, "x").insert_header("retry-after", "7")).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [401, 403] {
        let answer = buying(problem(status, "x")).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: false, .. })),
            "{status}"
        );
    }
    // Without a key nothing is sent at all.
    let answer = carrier(NOWHERE).buy(&call()).await;
    assert!(
        matches!(answer, Err(CallError::NotDone { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn refusals_are_evidence_without_their_prose() {
    let answer = buying(problem(400, "consignee.postalCode")).await;
    assert_eq!(answer, Ok(failed("consignee.postalCode")));
    assert_eq!(
        buying(problem(400, "Jane Doe")).await,
        Ok(failed("shipper.city"))
    );
    let whole = json!({"status": {"title": "Bad Request", "statusCode": 400, "detail": "Jane"}});
    let answer = buying(ResponseTemplate::new(400).set_body_json(&whole)).await;
    assert_eq!(answer, Ok(failed("http_400")));
}

#[tokio::test]
async fn a_label_is_given_back_once_and_refusals_are_final() {
    let void = async |answer: ResponseTemplate| {
        let server = answering(vec![("DELETE", ORDERS, answer)]).await;
        let answer = carrier(&server.uri()).void(NUMBER).await;
        let requests = server.received_requests().await.expect("recorded");
        let query = requests.last().and_then(|request| request.url.query());
        assert_eq!(
            query,
            Some("profile=STANDARD_GRUPPENPROFIL&shipment=00340000000000000001")
        );
        answer
    };
    let refused = |reason: &str| {
        Ok(LabelEvidence::VoidRefused {
            reason: reason.to_owned(),
        })
    };
    let mut deleted = json_of(ORDERED);
    deleted["items"][0]["label"] = Value::Null;
    assert_eq!(void(ok(&deleted)).await, Ok(LabelEvidence::Voided));
    let gone = json!({"items": [{"shipmentNo": NUMBER, "sstatus": {"title": "Own prose", "statusCode": 400}}]});
    for outer in [200, 207, 400] {
        let answer = ResponseTemplate::new(outer).set_body_json(&gone);
        assert_eq!(void(answer).await, refused("http_400"), "{outer}");
    }
    for answer in [
        problem(500, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let answer = void(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
    }
    let slow = void(problem(429, "x")).await;
    assert!(matches!(slow, Err(CallError::NotDone { .. })));
    assert_eq!(
        carrier(NOWHERE).void("../accounts").await,
        refused("malformed_reference")
    );
}

#[tokio::test]
async fn what_is_billed_when_it_is_carried_may_be_bought_again_and_nothing_else() {
    for (product, repeat) in [
        ("V01PAK", Repeat::Natural),
        ("V62KP", Repeat::Natural),
        ("V53WPAK", Repeat::QueryFirst),
        ("V66WPI", Repeat::QueryFirst),
        ("own", Repeat::QueryFirst),
    ] {
        let settings = settings(NOWHERE).with_text("product", product);
        let dhl = connect("dhl", &settings).expect("a connection");
        assert_eq!(dhl.repeat(), repeat, "{product}");
        let found = dhl.find(parcel()).await;
        assert!(
            matches!(found, Err(CallError::NotDone { well: true, .. })),
            "never a firm no"
        );
    }
}
