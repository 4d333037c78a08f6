//! Quantities of a line: exact, never negative, at most six decimals.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A quantity. Arithmetic saturates at zero: counts are never negative by construction.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(#[serde(with = "rust_decimal::serde::str")] Decimal);

/// Largest quantity of a line; what a shop types by mistake is far above it.
const LARGEST: i64 = 1_000_000_000;

impl Quantity {
    /// None at all.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// `units` whole units.
    pub fn units(units: u32) -> Self {
        Self(Decimal::from(units))
    }

    /// The quantity, or `None` when it is negative, has more than six decimals or is absurd.
    pub fn new(value: Decimal) -> Option<Self> {
        let value = value.normalize();
        let fits = (!value.is_sign_negative() || value.is_zero())
            && value.scale() <= 6
            && value <= Decimal::from(LARGEST);
        fits.then_some(Self(if value.is_zero() {
            Decimal::ZERO
        } else {
            value
        }))
    }

    /// The number.
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// The number of whole units, or `None` for a fraction: stock is counted in whole units.
    pub fn whole(self) -> Option<i64> {
        self.0
            .fract()
            .is_zero()
            .then(|| i64::try_from(self.0.trunc().mantissa()).ok())
            .flatten()
    }

    /// Whether it is none at all.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).normalize())
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self(self.0.saturating_mul(Decimal::from(times)).normalize())
    }

    /// The difference, never below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self((self.0 - other.0).max(Decimal::ZERO).normalize())
    }

    /// The sum of many.
    pub fn sum(quantities: impl IntoIterator<Item = Self>) -> Self {
        quantities.into_iter().fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
