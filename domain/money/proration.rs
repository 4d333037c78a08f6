//! Sharing an amount over parts so that the shares always add up to the whole.

use rust_decimal::Decimal;

use super::Money;

/// Shares `total` over `weights` in proportion, by largest remainder: the shares are at the
/// currency's exponent and their sum is `total` to the minor unit. Ties go to the earlier part.
/// Weights below zero count as zero; if all are zero, the parts count alike. No parts, no shares.
pub fn spread(total: Money, weights: &[Decimal]) -> Vec<Money> {
    if weights.is_empty() {
        return Vec::new();
    }
    let currency = total.currency();
    let mut weights: Vec<Decimal> = weights.iter().map(|w| (*w).max(Decimal::ZERO)).collect();
    if weights.iter().all(Decimal::is_zero) {
        weights.fill(Decimal::ONE);
    }
    let whole: Decimal = weights.iter().sum();
    let minor = Decimal::from(total.minor());
    let ideal: Vec<Decimal> = weights
        .iter()
        .map(|w| minor.checked_mul(*w).unwrap_or(minor) / whole)
        .collect();
    let mut shares: Vec<i64> = ideal.iter().map(|i| to_minor(i.trunc())).collect();
    let left = total.minor() - shares.iter().sum::<i64>();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    by_remainder.sort_by_key(|i| (std::cmp::Reverse(ideal[*i].fract().abs()), *i));
    let step = left.signum();
    for position in by_remainder
        .iter()
        .cycle()
        .take(usize::try_from(left.abs()).unwrap_or(0))
    {
        shares[*position] += step;
    }
    shares
        .into_iter()
        .map(|minor| Money::from_minor(minor, currency).unwrap_or(Money::zero(currency)))
        .collect()
}

fn to_minor(value: Decimal) -> i64 {
    i64::try_from(value.trunc().mantissa() / 10_i128.pow(value.trunc().scale())).unwrap_or(0)
}

/// The part of `total` that belongs to the units from `from` to `to` (cumulative counts) out of
/// `of`. Telescopes: however a line is cut into shipments and cancels, the parts add up to `total`.
pub fn share_between(total: Money, from: Decimal, to: Decimal, of: Decimal) -> Money {
    let until = |count: Decimal| {
        if of.is_zero() {
            return Money::zero(total.currency());
        }
        let count = count.clamp(Decimal::ZERO, of);
        Money::rounded(total.amount() * count / of, total.currency())
    };
    until(to).minus(until(from))
}

#[cfg(test)]
mod tests {
    use super::super::Currency;
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).expect("a listed currency")
    }

    #[test]
    fn a_third_each_gives_the_cent_to_the_first() {
        let total = Money::from_minor(1000, currency("EUR")).expect("in range");
        let shares = spread(total, &[Decimal::ONE; 3]);
        let minor: Vec<i64> = shares.iter().map(|m| m.minor()).collect();
        assert_eq!(minor, [334, 333, 333]);
    }

    proptest! {
        #[test]
        fn shares_add_up(
            minor in -1_000_000_000_i64..1_000_000_000,
            weights in prop::collection::vec(0_u32..100_000, 1..40),
            code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        ) {
            let total = Money::from_minor(minor, currency(code)).expect("in range");
            let weights: Vec<Decimal> = weights.into_iter().map(Decimal::from).collect();
            let shares = spread(total, &weights);
            prop_assert_eq!(Money::sum(total.currency(), shares), total);
        }

        #[test]
        fn cuts_telescope(
            minor in 0_i64..1_000_000_000,
            of in 1_u32..500,
            cuts in prop::collection::btree_set(0_u32..500, 0..10),
        ) {
            let total = Money::from_minor(minor, currency("EUR")).expect("in range");
            let whole = Decimal::from(of);
            let mut points: Vec<Decimal> =
                cuts.into_iter().filter(|c| *c < of).map(Decimal::from).collect();
            points.insert(0, Decimal::ZERO);
            points.push(whole);
            let parts = points.windows(2).map(|w| share_between(total, w[0], w[1], whole));
            prop_assert_eq!(Money::sum(total.currency(), parts), total);
        }
    }
}
