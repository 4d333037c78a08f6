//! Exchanges: as the order's page shows them, and what became of one in a sentence.

use orderhub_domain::ids::ReturnId;
use orderhub_domain::money::Money;
use orderhub_domain::order::{Exchange, ExchangeEvent, Order};
use serde_json::{Value, json};

use super::timeline::{lines_of, plain};

/// Every exchange of an order, as `GET /v1/orders/{id}` shows them.
pub(super) fn exchanges(order: &Order) -> Vec<Value> {
    let exchanges = order.exchanges.iter();
    exchanges.map(|exchange| one(order, exchange)).collect()
}

fn one(order: &Order, exchange: &Exchange) -> Value {
    let back = ReturnId {
        order: order.id,
        number: exchange.back,
    };
    let settled = exchange.settled.as_ref();
    json!({
        "id": exchange.number,
        "return": back.to_string(),
        "since": exchange.since,
        "lines": super::edits::added(order, &exchange.lines),
        "amount": amount(exchange.amount),
        "charge_at_most": amount(exchange.charge),
        "advance": exchange.advance,
        "credit": exchange.credit.map(amount),
        "repaid": exchange.repaid.map(amount),
        "clawed_back": exchange.clawed.map(|(tender, clawed)| json!({ "tender": tender, "amount": amount(clawed) })),
        "unpaid": exchange.unpaid.map(amount),
        "edit": exchange.edit,
        "outcome": settled.map(|end| end.outcome.as_str()),
        "spent": settled.map(|end| amount(end.spent)),
        "elsewhere": settled.map(|end| amount(end.elsewhere)),
    })
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

/// What happened to an exchange, in one sentence.
pub(super) fn summary(event: &ExchangeEvent) -> String {
    match event {
        ExchangeEvent::Opened {
            number,
            back,
            lines,
            amount,
            charge,
            advance,
            reason,
        } => format!(
            "Exchange {number}: {} for {amount} once return {back} was {}, {charge} charged at most: {}.",
            lines_of(lines.len()),
            if *advance {
                "approved, before it is back"
            } else {
                "accepted"
            },
            plain(reason)
        ),
        ExchangeEvent::ClawedBack { number, amount, .. } => format!(
            "Exchange {number}: what was to pay for what went out has not come back; {amount} is charged for it."
        ),
        ExchangeEvent::ClawBackFailed {
            number,
            amount,
            code,
        } => format!(
            "Exchange {number}: {amount} for what went out in advance cannot be charged ({}).",
            plain(code)
        ),
        ExchangeEvent::Settled {
            number,
            outcome,
            spent,
            ..
        } => format!(
            "Exchange {number} is over ({}): {spent} of what came back paid for what went out.",
            plain(outcome)
        ),
    }
}
