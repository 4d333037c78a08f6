//! What buyers take and who they are: lines of goods with their prices, whoever sells them. Amounts are in
//! the smallest unit of the channel's currency.

use serde::{Deserialize, Serialize};

use super::dice::Dice;

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) sku: String,
    pub(super) quantity: u64,
    /// Of one unit.
    pub(super) price: u64,
    /// Taken off the whole line.
    pub(super) discount: u64,
    /// Percent of tax that the price includes.
    pub(super) tax: u64,
    pub(super) grams: u64,
}

impl Line {
    /// What the buyer pays for it.
    pub(super) const fn net(&self) -> u64 {
        self.price * self.quantity - self.discount
    }
}

/// One to three lines, each of another thing. `skus` are at least one; so many percent are taken off.
pub(super) fn lines(dice: &mut Dice, seed: u64, skus: &[String], percent: u64) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..dice.pick(&[1, 1, 1, 2, 2, 3]).to_owned() {
        let sku = dice.pick(skus);
        let quantity = *dice.pick(&[1, 1, 1, 2, 3]);
        if lines.iter().all(|line| line.sku != *sku) {
            lines.push(line(seed, sku, quantity, percent));
        }
    }
    lines
}

fn line(seed: u64, sku: &str, quantity: u64, percent: u64) -> Line {
    // A SKU has one price in a world, whoever buys it.
    let named = sku.bytes().fold(0_u64, |hash, byte| {
        hash.wrapping_mul(131).wrapping_add(u64::from(byte))
    });
    let mut dice = Dice::of(seed, "prices", named);
    let price = dice.within(299, 8_999);
    Line {
        sku: sku.to_owned(),
        quantity,
        price,
        discount: price * quantity * percent / 100,
        tax: if dice.one_in(4) { 7 } else { 19 },
        grams: dice.within(50, 2_500),
    }
}

/// Buyers in Germany: first name, last name, street, postcode, city.
const PEOPLE: [[&str; 5]; 8] = [
    ["Ada", "Beispiel", "Chausseestr. 1", "10115", "Berlin"],
    ["Grace", "Muster", "Jungfernstieg 7", "20354", "Hamburg"],
    ["Emmy", "Probe", "Hauptstr. 12", "91054", "Erlangen"],
    ["Lise", "Vorlage", "Marienplatz 8", "80331", "München"],
    ["Konrad", "Entwurf", "Domkloster 4", "50667", "Köln"],
    ["Maria", "Versuch", "Zeil 106", "60313", "Frankfurt am Main"],
    ["Carl", "Skizze", "Wilhelmsplatz 1", "37073", "Göttingen"],
    ["Sophie", "Muster", "Augustusplatz 9", "04109", "Leipzig"],
];

/// The buyer at this place of the list.
pub(super) fn person(buyer: u64) -> &'static [&'static str; 5] {
    let place = usize::try_from(buyer % PEOPLE.len() as u64).unwrap_or_default();
    &PEOPLE[place]
}

/// The tax in a gross amount, rounded half up.
pub(super) const fn tax(gross: u64, percent: u64) -> u64 {
    (2 * gross * percent + 100 + percent) / (2 * (100 + percent))
}

/// The cents of an amount such as "12.34", or "12.3"; nothing for what is none.
pub(super) fn cents(amount: &str) -> Option<u64> {
    let amount: rust_decimal::Decimal = amount.parse().ok()?;
    let cents = amount.checked_mul(rust_decimal::Decimal::ONE_HUNDRED)?;
    cents.fract().is_zero().then(|| u64::try_from(cents).ok())?
}

/// An amount of a currency with hundredths, written out.
pub(super) fn decimal(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_has_one_price() {
        let one = line(1, "SKU-1", 1, 0);
        let two = line(1, "SKU-1", 2, 25);
        assert_eq!((one.price, one.tax), (two.price, two.tax));
        assert_eq!(two.net(), two.price * 2 - two.price * 2 / 4);
    }
}
