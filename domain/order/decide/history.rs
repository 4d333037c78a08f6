//! What reaches an order of the past. Nothing is done about any of it: a note is written down, a report
//! that says what is known adds nothing, and any other is kept as one that was not applied.

use super::super::{ChannelFact, Command, Fact, PastEnd, Rejection};
use super::Draft;

/// Why a report is not applied.
const HISTORY: &str = "the order was imported as history, and history is not acted on";

impl Draft<'_> {
    /// Refuses whatever would have something done for an order of the past. What it was sent with before
    /// is recognised, and people may note what they want.
    pub(super) const fn check_past(&self, command: &Command) -> Result<(), Rejection> {
        match command {
            Command::Note { .. } | Command::PlaceAgain { .. } => Ok(()),
            _ if self.order.is_past() => Err(Rejection::Past),
            _ => Ok(()),
        }
    }

    /// Takes a report about an order of the past: once per kind it is recorded that it was not applied,
    /// unless the file said the same.
    pub(super) fn past_fact(&mut self, fact: &Fact) {
        let end = self.order.history.as_ref().map(|history| history.end);
        let kind = match fact {
            Fact::Channel(ChannelFact::Cancelled { .. }) if end == Some(PastEnd::Completed) => {
                "order.cancelled"
            }
            Fact::Payment(payment) => payment.evidence.kind(),
            Fact::Fulfilment(work) => work.evidence.kind(),
            Fact::Work(_) => "fulfilment.reported",
            Fact::Scan(seen) => seen.scan.status.kind(),
            Fact::Proof(_) => "shipment.proof_received",
            Fact::Payout(_) => "payment.payout_line",
            Fact::Stock(_) => "inventory.answered",
            Fact::Label(_) => "shipment.label_reported",
            Fact::Notice(_) => "order.channel_answered",
            // The channel says what its file has said; or it is about what the hub has asked for, and of
            // history it never asked anything.
            Fact::Channel(_) | Fact::Paused(_) | Fact::Postponed(_) | Fact::Unknown(_) => return,
        };
        self.ignore(kind, HISTORY, "history");
    }
}
