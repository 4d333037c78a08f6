//! Adyen's minor units. They are ISO 4217's but for four currencies; Adyen calls its own table
//! leading (docs.adyen.com/development-resources/currency-codes), so it is used both ways.

use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire::Amount;

/// Currencies that ISO gives no decimals and Adyen two.
const TWO: [&str; 2] = ["CLP", "ISK"];
/// Currencies that ISO gives two decimals and Adyen none.
const WHOLE: [&str; 2] = ["CVE", "IDR"];

fn decimals(currency: Currency) -> u32 {
    let code = currency.code();
    if WHOLE.contains(&code) {
        0
    } else if TWO.contains(&code) {
        2
    } else {
        currency.exponent()
    }
}

/// An amount in Adyen's minor units; `None` when it cannot be said in them.
pub(super) fn to_minor(amount: Money) -> Option<i64> {
    let mut value = amount.amount();
    value.rescale(decimals(amount.currency()));
    let exact = value == amount.amount();
    exact
        .then(|| i64::try_from(value.mantissa()).ok())
        .flatten()
}

/// The amount that is stated; `None` when the currency is unknown or cannot have that amount.
pub(super) fn stated(amount: &Amount) -> Option<Money> {
    let currency = Currency::from_code(&amount.currency)?;
    let minor: i64 = amount.value.0.parse().ok()?;
    let value = Decimal::try_new(minor, decimals(currency)).ok()?;
    Money::exact(value, currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Exact;

    fn of(value: &str, currency: &str) -> Option<Money> {
        stated(&Amount {
            currency: currency.to_owned(),
            value: Exact(value.to_owned()),
        })
    }

    #[test]
    fn minor_units_are_the_gateways_own() {
        for (minor, code, amount) in [
            (4097, "EUR", "40.97"),
            (500, "JPY", "500"),
            (500, "ISK", "5"),
            (500, "CLP", "5"),
            (5, "IDR", "5.00"),
            (5, "CVE", "5.00"),
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
        for (value, code) in [("550", "ISK"), ("1", "ZZZ"), ("10.5", "EUR"), ("x", "EUR")] {
            assert_eq!(of(value, code), None, "{value} {code}");
        }
        let currency = Currency::from_code("IDR").expect("a currency");
        let half = Money::exact("5.50".parse().expect("a decimal"), currency).expect("money");
        assert_eq!(to_minor(half), None);
    }
}
