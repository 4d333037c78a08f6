//! Money: exact decimals at the currency's ISO 4217 exponent. The only module that rounds.
//!
//! Amounts never touch a float. Rounding is half away from zero. Sharing an amount over parts
//! (lines, taxes, shipments) is `proration`, whose shares always add up to the whole.

mod proration;

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

pub use proration::{share_between, spread};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency with this three-letter upper-case code, if ISO 4217 lists it.
    pub fn from_code(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code).map(Self)
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the decimal point: JPY 0, EUR 2, KWD 3. Units that ISO gives no exponent
    /// (gold, testing) count as 2.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| format!("\"{code}\" is not an ISO 4217 currency"))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// Why a number is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// More digits than the currency has.
    #[error("{currency} has {exponent} decimals")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// Its number of decimals.
        exponent: u32,
    },
    /// Larger than any order the hub will ever see (10^15 major units).
    #[error("the amount is out of range")]
    OutOfRange,
}

/// Largest absolute amount, in major units: sums of ten thousand of them still fit a `Decimal`
/// with six decimals.
const LARGEST: i64 = 1_000_000_000_000_000;

/// An amount in major units at the exponent of its currency. Its scale is always the exponent, so
/// equal amounts print alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    #[serde(with = "rust_decimal::serde::str")]
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// Nothing, in this currency.
    pub fn zero(currency: Currency) -> Self {
        Self::rounded(Decimal::ZERO, currency)
    }

    /// The exact amount; surplus digits are refused unless they are zero.
    pub fn exact(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let exponent = currency.exponent();
        if amount.abs() > Decimal::from(LARGEST) {
            return Err(MoneyError::OutOfRange);
        }
        if amount.normalize().scale() > exponent {
            return Err(MoneyError::TooPrecise { currency, exponent });
        }
        Ok(Self::rounded(amount, currency))
    }

    /// The amount rounded to the currency's exponent, half away from zero.
    pub fn rounded(amount: Decimal, currency: Currency) -> Self {
        let exponent = currency.exponent();
        let mut amount =
            amount.round_dp_with_strategy(exponent, RoundingStrategy::MidpointAwayFromZero);
        amount.rescale(exponent);
        if amount.is_zero() {
            amount.set_sign_positive(true);
        }
        Self { amount, currency }
    }

    /// The amount of `minor` smallest units (cents), or `None` if it is out of range.
    pub fn from_minor(minor: i64, currency: Currency) -> Option<Self> {
        Decimal::try_new(minor, currency.exponent())
            .ok()
            .and_then(|amount| Self::exact(amount, currency).ok())
    }

    /// The number of smallest units (cents).
    pub fn minor(self) -> i64 {
        // The range of `exact` keeps every amount below 10^19; an overflow here would be a sum of
        // thousands of largest amounts, and saturates instead of wrapping.
        i64::try_from(self.amount.mantissa()).unwrap_or(i64::MAX)
    }

    /// The amount in major units.
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// Whether it is more than nothing.
    pub fn is_positive(self) -> bool {
        !self.is_zero() && self.amount.is_sign_positive()
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        !self.is_zero() && self.amount.is_sign_negative()
    }

    /// The sum. Currencies are checked where an order or a fact enters; inside one order there is
    /// only one, so a mismatch keeps the left side's.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        debug_assert_eq!(self.currency, other.currency);
        Self::rounded(self.amount.saturating_add(other.amount), self.currency)
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    /// The same amount with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::rounded(-self.amount, self.currency)
    }

    /// The larger of two amounts.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.amount > self.amount {
            other
        } else {
            self
        }
    }

    /// The smaller of two amounts.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if other.amount < self.amount {
            other
        } else {
            self
        }
    }

    /// The difference, but never below zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        self.minus(other).max(Self::zero(self.currency))
    }

    /// The sum of many.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Self {
        amounts.into_iter().fold(Self::zero(currency), Self::plus)
    }
}

/// Amounts of one currency compare by size; amounts of different currencies do not compare.
impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.currency == other.currency).then(|| self.amount.cmp(&other.amount))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).expect("a listed currency")
    }

    #[test]
    fn exponents_follow_iso_4217() {
        for (code, exponent) in [("JPY", 0), ("EUR", 2), ("KWD", 3), ("USD", 2)] {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
    }

    #[test]
    fn minor_units_round_trip() {
        for (code, minor, text) in [
            ("EUR", 4497, "44.97"),
            ("JPY", 500, "500"),
            ("KWD", 1000, "1.000"),
        ] {
            let money = Money::from_minor(minor, currency(code)).expect("in range");
            assert_eq!(money.amount().to_string(), text);
            assert_eq!(money.minor(), minor);
        }
    }

    #[test]
    fn surplus_digits_are_refused_unless_zero() {
        let eur = currency("EUR");
        assert!(Money::exact("1.005".parse().expect("a decimal"), eur).is_err());
        let padded = Money::exact("1.5000".parse().expect("a decimal"), eur).expect("exact");
        assert_eq!(padded.amount().to_string(), "1.50");
    }

    #[test]
    fn halves_round_away_from_zero() {
        let eur = currency("EUR");
        let rounded = |text: &str| {
            Money::rounded(text.parse().expect("a decimal"), eur)
                .amount()
                .to_string()
        };
        assert_eq!(rounded("0.125"), "0.13");
        assert_eq!(rounded("-0.125"), "-0.13");
        assert_eq!(rounded("-0.001"), "0.00");
    }
}
