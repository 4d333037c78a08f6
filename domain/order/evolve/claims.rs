//! The fold of what happens to claims.

use jiff::Timestamp;

use super::super::{Claim, ClaimEvent, LineUnits, Order, Payback, Resolution, Stage};

impl Order {
    pub(super) fn claim_event(&mut self, event: &ClaimEvent, at: Timestamp) {
        let number = event.number();
        match event {
            ClaimEvent::Opened {
                fulfilment,
                parcel,
                what,
                lines,
                ..
            } => self.claims.push(Claim {
                number,
                fulfilment: *fulfilment,
                parcel: *parcel,
                kind: *what,
                lines: lines.clone(),
                opened_at: at,
                resolution: None,
                payback: Payback::default(),
            }),
            ClaimEvent::Resolved {
                resolution, lines, ..
            } => self.resolved(number, *resolution, lines, at),
            ClaimEvent::RefundGranted(settlement) => {
                self.granted(&settlement.refunds);
                let claims = &mut self.claims;
                if let Some(claim) = claims.iter_mut().find(|claim| claim.number == number) {
                    claim.payback.settle(settlement);
                }
            }
        }
    }

    /// A claim ends. Where it said what was in its parcel, the parcel's contents are known from now on.
    fn resolved(
        &mut self,
        number: u16,
        resolution: Resolution,
        lines: &[LineUnits],
        at: Timestamp,
    ) {
        let claims = &mut self.claims;
        let Some(claim) = claims.iter_mut().find(|claim| claim.number == number) else {
            return;
        };
        claim.resolution = Some(resolution);
        let (fulfilment, parcel) = (claim.fulfilment, claim.parcel);
        if !lines.is_empty() {
            claim.lines = lines.to_vec();
            if let Some(parcel) = self.parcel_mut(fulfilment, parcel) {
                parcel.lines.get_or_insert_with(|| lines.to_vec());
            }
        }
        let transfer = self.fulfilment(fulfilment);
        let transfer = transfer.is_some_and(|work| work.transfer.is_some());
        if resolution == Resolution::Reship || (transfer && resolution == Resolution::Refund) {
            self.replace(fulfilment, parcel, at);
        }
    }

    /// A parcel's units are sent again: what it held is to be found and shipped once more.
    fn replace(&mut self, fulfilment: u16, parcel: u16, at: Timestamp) {
        if let Some(parcel) = self.parcel_mut(fulfilment, parcel) {
            parcel.replaced_at = Some(at);
        }
        if self.stage == Stage::Completed {
            self.enter(Stage::Fulfilling, at);
        }
    }
}
