//! Money back through the shop, against a stand-in that keeps a book: whatever breaks on the way, each notice moves
//! exactly its amount, once.

use std::sync::{Arc, Mutex};

use orderhub_domain::money::Money;
use orderhub_domain::order::Topic;
use serde_json::{Value, json};
use wiremock::matchers::path_regex;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use super::orders::whole;
use crate::port::CallError;
use crate::sales::giving::{cents, no, part, repaid, tell};
use crate::sales::{PartNotice, PartOf, SalesConnector};

/// A shop with the order of the fixture and two paid invoices; the gateway of the first refuses.
struct Book {
    order: Value,
    /// Credit memos: an amount and a comment each.
    memos: Vec<(Value, String)>,
    refused: Vec<&'static str>,
    /// Carries the next change out and answers that.
    lose: Option<ResponseTemplate>,
}

#[derive(Clone)]
struct Shop(Arc<Mutex<Book>>);

fn body(value: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

impl Book {
    fn ask(&self, path: &str) -> ResponseTemplate {
        let memo = |path: &str| -> Option<usize> {
            let id = path
                .strip_prefix("creditmemo/")?
                .strip_suffix("/comments")?;
            id.parse::<usize>().ok()?.checked_sub(1)
        };
        let items: Vec<Value> = match path {
            "orders/3001" => return body(&self.order),
            "creditmemos" => {
                let own = json!({ "entity_id": 99, "grand_total": 1 });
                let made = (1..).zip(&self.memos);
                let made =
                    made.map(|(id, (sum, _))| json!({ "entity_id": id, "grand_total": sum }));
                made.chain([own]).collect()
            }
            "invoices" => vec![
                json!({ "entity_id": 20, "state": 3, "items": [{ "order_item_id": 501 }] }),
                json!({ "entity_id": 21, "state": 2, "items": [{ "order_item_id": 501 }] }),
                json!({ "entity_id": 22, "state": "2", "items": [{ "order_item_id": "503" }] }),
            ],
            _ => match memo(path).and_then(|place| self.memos.get(place)) {
                Some((_, comment)) => vec![json!({ "comment": comment })],
                None if path.starts_with("creditmemo/99/") => vec![json!({ "comment": "by hand" })],
                None => {
                    let no = json!({ "message": "No, Jane Doe" });
                    return ResponseTemplate::new(404).set_body_json(no);
                }
            },
        };
        body(&json!({ "items": items }))
    }

    fn refund(&mut self, path: &str, refund: &Value) -> ResponseTemplate {
        if self
            .refused
            .iter()
            .any(|invoice| path == format!("invoice/{invoice}/refund"))
        {
            return ResponseTemplate::new(400).set_body_json(json!({ "message": "No, Jane Doe" }));
        }
        assert_eq!(refund["isOnline"], true);
        assert_eq!(refund["items"][0]["qty"], 0, "no line goes back whole");
        let arguments = &refund["arguments"];
        assert_eq!(arguments["shipping_amount"], 0);
        let comment = refund["comment"]["comment"].as_str().expect("a comment");
        self.memos
            .push((arguments["adjustment_positive"].clone(), comment.to_owned()));
        body(&json!(self.memos.len().to_string()))
    }
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let path = request.url.path().trim_start_matches("/rest/all/V1/");
        if request.method.as_str() == "GET" {
            return book.ask(path);
        }
        let answer = book.refund(path, &request.body_json().expect("JSON"));
        book.lose.take().unwrap_or(answer)
    }
}

impl Shop {
    fn new() -> Self {
        let mut order = whole();
        order["base_currency_code"] = json!("EUR");
        Self(Arc::new(Mutex::new(Book {
            order,
            memos: Vec::new(),
            refused: vec!["21"],
            lose: None,
        })))
    }

    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(path_regex("^/rest/all/V1/"))
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

fn notice(key: &str, amount: Money) -> PartNotice {
    part("3001", key, &[("501", 1)], amount, PartOf::Returned)
}

#[tokio::test]
async fn each_notice_moves_its_amount_once_under_the_shops_own_name() {
    let shop = Shop::new();
    let (_server, connector) = shop.serve().await;
    let way = connector.way_back().expect("a way back");
    assert!(way.hears().contains(&Topic::Refund) && way.hears().contains(&Topic::PartCancelled));
    let (first, second) = (cents(1050, "EUR"), cents(100, "EUR"));
    for _ in 0..2 {
        let answer = tell(&connector, &notice("own-return-1-1", first)).await;
        assert_eq!(answer, Ok(repaid(&[("1", first)])));
        let answer = way.part_cancelled(&notice("own-part-1", second)).await;
        assert_eq!(answer, Ok(repaid(&[("2", second)])));
    }
    let sums: Vec<_> = shop
        .book()
        .memos
        .iter()
        .map(|(sum, _)| sum.to_string())
        .collect();
    assert_eq!(sums, ["10.5", "1"]);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_was_given() {
    for lost in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let shop = Shop::new();
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some(lost);
        let amount = cents(1050, "EUR");
        let one = notice("own-return-1-1", amount);
        let answer = tell(&connector, &one).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(tell(&connector, &one).await, Ok(repaid(&[("1", amount)])));
        assert_eq!(shop.book().memos.len(), 1);
    }
}

#[tokio::test]
async fn what_the_shop_cannot_give_exactly_is_refused_and_moves_nothing() {
    let shop = Shop::new();
    let (_server, connector) = shop.serve().await;
    let some = cents(1050, "EUR");
    let mut stranger = notice("own-return-1-1", some);
    for (id, code) in [
        ("3002", "order_not_found"),
        ("x", "not_an_adobe_commerce_id"),
    ] {
        stranger.external_id = id.into();
        assert_eq!(tell(&connector, &stranger).await, Ok(no(code)));
    }
    for (amount, code) in [
        (cents(0, "EUR"), "parts_are_not_heard"),
        (cents(1050, "USD"), "other_currency"),
        (cents(5238, "EUR"), "more_than_the_shop_has"),
    ] {
        assert_eq!(tell(&connector, &notice("own", amount)).await, Ok(no(code)));
    }
    shop.book().order["base_currency_code"] = json!("USD");
    assert_eq!(
        tell(&connector, &notice("own", some)).await,
        Ok(no("other_base_currency"))
    );
    shop.book().order["base_currency_code"] = json!("EUR");
    shop.book().refused = vec!["21", "22"];
    assert_eq!(
        tell(&connector, &notice("own", some)).await,
        Ok(no("refund_by_hand"))
    );
    assert!(shop.book().memos.is_empty());
}
