//! Reads `[policy.returns]`: what may come back, and what is given back for it.

use orderhub_domain::policy::{ReturnPayer, ReturnPolicy, ShippingRefund};
use toml::{Table, Value};

use super::policy::read_amounts;
use super::section::{Reading, Section};

/// Whether shipping and fees go back with the units.
const SHIPPING: [(&str, ShippingRefund); 3] = [
    (ShippingRefund::Never.word(), ShippingRefund::Never),
    (ShippingRefund::Whole.word(), ShippingRefund::Whole),
    (ShippingRefund::Share.word(), ShippingRefund::Share),
];

/// Who pays for the way back.
const PAYERS: [(&str, ReturnPayer); 2] = [
    (ReturnPayer::Retailer.word(), ReturnPayer::Retailer),
    (ReturnPayer::Buyer.word(), ReturnPayer::Buyer),
];

pub(super) fn read_returns(table: Table, reading: &mut Reading<'_>) -> ReturnPolicy {
    let usual = ReturnPolicy::default();
    let mut section = Section::new("policy.returns", table, reading);
    let excluded = section.take("excluded");
    let excluded = excluded.map_or(Some(usual.excluded), texts);
    if excluded.is_none() {
        section.refuse(
            "excluded",
            "must be a list of SKUs, or of beginnings like \"GIFT-*\"",
        );
    }
    let auto_approve = read_amounts("auto_approve", section.table("auto_approve"), &mut section);
    let policy = ReturnPolicy {
        window: section.duration("window", usual.window),
        excluded: excluded.unwrap_or_default(),
        auto_approve,
        approve_unannounced: section.flag("approve_unannounced", usual.approve_unannounced),
        restocking_fee_percent: section
            .whole("restocking_fee_percent", 0, 100)
            .unwrap_or(usual.restocking_fee_percent),
        shipping: section.word("shipping", &SHIPPING, usual.shipping),
        paid_by: section.word("paid_by", &PAYERS, usual.paid_by),
        refund_damaged: section.flag("refund_damaged", usual.refund_damaged),
        no_show_after: section.duration("no_show_after", usual.no_show_after),
        claw_back_after: section.duration("claw_back_after", usual.claw_back_after),
    };
    section.finish();
    policy
}

/// The texts of a list; `None` when something else stands there.
fn texts(value: Value) -> Option<Vec<String>> {
    let Value::Array(items) = value else {
        return None;
    };
    let text = |item: Value| match item {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    };
    items.into_iter().map(text).collect()
}
