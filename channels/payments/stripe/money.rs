//! Stripe's smallest units. They are ISO 4217's but for the currencies below, so the table is
//! Stripe's own and is used both ways.

use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

/// Currencies whose amounts have no decimals at Stripe.
const WHOLE: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
/// Currencies without decimals that Stripe still takes with two, always `00`.
const WHOLE_SENT_WITH_TWO: [&str; 2] = ["ISK", "UGX"];
/// Currencies with three decimals; Stripe wants the last one to be zero.
const THREE: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

fn decimals(currency: Currency) -> u32 {
    let code = currency.code();
    if WHOLE.contains(&code) {
        0
    } else if WHOLE_SENT_WITH_TWO.contains(&code) {
        2
    } else if THREE.contains(&code) {
        3
    } else {
        currency.exponent()
    }
}

/// An amount in Stripe's smallest units; `None` when it cannot be said in them.
pub(super) fn to_minor(amount: Money) -> Option<i64> {
    let mut value = amount.amount();
    value.rescale(decimals(amount.currency()));
    let exact = value == amount.amount();
    exact
        .then(|| i64::try_from(value.mantissa()).ok())
        .flatten()
}

/// The amount that Stripe's smallest units state; `None` when the currency is unknown or cannot
/// have that amount.
pub(super) fn from_minor(minor: i64, currency: &str) -> Option<Money> {
    let currency = Currency::from_code(&currency.to_ascii_uppercase())?;
    let amount = Decimal::try_new(minor, decimals(currency)).ok()?;
    Money::exact(amount, currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_units_are_the_gateways_own() {
        for (minor, code, amount) in [
            (4097, "eur", "40.97"),
            (500, "jpy", "500"),
            (500, "isk", "5"),
            (500, "ugx", "5"),
            (5, "mga", "5.00"),
            (5120, "kwd", "5.120"),
            (0, "usd", "0.00"),
        ] {
            let money = from_minor(minor, code).expect("an amount");
            assert_eq!(money.amount().to_string(), amount, "{code}");
            assert_eq!(to_minor(money), Some(minor), "{code}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        assert_eq!(from_minor(550, "isk"), None);
        assert_eq!(from_minor(1, "zzz"), None);
        let currency = Currency::from_code("MGA").expect("a currency");
        let half = Money::exact("5.50".parse().expect("a decimal"), currency).expect("money");
        assert_eq!(to_minor(half), None);
    }
}
