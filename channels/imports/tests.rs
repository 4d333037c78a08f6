//! Each format on made-up files: what an order of it means, what is refused and where, and that pieces of
//! a file say together what the file says. Fixtures are written after the vendors' documented columns.

mod reading;
mod refusing;
mod splitting;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use orderhub_domain::canonical::OrderDraft;

use super::{ImportFormat, PastOrder, ReadOrder, Reading};

const SHOPIFY: &str = include_str!("fixtures/shopify.csv");
const WOOCOMMERCE: &str = include_str!("fixtures/woocommerce.csv");
const WOOCOMMERCE_ROWS: &str = include_str!("fixtures/woocommerce_rows.csv");
const NDJSON: &str = include_str!("fixtures/orders.ndjson");

fn reading() -> Reading {
    Reading {
        channel: "shop-de".into(),
        zone: TimeZone::UTC,
        now: "2026-11-20T00:00:00Z".parse::<Timestamp>().expect("a time"),
    }
}

fn read(format: ImportFormat, file: &str) -> Vec<ReadOrder> {
    let first_row = if format == ImportFormat::Ndjson { 1 } else { 2 };
    format
        .read(file.as_bytes(), first_row, &reading())
        .expect("a file of this format")
}

fn past(orders: &[ReadOrder], external_id: &str) -> PastOrder {
    let mut found = orders.iter();
    let found = found.find(|order| order.external_id.as_deref() == Some(external_id));
    let found = found.unwrap_or_else(|| panic!("{external_id} is not in the file"));
    let order = found.order.clone();
    order.unwrap_or_else(|faults| panic!("{external_id} is refused: {faults:?}"))
}

/// What is wrong with the order whose first row this is: `row pointer code`.
fn faults(orders: &[ReadOrder], row: u64) -> Vec<String> {
    let found = orders.iter().find(|order| order.row == row);
    let found = found.unwrap_or_else(|| panic!("no order begins in row {row}"));
    let faults = found.order.clone().err().unwrap_or_default();
    let line = |fault: super::Fault| {
        let (row, violation) = (fault.row, fault.violation);
        format!("{row} {} {}", violation.pointer, violation.code)
    };
    faults.into_iter().map(line).collect()
}

fn total(draft: &OrderDraft) -> String {
    draft.totals().grand.amount().to_string()
}
