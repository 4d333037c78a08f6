//! What a gateway's connector must make of what it is told of payments.

use orderhub_domain::ids::OrderId;
use orderhub_domain::money::Money;
use orderhub_domain::order::PaymentEvidence;

use super::{Failed, Finding, Kit, Tried, fails, finding, money, same};
use crate::port::Inbound;
use crate::specimen::{Taken, Taking, Thing};

pub(super) fn tried(kit: &Kit<'_>) -> Vec<Finding> {
    vec![
        finding("a payment", a_payment(kit)),
        finding("duplicate", duplicate(kit)),
        finding("bad money", bad_money(kit)),
        finding("unknown enum", unknown_word(kit)),
        finding("ids above 2^53", large_ids(kit)),
    ]
}

/// 40.97 EUR were set aside.
pub(super) fn plain(kit: &Kit<'_>) -> Result<Taking, Failed> {
    Ok(Taking {
        number: 4711,
        order: OrderId::new(1_760_000_000_000, [7; 8], [1, 2]).to_string(),
        amount: money("EUR", 4097)?,
        what: Taken::Authorized,
        at: kit.now,
    })
}

fn read(kit: &Kit<'_>, taking: &Taking) -> Result<Vec<Inbound>, Failed> {
    kit.read(&kit.stated(Thing::Taking(taking))?)
}

/// Everything that happens to a payment is read as what it is, with its amount and its order.
fn a_payment(kit: &Kit<'_>) -> Tried {
    let mut named = false;
    for what in [
        Taken::Authorized,
        Taken::Declined,
        Taken::Captured,
        Taken::Refunded,
        Taken::Disputed,
    ] {
        let taking = Taking {
            what,
            ..plain(kit)?
        };
        if kit
            .specimen
            .state(Thing::Taking(&taking), &kit.scene())
            .is_none()
        {
            continue;
        }
        let items = read(kit, &taking)?;
        let mut fits = false;
        for item in &items {
            let Inbound::Payment {
                evidence, order, ..
            } = item
            else {
                return fails(format_args!("{what:?} is read as {item:?}"));
            };
            named |= order.as_ref() == Some(&taking.order);
            fits |= is_said(what, evidence) && has_amount(evidence, taking.amount);
        }
        if !fits {
            return fails(format_args!("{what:?} is read as {items:?}"));
        }
    }
    same("whether the order is named", &named, &true)
}

fn is_said(what: Taken, evidence: &PaymentEvidence) -> bool {
    match what {
        Taken::Authorized => matches!(evidence, PaymentEvidence::Authorized { .. }),
        Taken::Declined => matches!(evidence, PaymentEvidence::Declined { .. }),
        Taken::Captured => matches!(evidence, PaymentEvidence::Captured { .. }),
        Taken::Refunded => matches!(evidence, PaymentEvidence::Refunded { .. }),
        Taken::Disputed => matches!(evidence, PaymentEvidence::DisputeOpened { .. }),
        Taken::Odd => false,
    }
}

/// Whether it states this amount, if it states any.
fn has_amount(evidence: &PaymentEvidence, amount: Money) -> bool {
    evidence.amount().is_none_or(|stated| stated == amount)
}

fn duplicate(kit: &Kit<'_>) -> Tried {
    kit.delivered_twice(Thing::Taking(&plain(kit)?)).map(drop)
}

/// Amounts are read with the decimals of their currency, and one below zero never as money that came.
fn bad_money(kit: &Kit<'_>) -> Tried {
    for amount in [money("JPY", 4097)?, money("BHD", 12345)?, money("USD", 1)?] {
        let taking = Taking {
            amount,
            ..plain(kit)?
        };
        for item in read(kit, &taking)? {
            if let Inbound::Payment { evidence, .. } = item
                && let Some(stated) = evidence.amount()
            {
                same("the amount", &stated, &amount)?;
            }
        }
    }
    let below = money("EUR", -4097)?;
    let taking = Taking {
        amount: below,
        what: Taken::Captured,
        ..plain(kit)?
    };
    for item in read(kit, &taking)? {
        if let Inbound::Payment { evidence, .. } = item
            && evidence.amount().is_some_and(Money::is_positive)
        {
            return fails("an amount below zero is read as one above");
        }
    }
    Ok(())
}

/// A word that nobody knows moves no money.
fn unknown_word(kit: &Kit<'_>) -> Tried {
    let taking = Taking {
        what: Taken::Odd,
        ..plain(kit)?
    };
    for item in read(kit, &taking)? {
        if !matches!(item, Inbound::Unknown { .. }) {
            return fails(format_args!("it is read as {item:?}"));
        }
    }
    Ok(())
}

fn large_ids(kit: &Kit<'_>) -> Tried {
    let taking = Taking {
        number: 9_007_199_254_740_993,
        ..plain(kit)?
    };
    let id = taking.number.to_string();
    let items = read(kit, &taking)?;
    let named = items.iter().any(|item| match item {
        Inbound::Payment { reference, .. } => reference.contains(&id),
        _ => false,
    });
    if named {
        Ok(())
    } else {
        fails(format_args!("it is read as {items:?}"))
    }
}
