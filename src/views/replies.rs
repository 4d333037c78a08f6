//! Answers to requests. They use only facts of the commit that they answer, so that a repeat, on
//! any node and at any time, gets the same bytes. Frozen per `reply_schema`.

use orderhub_actors::api::Done;
use orderhub_domain::ids::{FulfilmentId, ReturnId};
use orderhub_domain::order::{Event, Recorded, ReturnEvent};
use serde_json::{Value, json};

/// The answer to an order that is on disk, from its first event.
pub fn order_received(first: &Recorded) -> Value {
    let Event::Received(received) = &first.event else {
        // Every log begins with `order.received`; the store refuses any other.
        return Value::Null;
    };
    json!({
        "id": received.id.to_string(),
        "channel": received.channel_slug.as_str(),
        "external_id": received.draft.external_id,
        "version": first.version,
        "received_at": first.recorded_at,
    })
}

/// The answer to an action.
pub fn done(done: &Done) -> Value {
    json!({ "id": done.order.to_string(), "version": done.version })
}

/// The answer to a step of a fulfilment.
pub fn step_done(fulfilment: FulfilmentId, done: &Done) -> Value {
    json!({
        "id": fulfilment.to_string(),
        "order": done.order.to_string(),
        "version": done.version,
    })
}

/// The answer to what was asked about a return.
pub fn return_done(number: Option<u16>, done: &Done) -> Value {
    let order = done.order;
    let id = number.map(|number| ReturnId { order, number }.to_string());
    json!({
        "id": id,
        "order": order.to_string(),
        "version": done.version,
    })
}

/// The number of the return that was opened by the commit that ended at `version`.
pub fn return_opened_until(log: &[Recorded], version: u64) -> Option<u16> {
    let until = log
        .iter()
        .rev()
        .filter(|recorded| recorded.version <= version);
    until
        .into_iter()
        .find_map(|recorded| match &recorded.event {
            Event::Return(ReturnEvent::Requested { number, .. }) => Some(*number),
            _ => None,
        })
}

/// The number of the hold that was placed by the commit that ended at `version`.
pub fn hold_placed_until(log: &[Recorded], version: u64) -> Option<u32> {
    let until = log
        .iter()
        .rev()
        .filter(|recorded| recorded.version <= version);
    until
        .into_iter()
        .find_map(|recorded| match &recorded.event {
            Event::HoldPlaced { hold } => Some(hold.id),
            _ => None,
        })
}
