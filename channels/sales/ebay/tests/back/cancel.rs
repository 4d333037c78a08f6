//! Orders cancelled through eBay: each once, whatever breaks on the way.

use std::sync::Arc;

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{ORDER, Site, cancel};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, SalesConnector, Why};

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);

/// The Post-Order API of a site.
struct After(Site);

impl Respond for After {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.0.book();
        assert_eq!(request.headers["x-ebay-c-marketplace-id"], "EBAY_US");
        let path = request.url.path();
        let path = path.strip_prefix("/post-order/v2/cancellation");
        let path = path.expect("a cancellation").to_owned();
        if request.method.as_str() == "GET" {
            let mut query = request.url.query_pairs();
            let named = query.any(|(name, id)| name == "legacy_order_id" && id == "290001-5");
            assert!(named && path == "/search", "{path}");
            let found = json!({ "cancellations": book.cancellations, "total": 1 });
            let found = ResponseTemplate::new(200).set_body_json(found);
            return book.away.clone().unwrap_or(found);
        }
        if let Some(status) = book.refuse {
            let status = u16::try_from(status).expect("a status");
            return ResponseTemplate::new(status).set_body_json(json!({ "error": "for Jane" }));
        }
        book.after
            .push((path.clone(), request.body_json().expect("JSON")));
        let mut made = json!({});
        if path.is_empty() && book.eligible {
            let number = 5000 + book.cancellations.len();
            made = json!({ "cancelId": number.to_string() });
            book.stands(number, "CANCEL_PENDING");
        } else if path.is_empty() {
            made = json!({ "orderEligibilityResult": { "eligible": false } });
        } else {
            book.cancellations.clear();
            book.stands(4999, "CANCEL_PENDING");
        }
        let done = ResponseTemplate::new(200).set_body_json(made);
        book.lose.take().unwrap_or(done)
    }
}

impl super::Book {
    fn stands(&mut self, id: usize, status: &str) {
        self.cancellations
            .push(json!({ "cancelId": id.to_string(), "cancelStatus": status,
                "legacyOrderId": "290001-5" }));
    }
}

async fn serve(site: &Site) -> (MockServer, Arc<dyn SalesConnector>) {
    let (server, connector) = site.serve_giving().await;
    Mock::given(header("authorization", "IAF v^1.1#key"))
        .respond_with(After(site.clone()))
        .mount(&server)
        .await;
    (server, connector)
}

fn asked(site: &Site) -> Vec<(String, Value)> {
    site.book().after.clone()
}

#[tokio::test]
async fn an_order_is_cancelled_once_with_what_its_buyer_has_paid() {
    let site = Site::default();
    let (_server, connector) = serve(&site).await;
    for _ in 0..3 {
        assert_eq!(cancel(&connector, ORDER).await, TOLD);
    }
    let expected = json!({ "legacyOrderId": "290001-5", "buyerPaid": true,
        "buyerPaidDate": { "value": "2026-03-01T12:00:00.000Z" },
        "cancelReason": "OUT_OF_STOCK_OR_CANNOT_FULFILL" });
    assert_eq!(asked(&site), [(String::new(), expected)]);
}

#[tokio::test]
async fn a_payment_that_failed_is_no_lack_of_stock() {
    let site = Site::default();
    let (_server, connector) = serve(&site).await;
    let notice = CancellationNotice {
        external_id: ORDER.to_owned(),
        why: Why::Declined,
        refund: false,
    };
    let way = connector.way_back().expect("a way");
    assert_eq!(way.cancelled(&notice).await, TOLD);
    assert!(asked(&site)[0].1.get("cancelReason").is_none());
}

#[tokio::test]
async fn a_cancellation_whose_answer_was_lost_is_found_and_not_begun_again() {
    for lost in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let site = Site::default();
        let (_server, connector) = serve(&site).await;
        site.book().lose = Some(lost);
        let answer = cancel(&connector, ORDER).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(cancel(&connector, ORDER).await, TOLD);
        assert_eq!(asked(&site).len(), 1);
    }
}

#[tokio::test]
async fn what_the_buyer_asked_for_is_approved_and_what_was_rejected_does_not_count() {
    let site = Site::default();
    site.book().stands(4998, "CANCEL_REJECTED");
    site.book().stands(4999, "CANCEL_REQUESTED");
    let (_server, connector) = serve(&site).await;
    for _ in 0..2 {
        assert_eq!(cancel(&connector, ORDER).await, TOLD);
    }
    assert_eq!(asked(&site), [("/4999/approve".to_owned(), json!({}))]);
}

#[tokio::test]
async fn one_that_was_closed_without_the_buyers_money_is_a_persons() {
    for (status, answer) in [
        ("CANCEL_CLOSED_WITH_REFUND", TOLD),
        (
            "CANCEL_CLOSED_NO_REFUND",
            Ok(refused("cancelled_without_refund")),
        ),
    ] {
        let site = Site::default();
        site.book().stands(4999, status);
        let (_server, connector) = serve(&site).await;
        assert_eq!(cancel(&connector, ORDER).await, answer);
        assert!(asked(&site).is_empty());
    }
}

#[tokio::test]
async fn what_ebay_will_not_cancel_is_refused() {
    let site = Site::default();
    site.book().eligible = false;
    let (_server, connector) = serve(&site).await;
    assert_eq!(
        cancel(&connector, ORDER).await,
        Ok(refused("not_cancellable"))
    );
    site.book().refuse = Some(400);
    assert_eq!(
        cancel(&connector, ORDER).await,
        Ok(refused("not_cancellable"))
    );
    site.book().stands(4999, "CANCEL_REQUESTED");
    assert_eq!(
        cancel(&connector, ORDER).await,
        Ok(refused("approve_by_hand"))
    );
    site.book().fulfilment = "FULFILLED";
    assert_eq!(
        cancel(&connector, ORDER).await,
        Ok(refused("order_is_shipped"))
    );
}

#[tokio::test]
async fn a_search_that_does_not_answer_well_cancels_nothing() {
    let site = Site::default();
    let (_server, connector) = serve(&site).await;
    for away in [
        ResponseTemplate::new(403),
        ResponseTemplate::new(404),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        site.book().away = Some(away.clone());
        let answer = cancel(&connector, ORDER).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{away:?}: {answer:?}"
        );
    }
    assert!(asked(&site).is_empty());
}
