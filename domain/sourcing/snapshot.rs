//! What a decision about sourcing looked at: small enough to be stored with it, complete enough to
//! decide again under other rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{LocationCode, Sku};

/// Units of a line that a location has to be found for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The line's number.
    pub line: u16,
    /// What.
    pub sku: Sku,
    /// How many.
    pub units: i64,
}

/// What was known when it was decided. Of locations that have none of it nothing is kept, of the
/// others at most [`CANDIDATES_KEPT`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub at: Timestamp,
    /// What was wanted.
    pub needs: Vec<Need>,
    /// Grams of all of it.
    pub weight_g: u64,
    /// The buyer collects it: only the location where they do was looked at, but for `transfer`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pickup: bool,
    /// Whether others may send to the store where the buyer collects it what that lacks.
    #[serde(default, skip_serializing_if = "Transfer::is_none")]
    pub transfer: Transfer,
    /// Where a person sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<LocationCode>,
    /// Locations that had some of it, in the operator's order.
    pub candidates: Vec<Candidate>,
    /// Locations that had some of it and are not kept here, since there were so many.
    #[serde(default, skip_serializing_if = "is_none")]
    pub left_out: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_none(left_out: &u32) -> bool {
    *left_out == 0
}

/// Whether locations may send units to the store where a buyer collects them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// Nobody asked: the buyer does not collect it, or the rules let the store alone serve it.
    #[default]
    None,
    /// They may, and to this store.
    To(LocationCode),
    /// The rules let them, but nobody knows the address of this store: it serves the order alone.
    NoAddress(LocationCode),
}

impl Transfer {
    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Most candidates that a stored decision keeps.
pub const CANDIDATES_KEPT: usize = 20;

/// A location, as a decision saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its code.
    pub location: LocationCode,
    /// Units that it could promise, by SKU, as the SKUs first appear in the needs.
    pub free: Vec<i64>,
    /// Kilometres to the buyer; nothing when one of the two places is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<u32>,
    /// It stands in another country than the buyer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abroad: bool,
    /// What a parcel costs there, in minor units.
    #[serde(default)]
    pub cost_minor: u32,
    /// Minutes until somebody there works on it.
    #[serde(default)]
    pub wait_minutes: u32,
    /// Work of its day that is taken, in percent; 100 is a full day.
    #[serde(default)]
    pub load_pct: u32,
    /// It is a store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub store: bool,
}

impl Candidate {
    /// Whether its day is full.
    pub const fn is_full(&self) -> bool {
        self.load_pct >= 100
    }
}

impl Snapshot {
    /// The SKUs wanted, each once, as they first appear, and the units of all lines that want it.
    pub fn skus(&self) -> Vec<(&Sku, i64)> {
        let mut skus: Vec<(&Sku, i64)> = Vec::new();
        for need in &self.needs {
            match skus.iter_mut().find(|(sku, _)| **sku == need.sku) {
                Some((_, units)) => *units += need.units,
                None => skus.push((&need.sku, need.units)),
            }
        }
        skus
    }
}
