//! What units that came back are worth: their stored share of the order, to the minor unit. Units are
//! valued from the first to the last of their line, so that any sequence of returns adds up to what
//! the line was sold for and never to more.

use rust_decimal::Decimal;

use super::super::event::{LineUnits, units_of};
use super::super::{Order, Tender};
use super::{Return, ReturnLabel};
use crate::money::{Money, share_between};
use crate::policy::{ReturnPayer, ReturnPolicy, ShippingRefund};
use crate::quantity::Quantity;

impl Order {
    /// Units of a line that were paid back for, or are to be.
    pub fn settled(&self, line: u16) -> Quantity {
        let returned = self.returns.iter();
        let returned = returned.map(|back| units_of(&back.payback.settled, line));
        Quantity::sum(returned).plus(self.claimed_back(line))
    }

    /// What these further units were sold for, with their part of shipping and fees.
    pub fn worth_of(&self, units: &[LineUnits], shipping: ShippingRefund) -> Money {
        let none: &[LineUnits] = &[];
        let all = |_| true;
        let goods = self
            .goods_settled(units, all)
            .minus(self.goods_settled(none, all));
        let charges = self
            .charges_settled(units, shipping)
            .minus(self.charges_settled(none, shipping));
        goods.plus(charges)
    }

    /// What all settled units and these were sold for, of some lines.
    fn goods_settled(&self, more: &[LineUnits], of: impl Fn(u16) -> bool) -> Money {
        let lines = self.line_numbers().zip(self.line_values());
        let lines = lines.filter(|(number, _)| of(*number));
        let parts = lines.filter_map(|(number, value)| {
            let whole = self.line(number)?.quantity.value();
            let settled = self.settled(number).plus(units_of(more, number));
            Some(share_between(value, Decimal::ZERO, settled.value(), whole))
        });
        Money::sum(self.draft.currency, parts)
    }

    /// What goes back of shipping and fees once these units are settled too. They were agreed for what the
    /// order came with: what an edit adds has no part in them, or adding it would change what went back
    /// before, and more than all of it could.
    fn charges_settled(&self, more: &[LineUnits], shipping: ShippingRefund) -> Money {
        let charges = self.charges_value();
        let nothing = Money::zero(self.draft.currency);
        let sold = |number: u16| self.part_of(number) == 0;
        match shipping {
            ShippingRefund::Never => nothing,
            ShippingRefund::Whole => {
                let all = self
                    .line_numbers()
                    .filter(|line| sold(*line))
                    .all(|number| {
                        self.settled(number).plus(units_of(more, number)) >= self.open(number)
                    });
                if all { charges } else { nothing }
            }
            ShippingRefund::Share => {
                let lines = self.line_numbers().zip(self.line_values());
                let lines = lines.filter(|(number, _)| sold(*number));
                let lines = Money::sum(self.draft.currency, lines.map(|(_, value)| value));
                let settled = self.goods_settled(more, sold).amount();
                share_between(charges, Decimal::ZERO, settled, lines.amount())
            }
        }
    }

    /// What the buyer got for returns without the hub: money that was lost in disputes. A return is
    /// not paid for beside it.
    pub fn disputed_away(&self) -> Money {
        let lost = self.tenders.iter().map(Tender::disputed_away);
        Money::sum(self.draft.currency, lost)
    }

    /// Whether the buyer disputes a charge and nobody knows yet who keeps the money.
    pub fn is_disputed(&self) -> bool {
        let open = |tender: &Tender| tender.disputes.values().any(|one| one.won.is_none());
        self.tenders.iter().any(open)
    }
}

impl Return {
    /// What is granted for units of this worth, all in all: less the fee for the work, less the label
    /// where the buyer pays for it.
    pub fn net_of(&self, worth: Money, policy: &ReturnPolicy) -> Money {
        let percent = Decimal::from(policy.restocking_fee_percent.min(100));
        let hundred = Decimal::ONE_HUNDRED;
        let fee = share_between(worth, Decimal::ZERO, percent, hundred);
        worth.less(fee).less(self.label_cost(worth))
    }

    fn label_cost(&self, worth: Money) -> Money {
        let theirs = |label: &&ReturnLabel| label.paid_by == ReturnPayer::Buyer;
        let label = self.label.as_ref().filter(theirs);
        let cost = label.and_then(|label| label.cost);
        let same = cost.filter(|cost| cost.currency() == worth.currency());
        same.unwrap_or(Money::zero(worth.currency()))
    }
}
