//! An order as Square has it, as far as giving it to the buyer goes: its fulfilments, and the marks that the hub
//! leaves in their metadata. Square keeps ten marks a fulfilment. A fulfilment is done once its marks cover all
//! that it holds, by what was shipped and by what will not be.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::amounts::count;
use super::refunds::Tender;
use crate::wire::Exact;

/// How the names of marks begin.
pub(super) const MARK: &str = "orderhub_";

/// How the names of marks of what will not be shipped begin.
pub(super) const CUT: &str = "orderhub_cut_";

/// Marks that a fulfilment keeps, and the length of a name and of a value there.
const MARKS: usize = 10;
pub(super) const NAME: usize = 60;
const VALUE: usize = 255;

/// An answer that has the order.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) order: TillOrder,
}

/// An order, as the till has it.
#[derive(Debug, Deserialize)]
pub(super) struct TillOrder {
    pub(super) location_id: String,
    #[serde(default)]
    pub(super) version: i64,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) line_items: Vec<Line>,
    #[serde(default)]
    pub(super) fulfillments: Vec<Fulfillment>,
    #[serde(default)]
    pub(super) tenders: Vec<Tender>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) uid: String,
    pub(super) quantity: Exact,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fulfillment {
    pub(super) uid: String,
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) entries: Vec<Entry>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) line_item_uid: String,
    pub(super) quantity: Exact,
}

/// Units by the place of their line.
pub(super) type Units = BTreeMap<usize, Decimal>;

impl Fulfillment {
    pub(super) fn state(&self) -> &str {
        self.state.as_deref().unwrap_or("PROPOSED")
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state(), "PROPOSED" | "RESERVED" | "PREPARED")
    }

    /// What it holds.
    pub(super) fn units(&self, order: &TillOrder) -> Units {
        let lines = order.line_items.iter().enumerate();
        let held = lines.filter_map(|(place, line)| {
            if self.entries.is_empty() {
                return Some((place, count(&line.quantity)?));
            }
            let of_line = self.entries.iter();
            let of_line = of_line.filter(|entry| entry.line_item_uid == line.uid);
            let units: Decimal = of_line.filter_map(|entry| count(&entry.quantity)).sum();
            (!units.is_zero()).then_some((place, units))
        });
        held.collect()
    }

    /// Whether the marks cover everything that it holds.
    pub(super) fn is_covered(marks: &BTreeMap<String, String>, held: &Units) -> bool {
        let mut sent = Units::new();
        for (_, units) in marks.iter().filter(|(name, _)| name.starts_with(MARK)) {
            for part in units.split(' ').filter_map(|part| part.split_once('x')) {
                if let (Ok(place), Ok(units)) = (part.0.parse(), part.1.parse::<Decimal>()) {
                    *sent.entry(place).or_default() += units;
                }
            }
        }
        held.iter().all(|(place, units)| {
            let sent = sent.get(place).copied().unwrap_or_default();
            sent >= *units
        })
    }
}

/// The changes that leave a mark of so many units in the fulfilments that hold them.
pub(super) struct Marked {
    pub(super) changes: Vec<Value>,
    /// Some of the units are in a fulfilment that was cancelled.
    pub(super) is_dropped: bool,
    /// Some of the units are in a fulfilment.
    pub(super) is_known: bool,
}

impl TillOrder {
    /// Marks units with a name; what has that mark already, or is done, is left as it is.
    pub(super) fn mark(&self, lines: &[(String, u32)], name: &str) -> Result<Marked, &'static str> {
        let mut left = Units::new();
        for (uid, units) in lines {
            if let Some(place) = self.line_items.iter().position(|line| line.uid == *uid) {
                *left.entry(place).or_default() += Decimal::from(*units);
            }
        }
        let mut marked = Marked {
            changes: Vec::new(),
            is_dropped: false,
            is_known: false,
        };
        for one in &self.fulfillments {
            let held = one.units(self);
            let mut here = Units::new();
            for (place, units) in &mut left {
                let taken = held.get(place).copied().unwrap_or_default().min(*units);
                *units -= taken;
                if !taken.is_zero() {
                    here.insert(*place, taken);
                }
            }
            if here.is_empty() {
                continue;
            }
            marked.is_known = true;
            if one.metadata.contains_key(name) || one.state() == "COMPLETED" {
                continue;
            }
            if !one.is_pending() {
                marked.is_dropped = true;
                continue;
            }
            marked.changes.push(change(one, &held, name, &here)?);
        }
        Ok(marked)
    }
}

/// What a fulfilment becomes by a mark of these units of it.
fn change(
    one: &Fulfillment,
    held: &Units,
    name: &str,
    here: &Units,
) -> Result<Value, &'static str> {
    let units: Vec<_> = here
        .iter()
        .map(|(place, units)| format!("{place}x{}", units.normalize()))
        .collect();
    let mut marks = one.metadata.clone();
    marks.insert(name.to_owned(), units.join(" "));
    let is_covered = Fulfillment::is_covered(&marks, held);
    let too_long = units.join(" ").len() > VALUE;
    if !is_covered && (too_long || marks.len() > MARKS) {
        return Err("too_many_parcels");
    }
    let mut change = json!({ "uid": one.uid });
    if !too_long && marks.len() <= MARKS {
        change["metadata"] = json!(marks);
    }
    if is_covered {
        let mut ours = marks.keys().filter(|name| name.starts_with(MARK));
        let nothing_left = ours.all(|name| name.starts_with(CUT));
        change["state"] = if nothing_left {
            "CANCELED"
        } else {
            "COMPLETED"
        }
        .into();
    }
    Ok(change)
}
