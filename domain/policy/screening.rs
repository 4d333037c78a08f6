//! The rules of screening as data: what counts against an order, how much, and from which score on
//! somebody has to look. How they are applied stands in [`crate::order::judge`].

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What counts against an order. By default nothing that takes a look at other orders: which
/// velocity is odd depends on who buys, and offices, relays of marketplaces and test tokens are
/// shared by many good orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreeningPolicy {
    /// How far back orders are counted.
    pub window: SignedDuration,
    /// Orders under one e-mail address.
    pub email: CountRule,
    /// Orders paid with one token or reference of a gateway.
    pub payment: CountRule,
    /// Orders to one address.
    pub address: CountRule,
    /// Points for an amount that reaches the threshold of its currency.
    pub amount_weight: u32,
    /// Thresholds by the code of the currency. A currency without one is not judged.
    pub amount_from: BTreeMap<String, Decimal>,
    /// Points when it is billed to another country than it ships to.
    pub country_mismatch_weight: u32,
    /// Points when no earlier order of this e-mail address is remembered.
    pub first_order_weight: u32,
    /// Points when the address that it ships to cannot be right.
    pub implausible_address_weight: u32,
    /// From this score on a person has to look.
    pub review_at: u32,
    /// From this score on it is refused at once; never when there is none.
    pub refuse_at: Option<u32>,
    /// What becomes of an order about which not everything could be found out.
    pub when_degraded: WhenDegraded,
}

/// A rule that counts orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountRule {
    /// The order with this number within the window is the first that is odd; at least 2.
    pub from: u32,
    /// Points; 0 switches the rule off.
    pub weight: u32,
}

/// What becomes of an order about which not everything could be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenDegraded {
    /// What could be found out decides.
    Pass,
    /// A person has to look.
    Review,
}

impl WhenDegraded {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
        }
    }
}

impl Default for ScreeningPolicy {
    fn default() -> Self {
        let off = |from| CountRule { from, weight: 0 };
        Self {
            window: SignedDuration::from_mins(10),
            email: off(5),
            payment: off(5),
            address: off(10),
            amount_weight: 30,
            amount_from: BTreeMap::new(),
            country_mismatch_weight: 20,
            first_order_weight: 0,
            implausible_address_weight: 20,
            review_at: 50,
            refuse_at: None,
            when_degraded: WhenDegraded::Pass,
        }
    }
}

impl ScreeningPolicy {
    /// Whether any rule in force asks for other orders.
    pub const fn counts_orders(&self) -> bool {
        self.email.weight > 0
            || self.payment.weight > 0
            || self.address.weight > 0
            || self.first_order_weight > 0
    }

    /// Names these rules: the same for the same rules, and for no others. Sixteen hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let written = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&written);
        let first = digest.first_chunk::<8>().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_one_name_and_other_rules_another() {
        let usual = ScreeningPolicy::default();
        assert_eq!(usual.fingerprint().len(), 16);
        assert_eq!(usual.fingerprint(), usual.clone().fingerprint());
        let strict = ScreeningPolicy {
            review_at: 49,
            ..usual.clone()
        };
        assert_ne!(strict.fingerprint(), usual.fingerprint());
    }

    #[test]
    fn nobody_is_counted_until_a_rule_that_counts_has_a_weight() {
        let usual = ScreeningPolicy::default();
        assert!(!usual.counts_orders());
        let first = ScreeningPolicy {
            first_order_weight: 1,
            ..usual
        };
        assert!(first.counts_orders());
    }
}
