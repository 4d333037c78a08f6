//! Checkout.com's smallest units. They are not ISO 4217's throughout, so the table is its own
//! (checkout.com/docs/payments/accept-payments/format-the-amount-value) and is used both ways.

use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use crate::wire::Exact;

/// Currencies whose amounts are whole; all others have two decimals but for those of three.
const WHOLE: [&str; 15] = [
    "BIF", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

/// The largest amount: nine digits.
const LARGEST: i64 = 999_999_999;

fn decimals(currency: Currency) -> u32 {
    if WHOLE.contains(&currency.code()) {
        0
    } else if currency.exponent() == 3 {
        3
    } else {
        2
    }
}

/// An amount in Checkout.com's smallest units; `None` when it cannot be said in them: of three
/// decimals the last one has to be zero, and there are nine digits at most.
pub(super) fn to_minor(amount: Money) -> Option<i64> {
    let decimals = decimals(amount.currency());
    let mut value = amount.amount();
    value.rescale(decimals);
    if value != amount.amount() {
        return None;
    }
    let minor = i64::try_from(value.mantissa()).ok()?;
    let sayable = minor <= LARGEST && (decimals < 3 || minor % 10 == 0);
    sayable.then_some(minor)
}

/// The amount that is stated; `None` when the currency is unknown or cannot have that amount.
pub(super) fn stated(minor: &Exact, currency: &str) -> Option<Money> {
    let currency = Currency::from_code(currency)?;
    let minor: i64 = minor.0.parse().ok()?;
    let value = Decimal::try_new(minor, decimals(currency)).ok()?;
    Money::exact(value, currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(minor: &str, currency: &str) -> Option<Money> {
        stated(&Exact(minor.to_owned()), currency)
    }

    #[test]
    fn smallest_units_are_the_gateways_own() {
        for (minor, code, amount) in [
            (4097, "EUR", "40.97"),
            (500, "JPY", "500"),
            (500, "ISK", "500"),
            (500, "CLP", "5"),
            (5120, "KWD", "5.120"),
            (0, "USD", "0.00"),
        ] {
            let money = of(&minor.to_string(), code).expect("an amount");
            assert_eq!(money.amount().to_string(), amount, "{code}");
            assert_eq!(to_minor(money), Some(minor), "{code}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        for (minor, code) in [("550", "CLP"), ("1", "ZZZ"), ("10.5", "EUR"), ("x", "EUR")] {
            assert_eq!(of(minor, code), None, "{minor} {code}");
        }
        for (amount, code) in [("5.125", "KWD"), ("10000000.00", "EUR")] {
            let currency = Currency::from_code(code).expect("a currency");
            let amount = Money::exact(amount.parse().expect("a decimal"), currency);
            assert_eq!(to_minor(amount.expect("money")), None, "{code}");
        }
    }
}
