//! Money given back through a stand-in shop that keeps a book: whatever breaks on the way, each notice is
//! one refund, of exactly its amount.

use std::sync::{Arc, Mutex};

use orderhub_domain::money::Money;
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::CallError;
use crate::sales::giving::{self, no, tell};
use crate::sales::shipments::left_at;
use crate::sales::{PartNotice, PartOf, SalesConnector, ShipmentNotice, Tracking};

/// A shop with one order, 3001, of two lines: 501 of three units and 502 of one.
#[derive(Default)]
struct Book {
    /// What the shop was asked for, in the order of its refunds.
    asked: Vec<Value>,
    refunds: Vec<Value>,
    statuses: Vec<String>,
    meta: Vec<Value>,
    /// The gateway takes long.
    slow: bool,
    lose: Option<ResponseTemplate>,
    /// The gateway gives nothing back.
    keeps: bool,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let place = request.url.path().strip_prefix("/wp-json/wc/v3/orders/");
        let Some(below) = place.and_then(|place| place.strip_prefix("3001")) else {
            let gone = json!({ "code": "woocommerce_rest_shop_order_invalid_id" });
            return ResponseTemplate::new(404).set_body_json(gone);
        };
        if request.method.as_str() == "GET" {
            let found = match below {
                "/refunds" => json!(book.refunds),
                "/notes" => json!([]),
                _ => book.order(),
            };
            return ResponseTemplate::new(200).set_body_json(found);
        }
        let change: Value = request.body_json().expect("JSON");
        match below {
            "/refunds" => book.refund(&change),
            "/notes" => ResponseTemplate::new(201).set_body_json(json!({ "id": 1 })),
            _ => book.change(&change),
        }
    }
}

impl Book {
    fn order(&self) -> Value {
        let sums = self.refunds.iter().map(|refund| {
            let amount = refund["amount"].as_str().expect("text");
            json!({ "id": refund["id"], "total": format!("-{amount}") })
        });
        let status = self.statuses.last().map_or("processing", String::as_str);
        json!({ "id": 3001, "status": status, "total": "62.37", "meta_data": self.meta,
            "date_paid_gmt": "2026-03-01T09:30:30", "refunds": sums.collect::<Vec<_>>(),
            "line_items": [{ "id": 501, "quantity": 3 }, { "id": 502, "quantity": 1 }] })
    }

    fn refund(&mut self, change: &Value) -> ResponseTemplate {
        if self.keeps {
            let no = json!({ "code": "woocommerce_rest_cannot_create_order_refund" });
            return ResponseTemplate::new(500).set_body_json(no);
        }
        self.asked.push(change.clone());
        let lines = change["line_items"].as_array().expect("lines").iter();
        let lines = lines.map(|line| {
            let units = line["quantity"].as_i64().expect("a number");
            json!({ "id": 1, "quantity": -units, "meta_data":
                [{ "key": "_refunded_item_id", "value": line["id"].to_string() }] })
        });
        let refund = json!({ "id": 700 + self.refunds.len(), "amount": change["amount"],
            "reason": change["reason"], "date_created_gmt": "2026-03-02T09:00:00",
            "refunded_payment": change["api_refund"] == true && !self.slow,
            "line_items": lines.collect::<Vec<_>>() });
        self.refunds.push(refund.clone());
        let made = ResponseTemplate::new(201).set_body_json(refund);
        self.lose.take().unwrap_or(made)
    }

    fn change(&mut self, change: &Value) -> ResponseTemplate {
        let meta = change["meta_data"].as_array().cloned();
        self.meta.extend(meta.unwrap_or_default());
        self.statuses
            .extend(change["status"].as_str().map(str::to_owned));
        ResponseTemplate::new(200).set_body_json(self.order())
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn euros(cents: i64) -> Money {
    giving::cents(cents, "EUR")
}

fn notice(of: PartOf, lines: &[(&str, u32)], cents: i64) -> PartNotice {
    giving::part("3001", "OWN-1", lines, euros(cents), of)
}

fn repaid(reference: &str, cents: i64) -> NoticeEvidence {
    giving::repaid(&[(reference, euros(cents))])
}

#[tokio::test]
async fn a_notice_is_one_refund_of_its_amount_with_its_units() {
    for (of, word, restock) in [
        (PartOf::Unsent, "Not sent", true),
        (PartOf::Returned, "Returned", false),
        (PartOf::Claimed, "Not received", false),
    ] {
        let shop = Shop::default();
        let (_server, connector) = shop.serve().await;
        let hears = connector.way_back().expect("a way back").hears();
        assert!(hears.contains(&Topic::PartCancelled) && hears.contains(&Topic::Refund));
        let notice = notice(of, &[("501", 2)], 2100);
        for _ in 0..3 {
            assert_eq!(tell(&connector, &notice).await, Ok(repaid("700", 2100)));
        }
        let expected = json!({ "amount": "21.00", "reason": format!("{word} (OWN-1)"),
            "line_items": [{ "id": 501, "quantity": 2, "refund_total": 0 }],
            "api_refund": true, "api_restock": restock });
        assert_eq!(shop.book().asked, [expected]);
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_by_its_reason() {
    for lost in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let shop = Shop::default();
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some(lost);
        let notice = notice(PartOf::Returned, &[("501", 1)], 500);
        let answer = tell(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(tell(&connector, &notice).await, Ok(repaid("700", 500)));
        assert_eq!(shop.book().asked.len(), 1);
    }
}

#[tokio::test]
async fn a_refund_that_the_gateway_has_not_made_is_waited_for() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    shop.book().slow = true;
    shop.book().lose = Some(ResponseTemplate::new(504));
    let notice = notice(PartOf::Returned, &[("501", 1)], 500);
    let lost = tell(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    let early = tell(&connector, &notice).await;
    let waits = matches!(early, Err(CallError::Unknown { well: true, .. }));
    assert!(waits, "{early:?}");
    // The gateway said no, and the shop took its note back.
    shop.book().refunds.clear();
    shop.book().keeps = true;
    assert_eq!(tell(&connector, &notice).await, Ok(no("refund_refused")));
}

#[tokio::test]
async fn units_whose_money_the_shop_does_not_have_are_noted_without_its_gateway() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let notice = notice(PartOf::Unsent, &[("501", 3), ("502", 1)], 0);
    // Somebody took two out by hand.
    shop.book()
        .refunds
        .push(json!({ "id": 9, "amount": "0.00", "reason": "",
        "line_items": [{ "quantity": -2, "meta_data":
            [{ "key": "_refunded_item_id", "value": "501" }] }] }));
    for _ in 0..2 {
        assert_eq!(tell(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    let asked = shop.book().asked.clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["api_refund"], false);
    let units: Vec<_> = asked[0]["line_items"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line["quantity"].as_u64())
        .collect();
    assert_eq!(units, [Some(1), Some(1)]);
    let mut more = notice.clone();
    more.key = "OWN-2".into();
    assert_eq!(tell(&connector, &more).await, Ok(NoticeEvidence::Told));
    assert_eq!(shop.book().asked.len(), 1, "there is nothing left to note");
}

#[tokio::test]
async fn an_order_is_completed_once_all_that_was_not_taken_out_has_left() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let part = notice(PartOf::Unsent, &[("501", 2)], 1000);
    assert_eq!(tell(&connector, &part).await, Ok(repaid("700", 1000)));
    let way = connector.way_back().expect("a way back");
    let shipment = |line: &str, number: &str| ShipmentNotice {
        external_id: "3001".into(),
        shipped_at: left_at(),
        lines: vec![(line.to_owned(), 1)],
        tracking: vec![Tracking {
            carrier: "Own Post".into(),
            number: number.into(),
            units: Vec::new(),
        }],
    };
    let told = way.shipped(&shipment("501", "OWN1")).await;
    assert_eq!(told, Ok(NoticeEvidence::Told));
    assert!(shop.book().statuses.is_empty());
    let told = way.shipped(&shipment("502", "OWN2")).await;
    assert_eq!(told, Ok(NoticeEvidence::Told));
    assert_eq!(shop.book().statuses, ["completed"]);
}

#[tokio::test]
async fn what_the_shop_will_not_give_back_is_refused() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let mut stranger = notice(PartOf::Returned, &[("501", 1)], 500);
    shop.book().keeps = true;
    assert_eq!(tell(&connector, &stranger).await, Ok(no("refund_refused")));
    for (id, code) in [("3002", "order_not_found"), ("W-1", "not_a_woocommerce_id")] {
        stranger.external_id = id.into();
        assert_eq!(tell(&connector, &stranger).await, Ok(no(code)));
    }
    let odd = notice(PartOf::Returned, &[("line", 1)], 500);
    assert_eq!(tell(&connector, &odd).await, Ok(no("not_a_woocommerce_id")));
    assert!(shop.book().asked.is_empty());
}
