//! Exchanges in a simulated world, and their laws: nothing goes out before what pays for it was accepted,
//! the buyer is charged no more than was said, and no money is spent twice.

use rust_decimal::Decimal;

use super::dice::Dice;
use super::laws::{Verdict, must};
use super::money::may_grant;
use super::world::World;
use crate::money::Money;
use crate::order::{
    Command, EditEvent, Event, ExchangeCommand, ExchangeEvent, ExchangeLine, NewLine, Order,
    ReturnDecision,
};
use crate::quantity::Quantity;

impl World<'_> {
    /// A buyer sends something back and wants something else for it.
    pub(super) fn exchange(&mut self, dice: &mut Dice) {
        let has = |order: &&Order| {
            let mut lines = order.line_numbers();
            lines.any(|line| !order.returnable(line).is_zero())
        };
        let orders: Vec<&Order> = self.audit.orders().filter(has).collect();
        let Some(order) = dice.pick(&orders).copied() else {
            return;
        };
        let id = order.id;
        let exponent = order.draft.currency.exponent();
        let line = dice.pick(&order.draft.lines);
        let line = line.map(|line| line.external_id.clone());
        let out = match line {
            Some(line) if dice.percent(50) => ExchangeLine::Again {
                line,
                quantity: Quantity::units(1),
            },
            _ => {
                let sku = format!("SKU-{}", 1 + dice.below(self.skus));
                ExchangeLine::Other(Box::new(NewLine {
                    sku: sku.as_str().into(),
                    title: sku,
                    quantity: Quantity::units(1),
                    unit_price: Decimal::new(dice.between(0, 4999), exponent),
                    taxes: Vec::new(),
                }))
            }
        };
        let command = ExchangeCommand::Open {
            back: None,
            lines: vec![out],
            advance: dice.percent(40),
            reason: "another size".to_owned(),
        };
        self.ask(id, "operator:anna", Command::Exchange(command));
    }
}

/// What must hold of an event about an exchange on the order before it.
pub(super) fn before_exchange(before: &Order, event: &Event) -> Verdict {
    match event {
        Event::Edit(EditEvent::Proposed {
            exchange: Some(number),
            amount,
            credit,
            ..
        }) => {
            let zero = Money::zero(amount.currency());
            let credit = credit.unwrap_or(zero);
            let known = before.exchange(*number);
            let back = known.and_then(|one| before.returned(one.back));
            let paid = back.and_then(|back| back.payback.exchanged);
            let paid_for = known
                .is_some_and(|one| one.is_open() && one.edit.is_none() && one.amount == *amount);
            let trusted = known.is_some_and(|one| one.advance && one.credit.is_none())
                && back.is_some_and(|back| back.decision == ReturnDecision::Approved);
            must(
                paid_for && (trusted || paid == Some(credit)),
                "exchange_held_until_accepted",
                || format!("exchange {number} goes out for {credit}, {paid:?} came back"),
            )?;
            let most = known.map_or(zero, |one| one.charge);
            must(
                amount.minus(credit) <= most,
                "exchange_charges_what_was_said",
                || format!("exchange {number}: {amount} less {credit} is more than {most}"),
            )
        }
        Event::Exchange(ExchangeEvent::ClawedBack { number, amount, .. }) => {
            let known = before.exchange(*number);
            let sent = known.and_then(|one| {
                Some(
                    one.credit?
                        .less(one.repaid.unwrap_or(Money::zero(amount.currency()))),
                )
            });
            let once = known
                .is_some_and(|one| one.advance && one.clawed.is_none() && one.settled.is_none());
            must(
                once && sent.is_some_and(|sent| *amount <= sent),
                "claws_back_what_did_not_come_once",
                || format!("exchange {number}: {amount} of {sent:?}"),
            )
        }
        Event::Exchange(ExchangeEvent::Settled {
            number,
            spent,
            refunds,
            elsewhere,
            ..
        }) => {
            let known = before.exchange(*number);
            must(
                known.is_some_and(|one| one.settled.is_none()),
                "exchange_settled_once",
                || format!("exchange {number}"),
            )?;
            for granted in refunds {
                may_grant(before, granted)?;
            }
            let credit = known.and_then(|one| if one.advance { one.repaid } else { one.credit });
            let given = Money::sum(spent.currency(), refunds.iter().map(|one| one.amount));
            let all = spent.plus(given).plus(*elsewhere);
            must(
                all <= credit.unwrap_or(Money::zero(spent.currency())),
                "exchange_spends_its_credit_once",
                || format!("exchange {number}: {all} of {credit:?}"),
            )
        }
        _ => Ok(()),
    }
}
