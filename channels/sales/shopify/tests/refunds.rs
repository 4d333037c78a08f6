//! Money given back through a stand-in shop that keeps a book: whatever breaks on the way, each notice is
//! one refund, of exactly its amount.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::{NoticeEvidence, Topic};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::settings;
use crate::port::CallError;
use crate::sales::giving::{self, no, tell};
use crate::sales::{PartNotice, PartOf, SalesConnector, connect};

/// A shop with order 1001 of lines 11 and 12, paid with a gift card (8.00) and a card (40.00).
struct Book {
    /// What `refundCreate` was asked for.
    made: Vec<Value>,
    keys: Vec<String>,
    /// Units of a line that can still be refunded.
    refundable: [u64; 2],
    shown_in: &'static str,
    /// What becomes of the money.
    status: &'static str,
    lose: Option<ResponseTemplate>,
    refuse: bool,
}

#[derive(Clone)]
struct Shop(Arc<Mutex<Book>>);

impl Default for Shop {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            made: Vec::new(),
            keys: Vec::new(),
            refundable: [3, 1],
            shown_in: "EUR",
            status: "SUCCESS",
            lose: None,
            refuse: false,
        })))
    }
}

fn euros(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount, "currencyCode": "EUR" } })
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let asked: Value = request.body_json().expect("JSON");
        let (query, variables) = (asked["query"].as_str().expect("text"), &asked["variables"]);
        let name = query.split_whitespace().nth(1).expect("a name");
        let data = match name.split_once('(').map(|(name, _)| name) {
            Some("Noted") => book.noted(variables),
            Some("Left") => book.left(),
            Some("Moved") => {
                let gid = variables["id"].as_str().expect("a gid");
                let place = gid.rsplit('/').next().and_then(|text| text.parse().ok());
                json!({ "refund": book.refund(place.expect("a number")) })
            }
            Some("Suggested") => suggested(variables),
            Some("Refund") => {
                let done = book.make(variables);
                if let Some(lost) = book.lose.take() {
                    return lost;
                }
                done
            }
            other => panic!("an unknown question: {other:?}"),
        };
        ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
    }
}

fn suggested(variables: &Value) -> Value {
    let lines = variables["lines"].as_array().expect("lines").iter();
    let lines = lines.map(|line| {
        let place = json!({ "id": "gid://shopify/Location/5" });
        json!({ "lineItem": { "id": line["lineItemId"] }, "location": place })
    });
    let payment = |gateway: &str, id: u64, most: &str| {
        json!({ "gateway": gateway, "amountSet": euros("0.00"), "maximumRefundableSet": euros(most),
            "parentTransaction": { "id": format!("gid://shopify/OrderTransaction/{id}") } })
    };
    json!({ "order": {
        "lines": { "refundLineItems": lines.collect::<Vec<_>>() },
        "all": { "suggestedTransactions": [
            payment("gift_card", 1, "8.00"), payment("own_card", 2, "40.0"),
        ] },
    } })
}

impl Book {
    fn noted(&self, variables: &Value) -> Value {
        let order = variables["id"] == "gid://shopify/Order/1001";
        let refunds = self.made.iter().enumerate().map(|(place, refund)| {
            json!({ "id": format!("gid://shopify/Refund/{place}"), "note": refund["note"] })
        });
        let order = order.then(|| {
            json!({ "currencyCode": "EUR", "presentmentCurrencyCode": self.shown_in,
                "refunds": refunds.collect::<Vec<_>>() })
        });
        json!({ "order": order })
    }

    fn left(&self) -> Value {
        let lines = [11, 12].into_iter().zip(self.refundable);
        let lines = lines.map(|(line, left)| {
            json!({ "id": format!("gid://shopify/LineItem/{line}"), "refundableQuantity": left })
        });
        let page = json!({ "hasNextPage": false, "endCursor": null });
        json!({ "order": { "lines": { "nodes": lines.collect::<Vec<_>>(), "pageInfo": page } } })
    }

    fn refund(&self, place: usize) -> Value {
        let moved = self.made[place]["transactions"].as_array().expect("a list");
        let moved = moved.iter().enumerate().map(|(nth, transaction)| {
            let id = 900 + place * 10 + nth;
            json!({ "id": format!("gid://shopify/OrderTransaction/{id}"), "kind": "REFUND",
                "status": self.status, "amountSet": euros(transaction["amount"].as_str().expect("text")) })
        });
        json!({ "transactions": { "nodes": moved.collect::<Vec<_>>() } })
    }

    fn make(&mut self, variables: &Value) -> Value {
        if self.refuse {
            return json!({ "done": { "errors": [{ "field": ["input"] }], "made": null } });
        }
        self.made.push(variables["input"].clone());
        self.keys
            .push(variables["key"].as_str().expect("a key").to_owned());
        json!({ "done": { "errors": [], "made": self.refund(self.made.len() - 1) } })
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/admin/api/2026-07/graphql.json"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let mut settings = settings().with_secrets("access_token", ["shpat_own"]);
        settings.base_url = Some(server.uri());
        let connector = connect("shopify", &settings).expect("a connection");
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn notice(of: PartOf, lines: &[(&str, u32)], cents: i64) -> PartNotice {
    giving::part("1001", "OWN-part-1", lines, giving::cents(cents, "EUR"), of)
}

fn repaid(movements: &[(&str, i64)]) -> NoticeEvidence {
    let movements = movements.iter();
    let movements: Vec<_> = movements
        .map(|(reference, cents)| (*reference, giving::cents(*cents, "EUR")))
        .collect();
    giving::repaid(&movements)
}

#[tokio::test]
async fn a_part_that_is_not_sent_is_taken_out_and_its_money_given_back_once() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let hears = connector.way_back().expect("a way back").hears();
    assert!(hears.contains(&Topic::PartCancelled) && hears.contains(&Topic::Refund));
    let notice = notice(PartOf::Unsent, &[("11", 2)], 2100);
    for _ in 0..3 {
        let answer = tell(&connector, &notice).await;
        assert_eq!(answer, Ok(repaid(&[("900", 800), ("901", 1300)])));
    }
    let book = shop.book();
    assert_eq!(book.keys, ["OWN-part-1"]);
    let order = "gid://shopify/Order/1001";
    let back = |gateway: &str, id: u64, amount: &str| {
        json!({ "orderId": order, "kind": "REFUND", "gateway": gateway, "amount": amount,
            "parentId": format!("gid://shopify/OrderTransaction/{id}") })
    };
    let expected = json!({
        "orderId": order, "note": "OWN-part-1", "notify": true,
        "refundLineItems": [{ "lineItemId": "gid://shopify/LineItem/11", "quantity": 2,
            "restockType": "CANCEL", "locationId": "gid://shopify/Location/5" }],
        "transactions": [back("gift_card", 1, "8.00"), back("own_card", 2, "13.00")],
    });
    assert_eq!(book.made, [expected]);
}

#[tokio::test]
async fn what_came_back_or_got_lost_leaves_the_shops_stock_alone() {
    for of in [PartOf::Returned, PartOf::Claimed] {
        let shop = Shop::default();
        let (_server, connector) = shop.serve().await;
        let answer = tell(&connector, &notice(of, &[("11", 1), ("12", 1)], 500)).await;
        assert_eq!(answer, Ok(repaid(&[("900", 500)])));
        let book = shop.book();
        for line in book.made[0]["refundLineItems"].as_array().expect("lines") {
            assert_eq!(line["restockType"], "NO_RESTOCK");
            assert_eq!(line.get("locationId"), None);
        }
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_by_its_note() {
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({ "data": { "done": null } })),
    ] {
        let shop = Shop::default();
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some(lost);
        let notice = notice(PartOf::Returned, &[("11", 1)], 500);
        let answer = tell(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(tell(&connector, &notice).await, Ok(repaid(&[("900", 500)])));
        assert_eq!(shop.book().made.len(), 1);
    }
}

#[tokio::test]
async fn units_whose_money_the_shop_does_not_have_are_taken_out_alone() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let notice = notice(PartOf::Unsent, &[("11", 2), ("12", 1)], 0);
    shop.book().refundable = [1, 0];
    for _ in 0..2 {
        assert_eq!(tell(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    let made = shop.book().made.clone();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["transactions"], json!([]));
    let lines = made[0]["refundLineItems"].as_array().expect("lines");
    // What somebody took out by hand is not taken out again.
    assert_eq!((lines.len(), &lines[0]["quantity"]), (1, &json!(1)));
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    shop.book().refundable = [0, 0];
    assert_eq!(tell(&connector, &notice).await, Ok(NoticeEvidence::Told));
    assert!(shop.book().made.is_empty());
}

#[tokio::test]
async fn money_that_is_under_way_is_waited_for_and_what_failed_is_said() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    shop.book().status = "PENDING";
    let notice = notice(PartOf::Returned, &[("11", 1)], 500);
    for _ in 0..2 {
        let answer = tell(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: true, .. })),
            "{answer:?}"
        );
    }
    assert_eq!(shop.book().made.len(), 1);
    shop.book().status = "FAILURE";
    assert_eq!(tell(&connector, &notice).await, Ok(no("refund_failed")));
    shop.book().status = "SUCCESS";
    assert_eq!(tell(&connector, &notice).await, Ok(repaid(&[("900", 500)])));
}

#[tokio::test]
async fn what_the_shop_will_not_give_back_is_refused_and_nothing_is_made() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let part = notice(PartOf::Returned, &[("11", 1)], 500);
    let more = notice(PartOf::Returned, &[("11", 1)], 4801);
    assert_eq!(
        tell(&connector, &more).await,
        Ok(no("more_than_refundable"))
    );
    let mut stranger = part.clone();
    for (id, code) in [("1002", "order_not_found"), ("W-1", "not_a_shopify_id")] {
        stranger.external_id = id.into();
        assert_eq!(tell(&connector, &stranger).await, Ok(no(code)));
    }
    shop.book().shown_in = "USD";
    assert_eq!(tell(&connector, &part).await, Ok(no("other_currency")));
    shop.book().shown_in = "EUR";
    shop.book().refuse = true;
    assert_eq!(tell(&connector, &part).await, Ok(no("not_refundable")));
    assert!(shop.book().made.is_empty());
}
