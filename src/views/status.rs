//! What a customer is told: one word, a pure projection of stage, quantities and holds.

use orderhub_domain::order::{FulfilmentStage, Order, PastEnd, Quantities, Stage};
use orderhub_domain::quantity::Quantity;

/// The customer-facing word for an order.
pub fn status(order: &Order) -> &'static str {
    match order.stage {
        Stage::Rejected | Stage::Expired => return "not_accepted",
        Stage::Cancelled => return "cancelled",
        Stage::Closed if order.is_past() => {
            let refunded = order
                .history
                .as_ref()
                .is_some_and(|past| past.end == PastEnd::Refunded);
            return if refunded { "refunded" } else { "delivered" };
        }
        // Recorded on a live connection, and nothing was done about it.
        Stage::Closed if order.confirmed_at.is_none() => return "not_processed",
        Stage::Cancelling => return "being_cancelled",
        Stage::Received | Stage::Screening | Stage::Reserving => return "received",
        Stage::Authorizing => {
            let waits = order.tenders.iter().any(|tender| tender.action_required);
            return if waits {
                "awaiting_payment"
            } else {
                "received"
            };
        }
        Stage::Confirmed | Stage::Fulfilling | Stage::Completed | Stage::Closed => {}
    }
    let lines: Vec<Quantities> = order
        .line_numbers()
        .map(|number| order.quantities(number))
        .collect();
    let sum = |of: fn(&Quantities) -> Quantity| Quantity::sum(lines.iter().map(of));
    let shipped = sum(|line| line.shipped);
    let elsewhere = sum(|line| line.cancelled.plus(line.not_stocked));
    let open = sum(|line| line.ordered).minus(elsewhere);
    if shipped.is_zero() {
        let ready = FulfilmentStage::ReadyForPickup;
        if order.fulfilments.iter().any(|work| work.stage == ready) {
            return "ready_for_pickup";
        }
        let done = matches!(order.stage, Stage::Completed | Stage::Closed);
        return if done { "completed" } else { "processing" };
    }
    if sum(|line| line.returned) >= open {
        "returned"
    } else if sum(|line| line.delivered) >= open {
        "delivered"
    } else if shipped >= open {
        "shipped"
    } else {
        "part_shipped"
    }
}
