//! Looking up what a lost answer may have bought: it is found by the parcel's id, wherever it stands.

use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer};

use super::calls::bought;
use super::{
    NOWHERE, TRANSACTIONS, answering, carrier, ok, parcel, problem, shipment, transaction,
};
use crate::port::{CallError, Found, Repeat};

type Answer = Result<Found<LabelEvidence>, CallError>;

async fn find(server: &MockServer) -> Answer {
    carrier(&server.uri()).find(parcel()).await
}

fn page(results: &[Value]) -> Value {
    json!({"next": null, "previous": null, "results": results})
}

fn rate() -> Value {
    shipment(json!({}))["rates"][1].clone()
}

#[tokio::test]
async fn a_purchase_is_found_with_its_rate_looked_up_or_as_it_stands_there() {
    let other = transaction(json!({"metadata": "ful_other", "object_id": "x"}));
    let list = page(&[other.clone(), transaction(json!({}))]);
    let server = answering(vec![
        ("GET", TRANSACTIONS.to_owned(), ok(&list)),
        ("GET", "/rates/rate_own_2".to_owned(), ok(&rate())),
    ])
    .await;
    assert_eq!(find(&server).await, Ok(Found::There(bought())));
    let within = json!({"object_id": "rate_own_2", "amount": "9.85", "currency": "USD",
        "provider": "Own Post", "servicelevel_token": "own_ground", "servicelevel_name": "Ground"});
    let list = page(&[other, transaction(json!({"rate": within}))]);
    let server = answering(vec![("GET", TRANSACTIONS.to_owned(), ok(&list))]).await;
    assert_eq!(find(&server).await, Ok(Found::There(bought())));
    // A rate that is gone takes only the price with it.
    let list = page(&[transaction(json!({}))]);
    let server = answering(vec![("GET", TRANSACTIONS.to_owned(), ok(&list))]).await;
    let found = find(&server).await;
    assert!(
        matches!(
            &found,
            Ok(Found::There(LabelEvidence::Bought { cost: None, .. }))
        ),
        "{found:?}"
    );
}

#[tokio::test]
async fn what_failed_or_was_given_back_is_no_label_and_what_is_open_stays_open() {
    for (status, expected) in [
        ("ERROR", Some(Found::Absent)),
        ("REFUNDED", Some(Found::Absent)),
        ("REFUNDPENDING", Some(Found::Absent)),
        ("QUEUED", None),
        ("WAITING", None),
        ("TELEPORTING", None),
    ] {
        let list = page(&[transaction(json!({"status": status}))]);
        let server = answering(vec![("GET", TRANSACTIONS.to_owned(), ok(&list))]).await;
        let found = find(&server).await;
        match expected {
            Some(expected) => assert_eq!(found, Ok(expected), "{status}"),
            None => assert!(matches!(found, Err(CallError::NotDone { .. })), "{status}"),
        }
    }
    let list = page(&[
        transaction(json!({"status": "REFUNDED", "object_id": "older"})),
        transaction(json!({"status": "REFUNDREJECTED"})),
    ]);
    let server = answering(vec![
        ("GET", TRANSACTIONS.to_owned(), ok(&list)),
        ("GET", "/rates/rate_own_2".to_owned(), ok(&rate())),
    ])
    .await;
    assert_eq!(find(&server).await, Ok(Found::There(bought())));
}

#[tokio::test]
async fn a_look_up_that_fails_says_nothing() {
    for status in [401, 403, 429, 500, 302, 400] {
        let server = answering(vec![("GET", TRANSACTIONS.to_owned(), problem(status))]).await;
        let found = find(&server).await;
        assert!(
            matches!(found, Err(CallError::NotDone { .. })),
            "{status}: {found:?}"
        );
    }
    let list = page(&[transaction(json!({}))]);
    let server = answering(vec![
        ("GET", TRANSACTIONS.to_owned(), ok(&list)),
        ("GET", "/rates/rate_own_2".to_owned(), problem(500)),
    ])
    .await;
    let found = find(&server).await;
    assert!(matches!(found, Err(CallError::NotDone { .. })), "{found:?}");
    assert_eq!(carrier(NOWHERE).repeat(), Repeat::QueryFirst);
}

#[tokio::test]
async fn a_look_up_goes_page_by_page_to_the_end_of_the_list_and_no_further() {
    // On which page the purchase stands, how many there are, and what the look-up says.
    for (wanted, last, expected) in [
        (Some(3), 5, Some(Found::There(bought()))),
        (None, 5, Some(Found::Absent)),
        (None, usize::MAX, None),
    ] {
        let server = MockServer::start().await;
        let pages = move |request: &wiremock::Request| {
            let page = request.url.query_pairs().find(|(name, _)| name == "page");
            let page: usize = page.expect("a page").1.parse().expect("a number");
            let mut results = vec![transaction(json!({"metadata": "other"}))];
            if wanted == Some(page) {
                results.push(transaction(json!({"rate": rate()})));
            }
            let next = (page < last).then(|| format!("https://api.example.com/?page={}", page + 1));
            ok(&json!({"next": next, "results": results}))
        };
        Mock::given(method("GET"))
            .and(path(TRANSACTIONS))
            .respond_with(pages)
            .mount(&server)
            .await;
        let found = find(&server).await;
        match expected {
            Some(expected) => assert_eq!(found, Ok(expected)),
            // More than it looks through: nobody may say that there is no label.
            None => assert!(matches!(found, Err(CallError::NotDone { .. })), "{found:?}"),
        }
    }
}
