//! What did not arrive as it should, as the order's page and the timeline show it.

use orderhub_domain::ids::{FulfilmentId, Sku};
use orderhub_domain::order::{
    Claim, ClaimEvent, LineUnits, Order, ParcelEvent, Resolution, Settlement,
};
use serde_json::{Value, json};

use super::fulfilment::named;

/// Every claim of an order, as `GET /v1/orders/{id}` shows them.
pub fn claims(order: &Order) -> Vec<Value> {
    order.claims.iter().map(|claim| one(order, claim)).collect()
}

fn one(order: &Order, claim: &Claim) -> Value {
    let fulfilment = FulfilmentId {
        order: order.id,
        number: claim.fulfilment,
    };
    // None where nobody knows what was in the parcel.
    let units = order.claimed_units(claim).unwrap_or_default();
    let entitled = claim.payback.entitled;
    let elsewhere = claim.payback.elsewhere;
    json!({
        "id": claim.number,
        "fulfilment": fulfilment.to_string(),
        "parcel": claim.is_whole().then_some(claim.parcel),
        "kind": claim.kind.word(),
        "lines": units.iter().map(|units| line(order, units)).collect::<Vec<_>>(),
        "opened_at": claim.opened_at,
        "resolution": claim.resolution.map(Resolution::word),
        "entitled": entitled.map(|money| money.amount().to_string()),
        "elsewhere": elsewhere.map(|money| money.amount().to_string()),
    })
}

fn line(order: &Order, units: &LineUnits) -> Value {
    let stated = order.line(units.line);
    json!({
        "line": stated.map(|stated| stated.external_id.as_str()),
        "sku": stated.and_then(|stated| stated.sku.as_ref()).map(Sku::as_str),
        "quantity": units.quantity.to_string(),
    })
}

/// What happened to a claim, in one sentence.
pub fn summary(event: &ClaimEvent) -> String {
    let number = event.number();
    match event {
        ClaimEvent::Opened {
            fulfilment,
            parcel,
            what,
            reason,
            ..
        } => {
            let what = what.word().replace('_', " ");
            let why = reason.as_ref().map(|reason| format!(": {reason}"));
            let why = why.unwrap_or_default();
            let parcel = named(*fulfilment, *parcel).to_lowercase();
            format!("Claim {number} opened, {parcel} {what}{why}.")
        }
        ClaimEvent::Resolved {
            resolution, reason, ..
        } => format!("Claim {number} ends with {}: {reason}.", resolution.word()),
        ClaimEvent::RefundGranted(settlement) => {
            let Settlement { entitled, .. } = settlement.as_ref();
            let granted = settlement.granted();
            format!("Claim {number}: {entitled} to be given back, {granted} through gateways.")
        }
    }
}

/// What the hub noticed about a parcel, in one sentence.
pub fn noticed(event: &ParcelEvent) -> String {
    let (fulfilment, parcel) = event.parcel();
    let parcel = named(fulfilment, parcel);
    match event {
        ParcelEvent::Watched { time, .. } => format!(
            "{parcel}: overdue if it is not seen for {:#}, as {} deliveries of its lane say.",
            time.after, time.deliveries
        ),
        ParcelEvent::Overdue { since, lane, .. } => {
            let whose = match lane {
                Some(_) => "longer than its lane takes",
                None => "longer than the policy allows",
            };
            format!("{parcel}: not seen since {since}, {whose}.")
        }
        ParcelEvent::ExceptionResolved { .. } => format!("{parcel}: seen again."),
        ParcelEvent::ProofReceived { proof, .. } => {
            let signed = if proof.signed { ", signed" } else { "" };
            format!("{parcel}: proof of delivery{signed}.")
        }
    }
}
