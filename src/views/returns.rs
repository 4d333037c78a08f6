//! What comes back from the buyer, as the order's page and the timeline show it.

use orderhub_domain::ids::{ReturnId, Sku};
use orderhub_domain::money::Money;
use orderhub_domain::order::{
    LineUnits, Order, Return, ReturnEvent, ReturnVerdict, Settlement, parcel_status,
};
use orderhub_domain::policy::Policy;
use serde_json::{Value, json};

/// Every return of an order, as `GET /v1/orders/{id}` shows them.
pub fn returns(order: &Order, policy: &Policy) -> Vec<Value> {
    let each = order.returns.iter();
    each.map(|back| one(order, back, policy)).collect()
}

fn one(order: &Order, back: &Return, policy: &Policy) -> Value {
    let id = ReturnId {
        order: order.id,
        number: back.number,
    };
    let parcels = back.parcels.iter().map(|(name, parcel)| {
        let unexpected = parcel.unexpected.iter();
        let unexpected = unexpected
            .map(|item| json!({ "sku": item.sku, "quantity": item.quantity.to_string() }));
        json!({
            "parcel": name,
            "location": parcel.location.as_str(),
            "received_at": parcel.at,
            "lines": units(order, &parcel.units),
            "unexpected": unexpected.collect::<Vec<_>>(),
        })
    });
    let inspected = back.inspected.iter().map(|found| {
        let mut shown = line(order, found.line);
        shown["parcel"] = json!(found.parcel);
        shown["quantity"] = found.quantity.to_string().into();
        shown["disposition"] = found.disposition.word().into();
        shown["accepted"] = found.accepted.into();
        shown
    });
    let label = back.label.as_ref().map(|label| {
        json!({
            "carrier": label.carrier,
            "tracking_number": label.tracking_number,
            "cost": label.cost.map(amount),
            "paid_by": label.paid_by.word(),
            "status": back.scans.last().map(|_| parcel_status(&back.scans).word()),
            "seen_at": back.scans.last().map(|scan| scan.at),
            "delivered_at": back.delivered_at(),
        })
    });
    json!({
        "id": id.to_string(),
        "stage": back.stage().word(),
        "since": back.since,
        "opened_at": back.opened_at,
        "awaited_until": back.awaited_until(policy),
        "reason": back.reason,
        "verdict": verdict(order, &back.verdict),
        "lines": units(order, &back.announced),
        "label": label,
        "parcels": parcels.collect::<Vec<_>>(),
        "inspected": inspected.collect::<Vec<_>>(),
        "refund": {
            "worth": back.payback.worth.map(amount),
            "entitled": back.payback.entitled.map(amount),
            "granted": back.payback.granted.map(amount),
            "refunded": back.payback.refunded.map(amount),
            "elsewhere": back.payback.elsewhere.map(amount),
            "netted": back.payback.netted.map(amount),
        },
        "closed": back.closed,
    })
}

fn verdict(order: &Order, verdict: &ReturnVerdict) -> Value {
    let reasons = verdict.reasons.iter().map(|reason| {
        let line = reason.line.and_then(|line| order.line(line));
        json!({
            "rule": reason.rule.word(),
            "line": line.map(|line| line.external_id.as_str()),
        })
    });
    json!({
        "outcome": verdict.outcome,
        "reasons": reasons.collect::<Vec<_>>(),
        "policy": verdict.policy,
    })
}

fn units(order: &Order, lines: &[LineUnits]) -> Vec<Value> {
    let shown = lines.iter().map(|units| {
        let mut shown = line(order, units.line);
        shown["quantity"] = units.quantity.to_string().into();
        shown
    });
    shown.collect()
}

fn line(order: &Order, number: u16) -> Value {
    let stated = order.line(number);
    json!({
        "line": stated.map(|stated| stated.external_id.as_str()),
        "sku": stated.and_then(|stated| stated.sku.as_ref()).map(Sku::as_str),
    })
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

/// What happened to a return, in one sentence.
pub fn summary(event: &ReturnEvent) -> String {
    let number = event.number();
    match event {
        ReturnEvent::Requested {
            announced,
            reason,
            verdict,
            ..
        } => {
            let what = match announced.as_slice() {
                [] => "a parcel came unannounced".to_owned(),
                lines => count(lines),
            };
            let against = against(verdict);
            format!("Return {number} opened, {what}: {reason}.{against}")
        }
        ReturnEvent::Approved { reason, .. } => match reason {
            Some(reason) => format!("Return {number} approved: {reason}."),
            None => format!("Return {number} approved: nothing speaks against it."),
        },
        ReturnEvent::Declined { reason, .. } => match reason {
            Some(reason) => format!("Return {number} declined: {reason}."),
            None => format!("Return {number} declined by the rules."),
        },
        ReturnEvent::LabelIssued { label, .. } => format!(
            "Return {number} has a label, {} {}.",
            label.carrier, label.tracking_number
        ),
        ReturnEvent::Seen { scan, .. } => {
            let seen = scan.status.word().replace('_', " ");
            format!("Return {number} on its way: {seen}.")
        }
        ReturnEvent::Received {
            parcel,
            location,
            units,
            unexpected,
            ..
        } => {
            let odd = match unexpected.len() {
                0 => String::new(),
                _ => " and something that the order never had".to_owned(),
            };
            let came = count(units);
            format!("Return {number}: parcel {parcel} came to {location} with {came}{odd}.")
        }
        ReturnEvent::Inspected { units, .. } => {
            let found: Vec<String> = units
                .iter()
                .map(|found| {
                    let word = found.disposition.word().replace('_', " ");
                    let accepted = if found.accepted {
                        ""
                    } else {
                        ", not paid back"
                    };
                    format!("{} {word}{accepted}", found.quantity)
                })
                .collect();
            format!("Return {number} inspected: {}.", found.join("; "))
        }
        ReturnEvent::NoShow { missing, .. } => {
            format!("Return {number}: {} did not come in time.", count(missing))
        }
        ReturnEvent::RefundGranted(settlement) => granted(settlement),
        ReturnEvent::Refunded { amount, .. } => {
            format!("Return {number}: {amount} went back.")
        }
        ReturnEvent::Closed {
            reason, cancelled, ..
        } => {
            if *cancelled {
                format!("Return {number} cancelled: {reason}.")
            } else {
                format!("Return {number} closed: {}.", reason.replace('_', " "))
            }
        }
    }
}

fn granted(settlement: &Settlement) -> String {
    let Settlement {
        number,
        units,
        entitled,
        netted,
        elsewhere,
        ..
    } = settlement;
    let dispute = if netted.is_positive() {
        format!(", {netted} lost in a dispute already")
    } else {
        String::new()
    };
    let hand = if elsewhere.is_positive() {
        format!(", {elsewhere} by hand or through the channel")
    } else {
        String::new()
    };
    let (what, granted) = (count(units), settlement.granted());
    format!("Return {number}: {entitled} for {what}, {granted} through gateways{dispute}{hand}.")
}

fn against(verdict: &ReturnVerdict) -> String {
    let rules: Vec<String> = verdict
        .reasons
        .iter()
        .map(|reason| reason.rule.word().replace('_', " "))
        .collect();
    if rules.is_empty() {
        String::new()
    } else {
        format!(" Against it: {}.", rules.join(", "))
    }
}

fn count(lines: &[LineUnits]) -> String {
    let units: rust_decimal::Decimal = lines.iter().map(|line| line.quantity.value()).sum();
    match units.to_string().as_str() {
        "1" => "1 unit".to_owned(),
        units => format!("{units} units"),
    }
}
