//! Why an order is where it is, what it waits for, and what can be done, from its state alone.

use jiff::Timestamp;
use orderhub_domain::order::{Fulfilment, FulfilmentStage, Order, Outstanding, Stage, wake_at};
use orderhub_domain::policy::Policy;
use serde_json::{Value, json};

/// What an order waits for.
struct Waiting {
    for_what: Option<String>,
    since: Timestamp,
    until: Option<Timestamp>,
    because: String,
    recommended: Option<&'static str>,
}

/// The explanation as `GET /v1/orders/{id}/explain` shows it.
pub fn explain(order: &Order, policy: &Policy) -> Value {
    let waiting = waiting(order, policy);
    json!({
        "id": order.id.to_string(),
        "version": order.version,
        "stage": order.stage.word(),
        "waiting_for": waiting.for_what,
        "since": waiting.since,
        "until": waiting.until,
        "because": waiting.because,
        "actions": actions(order),
        "recommended": waiting.recommended,
    })
}

/// The first thing that stands in the way: a hold, then what failed, then what is under way.
fn waiting(order: &Order, policy: &Policy) -> Waiting {
    if order.stage.is_terminal() {
        let reason = order.reason.as_deref().map(plain);
        let because = match reason {
            Some(reason) => format!("The order is {}: {reason}.", order.stage.word()),
            None => format!("The order is {}.", order.stage.word()),
        };
        return Waiting {
            for_what: None,
            since: order.stage_since,
            until: None,
            because,
            recommended: None,
        };
    }
    if let Some(hold) = order.holds.first() {
        return Waiting {
            for_what: Some(format!("release of hold {}", hold.id)),
            since: hold.since,
            until: hold.until,
            because: format!("Hold {} stops it: {}.", hold.id, plain(&hold.reason)),
            recommended: Some("release"),
        };
    }
    if let Some(open) = hindrance(order) {
        return waiting_for_effect(open);
    }
    if let Some(work) = order
        .fulfilments
        .iter()
        .find(|work| location_must_act(work))
    {
        return waiting_for_location(work);
    }
    let (for_what, because) = match order.stage {
        Stage::Screening => (
            "a person's verdict",
            "A person has to look before stock is touched.",
        ),
        Stage::Reserving => ("stock", "Units are held by other orders and may come back."),
        Stage::Authorizing => (
            "the payment",
            "The buyer or the gateway has not answered yet.",
        ),
        Stage::Fulfilling => (
            "delivery",
            "Everything is on its way and not all has arrived.",
        ),
        Stage::Completed => ("its closing", "Everything was delivered and paid."),
        Stage::Cancelling => (
            "the end of its cancellation",
            "What is held is being given back.",
        ),
        _ => ("its next step", "The hub will go on by itself."),
    };
    Waiting {
        for_what: Some(for_what.into()),
        since: order.stage_since,
        until: wake_at(order, policy),
        because: because.into(),
        recommended: None,
    }
}

/// The open effect that matters most: one that failed before one that is merely under way.
fn hindrance(order: &Order) -> Option<&Outstanding> {
    order
        .outstanding
        .values()
        .min_by_key(|open| (open.attempts == 0, open.opened_at))
}

fn waiting_for_effect(open: &Outstanding) -> Waiting {
    let kind = plain(open.effect.word());
    let because = match (open.attempts, open.unknown) {
        (0, _) => format!("It is under way: {kind}."),
        (tries, true) => {
            format!("After {tries} tries it is not known whether it was done: {kind}.")
        }
        (tries, false) => format!("{tries} tries failed: {kind}."),
    };
    Waiting {
        for_what: Some(kind),
        since: open.opened_at,
        until: Some(open.next_try_at),
        because,
        recommended: None,
    }
}

fn location_must_act(work: &Fulfilment) -> bool {
    work.shipped_at.is_none()
        && matches!(
            work.stage,
            FulfilmentStage::Requested
                | FulfilmentStage::Accepted
                | FulfilmentStage::Picking
                | FulfilmentStage::Packed
                | FulfilmentStage::Labelled
                | FulfilmentStage::ReadyForPickup
                | FulfilmentStage::CancelRequested
        )
}

fn waiting_for_location(work: &Fulfilment) -> Waiting {
    let location = &work.location;
    let next = match work.stage {
        FulfilmentStage::Requested => "accept it",
        FulfilmentStage::Accepted => "pick it",
        FulfilmentStage::Picking => "finish picking and pack it",
        FulfilmentStage::ReadyForPickup => "hand it to the buyer",
        FulfilmentStage::CancelRequested => "say whether it could be stopped",
        _ => "hand it over",
    };
    Waiting {
        for_what: Some(format!("location {location}")),
        since: work.since,
        until: None,
        because: format!("Location {location} has to {next}."),
        recommended: None,
    }
}

/// What can be asked of it now, and why the rest cannot.
fn actions(order: &Order) -> Vec<Value> {
    let stage = order.stage;
    let shipped = order
        .fulfilments
        .iter()
        .any(|work| work.shipped_at.is_some());
    let at_home = order
        .fulfilments
        .iter()
        .any(|work| work.shipped_at.is_none());
    let cancel = match stage {
        _ if stage.is_terminal() => Some(format!("The order is {}.", stage.word())),
        Stage::Cancelling => Some("It is being cancelled already.".to_owned()),
        Stage::Completed => Some("Everything was delivered; it can only be returned.".to_owned()),
        _ if shipped && !at_home => Some("Everything has shipped.".to_owned()),
        _ => None,
    };
    let hold = stage
        .is_terminal()
        .then(|| format!("The order is {}.", stage.word()));
    let release = order.holds.is_empty().then(|| "It has no hold.".to_owned());
    [("hold", hold), ("release", release), ("cancel", cancel)]
        .into_iter()
        .map(|(action, why_not)| {
            json!({ "action": action, "allowed": why_not.is_none(), "why_not": why_not })
        })
        .collect()
}

fn plain(word: &str) -> String {
    word.replace('_', " ")
}
