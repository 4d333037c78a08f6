//! The fold of what happens to claims.

use jiff::Timestamp;

use super::super::{Claim, ClaimEvent, Order, Payback, Resolution, Stage};

impl Order {
    pub(super) fn claim_event(&mut self, event: &ClaimEvent, at: Timestamp) {
        let number = event.number();
        match event {
            ClaimEvent::Opened {
                fulfilment,
                what,
                lines,
                ..
            } => self.claims.push(Claim {
                number,
                fulfilment: *fulfilment,
                kind: *what,
                lines: lines.clone(),
                opened_at: at,
                resolution: None,
                payback: Payback::default(),
            }),
            ClaimEvent::Resolved { resolution, .. } => {
                let claims = &mut self.claims;
                let Some(claim) = claims.iter_mut().find(|claim| claim.number == number) else {
                    return;
                };
                claim.resolution = Some(*resolution);
                if *resolution == Resolution::Reship {
                    let fulfilment = claim.fulfilment;
                    self.replace(fulfilment, at);
                }
            }
            ClaimEvent::RefundGranted(settlement) => {
                self.granted(&settlement.refunds);
                let claims = &mut self.claims;
                if let Some(claim) = claims.iter_mut().find(|claim| claim.number == number) {
                    claim.payback.settle(settlement);
                }
            }
        }
    }

    /// A parcel's units are sent again: what it held is to be found and shipped once more.
    fn replace(&mut self, fulfilment: u16, at: Timestamp) {
        if let Some(work) = self.fulfilment_mut(fulfilment) {
            work.replaced_at = Some(at);
        }
        if self.stage == Stage::Completed {
            self.enter(Stage::Fulfilling, at);
        }
    }
}
