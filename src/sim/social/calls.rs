//! What is asked of the shop and done with its orders. Nothing recognises a repeat: a unit that has left does
//! not leave again.

use std::io;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::wire::{self, code, done};
use crate::sim::ledger::{Ledger, Parcel, Sale};
use crate::sim::offered::Offered;
use crate::sim::server::{Reply, value};

type Query = [(String, String)];

/// A request that is refused; these have the status of success.
fn refused(number: i64, message: &str) -> Reply {
    Reply::new(200, code(number, message))
}

fn find(ledger: &Ledger, id: &Value) -> Option<Sale> {
    ledger.find(id.as_str()?.parse().ok()?)
}

/// Orders by their ids.
pub(super) fn orders(ledger: &Ledger, query: &Query) -> Reply {
    let ids = value(query, "ids").unwrap_or_default().split(',');
    let found = ids.filter_map(|id| ledger.find(id.parse().ok()?));
    let found: Vec<Value> = found.map(|sale| wire::order(&sale)).collect();
    done(&json!({ "orders": found }))
}

/// A page of the orders that have changed within a stretch of time.
pub(super) fn search(ledger: &Ledger, query: &Query, body: &Value) -> Reply {
    let time = |name: &str| Timestamp::from_second(body[name].as_i64()?).ok();
    let stretch = time("update_time_ge").zip(time("update_time_lt"));
    let size = value(query, "page_size").and_then(|size| size.parse().ok());
    let (Some(stretch), Some(size)) = (stretch, size.filter(|size| (1..=100).contains(size)))
    else {
        return refused(36_009_004, "Invalid params");
    };
    let behind = match value(query, "page_token").map(wire::place) {
        None => None,
        Some(Some(place)) => Some(place),
        Some(None) => return refused(36_009_004, "Invalid page_token"),
    };
    let (sales, more) = ledger.changed(stretch, behind, size);
    let next = sales
        .last()
        .filter(|_| more)
        .map(|last| wire::page_token(last));
    let orders: Vec<Value> = sales.iter().map(|sale| wire::order(sale)).collect();
    done(&json!({
        "next_page_token": next.unwrap_or_default(), "total_count": orders.len(), "orders": orders,
    }))
}

/// Units that left in one parcel with a label of the seller's.
pub(super) fn ship(ledger: &mut Ledger, id: &str, body: &Value) -> io::Result<Reply> {
    let Some(sale) = find(ledger, &id.into()) else {
        return Ok(refused(21_001_001, "Order not found"));
    };
    let carrier = body["shipping_provider_id"]
        .as_str()
        .and_then(wire::provider);
    let (Some(carrier), Some(tracking)) = (carrier, body["tracking_number"].as_str()) else {
        return Ok(refused(
            21_011_002,
            "Invalid shipping provider or tracking number",
        ));
    };
    if sale.cancelled.is_some() {
        return Ok(refused(21_011_020, "The order is cancelled"));
    }
    let named = body["order_line_item_ids"].as_array().into_iter().flatten();
    let named: Option<Vec<u64>> = named.map(|id| wire::unit(&sale, id.as_str()?)).collect();
    let Some(mut named) = named.filter(|named| !named.is_empty()) else {
        return Ok(refused(21_011_001, "Order line item not found"));
    };
    named.sort_unstable();
    named.dedup();
    if named.iter().any(|unit| sale.shipped(*unit) > 0) {
        return Ok(refused(21_011_021, "The package has been shipped"));
    }
    let parcel = Parcel {
        carrier: carrier.to_owned(),
        tracking: tracking.to_owned(),
        units: named.into_iter().map(|unit| (unit, 1)).collect(),
    };
    let package = wire::package_id(&sale);
    if !ledger.ship(sale, parcel)? {
        return Ok(refused(21_011_022, "Too many packages"));
    }
    Ok(done(&json!({ "package_id": package, "order_id": id })))
}

/// The seller cancels an order of which nothing has left.
pub(super) fn cancel(ledger: &mut Ledger, body: &Value) -> io::Result<Reply> {
    let Some(sale) = find(ledger, &body["order_id"]) else {
        return Ok(refused(25_001_001, "Order not found"));
    };
    let Some(reason) = body["cancel_reason"].as_str() else {
        return Ok(refused(25_001_002, "Invalid cancel reason"));
    };
    if sale.cancelled.is_some() || !sale.parcels.is_empty() {
        return Ok(refused(25_001_003, "The order cannot be cancelled"));
    }
    let cancellation = format!("{}1", sale.id);
    ledger.cancel(sale, reason)?;
    Ok(done(&json!({
        "cancel_id": cancellation, "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
    })))
}

/// The products that have one of these seller SKUs.
pub(super) fn products(offered: &Offered, body: &Value) -> Reply {
    let wanted = body["seller_skus"].as_array().cloned().unwrap_or_default();
    let found = offered
        .all()
        .filter(|(_, sku, _)| wanted.iter().any(|wanted| wanted == sku));
    let found: Vec<Value> = found
        .map(|(place, sku, units)| {
            json!({
                "id": wire::product_id(place), "title": format!("Article {sku}"), "status": "ACTIVATE",
                "skus": [{
                    "id": wire::sku_id(sku), "seller_sku": sku,
                    "inventory": [{ "quantity": units.max(0), "warehouse_id": wire::WAREHOUSE }],
                }],
            })
        })
        .collect();
    done(&json!({ "products": found, "total_count": found.len(), "next_page_token": "" }))
}

/// Sets how many are offered of a product.
pub(super) fn offer(offered: &mut Offered, product: &str, body: &Value) -> Reply {
    let sku = wire::product_place(product).and_then(|place| offered.at(place));
    let Some(sku) = sku.map(str::to_owned) else {
        return refused(12_052_230, "Product not found");
    };
    let told = &body["skus"][0];
    let units = told["inventory"][0]["quantity"].as_i64();
    let (true, Some(units)) = (told["id"] == wire::sku_id(&sku), units) else {
        return refused(12_052_901, "Invalid SKU or quantity");
    };
    offered.set(&sku, units);
    done(&json!({ "errors": [] }))
}
