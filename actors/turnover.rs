//! What accepted orders are worth, as a counter per channel and currency.
//!
//! A counter counts whole numbers, and a sum over currencies with different decimals must be read in
//! units that people know: it counts whole units of the currency, and what is left of each order is
//! carried over to the next one. No cent is lost and none goes through a float.

use std::collections::BTreeMap;
use std::sync::Mutex;

use orderhub_domain::ids::Slug;
use orderhub_domain::money::Money;

use crate::locked;

/// What has not made a whole unit yet, in smallest units.
#[derive(Debug, Default)]
pub(crate) struct Turnover(Mutex<BTreeMap<(Slug, &'static str), u64>>);

impl Turnover {
    /// Counts an accepted order's total.
    pub(crate) fn count(&self, channel: &Slug, total: Money) {
        let currency = total.currency().code();
        let whole = self.take(channel, total);
        metrics::counter!(
            "orderhub_order_value_total", "channel" => channel.to_string(), "currency" => currency
        )
        .increment(whole);
    }

    /// The whole units that are complete with this amount.
    fn take(&self, channel: &Slug, total: Money) -> u64 {
        let currency = total.currency();
        let one = 10_u64.pow(currency.exponent());
        let mut carried = locked(&self.0);
        let rest = carried
            .entry((channel.clone(), currency.code()))
            .or_default();
        let sum = u64::try_from(total.minor())
            .unwrap_or_default()
            .saturating_add(*rest);
        *rest = sum % one;
        sum / one
    }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::money::Currency;

    use super::*;

    #[test]
    fn cents_are_carried_over_and_currencies_are_kept_apart() {
        let turnover = Turnover::default();
        let web: Slug = "web".into();
        let take = |minor, code| {
            let currency = Currency::from_code(code).expect("a currency");
            let amount = Money::from_minor(minor, currency).expect("an amount");
            turnover.take(&web, amount)
        };
        assert_eq!(take(19_99, "EUR"), 19);
        assert_eq!(take(500, "JPY"), 500);
        assert_eq!(take(19_99, "EUR"), 20, "1.98 are left, one of them whole");
        assert_eq!(take(2, "EUR"), 1, "0.98 and 0.02");
        assert_eq!(take(1_234, "KWD"), 1);
    }
}
