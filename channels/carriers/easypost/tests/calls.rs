//! Calls against a stand-in carrier: a label is bought once, whatever breaks on the way.

use std::time::Duration;

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::carrier;
use crate::carriers::LabelCall;
use crate::carriers::buying::{FULFILMENT, answering, changed, ok, parcel, to_berlin as call};
use crate::port::{CallError, Found, LabelAnswer};

mod goods;

const SHIPMENT: &str = include_str!("../fixtures/shipment.json");
const CREATE: &str = "/v2/shipments";
const BUY: &str = "/v2/shipments/shp_own_1/buy";
const REFUND: &str = "/v2/shipments/shp_own_1/refund";

fn by_reference() -> String {
    format!("{CREATE}/{FULFILMENT}")
}

fn shipment(changes: Value) -> Value {
    changed(SHIPMENT, changes)
}

fn bought_shipment() -> Value {
    let rate =
        json!({"id": "rate_own_2", "carrier": "Own Post", "rate": "9.85", "currency": "USD"});
    shipment(json!({"tracking_code": "OWN0001", "selected_rate": rate,
        "postage_label": {"label_url": "https://labels.example.com/1.png"}}))
}

fn bought() -> LabelEvidence {
    let usd = Currency::from_code("USD").expect("a currency");
    LabelEvidence::Bought {
        service: None,
        account: "easypost".into(),
        carrier: "Own Post".to_owned(),
        tracking_number: "OWN0001".to_owned(),
        reference: "shp_own_1".to_owned(),
        label_url: Some("https://labels.example.com/1.png".to_owned()),
        cost: Money::from_minor(985, usd),
    }
}

fn problem(status: u16, code: &str) -> ResponseTemplate {
    let error = json!({"error": {"code": code, "message": "Jane", "errors": []}});
    ResponseTemplate::new(status).set_body_json(error)
}

async fn buy(server: &MockServer) -> LabelAnswer {
    carrier(&server.uri()).buy(&call()).await
}

async fn posts(server: &MockServer) -> Vec<String> {
    let requests = server
        .received_requests()
        .await
        .expect("recorded")
        .into_iter();
    let posts = requests.filter(|request| request.method.as_str() == "POST");
    posts.map(|request| request.url.path().to_owned()).collect()
}

#[tokio::test]
async fn a_label_is_created_under_the_fulfilment_and_bought_at_the_cheapest_rate() {
    let server = MockServer::start().await;
    let parts = json!({"shipment": {
        "reference": FULFILMENT,
        "to_address": {"name": "Jane Doe", "street1": "1 Own Street", "street2": "Floor 2, Door 3",
            "city": "Berlin", "zip": "01067", "country": "DE"},
        "from_address": {},
        "parcel": {"weight": 17.7},
    }});
    Mock::given(method("POST"))
        .and(path(CREATE))
        .and(body_json(parts))
        .respond_with(ok(&shipment(json!({}))))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path(BUY))
        .and(body_json(json!({"rate": {"id": "rate_own_2"}})))
        .respond_with(ok(&bought_shipment()))
        .mount(&server)
        .await;
    assert_eq!(buy(&server).await, Ok(bought()));
    let requests = server.received_requests().await.expect("recorded");
    let key = requests[0].headers["authorization"].to_str().expect("text");
    assert_eq!(
        key, "Basic RVpUS293bjo=",
        "the key is the user, without a password"
    );
}

#[tokio::test]
async fn a_shipment_of_the_address_before_is_left_alone() {
    let server = answering(vec![
        (
            "GET",
            format!("{CREATE}/{FULFILMENT}"),
            ok(&shipment(json!({}))),
        ),
        ("POST", CREATE.to_owned(), ok(&shipment(json!({})))),
        ("POST", BUY.to_owned(), ok(&bought_shipment())),
    ])
    .await;
    assert_eq!(buy(&server).await, Ok(bought()));
    assert_eq!(posts(&server).await, [BUY], "what a try had left is bought");
    let elsewhere = LabelCall {
        readdressed: true,
        ..call()
    };
    assert_eq!(carrier(&server.uri()).buy(&elsewhere).await, Ok(bought()));
    assert_eq!(posts(&server).await, [BUY, CREATE, BUY]);
}

#[tokio::test]
async fn a_shipment_of_an_earlier_try_is_used_again() {
    let server = answering(vec![
        ("GET", by_reference(), ok(&shipment(json!({})))),
        ("POST", BUY.to_owned(), ok(&bought_shipment())),
    ])
    .await;
    assert_eq!(buy(&server).await, Ok(bought()));
    assert_eq!(posts(&server).await, [BUY]);
    let server = answering(vec![("GET", by_reference(), ok(&bought_shipment()))]).await;
    assert_eq!(buy(&server).await, Ok(bought()));
    assert!(posts(&server).await.is_empty(), "it is bought already");
}

#[tokio::test]
async fn whatever_fails_before_the_purchase_bought_nothing() {
    for status in [401, 403, 429, 500, 503, 302] {
        let failing = problem(status, "x");
        let server = answering(vec![("POST", CREATE.to_owned(), failing.clone())]).await;
        let answer = buy(&server).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{status}: {answer:?}"
        );
        let server = answering(vec![("GET", by_reference(), failing)]).await;
        let answer = buy(&server).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{status}: {answer:?}"
        );
        assert!(posts(&server).await.is_empty());
    }
    let late = ok(&shipment(json!({}))).set_delay(Duration::from_secs(2));
    let server = answering(vec![("POST", CREATE.to_owned(), late)]).await;
    assert!(matches!(buy(&server).await, Err(CallError::NotDone { .. })));
}

#[tokio::test]
async fn a_purchase_without_a_clear_answer_is_open() {
    for answer in [
        problem(500, "x"),
        problem(409, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_bytes(vec![b' '; 10 << 20]),
        ok(&bought_shipment()).set_delay(Duration::from_secs(2)),
        ok(&shipment(json!({}))),
    ] {
        let server = answering(vec![
            ("POST", CREATE.to_owned(), ok(&shipment(json!({})))),
            ("POST", BUY.to_owned(), answer),
        ])
        .await;
        let answer = buy(&server).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn refusals_are_evidence() {
    let failed = |reason: &str| {
        Ok(LabelEvidence::Failed {
            reason: reason.to_owned(),
        })
    };
    let refused = problem(422, "SHIPMENT.INVALID_PARAMS");
    let server = answering(vec![("POST", CREATE.to_owned(), refused)]).await;
    assert_eq!(buy(&server).await, failed("SHIPMENT.INVALID_PARAMS"));
    let unrated = ok(&shipment(json!({"rates": []})));
    let server = answering(vec![("POST", CREATE.to_owned(), unrated)]).await;
    assert_eq!(buy(&server).await, failed("no_rates"));
    let server = answering(vec![
        ("POST", CREATE.to_owned(), ok(&shipment(json!({})))),
        ("POST", BUY.to_owned(), problem(402, "INSUFFICIENT_FUNDS")),
    ])
    .await;
    assert_eq!(buy(&server).await, failed("INSUFFICIENT_FUNDS"));
}

#[tokio::test]
async fn a_label_that_exists_already_is_the_answer() {
    let server = answering(vec![
        ("POST", CREATE.to_owned(), ok(&shipment(json!({})))),
        (
            "POST",
            BUY.to_owned(),
            problem(422, "SHIPMENT.POSTAGE.EXISTS"),
        ),
        ("GET", format!("{CREATE}/shp_own_1"), ok(&bought_shipment())),
    ])
    .await;
    assert_eq!(buy(&server).await, Ok(bought()));
}

#[tokio::test]
async fn a_look_up_goes_by_reference_and_then_through_the_latest() {
    let find = async |server: MockServer| carrier(&server.uri()).find(parcel()).await;
    let server = answering(vec![("GET", by_reference(), ok(&bought_shipment()))]).await;
    assert_eq!(find(server).await, Ok(Found::There(bought())));
    let page = json!({"shipments": [shipment(json!({"reference": "other"})), bought_shipment()]});
    let server = answering(vec![
        ("GET", by_reference(), ok(&shipment(json!({})))),
        ("GET", CREATE.to_owned(), ok(&page)),
    ])
    .await;
    assert_eq!(find(server).await, Ok(Found::There(bought())));
    let server = answering(vec![("GET", by_reference(), ok(&shipment(json!({}))))]).await;
    assert_eq!(find(server).await, Ok(Found::Absent), "made, never bought");
    let mut returned = bought_shipment();
    returned["refund_status"] = "refunded".into();
    let server = answering(vec![("GET", by_reference(), ok(&returned))]).await;
    assert_eq!(find(server).await, Ok(Found::Absent), "given back");
    assert_eq!(find(answering(Vec::new()).await).await, Ok(Found::Absent));
    for status in [401, 429, 500, 302] {
        let server = answering(vec![("GET", by_reference(), problem(status, "x"))]).await;
        let found = find(server).await;
        assert!(
            matches!(found, Err(CallError::NotDone { .. })),
            "{status}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_look_up_goes_page_by_page_to_the_end_of_the_list_and_no_further() {
    let page_of = |before: Option<usize>| {
        let first = before.map_or(0, |id| id + 1);
        let others = (first..first + 2)
            .map(|n| shipment(json!({"id": format!("shp_{n}"), "reference": "other"})));
        others.collect::<Vec<Value>>()
    };
    // Where the wanted shipment stands, where the list ends, and what the look-up says.
    for (wanted, end, expected) in [
        (Some(5), 9, Some(Found::There(bought()))),
        (None, 9, Some(Found::Absent)),
        (None, usize::MAX, None),
    ] {
        let server = MockServer::start().await;
        let pages = move |request: &wiremock::Request| {
            let before = request
                .url
                .query_pairs()
                .find(|(name, _)| name == "before_id");
            let before = before.map(|(_, id)| id.trim_start_matches("shp_").parse().expect("ours"));
            let mut shipments = page_of(before);
            let last = before.map_or(0, |id: usize| id + 1) + 1;
            if wanted.is_some_and(|wanted| wanted <= last && before.is_none_or(|b| wanted > b)) {
                shipments[0] = bought_shipment();
            }
            ok(&json!({"shipments": shipments, "has_more": last < end}))
        };
        Mock::given(method("GET"))
            .and(path(CREATE))
            .respond_with(pages)
            .mount(&server)
            .await;
        let found = carrier(&server.uri()).find(parcel()).await;
        match expected {
            Some(expected) => assert_eq!(found, Ok(expected)),
            // More than it looks through: nobody may say that there is no label.
            None => assert!(matches!(found, Err(CallError::NotDone { .. })), "{found:?}"),
        }
        let asked = server.received_requests().await.expect("recorded");
        let pages = asked.iter().filter(|request| request.url.path() == CREATE);
        assert!(pages.count() > 2);
    }
}

#[tokio::test]
async fn a_label_is_given_back_once_and_refusals_are_final() {
    let void = async |answers| {
        let server = answering(answers).await;
        carrier(&server.uri()).void("shp_own_1").await
    };
    let status = |word: &str| ok(&shipment(json!({"refund_status": word})));
    for word in ["submitted", "refunded"] {
        let answer = void(vec![("POST", REFUND.to_owned(), status(word))]).await;
        assert_eq!(answer, Ok(LabelEvidence::Voided), "{word}");
    }
    let refused = |reason: &str| {
        Ok(LabelEvidence::VoidRefused {
            reason: reason.to_owned(),
        })
    };
    let answer = void(vec![("POST", REFUND.to_owned(), status("rejected"))]).await;
    assert_eq!(answer, refused("rejected"));
    let unavailable = problem(422, "SHIPMENT.REFUND.UNAVAILABLE");
    let answer = void(vec![("POST", REFUND.to_owned(), unavailable.clone())]).await;
    assert_eq!(answer, refused("SHIPMENT.REFUND.UNAVAILABLE"));
    let again = vec![
        ("POST", REFUND.to_owned(), unavailable),
        ("GET", format!("{CREATE}/shp_own_1"), status("submitted")),
    ];
    assert_eq!(void(again).await, Ok(LabelEvidence::Voided));
    let answer = void(vec![("POST", REFUND.to_owned(), problem(500, "x"))]).await;
    assert!(
        matches!(answer, Err(CallError::Unknown { .. })),
        "{answer:?}"
    );
}
