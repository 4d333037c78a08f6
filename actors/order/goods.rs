//! What is in a parcel, as a carrier and customs have to know it: its weight, its size, its contents.

use orderhub_channels::carriers::{Content, Goods};
use orderhub_domain::customs::unit_value;
use orderhub_domain::order::{Fulfilment, LineUnits, Order, Parcel};
use orderhub_domain::policy::Policy;
use orderhub_domain::quantity::Quantity;
use rust_decimal::prelude::ToPrimitive;

/// What is in a parcel of a piece of work. Its contents are none where nobody knows in which of several parcels
/// they are.
pub(super) fn goods(order: &Order, work: &Fulfilment, parcel: &Parcel, policy: &Policy) -> Goods {
    let known = work.contents(parcel).unwrap_or_default();
    let contents = known
        .iter()
        .filter_map(|units| content(order, units, policy));
    Goods {
        weight_g: weight_g(order, work, parcel, policy),
        size: parcel.size.or(policy.default_size),
        contents: contents.collect(),
    }
}

fn content(order: &Order, units: &LineUnits, policy: &Policy) -> Option<Content> {
    let line = order
        .draft
        .lines
        .get(usize::from(units.line).checked_sub(1)?)?;
    let customs = line.customs.clone().unwrap_or_default();
    Some(Content {
        line: line.external_id.clone(),
        title: line.title.clone(),
        sku: line.sku.as_ref().map(|sku| sku.as_str().to_owned()),
        units: number(units.quantity),
        weight_g: line.weight_g.unwrap_or(policy.default_weight_g),
        unit_value: unit_value(&order.draft, units.line)?,
        hs_code: customs.hs_code,
        origin: customs.origin,
    })
}

fn number(units: Quantity) -> u32 {
    units.value().ceil().to_u32().unwrap_or(1)
}

/// What a parcel weighs: as somebody has weighed it, else by what is in it, else its even part of the
/// work's weight. Never nothing: no carrier takes that.
fn weight_g(order: &Order, work: &Fulfilment, parcel: &Parcel, policy: &Policy) -> u32 {
    let weighed = parcel.weight_g.unwrap_or_else(|| {
        if let Some(units) = work.contents(parcel) {
            return units_weigh_g(order, &units, policy);
        }
        let parcels = u32::try_from(work.parcels.len()).unwrap_or(1);
        units_weigh_g(order, &work.lines, policy).div_ceil(parcels.max(1))
    });
    weighed.max(1)
}

/// What units weigh: stated weights, and the policy's for units that nobody weighed.
fn units_weigh_g(order: &Order, units: &[LineUnits], policy: &Policy) -> u32 {
    let weights = units.iter().map(|units| {
        let index = usize::from(units.line.saturating_sub(1));
        let stated = order.draft.lines.get(index).and_then(|line| line.weight_g);
        let each = stated.unwrap_or(policy.default_weight_g);
        each.saturating_mul(number(units.quantity))
    });
    weights.fold(0, u32::saturating_add)
}
