//! A location's stock as it is stored: counters, the sums of its ledger, the units of its holds. They
//! were read at one moment; here is what must agree, and nothing is read or repaired.

mod quotas;

use std::collections::{BTreeMap, BTreeSet};

use crate::drift::Drift;
use crate::ids::{LocationCode, OrderId, Sku};

pub use quotas::{Granted, Share};

/// What stock as it is stored can break, as metrics name it.
pub const STOCK_INVARIANTS: [&str; 5] = [
    STOCK_COUNTERS,
    STOCK_HOLDS,
    STOCK_SUPPLY,
    STOCK_QUOTAS,
    STOCK_LEDGER,
];

/// Counters are the sum of the ledger.
pub const STOCK_COUNTERS: &str = "stock_counters";
/// Counters are the sum of the holds.
pub const STOCK_HOLDS: &str = "stock_holds";
/// What is on its way is the sum of the announcements.
pub const STOCK_SUPPLY: &str = "stock_supply";
/// Quotas count the holds of their channels.
pub const STOCK_QUOTAS: &str = "stock_quotas";
/// The ledger has no gap, and names only orders that exist.
pub const STOCK_LEDGER: &str = "stock_ledger";

/// Units of a SKU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// In the building.
    pub on_hand: i64,
    /// Held softly.
    pub reserved: i64,
    /// Held firmly.
    pub allocated: i64,
}

impl Units {
    const fn plus(self, other: Self) -> Self {
        Self {
            on_hand: self.on_hand.saturating_add(other.on_hand),
            reserved: self.reserved.saturating_add(other.reserved),
            allocated: self.allocated.saturating_add(other.allocated),
        }
    }
}

/// Units of a SKU that are still to come, and those that orders stand in line for. The ledger does not
/// speak of them: nothing of it is on the shelf.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Awaited {
    /// That orders stand in line for.
    pub waiting: i64,
    /// That were announced and have not come yet.
    pub inbound: i64,
}

/// The sums of a location's ledger up to a row. Rows never change and none appears behind another,
/// so sums that were taken in parts are those of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerSums {
    /// The last row in them.
    pub seq: i64,
    /// By SKU.
    pub units: BTreeMap<Sku, Units>,
}

/// The sums of the rows that follow on others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerPart {
    /// How many rows.
    pub rows: i64,
    /// The last of them.
    pub last: i64,
    /// By SKU.
    pub units: BTreeMap<Sku, Units>,
}

impl LedgerSums {
    /// Adds the rows that follow. How many places between the last row and theirs have none.
    pub fn add(&mut self, part: LedgerPart) -> i64 {
        if part.rows == 0 {
            return 0;
        }
        let missing = part.last - self.seq - part.rows;
        self.seq = part.last;
        for (sku, units) in part.units {
            let sum = self.units.entry(sku).or_default();
            *sum = sum.plus(units);
        }
        missing
    }
}

/// A location's stock at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredStock {
    /// The counters.
    pub counters: BTreeMap<Sku, Units>,
    /// The ledger's rows that are newer than the sums that they are compared with.
    pub fresh: BTreeMap<Sku, Units>,
    /// Units of the holds in force; none of them is on hand.
    pub held: BTreeMap<Sku, Units>,
    /// What is still to come as the counters say it.
    pub awaited: BTreeMap<Sku, Awaited>,
    /// The same as those who wait and the announcements add up to it.
    pub expected: BTreeMap<Sku, Awaited>,
    /// What quotas count, of those that bound something.
    pub quotas: BTreeMap<Share, Granted>,
    /// What channels have by the holds in force.
    pub granted: BTreeMap<Share, Granted>,
}

impl StoredStock {
    /// What does not agree, given the sums of the older rows of the ledger, if they are known.
    pub fn drifts(&self, location: &LocationCode, ledger: Option<&LedgerSums>) -> Vec<Drift> {
        let of = |units: &BTreeMap<Sku, Units>, sku| units.get(sku).copied().unwrap_or_default();
        let mut found = Vec::new();
        let summed = ledger.iter().flat_map(|sums| sums.units.keys());
        let all: BTreeSet<&Sku> = [&self.counters, &self.fresh, &self.held]
            .into_iter()
            .flat_map(BTreeMap::keys)
            .chain(summed)
            .collect();
        for sku in all {
            let counted = of(&self.counters, sku);
            let mut say = |invariant, detail| {
                found.push(Drift {
                    invariant,
                    subject: format!("{location}/{sku}"),
                    detail,
                });
            };
            let sum = ledger.map(|sums| of(&sums.units, sku).plus(of(&self.fresh, sku)));
            if let Some(sum) = sum.filter(|sum| *sum != counted) {
                let detail = format!(
                    "the counters say {}, the ledger adds up to {}",
                    words(counted),
                    words(sum)
                );
                say(STOCK_COUNTERS, detail);
            }
            let held = of(&self.held, sku);
            if (counted.reserved, counted.allocated) != (held.reserved, held.allocated) {
                let detail = format!(
                    "the counters say {} reserved and {} allocated, the holds {} and {}",
                    counted.reserved, counted.allocated, held.reserved, held.allocated
                );
                say(STOCK_HOLDS, detail);
            }
        }
        found.extend(self.drifts_ahead(location));
        found.extend(self.drifts_of_quotas(location));
        found
    }

    /// What does not agree of what is still to come.
    fn drifts_ahead(&self, location: &LocationCode) -> Vec<Drift> {
        let of = |units: &BTreeMap<Sku, Awaited>, sku| units.get(sku).copied().unwrap_or_default();
        let all: BTreeSet<&Sku> = self.awaited.keys().chain(self.expected.keys()).collect();
        let mut found = Vec::new();
        for sku in all {
            let (said, sum) = (of(&self.awaited, sku), of(&self.expected, sku));
            let mut compare = |invariant, (said, sum): (i64, i64), what, whose| {
                if said != sum {
                    found.push(Drift {
                        invariant,
                        subject: format!("{location}/{sku}"),
                        detail: format!("the counters say {said} {what}, {whose} {sum}"),
                    });
                }
            };
            let waiting = (said.waiting, sum.waiting);
            compare(STOCK_HOLDS, waiting, "waiting", "the holds");
            let inbound = (said.inbound, sum.inbound);
            compare(STOCK_SUPPLY, inbound, "on their way", "the announcements");
        }
        found
    }
}

fn words(units: Units) -> String {
    let Units {
        on_hand,
        reserved,
        allocated,
    } = units;
    format!("{on_hand} on hand, {reserved} reserved, {allocated} allocated")
}

/// Rows `first` to `last` of a location's ledger are not there.
pub fn gap(location: &LocationCode, first: i64, last: i64) -> Drift {
    Drift {
        invariant: STOCK_LEDGER,
        subject: format!("{location}/{first}"),
        detail: format!("rows {first} to {last} of the ledger are missing"),
    }
}

/// A row of a location's ledger names an order that does not exist.
pub fn orphan(location: &LocationCode, seq: i64, order: OrderId) -> Drift {
    Drift {
        invariant: STOCK_LEDGER,
        subject: format!("{location}/{seq}"),
        detail: format!("row {seq} of the ledger is for {order}, which does not exist"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(on_hand: i64, reserved: i64, allocated: i64) -> BTreeMap<Sku, Units> {
        let units = Units {
            on_hand,
            reserved,
            allocated,
        };
        BTreeMap::from([("SKU-1".into(), units)])
    }

    fn sums(on_hand: i64, reserved: i64, allocated: i64) -> LedgerSums {
        LedgerSums {
            seq: 3,
            units: units(on_hand, reserved, allocated),
        }
    }

    fn broken(stock: &StoredStock, ledger: Option<&LedgerSums>) -> Vec<&'static str> {
        let found = stock.drifts(&"BER1".into(), ledger);
        assert!(found.iter().all(|drift| drift.subject == "BER1/SKU-1"));
        found.iter().map(|drift| drift.invariant).collect()
    }

    #[test]
    fn counters_ledger_and_holds_agree_or_are_named() {
        let right = StoredStock {
            counters: units(9, 2, 3),
            fresh: units(-1, 1, 0),
            held: units(0, 2, 3),
            ..StoredStock::default()
        };
        let ledger = sums(10, 1, 3);
        assert_eq!(broken(&right, Some(&ledger)), Vec::<&str>::new());
        assert_eq!(broken(&right, None), Vec::<&str>::new());

        let with = |counters, held| StoredStock {
            counters,
            held,
            ..right.clone()
        };
        let none = BTreeMap::new();
        for (stock, expected) in [
            (with(units(8, 2, 3), units(0, 2, 3)), vec![STOCK_COUNTERS]),
            (with(units(9, 1, 4), units(0, 1, 4)), vec![STOCK_COUNTERS]),
            (with(units(9, 2, 3), units(0, 3, 3)), vec![STOCK_HOLDS]),
            (with(units(9, 2, 3), none.clone()), vec![STOCK_HOLDS]),
            (
                with(units(9, 2, 4), units(0, 2, 3)),
                vec![STOCK_COUNTERS, STOCK_HOLDS],
            ),
            (
                with(none, units(0, 2, 3)),
                vec![STOCK_COUNTERS, STOCK_HOLDS],
            ),
        ] {
            assert_eq!(broken(&stock, Some(&ledger)), expected, "{stock:?}");
        }
    }

    #[test]
    fn what_is_still_to_come_agrees_or_is_named() {
        let ahead = |waiting, inbound| {
            let units = Awaited { waiting, inbound };
            BTreeMap::from([("SKU-1".into(), units)])
        };
        let stock = |awaited, expected| StoredStock {
            awaited,
            expected,
            ..StoredStock::default()
        };
        let none = BTreeMap::new();
        for (stock, expected) in [
            (stock(ahead(2, 5), ahead(2, 5)), vec![]),
            (stock(ahead(0, 0), none.clone()), vec![]),
            (stock(ahead(3, 5), ahead(2, 5)), vec![STOCK_HOLDS]),
            (stock(ahead(2, 4), ahead(2, 5)), vec![STOCK_SUPPLY]),
            (stock(none, ahead(1, 1)), vec![STOCK_HOLDS, STOCK_SUPPLY]),
        ] {
            assert_eq!(broken(&stock, None), expected, "{stock:?}");
        }
    }

    #[test]
    fn both_values_are_told() {
        let stock = StoredStock {
            counters: units(7, 0, 0),
            ..StoredStock::default()
        };
        let found = stock.drifts(&"BER1".into(), Some(&sums(10, 0, 0)));
        let detail = "the counters say 7 on hand, 0 reserved, 0 allocated, \
                      the ledger adds up to 10 on hand, 0 reserved, 0 allocated";
        assert_eq!(found[0].detail, detail);
    }

    #[test]
    fn a_ledger_is_added_up_in_parts_and_its_gaps_are_counted() {
        let part = |rows, last, on_hand| LedgerPart {
            rows,
            last,
            units: units(on_hand, 0, 0),
        };
        let mut ledger = LedgerSums::default();
        assert_eq!(ledger.add(part(3, 3, 10)), 0);
        assert_eq!(ledger.add(part(2, 7, -1)), 2);
        assert_eq!(ledger.add(LedgerPart::default()), 0);
        assert_eq!(ledger.add(part(1, 8, -1)), 0);
        assert_eq!(ledger.seq, 8);
        assert_eq!(ledger.units, units(8, 0, 0));
    }
}
