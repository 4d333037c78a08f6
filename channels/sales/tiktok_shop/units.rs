//! Units and lines. TikTok Shop states every unit by itself, under an id of its own; the hub has one line for
//! units of one SKU at one price, under the smallest id among them. What becomes of a unit moves it to no
//! other line, so that a line keeps its name for as long as the order lives. Pure.

use super::wire::Unit;

/// What has become of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// To be shipped.
    Open,
    /// It has left.
    Shipped,
    /// It will not be shipped.
    Cancelled,
}

/// The fate of one unit, by its own status.
pub(super) fn fate(unit: &Unit) -> Fate {
    match unit.display_status.as_deref() {
        Some("CANCELLED") => Fate::Cancelled,
        Some("AWAITING_COLLECTION" | "IN_TRANSIT" | "DELIVERED" | "COMPLETED") => Fate::Shipped,
        _ => Fate::Open,
    }
}

/// Ids as numbers, whatever their length: the shorter one is the smaller one.
fn rank(unit: &Unit) -> (usize, &str) {
    (unit.id.len(), unit.id.as_str())
}

/// The units of each line, each line's in the order of their ids. The first one's id is the line's.
pub(super) fn lines(units: &[Unit]) -> Vec<Vec<&Unit>> {
    let mut sorted: Vec<&Unit> = units.iter().collect();
    sorted.sort_by(|one, other| rank(one).cmp(&rank(other)));
    let alike = |one: &Unit, other: &Unit| {
        one.sku_id.is_some()
            && one.sku_id == other.sku_id
            && one.seller_sku == other.seller_sku
            && one.original_price == other.original_price
            && one.sale_price == other.sale_price
            && one.platform_discount == other.platform_discount
            && one.is_gift == other.is_gift
    };
    let mut lines: Vec<Vec<&Unit>> = Vec::new();
    for unit in sorted {
        let line = lines.iter_mut().find(|line| alike(line[0], unit));
        match line {
            Some(line) => line.push(unit),
            None => lines.push(vec![unit]),
        }
    }
    lines
}
