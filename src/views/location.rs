//! A location as the API shows it.

use jiff::Timestamp;
use orderhub_actors::ports::Pause;
use orderhub_domain::order::{Location, Places};
use serde_json::{Value, json};

/// A location, with why it takes no new work, if it takes none, and how much its next working day has.
pub fn of(places: &dyn Places, location: &Location, pause: Option<&Pause>) -> Value {
    let day = location.hours.work_day(Timestamp::now());
    // Who states no capacity does not count.
    let work = location.capacity_per_day.map(|most| {
        let taken = places.work_of(&location.code, day);
        json!({ "capacity": most, "taken": taken, "full": taken >= most })
    });
    json!({
        "code": location.code.as_str(),
        "country": location.country,
        "kind": if location.store { "store" } else { "warehouse" },
        "paused": pause.map(|pause| json!({
            "since": pause.at,
            "by": pause.by,
            "reason": pause.reason,
        })),
        "work_day": work,
    })
}
