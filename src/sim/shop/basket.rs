//! What buyers do: which goods they take, how they pay, and what they think of it afterwards. An
//! order depends on the seed and its number alone. Amounts are cents.

use serde::{Deserialize, Serialize};

use crate::sim::dice::Dice;
use crate::sim::goods::{self, Line};

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Payment {
    /// The shop took the money.
    Paid,
    /// The hub is handed a card to authorise.
    Card,
    /// The same with a card that is declined.
    BadCard,
    /// The shop holds an authorisation and takes the money itself.
    HeldByShop,
    /// The buyer sends the money later.
    Transfer,
}

/// An order as the buyer leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basket {
    pub(super) lines: Vec<Line>,
    pub(super) shipping: u64,
    /// The code is for the whole shipping instead of the goods.
    pub(super) free_shipping: bool,
    pub(super) code: Option<String>,
    pub(super) payment: Payment,
    /// The buyer, by a place in the list of names.
    pub(super) buyer: u64,
    /// Seconds until the money of a later payment comes.
    pub(super) paid_after: u64,
    /// Seconds until the buyer takes it back, if ever.
    pub(super) cancelled_after: Option<u64>,
    /// Seconds until the shop tells the order once more, if it does.
    pub(super) repeated_after: Option<u64>,
    /// Seconds by which the first news of the order is late.
    pub(super) late: u64,
}

impl Basket {
    /// Order number `number` in the world of this seed; `skus` are at least one.
    pub(super) fn draw(seed: u64, number: u64, skus: &[String]) -> Self {
        let mut dice = Dice::of(seed, "orders", number);
        let code = dice.one_in(4).then(|| dice.below(3));
        let free_shipping = code == Some(2);
        let percent = match code {
            Some(0) => 10,
            Some(1) => 25,
            _ => 0,
        };
        let lines = goods::lines(&mut dice, seed, skus, percent);
        let payment = match dice.below(100) {
            0..45 => Payment::Paid,
            45..85 => Payment::Card,
            85..88 => Payment::BadCard,
            88..94 => Payment::HeldByShop,
            _ => Payment::Transfer,
        };
        Self {
            lines,
            shipping: *dice.pick(&[0, 390, 490, 490, 890]),
            free_shipping,
            code: code.map(|code| ["TEN", "QUARTER", "FREESHIP"][usize_of(code)].to_owned()),
            payment,
            buyer: dice.below(1 << 16),
            paid_after: dice.within(3, 20),
            cancelled_after: dice.one_in(10).then(|| dice.within(2, 30)),
            repeated_after: dice.one_in(8).then(|| dice.within(1, 10)),
            late: if dice.one_in(12) {
                dice.within(3, 8)
            } else {
                0
            },
        }
    }

    /// What is taken off, goods and shipping together.
    pub(super) fn discounts(&self) -> u64 {
        let goods: u64 = self.lines.iter().map(|line| line.discount).sum();
        goods + self.shipping_discount()
    }

    /// What is taken off the shipping.
    pub(super) const fn shipping_discount(&self) -> u64 {
        if self.free_shipping { self.shipping } else { 0 }
    }

    /// What the goods cost the buyer.
    pub(super) fn subtotal(&self) -> u64 {
        self.lines.iter().map(Line::net).sum()
    }

    /// What the order costs the buyer; the taxes are in it.
    pub(super) fn total(&self) -> u64 {
        self.subtotal() + self.shipping - self.shipping_discount()
    }
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baskets(seed: u64) -> Vec<Basket> {
        let skus: Vec<String> = (0..20).map(|n| format!("SKU-{n}")).collect();
        (0..500)
            .map(|number| Basket::draw(seed, number, &skus))
            .collect()
    }

    #[test]
    fn the_same_seed_sells_the_same_orders() {
        assert_eq!(baskets(1), baskets(1));
        assert_ne!(baskets(1), baskets(2));
    }

    #[test]
    fn orders_are_of_every_sort_and_never_worth_nothing() {
        let all = baskets(3);
        assert!(
            all.iter()
                .all(|basket| basket.total() > 0 && !basket.lines.is_empty())
        );
        for payment in [
            Payment::Paid,
            Payment::Card,
            Payment::BadCard,
            Payment::HeldByShop,
            Payment::Transfer,
        ] {
            assert!(
                all.iter().any(|basket| basket.payment == payment),
                "{payment:?}"
            );
        }
        assert!(all.iter().any(|basket| basket.lines.len() > 1));
        assert!(all.iter().any(|basket| basket.free_shipping));
        assert!(all.iter().any(|basket| basket.cancelled_after.is_some()));
        assert!(all.iter().any(|basket| basket.late > 0));
    }
}
