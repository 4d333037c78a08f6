//! Units on their way to the store where the buyer collects them, as pages and callers see them.

use orderhub_domain::order::{Fulfilment, TransferEvent};
use serde_json::{Value, json};

/// Where a piece of work sends its units, when that is a store; null for all others.
pub(super) fn transfer(work: &Fulfilment) -> Value {
    let transfer = work.transfer.as_ref();
    transfer.map_or(
        Value::Null,
        |transfer| json!({ "to": transfer.to.as_str(), "arrived_at": transfer.arrived_at }),
    )
}

/// What happened, in one sentence without personal data.
pub(super) fn summary(event: &TransferEvent) -> String {
    match event {
        TransferEvent::Arrived { fulfilment } => {
            format!("Fulfilment {fulfilment} is at the store where the buyer collects it.")
        }
        TransferEvent::Withdrawn { fulfilment, reason } => format!(
            "Fulfilment {fulfilment} is on its way and not wanted any more ({}): the store keeps it.",
            super::timeline::plain(reason)
        ),
    }
}
