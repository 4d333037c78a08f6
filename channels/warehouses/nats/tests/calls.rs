//! Requests against a double of a NATS server.

use orderhub_domain::ids::Sku;
use orderhub_domain::order::FulfilmentEvidence;
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};

use super::{Server, connected, fulfilment, settings, with_streams};
use crate::port::{CallError, WorkAnswer};
use crate::warehouses::{CallLine, FulfilmentCall};

fn call(location: &str) -> FulfilmentCall {
    FulfilmentCall {
        fulfilment: fulfilment(),
        location: location.into(),
        lines: vec![CallLine {
            line: "L-1".to_owned(),
            sku: Sku("MUG".to_owned()),
            quantity: Quantity::new(2.into()).expect("a quantity"),
        }],
        pickup: true,
    }
}

fn not_done(answer: WorkAnswer) -> String {
    match answer {
        Err(CallError::NotDone { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_goes_to_its_locations_subject_and_a_repeat_is_taken_once() {
    let (server, warehouse) = with_streams().await;
    for _ in 0..2 {
        let answer = warehouse.request(&call("BER1")).await;
        assert_eq!(answer, Ok(FulfilmentEvidence::Delivered));
    }
    let stop = warehouse.cancel(fulfilment(), &"BER1".into()).await;
    assert!(
        matches!(stop, Err(CallError::Unknown { well: true, .. })),
        "whether it stopped is not known yet: {stop:?}"
    );
    let messages = server.book().stream("ACME_REQUESTS").messages.clone();
    let told: Vec<(&str, Value)> = messages
        .iter()
        .map(|message| {
            let body = message.body.as_deref().expect("a body");
            (
                message.subject.as_str(),
                serde_json::from_slice(body).expect("JSON"),
            )
        })
        .collect();
    let [(to, request), (stop_to, stop)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (*to, *stop_to),
        ("acme.requests.BER1", "acme.requests.BER1")
    );
    assert_eq!(request["type"], "fulfilment.requested");
    assert_eq!(
        request["data"],
        json!({
            "fulfilment": fulfilment().to_string(), "location": "BER1", "pickup": true,
            "lines": [{ "line": "L-1", "sku": "MUG", "quantity": "2" }],
        })
    );
    assert_eq!(stop["type"], "fulfilment.cancel_requested");
    assert_eq!(
        stop["data"],
        json!({ "fulfilment": fulfilment().to_string(), "location": "BER1" })
    );
    let ids: Vec<_> = messages.iter().map(|message| message.id.clone()).collect();
    let id = |verb: &str| Some(format!("{}_{verb}", fulfilment()));
    assert_eq!(ids, [id("requested"), id("cancel_requested")]);
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_made_and_the_request_goes_out() {
    let server = Server::start().await;
    let warehouse = connected(&server.url());
    let answer = warehouse.request(&call("BER.1")).await;
    assert_eq!(answer, Ok(FulfilmentEvidence::Delivered));
    let messages = server.book().stream("ACME_REQUESTS").messages.clone();
    assert_eq!(messages[0].subject, "acme.requests.BER.1");
    // As it is after somebody deleted it.
    server.book().streams.clear();
    let again = warehouse.request(&call("BER.1")).await;
    assert_eq!(again, Ok(FulfilmentEvidence::Delivered));
    assert_eq!(server.book().stream("ACME_REQUESTS").messages.len(), 1);
}

#[tokio::test]
async fn a_stream_that_may_not_be_made_is_named_with_the_command_that_makes_it() {
    let server = Server::start().await;
    server.book().silent_on = Some("STREAM.CREATE");
    let reason = not_done(connected(&server.url()).request(&call("BER1")).await);
    assert!(
        reason.contains("nats stream add ACME_REQUESTS --subjects 'acme.requests.>'"),
        "{reason}"
    );
}

#[tokio::test]
async fn what_was_not_acknowledged_is_unknown_and_what_was_refused_was_not_done() {
    let (server, warehouse) = with_streams().await;
    server.book().silent_on = Some("acme.requests");
    let lost = warehouse.request(&call("BER1")).await;
    assert!(
        matches!(lost, Err(CallError::Unknown { well: false, .. })),
        "{lost:?}"
    );
    server.book().silent_on = None;
    server.book().refusal = Some((10_077, "maximum messages exceeded"));
    let reason = not_done(warehouse.request(&call("BER1")).await);
    assert!(reason.contains("maximum messages exceeded"), "{reason}");
    server.book().refusal = None;
    let answer = warehouse.request(&call("BER1")).await;
    assert_eq!(answer, Ok(FulfilmentEvidence::Delivered));
}

#[tokio::test]
async fn a_subject_that_no_stream_collects_is_told() {
    let server = Server::start().await;
    server.book().add("ACME_REQUESTS", "elsewhere.");
    let reason = not_done(connected(&server.url()).request(&call("BER1")).await);
    assert!(
        reason.contains("no stream collects acme.requests.BER1"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_was_asked_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let away = connected(&format!("nats://127.0.0.1:{port}"));
    let reason = not_done(away.request(&call("BER1")).await);
    assert!(reason.contains("cannot be reached"), "{reason}");
    let nowhere = not_done(away.request(&call("BER..1")).await);
    assert!(nowhere.contains("cannot stand in a subject"), "{nowhere}");
}

#[test]
fn a_connection_needs_its_credentials() {
    let bare =
        crate::settings::Settings::new("north".into()).with_text("url", "nats://127.0.0.1:4222");
    let refused = (super::KIND.connect)(&bare).map(|_| ());
    assert!(refused.is_err_and(|why| why.to_string().contains("credentials")));
    let weak = settings("nats://127.0.0.1:4222").with_secrets("credentials", ["changeme"]);
    assert!((super::KIND.connect)(&weak).is_err());
}
