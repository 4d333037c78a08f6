//! Square's objects as its API reference describes them: an order of the Point of Sale app, the payment that
//! names it, the refund of a part, and things of the catalog. Amounts are cents; the taxes are in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::REFUNDED;
use crate::sim::courier::Letter;
use crate::sim::goods::{Line, tax};
use crate::sim::ledger::Sale;

/// Whose till it is.
pub(super) struct Account {
    pub(super) merchant: String,
    pub(super) location: String,
}

/// How the ids of orders, of their payments and refunds, and of things of the catalog, begin.
const ORDER: &str = "SIMORDER";
const PAYMENT: &str = "SIMPAY";
const REFUND: &str = "SIMREFUND";
const VARIATION: &str = "SIMVAR";

/// An order's id.
pub(super) fn id(number: u64) -> String {
    format!("{ORDER}{number}")
}

/// The number in an order's id.
pub(super) fn number(id: &str) -> Option<u64> {
    id.strip_prefix(ORDER)?.parse().ok()
}

/// The place in a search behind this order.
pub(super) fn cursor(sale: &Sale) -> String {
    format!("{}-{}", sale.changed_at.as_nanosecond(), sale.id)
}

/// The place that a cursor names.
pub(super) fn place(cursor: &str) -> Option<(Timestamp, u64)> {
    let (at, id) = cursor.split_once('-')?;
    let at = Timestamp::from_nanosecond(at.parse().ok()?).ok()?;
    Some((at, id.parse().ok()?))
}

/// How errors are worded.
pub(super) fn error(category: &str, code: &str) -> Value {
    json!({ "errors": [{ "category": category, "code": code }] })
}

/// The variation of the catalog that stands for a SKU: its id has the SKU in it.
fn variation(sku: &str) -> String {
    format!("{VARIATION}{}", hex::encode_upper(sku))
}

/// A thing of the catalog by its id.
pub(super) fn catalog_object(id: &str) -> Option<Value> {
    let sku = hex::decode(id.strip_prefix(VARIATION)?).ok()?;
    let sku = String::from_utf8(sku).ok()?;
    Some(json!({
        "type": "ITEM_VARIATION", "id": id, "version": 1, "is_deleted": false,
        "present_at_all_locations": true,
        "item_variation_data": {
            "item_id": format!("SIMITEM{}", hex::encode_upper(&sku)), "name": "Regular", "sku": sku,
            "ordinal": 0, "pricing_type": "FIXED_PRICING",
        },
    }))
}

fn money(cents: u64) -> Value {
    json!({ "amount": cents, "currency": "EUR" })
}

/// An order that was paid and handed over at the counter.
pub(super) fn order(sale: &Sale, account: &Account) -> Value {
    let lines = sale.lines.iter().zip(1..);
    let lines: Vec<Value> = lines.map(|(line, place)| line_item(line, place)).collect();
    let taxes = sale.lines.iter().map(|line| tax(line.net(), line.tax));
    let mut percents: Vec<u64> = sale.lines.iter().map(|line| line.tax).collect();
    percents.sort_unstable();
    percents.dedup();
    let order_taxes = percents.iter().map(|percent| {
        json!({
            "uid": format!("VAT{percent}"), "name": "MwSt", "percentage": percent.to_string(),
            "type": "INCLUSIVE", "scope": "LINE_ITEM",
        })
    });
    let total = money(sale.goods());
    json!({
        "id": id(sale.id), "location_id": account.location, "source": { "name": "Point of Sale" },
        "created_at": sale.placed_at.to_string(), "updated_at": sale.changed_at.to_string(),
        "closed_at": sale.placed_at.to_string(), "state": "COMPLETED", "version": sale.version,
        "reference_id": format!("{:06}", sale.number), "line_items": lines,
        "taxes": order_taxes.collect::<Vec<_>>(),
        "tenders": [{
            "id": format!("SIMTENDER{}", sale.id), "location_id": account.location,
            "transaction_id": id(sale.id), "payment_id": payment_id(sale), "type": "CARD",
            "created_at": sale.placed_at.to_string(), "amount_money": total,
            "card_details": { "status": "CAPTURED", "entry_method": "CONTACTLESS" },
        }],
        "total_money": total, "total_tax_money": money(taxes.sum()), "net_amount_due_money": money(0),
        "total_discount_money": money(0), "total_tip_money": money(0),
        "total_service_charge_money": money(0),
    })
}

fn line_item(line: &Line, place: u64) -> Value {
    let (sum, tax) = (money(line.net()), money(tax(line.net(), line.tax)));
    json!({
        "uid": format!("line-{place}"), "name": format!("Article {}", line.sku),
        "variation_name": "Regular", "catalog_object_id": variation(&line.sku), "catalog_version": 1,
        "item_type": "ITEM", "quantity": line.quantity.to_string(),
        "base_price_money": money(line.price), "gross_sales_money": sum, "total_money": sum,
        "variation_total_price_money": sum, "total_tax_money": tax,
        "total_discount_money": money(0), "total_service_charge_money": money(0),
        "applied_taxes": [{
            "uid": format!("applied-{place}"), "tax_uid": format!("VAT{}", line.tax),
            "applied_money": tax,
        }],
    })
}

fn payment_id(sale: &Sale) -> String {
    format!("{PAYMENT}{}", sale.id)
}

fn refund_id(sale: &Sale) -> String {
    format!("{REFUND}{}", sale.id)
}

/// The number of the order that a payment or a refund of this id is of.
pub(super) fn of_order(id: &str) -> Option<u64> {
    let number = id.strip_prefix(PAYMENT).or(id.strip_prefix(REFUND))?;
    number.parse().ok()
}

/// The payment of an order.
pub(super) fn payment(sale: &Sale, account: &Account) -> Value {
    let total = money(sale.goods());
    let mut payment = json!({
        "id": payment_id(sale), "order_id": id(sale.id), "location_id": account.location,
        "status": "COMPLETED", "source_type": "CARD", "amount_money": total,
        "total_money": total, "approved_money": total,
        "created_at": sale.placed_at.to_string(), "updated_at": sale.changed_at.to_string(),
    });
    if let Some(refund) = &sale.refund {
        payment["refunded_money"] = money(refund.cents);
        payment["refund_ids"] = json!([refund_id(sale)]);
    }
    payment
}

/// What went back of an order's payment. The order that it names is one of its own.
pub(super) fn refund(sale: &Sale, account: &Account) -> Option<Value> {
    let refund = sale.refund.as_ref()?;
    Some(json!({
        "id": refund_id(sale), "status": "COMPLETED", "location_id": account.location,
        "amount_money": money(refund.cents), "payment_id": payment_id(sale),
        "order_id": format!("SIMRETURN{}", sale.id), "reason": "Returned goods",
        "destination_type": "CARD",
        "created_at": refund.at.to_string(), "updated_at": refund.at.to_string(),
    }))
}

/// The webhook that a letter becomes; none when there is nothing of the kind.
pub(super) fn hook(sale: &Sale, account: &Account, letter: &Letter) -> Option<Value> {
    let (name, object) = match letter.topic {
        REFUNDED => ("refund", refund(sale, account)?),
        _ => ("payment", payment(sale, account)),
    };
    Some(json!({
        "merchant_id": account.merchant, "location_id": account.location, "type": letter.topic,
        "event_id": format!("00000000-0000-4000-8000-{:012}", letter.number),
        "created_at": object["created_at"],
        "data": { "type": name, "id": object["id"], "object": { name: object } },
    }))
}
