//! What Adobe Commerce states of an order after it was placed: what went back, and which units are wanted. Pure.
//!
//! Decided here: a line states how many units were cancelled and refunded, but not whether those had left. So
//! each credit memo is held against what had been shipped when it was made: units beyond that will not be sent
//! any more, the others came back. Where some had left and some had not, it is for those that had. The answer
//! stays the same whatever is shipped afterwards.

use std::collections::BTreeMap;

use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::lines::{is_bundle, parts};
use super::map::time;
use super::wire::{CreditMemo, Item, Order, Sent, Units};
use crate::sales::taken::{NotTaken, amount_or_zero, id_of, unreadable};

/// Money that went back, by credit memo.
pub(super) fn refunds(order: &Order, currency: Currency) -> Result<Vec<ChannelFact>, NotTaken> {
    let mut facts = Vec::new();
    for memo in order.creditmemos.iter().filter(|memo| memo.is_refunded()) {
        let id = id_of(memo.entity_id.as_ref());
        let amount = amount_or_zero(memo.grand_total.as_ref(), currency, "a credit memo")?;
        if amount.is_zero() {
            continue;
        }
        facts.push(ChannelFact::Refunded {
            reference: id.ok_or_else(|| unreadable("a credit memo's entity_id"))?,
            amount,
            at: Some(time(
                memo.created_at.as_ref(),
                "a credit memo's created_at",
            )?),
        });
    }
    Ok(facts)
}

/// Units of a line in one of its papers.
fn units_of(items: Option<&Vec<Units>>, line: &str) -> Decimal {
    let of_line = items.into_iter().flatten();
    let of_line = of_line.filter(|one| id_of(one.order_item_id.as_ref()).as_deref() == Some(line));
    of_line.map(|one| Item::count(one.qty.as_ref())).sum()
}

/// Units of a line that went back to the buyer as money and had not left by then.
fn given_back_unsent(line: &str, memos: &[&CreditMemo], sent: &[Sent]) -> Decimal {
    // Both state their times in one form, which sorts as it reads.
    let (mut returned, mut unsent) = (Decimal::ZERO, Decimal::ZERO);
    for memo in memos {
        let before = sent.iter().filter(|one| one.created_at <= memo.created_at);
        let left: Decimal = before.map(|one| units_of(one.items.as_ref(), line)).sum();
        let units = units_of(memo.items.as_ref(), line);
        let came_back = units.min((left - returned).max(Decimal::ZERO));
        returned += came_back;
        unsent += units - came_back;
    }
    unsent
}

/// Units of lines that are to be sent or were, where they are not all that were ordered.
pub(super) fn wanted(order: &Order) -> Result<BTreeMap<String, Quantity>, NotTaken> {
    let mut memos: Vec<&CreditMemo> = order.creditmemos.iter().collect();
    memos.retain(|memo| memo.is_refunded());
    memos.sort_by(|one, other| one.created_at.cmp(&other.created_at));
    let mut wanted = BTreeMap::new();
    for item in &order.items {
        let Some(line) = id_of(item.item_id.as_ref()) else {
            continue;
        };
        let cancelled = Item::count(item.qty_canceled.as_ref());
        let off = cancelled + given_back_unsent(&line, &memos, &order.shipments);
        if off.is_zero() {
            continue;
        }
        let left = Item::count(item.qty_ordered.as_ref()) - off;
        let left = left.max(Decimal::ZERO);
        let left = Quantity::new(left).or_else(|| left.is_zero().then_some(Quantity::ZERO));
        let left = left.ok_or_else(|| unreadable("a line's qty_canceled"))?;
        wanted.insert(line, left);
    }
    Ok(wanted)
}

/// Whether a line was shipped or given up in part: no order begins like that, for which of its units are
/// still to be sent is not the hub's to guess.
pub(super) fn is_under_way(order: &Order) -> bool {
    if !matches!(order.state.as_deref(), Some("new" | "processing")) {
        return false;
    }
    let mut of = parts(&order.items);
    let roots = order.items.iter();
    let roots = roots.filter(|item| id_of(item.parent_item_id.as_ref()).is_none());
    let mut lines: Vec<&Item> = Vec::new();
    for item in roots {
        lines.push(item);
        let id = id_of(item.item_id.as_ref()).filter(|_| is_bundle(item));
        lines.extend(id.and_then(|id| of.remove(&id)).into_iter().flatten());
    }
    lines.into_iter().any(Item::is_under_way)
}
