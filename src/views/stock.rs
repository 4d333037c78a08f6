//! Stock as the API shows it.

use orderhub_domain::ids::LocationCode;
use orderhub_domain::stock::Counters;
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
    })
}
