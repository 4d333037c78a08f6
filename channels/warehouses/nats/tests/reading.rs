//! What is read out of reports, and whom nobody believes.

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::order::{FulfilmentEvidence, WorkSaid};

use super::{connected, fulfilment};
use crate::port::{Forged, Inbound, RawRequest};

const HANDED_OVER: &str = include_str!("../fixtures/handed_over.json");
const PICKED_SHORT: &str = include_str!("../fixtures/picked_short.json");

fn read(subject: Option<&str>, body: &str) -> Inbound {
    let mut headers = HeaderMap::new();
    if let Some(subject) = subject {
        headers.insert("nats-subject", subject.parse().expect("a header"));
    }
    let request = RawRequest {
        headers: &headers,
        body: body.as_bytes(),
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    };
    let warehouse = connected("nats://127.0.0.1:9");
    assert_eq!(warehouse.verify(&request), Err(Forged::Missing));
    let items = warehouse.read(&request);
    let [item] = <[Inbound; 1]>::try_from(items).expect("one thing");
    item
}

#[test]
fn a_report_is_read_as_the_same_webhook_would_be() {
    let Inbound::Work {
        fulfilment: of,
        location,
        occurred_at,
        said,
    } = read(Some("acme.reports.BER1"), HANDED_OVER)
    else {
        panic!("it is work");
    };
    assert_eq!(of, fulfilment());
    assert_eq!(location.0, "BER1");
    assert_eq!(occurred_at, "2026-03-02T15:05:00Z".parse().ok());
    assert_eq!(said, WorkSaid::Evidence(FulfilmentEvidence::HandedOver));
    let Inbound::Work {
        said: WorkSaid::PickedShort { lines, reason },
        ..
    } = read(Some("acme.reports.BER1"), PICKED_SHORT)
    else {
        panic!("it is work");
    };
    assert_eq!((lines.len(), reason.as_str()), (1, "not_in_stock"));
}

#[test]
fn a_report_counts_for_the_location_of_its_subject_only() {
    for subject in [
        None,
        Some("acme.reports.HAM1"),
        Some("acme.reports.BER1.x"),
        Some("acme.requests.BER1"),
        Some("other.reports.BER1"),
    ] {
        let Inbound::Unreadable { reason } = read(subject, HANDED_OVER) else {
            panic!("{subject:?}");
        };
        assert!(reason.contains("subject"), "{reason}");
    }
}

#[test]
fn what_is_no_report_is_put_away_whatever_its_subject() {
    let subject = Some("acme.reports.BER1");
    for body in ["", "not JSON", "[]", "{}"] {
        assert!(
            matches!(read(subject, body), Inbound::Unreadable { .. }),
            "{body}"
        );
    }
    let unknown = HANDED_OVER.replace("handed_over", "own_word");
    assert!(matches!(read(subject, &unknown), Inbound::Unknown { .. }));
}
