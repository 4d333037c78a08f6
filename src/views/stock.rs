//! Stock as the API shows it.

use orderhub_domain::ids::{LocationCode, Sku, Slug};
use orderhub_domain::stock::{Counters, Quota};
use serde_json::{Value, json};

/// The counters of one SKU at one location.
pub fn at_location(location: &LocationCode, counters: &Counters) -> Value {
    json!({
        "location": location.as_str(),
        "on_hand": counters.on_hand,
        "reserved": counters.reserved,
        "allocated": counters.allocated,
        "buffer": counters.buffer,
        "available": counters.available(),
        "backorder_limit": counters.backorder_limit,
        "waiting": counters.waiting,
        "inbound": counters.inbound,
    })
}

/// What a channel may have promised, and has.
pub fn quota(channel: &Slug, quota: &Quota) -> Value {
    json!({
        "channel": channel.as_str(),
        "units": quota.units,
        "reserved": quota.reserved,
        "taken": quota.taken,
        "left": quota.left(),
        "version": quota.rev,
    })
}

/// The same with the SKU's name.
pub fn of(location: &LocationCode, sku: &Sku, counters: &Counters) -> Value {
    let mut body = at_location(location, counters);
    body["sku"] = sku.as_str().into();
    body
}
