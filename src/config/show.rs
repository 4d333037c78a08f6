//! The configuration in force, as a value to print. No secret is in it, only where each is kept.

use jiff::SignedDuration;
use orderhub_domain::policy::{Policy, ReturnPolicy, ScreeningPolicy};
use serde_json::{Map, Value, json};

use super::calendar::calendar_words;
use super::hours::closed_words;
use super::{Config, Connection, Location, Origin, Own, Secret};

/// The configuration in force.
pub fn shown(config: &Config) -> Value {
    let policy = &config.policy;
    let duration = |duration: SignedDuration| written(duration);
    let url = |url: &Option<Secret>| json!({ "url": url.as_ref().map(address) });
    json!({
        "http": { "addr": config.http.addr.to_string(), "public_url": config.http.public_url },
        "admin": { "addr": config.admin.addr.to_string() },
        "node": { "name": config.node.name },
        "policy": {
            "version": policy.version,
            "capture": "at_shipment",
            "reservation_ttl": duration(policy.reservation_ttl),
            "reservation_extensions": policy.reservation_extensions,
            "contention_wait": duration(policy.contention_wait),
            "sourcing_tries": policy.sourcing_tries,
            "when_short": policy.when_short.word(),
            "backorder_wait": duration(policy.backorder_wait),
            "mismatch_patience": duration(policy.mismatch_patience),
            "stuck_after": duration(policy.stuck_after),
            "parked_patience": duration(policy.parked_patience),
            "acceptance_time": duration(policy.acceptance_time),
            "auto_close": duration(policy.auto_close),
            "payout_within": duration(policy.payment.payout_within),
            "retry_least": duration(policy.retry_least),
            "retry_most": duration(policy.retry_most),
            "default_weight_g": policy.default_weight_g,
            "default_size_mm": policy.default_size.map(|size| size.sides().map(|side| side.to_string()).join("x")),
            "customs": policy.customs.word(),
            "unknown_sku": policy.unknown_sku.word(),
            "cancel_asked": policy.cancel_asked.word(),
            "review_sla": duration(policy.review_sla),
            "business_hours": policy.business_hours.as_ref().map(calendar_words),
            "review_default": policy.review_default.word(),
            "pickup_time": duration(policy.pickup_time),
            "edit_time": duration(policy.edit_time),
            "sourcing": sourcing(policy),
            "screening": screening(&policy.screening),
            "returns": returns(&policy.returns),
            "claims": {
                "lost": policy.claims.lost.word(),
                "returned_to_sender": policy.claims.returned_to_sender.word(),
                "restock_returned": policy.claims.restock_returned,
                "overdue_after": duration(policy.claims.overdue_after),
            },
        },
        "store": url(&config.store),
        "bus": url(&config.bus),
        "sales": config.sales.iter().map(|one| {
            let mut shown = connection(&one.connection);
            shown["payment"] = json!(one.payment);
            shown
        }).collect::<Vec<_>>(),
        "payments": config.payments.iter().map(|one| {
            let mut shown = connection(&one.connection);
            shown["capture"] = json!(one.capture);
            shown
        }).collect::<Vec<_>>(),
        "carriers": config.carriers.iter().map(connection).collect::<Vec<_>>(),
        "warehouses": config.warehouses.iter().map(connection).collect::<Vec<_>>(),
        "locations": config.locations.iter().map(location).collect::<Vec<_>>(),
    })
}

/// Rules of sourcing, with those that are not written where they are the usual ones.
fn sourcing(policy: &Policy) -> Value {
    let mut shown = json!(policy.sourcing);
    shown["pickup_supply"] = policy.sourcing.pickup_supply.word().into();
    shown
}

fn screening(rules: &ScreeningPolicy) -> Value {
    json!({
        "window": written(rules.window),
        "email_orders": rules.email.from,
        "email_weight": rules.email.weight,
        "payment_orders": rules.payment.from,
        "payment_weight": rules.payment.weight,
        "address_orders": rules.address.from,
        "address_weight": rules.address.weight,
        "amount_weight": rules.amount_weight,
        "amount_from": rules.amount_from,
        "country_mismatch_weight": rules.country_mismatch_weight,
        "first_order_weight": rules.first_order_weight,
        "implausible_address_weight": rules.implausible_address_weight,
        "review_at": rules.review_at,
        "refuse_at": rules.refuse_at,
        "when_degraded": rules.when_degraded.word(),
    })
}

fn returns(rules: &ReturnPolicy) -> Value {
    json!({
        "window": written(rules.window),
        "excluded": rules.excluded,
        "auto_approve": rules.auto_approve,
        "approve_unannounced": rules.approve_unannounced,
        "restocking_fee_percent": rules.restocking_fee_percent,
        "shipping": rules.shipping.word(),
        "paid_by": rules.paid_by.word(),
        "refund_damaged": rules.refund_damaged,
        "no_show_after": written(rules.no_show_after),
        "claw_back_after": written(rules.claw_back_after),
    })
}

fn connection(connection: &Connection) -> Value {
    let mut shown = json!({
        "slug": connection.slug,
        "kind": connection.kind.name,
        "base_url": connection.base_url,
        "mode": connection.mode.map(|mode| mode.to_string()),
        "poll_every": connection.poll_every.map(written),
    });
    for setting in connection.kind.settings {
        shown[setting.key] = match connection.own.get(setting.key) {
            None => Value::Null,
            Some(Own::Text(text)) => json!(text),
            Some(Own::Secret(one)) => secret(one),
            Some(Own::Secrets(all)) => all.iter().map(secret).collect(),
        };
    }
    shown
}

fn location(location: &Location) -> Value {
    json!({
        "code": location.code,
        "warehouse": location.warehouse,
        "kind": location.kind,
        "country": location.country,
        "lat": location.lat,
        "lon": location.lon,
        "capacity_per_day": location.capacity_per_day,
        "parcel_cost": location.parcel_cost,
        "timezone": location.hours.zone.iana_name(),
        "opens": location.hours.opens.to_string(),
        "cut_off": location.hours.cut_off.map(|at| at.to_string()),
        "closed": closed_words(&location.hours),
        "carrier": location.carrier,
        "address": location.address,
    })
}

/// Where a secret is kept, in the form that the file takes.
fn secret(secret: &Secret) -> Value {
    match secret.origin() {
        Origin::Env(name) => json!({ "env": name }),
        Origin::File(path) => json!({ "file": path.display().to_string() }),
        Origin::Here => Value::Null,
    }
}

/// An address without its password and its parameters, which may hold one too.
fn address(url: &Secret) -> Value {
    if *url.origin() != Origin::Here {
        return secret(url);
    }
    let bare = url.expose().split(['?', '#']).next().unwrap_or_default();
    let shown = match bare.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((user, host)) => {
                let user = user.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}:***@{host}")
            }
            None => format!("{scheme}://{rest}"),
        },
        None => "***".to_owned(),
    };
    shown.into()
}

/// A duration in the largest unit that is exact.
fn written(duration: SignedDuration) -> String {
    let milliseconds = duration.as_millis();
    for (unit, length) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ] {
        if milliseconds % length == 0 {
            return format!("{}{unit}", milliseconds / length);
        }
    }
    format!("{milliseconds}ms")
}

/// The leaves of a value by path, for printing: empty lists and absent values are left out.
pub(crate) fn leaves(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Value::Object(fields) = value {
        collect("", fields, &mut found);
    }
    found
}

fn collect(at: &str, fields: &Map<String, Value>, found: &mut Vec<(String, String)>) {
    for (name, value) in fields {
        let path = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        match value {
            Value::Null => {}
            Value::Object(inner) => collect(&path, inner, found),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    match item {
                        Value::Object(inner) => collect(&format!("{path}[{index}]"), inner, found),
                        other => found.push((format!("{path}[{index}]"), other.to_string())),
                    }
                }
            }
            other => found.push((path, other.to_string())),
        }
    }
}
