//! Kits: a line with components is sold as one thing. Each component becomes a line of its own
//! behind the stated ones, without a price; what that means stands in the domain.

use std::collections::BTreeSet;

use orderhub_domain::canonical::{DraftLine, FulfilledBy, KitPart};
use orderhub_domain::ids::Sku;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::order::NAME;
use super::reader::{Part, Problems};

/// Most components of one kit.
const MOST_COMPONENTS: usize = 20;
/// Most units of a component in one kit.
const MOST_EACH: u32 = 10_000;

/// A component as stated: what, and how many in one kit.
pub(super) struct Component {
    sku: String,
    each: u32,
    /// Where it stands, for what is wrong with it.
    at: String,
}

/// The components that a line states; none for an ordinary one.
pub(super) fn read(line: &Part<'_, '_>, problems: &mut Problems) -> Vec<Component> {
    let mut components: Vec<Component> = Vec::new();
    for (pointer, item) in line.list("components", MOST_COMPONENTS, problems) {
        let Some(part) = Part::new(item, &pointer, &["sku", "quantity"], problems) else {
            continue;
        };
        let sku = part.text("sku", NAME, "what to pick", problems);
        part.need("quantity", "how many in one kit, e.g. \"2\"", problems);
        let each = part.decimal_if("quantity", problems);
        let whole = each.filter(|each| each.fract().is_zero() && *each >= Decimal::ONE);
        let whole = whole
            .and_then(|each| each.to_u32())
            .filter(|each| *each <= MOST_EACH);
        if each.is_some() && whole.is_none() {
            let hint = "a whole number from 1 to 10000";
            problems.add(&part.at("quantity"), "out_of_range", hint);
        }
        if let (Some(sku), Some(each)) = (sku, whole) {
            if components.iter().any(|known| known.sku == sku) {
                problems.add(&part.at("sku"), "duplicate", "each component once");
            }
            let at = pointer.clone();
            components.push(Component { sku, each, at });
        }
    }
    components
}

/// Adds the components of kits behind the lines; `kits` has one list for each line, `known` the ids
/// of all lines.
pub(super) fn expand(
    lines: &mut Vec<DraftLine>,
    kits: Vec<Vec<Component>>,
    known: &mut BTreeSet<String>,
    problems: &mut Problems,
) {
    let mut parts = Vec::new();
    for ((kit, components), number) in lines.iter().zip(kits).zip(1_u16..) {
        for Component { sku, each, at } in components {
            let external_id = format!("{}/{sku}", kit.external_id);
            if !known.insert(external_id.clone()) {
                let hint = "the id of the kit with / and the SKU is another line's id";
                problems.add(&at, "duplicate", hint);
            }
            let quantity = Quantity::new(kit.quantity.value() * Decimal::from(each));
            let Some(quantity) = quantity.filter(|q| q.whole().is_some()) else {
                problems.add(&at, "out_of_range", "kits are sold by the piece");
                continue;
            };
            parts.push(DraftLine {
                external_id,
                title: sku.clone(),
                sku: Some(Sku(sku)),
                quantity,
                unit_price: Decimal::ZERO,
                discounts: Vec::new(),
                taxes: Vec::new(),
                weight_g: None,
                fulfilled_by: FulfilledBy::Us,
                customs: None,
                part_of: Some(KitPart { line: number, each }),
            });
        }
    }
    lines.extend(parts);
}
