//! The way back against a stand-in store: a sale is completed once, and what the store cannot be told safely is
//! left to a person.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::left_at;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

/// A store with one sale, `own-sale-1`: line `mug` of three units and `card` of one.
struct Book {
    state: &'static str,
    held: bool,
    gone: [u32; 2],
    completed: u32,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    /// Answers this to changes, and makes none.
    refuse: Option<u16>,
}

#[derive(Clone)]
struct Store(Arc<Mutex<Book>>);

impl Book {
    fn held(&self) -> Value {
        let part = |line: &str, quantity: u32, gone: u32| {
            json!({ "sale_line_item_id": line, "quantity": format!("{quantity}.00"),
                "fulfilled_quantity": format!("{gone}.00") })
        };
        let lines = [part("mug", 3, self.gone[0]), part("card", 1, self.gone[1])];
        let one = json!({ "id": "1947", "type": "DISPATCH", "line_items": lines });
        json!(self.held.then_some(one).into_iter().collect::<Vec<_>>())
    }
}

impl Respond for Store {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let place = request.url.path().trim_start_matches("/api/2026-07/");
        let found = match place {
            "sales/own-sale-1" => json!({ "id": "own-sale-1", "state": book.state }),
            "fulfillments" => book.held(),
            "fulfillments/fulfill" => {
                if let Some(status) = book.refuse {
                    return ResponseTemplate::new(status).set_body_json(json!({ "error": "Jane" }));
                }
                let change: Value = request.body_json().expect("JSON");
                assert_eq!(change, json!({ "sale_id": "own-sale-1" }));
                book.gone = [3, 1];
                book.completed += 1;
                let done = ResponseTemplate::new(200).set_body_json(json!({ "data": [] }));
                return book.lose.take().unwrap_or(done);
            }
            _ => return ResponseTemplate::new(404),
        };
        ResponseTemplate::new(200).set_body_json(json!({ "data": found }))
    }
}

impl Store {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Book {
            state: "pending",
            held: true,
            gone: [0, 0],
            completed: 0,
            lose: None,
            always: None,
            refuse: None,
        })))
    }

    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("authorization", "Bearer ls-own-token"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn becomes(&self, held: bool, gone: [u32; 2], state: &'static str) {
        let mut book = self.book();
        (book.held, book.gone, book.state) = (held, gone, state);
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn shipment(lines: &[(&str, u32)]) -> ShipmentNotice {
    let lines = lines.iter();
    ShipmentNotice {
        external_id: "own-sale-1".into(),
        shipped_at: left_at(),
        lines: lines.map(|(line, n)| ((*line).to_owned(), *n)).collect(),
        tracking: vec![Tracking {
            carrier: "Own Post".into(),
            number: "OWN-A".into(),
            units: Vec::new(),
        }],
    }
}

fn cancellation() -> CancellationNotice {
    CancellationNotice {
        external_id: "own-sale-1".into(),
        why: Why::OutOfStock,
        refund: true,
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    way.shipped(notice).await
}

async fn cancel(connector: &Arc<dyn SalesConnector>, notice: &CancellationNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    way.cancelled(notice).await
}

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);

fn no(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}

#[tokio::test]
async fn a_shipment_of_everything_completes_the_sale_and_repeats_change_nothing() {
    let store = Store::new();
    let (_server, connector) = store.serve().await;
    for _ in 0..3 {
        assert_eq!(
            ship(&connector, &shipment(&[("mug", 3), ("card", 1)])).await,
            TOLD
        );
    }
    assert_eq!(store.book().completed, 1);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_it_done() {
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(408),
        ResponseTemplate::new(302),
    ] {
        let store = Store::new();
        let (_server, connector) = store.serve().await;
        store.book().lose = Some(lost);
        let whole = shipment(&[("mug", 3), ("card", 1)]);
        let answer = ship(&connector, &whole).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(ship(&connector, &whole).await, TOLD);
        assert_eq!(store.book().completed, 1);
    }
}

#[tokio::test]
async fn a_part_is_left_to_a_person_and_the_rest_of_what_they_did_is_told() {
    let store = Store::new();
    let (_server, connector) = store.serve().await;
    let part = ship(&connector, &shipment(&[("mug", 2)])).await;
    assert_eq!(part, Ok(no("partial_shipment")));
    assert_eq!(store.book().completed, 0);
    store.book().gone = [2, 0];
    assert_eq!(
        ship(&connector, &shipment(&[("mug", 1), ("card", 1)])).await,
        TOLD
    );
    assert_eq!(store.book().completed, 1);
}

#[tokio::test]
async fn what_was_completed_by_hand_is_known_already() {
    for (held, gone, state) in [
        (true, [3, 1], "pending"),
        (false, [0, 0], "closed"),
        (true, [3, 1], "closed"),
    ] {
        let store = Store::new();
        store.becomes(held, gone, state);
        let (_server, connector) = store.serve().await;
        assert_eq!(
            ship(&connector, &shipment(&[("mug", 3), ("card", 1)])).await,
            TOLD
        );
        assert_eq!(store.book().completed, 0);
    }
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let store = Store::new();
    let (_server, connector) = store.serve().await;
    let mut stranger = shipment(&[("mug", 1)]);
    let mut unknown = cancellation();
    for (id, code) in [("gone", "sale_not_found"), ("a/b", "not_a_lightspeed_id")] {
        stranger.external_id = id.into();
        unknown.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cancel(&connector, &unknown).await, Ok(no(code)));
    }
    assert_eq!(
        cancel(&connector, &cancellation()).await,
        Ok(no("void_by_hand"))
    );
    let whole = shipment(&[("mug", 3), ("card", 1)]);
    for (status, code) in [(422, "not_fulfillable"), (404, "sale_not_found")] {
        store.book().refuse = Some(status);
        assert_eq!(ship(&connector, &whole).await, Ok(no(code)));
    }
    store.book().refuse = Some(409);
    let early = ship(&connector, &whole).await;
    assert!(matches!(early, Err(CallError::NotDone { .. })), "{early:?}");
    store.book().held = false;
    assert_eq!(ship(&connector, &whole).await, Ok(no("no_fulfillment")));
    store.book().state = "voided";
    assert_eq!(ship(&connector, &whole).await, Ok(no("sale_is_voided")));
    assert_eq!(cancel(&connector, &cancellation()).await, TOLD);
}

#[tokio::test]
async fn a_store_that_does_not_answer_well_is_asked_again() {
    let store = Store::new();
    let (_server, connector) = store.serve().await;
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(429),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        store.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&[("mug", 1)])).await,
            cancel(&connector, &cancellation()).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    assert_eq!(store.book().completed, 0);
}
