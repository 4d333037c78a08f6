//! Quotas as they are stored, against the holds in force of their channels.

use super::{STOCK_QUOTAS, StoredStock};
use crate::drift::Drift;
use crate::ids::{LocationCode, Sku};

/// Units that a channel has of a SKU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Granted {
    /// Held softly.
    pub reserved: i64,
    /// Held firmly, waited for, and (in what a quota counts) gone out of the building.
    pub taken: i64,
}

/// A SKU, and a channel by its name.
pub type Share = (Sku, String);

impl StoredStock {
    /// What does not agree of quotas. What has left the building is in no hold in force, so of what was taken
    /// the holds say only how much it is at least.
    pub(super) fn drifts_of_quotas(&self, location: &LocationCode) -> Vec<Drift> {
        let mut found = Vec::new();
        for (name, counted) in &self.quotas {
            let held = self.granted.get(name).copied().unwrap_or_default();
            let (sku, channel) = name;
            let Granted { reserved, taken } = *counted;
            let detail = if reserved != held.reserved {
                format!(
                    "the quota of {channel} counts {reserved} reserved, the holds {}",
                    held.reserved
                )
            } else if taken < held.taken {
                format!(
                    "the quota of {channel} counts {taken} taken, the holds alone are {}",
                    held.taken
                )
            } else {
                continue;
            };
            found.push(Drift {
                invariant: STOCK_QUOTAS,
                subject: format!("{location}/{sku}/{channel}"),
                detail,
            });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn share(reserved: i64, taken: i64) -> BTreeMap<Share, Granted> {
        let name = ("SKU-1".into(), "web".to_owned());
        BTreeMap::from([(name, Granted { reserved, taken })])
    }

    fn said(quotas: BTreeMap<Share, Granted>, granted: BTreeMap<Share, Granted>) -> Vec<String> {
        let stock = StoredStock {
            quotas,
            granted,
            ..StoredStock::default()
        };
        let found = stock.drifts(&"BER1".into(), None);
        let named = |drift: &Drift| {
            (drift.invariant, drift.subject.as_str()) == (STOCK_QUOTAS, "BER1/SKU-1/web")
        };
        assert!(found.iter().all(named), "{found:?}");
        found.into_iter().map(|drift| drift.detail).collect()
    }

    #[test]
    fn a_quota_counts_its_channels_holds_and_what_has_left_on_top() {
        let none = BTreeMap::new;
        assert_eq!(said(share(2, 3), share(2, 3)), [""; 0]);
        assert_eq!(said(share(2, 9), share(2, 3)), [""; 0], "six have left");
        assert_eq!(said(none(), share(2, 3)), [""; 0], "nobody bounds it");
        assert_eq!(said(share(0, 4), none()), [""; 0]);
        for (quota, holds, expected) in [
            (
                share(3, 3),
                share(2, 3),
                "the quota of web counts 3 reserved, the holds 2",
            ),
            (
                share(0, 3),
                share(2, 3),
                "the quota of web counts 0 reserved, the holds 2",
            ),
            (
                share(1, 0),
                none(),
                "the quota of web counts 1 reserved, the holds 0",
            ),
            (
                share(2, 2),
                share(2, 3),
                "the quota of web counts 2 taken, the holds alone are 3",
            ),
        ] {
            assert_eq!(said(quota, holds), [expected]);
        }
    }
}
