//! The way back against a stand-in that keeps a book: whatever breaks on the way, a parcel is one parcel.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::path_regex;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, refusal, wrapped};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::{in_parcels, left_at};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

const ID: &str = "576900000000000001";
const MUGS: &str = "576900000000000101";

/// A channel with one order.
struct Book {
    order: Value,
    changes: Vec<(String, Value)>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    /// Answers this to every change, and does nothing.
    refuse: Option<ResponseTemplate>,
}

#[derive(Clone)]
struct Channel(Arc<Mutex<Book>>);

impl Default for Channel {
    fn default() -> Self {
        let order = include_str!("../fixtures/order.json");
        Self(Arc::new(Mutex::new(Book {
            order: serde_json::from_str(order).expect("JSON"),
            changes: Vec::new(),
            lose: None,
            refuse: None,
        })))
    }
}

impl Respond for Channel {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let path = request.url.path().to_owned();
        if request.method.as_str() == "GET" {
            return match path.as_str() {
                "/order/202309/orders" => wrapped(&json!({ "orders": [book.order] })),
                "/logistics/202309/delivery_options/7091146663229654785/shipping_providers" => {
                    wrapped(&json!({ "shipping_providers": [
                        { "id": "71170", "name": "USPS" }, { "id": "71171", "name": "DHL eCommerce" },
                    ] }))
                }
                _ => refusal(404, 36_009_009),
            };
        }
        if let Some(refuse) = &book.refuse {
            return refuse.clone();
        }
        let body: Value = request.body_json().expect("JSON");
        if path.ends_with("/packages") {
            let units = body["order_line_item_ids"]
                .as_array()
                .expect("units")
                .clone();
            let number = body["tracking_number"].clone();
            let lines = book.order["line_items"].as_array_mut().expect("lines");
            for line in lines.iter_mut().filter(|line| units.contains(&line["id"])) {
                line["tracking_number"] = number.clone();
                line["display_status"] = "IN_TRANSIT".into();
            }
        } else {
            book.order["status"] = "CANCELLED".into();
        }
        book.changes.push((path, body));
        let lost = book.lose.take();
        lost.unwrap_or_else(|| wrapped(&json!({ "package_id": "1152" })))
    }
}

impl Channel {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling(|settings| settings).await;
        Mock::given(path_regex("^/(order|logistics|fulfillment|return_refund)/"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        (server, connector)
    }

    fn with(self, member: &str, value: Value) -> Self {
        self.book().order[member] = value;
        self
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn parcel(units: u32) -> ShipmentNotice {
    ShipmentNotice {
        external_id: ID.to_owned(),
        shipped_at: left_at(),
        lines: vec![(MUGS.to_owned(), units)],
        tracking: vec![Tracking {
            carrier: "dhl_ecommerce".to_owned(),
            number: "OWN1".to_owned(),
            units: Vec::new(),
        }],
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    connector
        .way_back()
        .expect("a way back")
        .shipped(notice)
        .await
}

async fn cancel(connector: &Arc<dyn SalesConnector>) -> NoticeAnswer {
    let notice = CancellationNotice {
        external_id: ID.to_owned(),
        why: Why::OutOfStock,
        refund: true,
    };
    connector
        .way_back()
        .expect("a way back")
        .cancelled(&notice)
        .await
}

#[tokio::test]
async fn units_of_a_line_are_told_once_with_the_channels_own_carrier() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    assert_eq!(ship(&connector, &parcel(1)).await, Ok(NoticeEvidence::Told));
    assert_eq!(ship(&connector, &parcel(1)).await, Ok(NoticeEvidence::Told));
    let mut rest = parcel(1);
    "OWN2".clone_into(&mut rest.tracking[0].number);
    assert_eq!(ship(&connector, &rest).await, Ok(NoticeEvidence::Told));
    rest.tracking[0].number.push('x');
    assert_eq!(
        ship(&connector, &rest).await,
        Ok(refused("units_are_not_open"))
    );
    let told = &channel.book().changes;
    let sent = |number: &str, unit: &str| {
        let body = json!({
            "tracking_number": number, "shipping_provider_id": "71171",
            "order_line_item_ids": [unit],
        });
        (format!("/fulfillment/202309/orders/{ID}/packages"), body)
    };
    let wanted = [sent("OWN1", MUGS), sent("OWN2", "576900000000000102")];
    assert_eq!(told[..], wanted);
}

#[tokio::test]
async fn what_is_in_one_parcel_is_one_package() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let mut notice = in_parcels(ID, &[("OWN1", &[(MUGS, 1)]), ("OWN2", &[(MUGS, 1)])]);
    for parcel in &mut notice.tracking {
        "USPS".clone_into(&mut parcel.carrier);
    }
    channel.book().lose = Some(ResponseTemplate::new(502));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    let book = channel.book();
    let told = book.changes.iter().map(|(_, body)| {
        let units = &body["order_line_item_ids"];
        (body["tracking_number"].clone(), units.clone())
    });
    let told: Vec<_> = told.collect();
    let package = |number: &str, unit: &str| (json!(number), json!([unit]));
    let second = package("OWN2", "576900000000000102");
    assert_eq!(told, [package("OWN1", MUGS), second]);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_a_shipment_that_is_told_once() {
    let channel = Channel::default();
    channel.book().lose = Some(ResponseTemplate::new(502));
    let (_server, connector) = channel.serve().await;
    let lost = ship(&connector, &parcel(2)).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(ship(&connector, &parcel(2)).await, Ok(NoticeEvidence::Told));
    assert_eq!(channel.book().changes.len(), 1);
}

#[tokio::test]
async fn what_the_channel_does_not_take_is_refused_before_it_is_told() {
    for (member, value, code) in [
        ("shipping_type", json!("TIKTOK"), "needs_a_label_of_tiktok"),
        (
            "fulfillment_type",
            json!("FULFILLMENT_BY_TIKTOK"),
            "fulfilled_by_tiktok",
        ),
        ("status", json!("CANCELLED"), "order_is_cancelled"),
        ("status", json!("ON_HOLD"), "order_is_on_hold"),
        ("delivery_option_id", json!(null), "carrier_is_not_known"),
        ("id", json!("1"), "order_not_found"),
    ] {
        let channel = Channel::default().with(member, value);
        let (_server, connector) = channel.serve().await;
        assert_eq!(ship(&connector, &parcel(1)).await, Ok(refused(code)));
        assert!(channel.book().changes.is_empty(), "{code}");
    }
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let mut bare = parcel(1);
    bare.tracking.clear();
    assert_eq!(
        ship(&connector, &bare).await,
        Ok(refused("no_tracking_number"))
    );
    "../1".clone_into(&mut bare.external_id);
    assert_eq!(
        ship(&connector, &bare).await,
        Ok(refused("not_a_tiktok_id"))
    );
}

#[tokio::test]
async fn a_cancellation_is_told_once_and_not_of_what_has_left() {
    let channel = Channel::default();
    channel.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = channel.serve().await;
    assert!(matches!(
        cancel(&connector).await,
        Err(CallError::Unknown { .. })
    ));
    assert_eq!(cancel(&connector).await, Ok(NoticeEvidence::Told));
    let reason = "seller_cancel_reason_out_of_stock";
    let wanted = json!({ "order_id": ID, "cancel_reason": reason });
    let path = "/return_refund/202309/cancellations".to_owned();
    assert_eq!(channel.book().changes, [(path, wanted)]);
    let british = Channel::default().with("payment", json!({ "currency": "GBP" }));
    let (_server, connector) = british.serve().await;
    assert_eq!(cancel(&connector).await, Ok(NoticeEvidence::Told));
    let told = british.book().changes[0].1["cancel_reason"].clone();
    assert_eq!(told, format!("{reason}_uk"));
    let withdrawn = Channel::default();
    let cancel_status = json!({ "cancel_id": "1", "cancel_status": "CANCELLATION_REQUEST_CANCEL" });
    withdrawn.book().refuse = Some(wrapped(&cancel_status));
    let (_server, connector) = withdrawn.serve().await;
    let code = "cancellation_is_withdrawn";
    assert_eq!(cancel(&connector).await, Ok(refused(code)));
    let gone = Channel::default().with("status", json!("IN_TRANSIT"));
    let (_server, connector) = gone.serve().await;
    assert_eq!(cancel(&connector).await, Ok(refused("order_is_shipped")));
}

#[tokio::test]
async fn answers_say_whether_a_change_was_made() {
    let cases = [
        (refusal(200, 21_008_013), "refused"),
        (refusal(400, 21_011_001), "refused"),
        (refusal(401, 105_002), "not_done"),
        (refusal(200, 106_001), "not_done"),
        (refusal(403, 36_009_004), "not_done"),
        (refusal(200, 36_009_009), "not_done"),
        (refusal(200, 36_009_003), "unknown"),
        (ResponseTemplate::new(404), "not_done"),
        (ResponseTemplate::new(500), "unknown"),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            "unknown",
        ),
        (ResponseTemplate::new(302), "unknown"),
    ];
    for (answer, wanted) in cases {
        let channel = Channel::default();
        channel.book().refuse = Some(answer.clone());
        let (_server, connector) = channel.serve().await;
        let word = match ship(&connector, &parcel(1)).await {
            Ok(NoticeEvidence::Refused { .. }) => "refused",
            Err(CallError::NotDone { .. }) => "not_done",
            Err(CallError::Unknown { .. }) => "unknown",
            other => panic!("{other:?}"),
        };
        assert_eq!(word, wanted, "{answer:?}");
    }
    let channel = Channel::default();
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7");
    channel.book().refuse = Some(busy);
    let (_server, connector) = channel.serve().await;
    let Err(CallError::NotDone { retry_after, .. }) = cancel(&connector).await else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
}
