//! Parcels that do not arrive: a claim for each, its end by policy where the policy has one, the units
//! of what came back on the shelf, and the buyer paid or served again.

use super::super::{
    Claim, ClaimCommand, ClaimEvent, ClaimKind, ClaimRejection, Effect, Event, Fulfilment,
    LineUnits, ParcelStatus, Rejection, Resolution, RestockSource, Stage, units_of,
};
use super::Draft;
use crate::policy::ClaimDefault;
use crate::quantity::Quantity;

impl Draft<'_> {
    /// The next step of any claim.
    pub(super) fn mind_claims(&mut self) -> bool {
        self.open_claim() || self.end_claim() || self.shelve_parcel() || self.settle_claim()
    }

    /// A parcel that is lost or goes back to the sender opens a claim, once.
    fn open_claim(&mut self) -> bool {
        let wrong = |work: &&Fulfilment| {
            let missing = work.is_shipped() && !work.is_delivered();
            missing && ClaimKind::of(work.parcel()).is_some()
        };
        let mut parcels = self.order.fulfilments.iter().filter(wrong);
        let unclaimed = |work: &&Fulfilment| self.order.parcel_claim(work.number).is_none();
        let Some(work) = parcels.find(unclaimed).cloned() else {
            return false;
        };
        let Some(what) = ClaimKind::of(work.parcel()) else {
            return false;
        };
        self.claim(&work, what, work.lines.clone(), None);
        true
    }

    fn claim(
        &mut self,
        work: &Fulfilment,
        what: ClaimKind,
        lines: Vec<LineUnits>,
        reason: Option<String>,
    ) {
        let number = self.order.claims.last().map_or(0, |claim| claim.number) + 1;
        self.emit(Event::Claim(ClaimEvent::Opened {
            number,
            fulfilment: work.number,
            what,
            lines,
            reason,
        }));
    }

    /// Ends what needs no person: the parcel turned up, or the policy says what becomes of it. One that
    /// goes back is decided once it is back.
    fn end_claim(&mut self) -> bool {
        let ended = |claim: &Claim| {
            let work = self.order.fulfilment(claim.fulfilment)?;
            let (resolution, reason) = self.ends_with(claim, work)?;
            Some((claim.number, resolution, reason))
        };
        let open = self.order.claims.iter().filter(|claim| claim.is_open());
        let Some((number, resolution, reason)) = open.into_iter().find_map(ended) else {
            return false;
        };
        self.resolve(number, resolution, reason);
        true
    }

    fn ends_with(&self, claim: &Claim, work: &Fulfilment) -> Option<(Resolution, &'static str)> {
        let rules = &self.context.policy.claims;
        let default = match claim.kind {
            ClaimKind::Damaged => return None,
            _ if work.is_delivered() => return Some((Resolution::Deny, "delivered")),
            ClaimKind::Lost => rules.lost,
            ClaimKind::ReturnedToSender if work.parcel() == ParcelStatus::Returned => {
                rules.returned_to_sender
            }
            ClaimKind::ReturnedToSender => ClaimDefault::Review,
        };
        let resolution = Resolution::of(default)?;
        let can = resolution != Resolution::Reship || self.can_reship();
        can.then_some((resolution, "policy"))
    }

    /// Whether units can be sent again now: not while the rest is being cancelled.
    const fn can_reship(&self) -> bool {
        matches!(self.order.stage, Stage::Fulfilling | Stage::Completed)
            && self.order.ending.is_none()
    }

    fn resolve(&mut self, number: u16, resolution: Resolution, reason: &str) {
        self.emit(Event::Claim(ClaimEvent::Resolved {
            number,
            resolution,
            reason: reason.to_owned(),
            policy: self.context.policy.version,
        }));
    }

    /// The units of a parcel that is back at the sender go back on the shelf they came from, once.
    fn shelve_parcel(&mut self) -> bool {
        if !self.context.policy.claims.restock_returned
            || self.is_open(|effect| matches!(effect, Effect::RestockUnits { .. }))
        {
            return false;
        }
        let back = |work: &&Fulfilment| {
            let here = work.parcel() == ParcelStatus::Returned && !work.is_delivered();
            here && work.consumed && work.restocked_at.is_none()
        };
        let Some(work) = self.order.fulfilments.iter().find(back).cloned() else {
            return false;
        };
        let lines = self.order.stock_lines(&work.lines);
        self.open(Effect::RestockUnits {
            location: work.location,
            lines,
            source: RestockSource::Parcel(work.number),
        });
        true
    }

    /// Pays the buyer back for what did not arrive; frozen and netted like a return.
    fn settle_claim(&mut self) -> bool {
        if self.order.is_disputed() || !self.is_paid() || self.order.stage == Stage::Cancelling {
            return false;
        }
        let due = |claim: &&Claim| !claim.unsettled().is_empty();
        let Some(claim) = self.order.claims.iter().find(due) else {
            return false;
        };
        let (number, units) = (claim.number, claim.unsettled());
        let worth = self
            .order
            .worth_of(&units, self.context.policy.returns.shipping);
        let settlement = self.settlement(number, units, worth, worth);
        let granted = ClaimEvent::RefundGranted(Box::new(settlement));
        self.emit(Event::Claim(granted));
        true
    }

    pub(super) fn claim_request(&mut self, command: &ClaimCommand) -> Result<(), Rejection> {
        match command {
            ClaimCommand::Open {
                fulfilment,
                lines,
                reason,
            } => self.claim_damage(*fulfilment, lines.as_deref(), reason),
            ClaimCommand::Resolve {
                number,
                resolution,
                reason,
            } => Ok(self.resolve_claim(*number, *resolution, reason)?),
        }
    }

    fn claim_damage(
        &mut self,
        fulfilment: u16,
        stated: Option<&[(String, Quantity)]>,
        reason: &str,
    ) -> Result<(), Rejection> {
        let Some(work) = self.order.fulfilment(fulfilment).cloned() else {
            return Err(Rejection::NoSuchFulfilment(fulfilment));
        };
        if work.overdue_at.is_some() && self.order.parcel_claim(fulfilment).is_none() {
            // Nobody finds it any more: that is what lost means, whatever the carrier says.
            let lines = work.lines.clone();
            self.claim(&work, ClaimKind::Lost, lines, Some(reason.to_owned()));
            return Ok(());
        }
        if !work.is_delivered() || work.replaced_at.is_some() {
            return Err(ClaimRejection::NotDelivered(fulfilment).into());
        }
        let lines = match stated {
            Some(stated) => self.damaged(&work, stated)?,
            None => self.all_unclaimed(&work),
        };
        if lines.is_empty() {
            return Err(ClaimRejection::NothingToClaim(fulfilment).into());
        }
        self.claim(&work, ClaimKind::Damaged, lines, Some(reason.to_owned()));
        Ok(())
    }

    fn all_unclaimed(&self, work: &Fulfilment) -> Vec<LineUnits> {
        let lines = work.lines.iter().map(|units| LineUnits {
            line: units.line,
            quantity: self.claimable(work, units.line),
        });
        lines.filter(|units| !units.quantity.is_zero()).collect()
    }

    /// Units of a line in a parcel that can be claimed: no claim and no return speaks for them.
    fn claimable(&self, work: &Fulfilment, line: u16) -> Quantity {
        let here = self.order.unclaimed(work, line);
        here.min(self.order.returnable(line))
    }

    fn damaged(
        &self,
        work: &Fulfilment,
        stated: &[(String, Quantity)],
    ) -> Result<Vec<LineUnits>, Rejection> {
        let mut lines: Vec<LineUnits> = Vec::new();
        for (place, (external_id, quantity)) in stated.iter().enumerate() {
            let named = |units: &&LineUnits| {
                self.order
                    .line(units.line)
                    .is_some_and(|line| line.external_id == *external_id)
            };
            let line = external_id.clone();
            let Some(units) = work.lines.iter().find(named) else {
                return Err(Rejection::NoSuchLine { line, place });
            };
            let left = self.claimable(work, units.line);
            let left = left.minus(units_of(&lines, units.line));
            if *quantity > left {
                return Err(ClaimRejection::TooMany { line, place, left }.into());
            }
            lines.push(LineUnits {
                line: units.line,
                quantity: *quantity,
            });
        }
        Ok(lines)
    }

    fn resolve_claim(
        &mut self,
        number: u16,
        resolution: Resolution,
        reason: &str,
    ) -> Result<(), ClaimRejection> {
        let claim = self.order.claim(number);
        let claim = claim.ok_or(ClaimRejection::NoSuchClaim(number))?;
        match claim.resolution {
            Some(known) if known == resolution => return Ok(()),
            Some(known) => {
                let resolution = known.word();
                return Err(ClaimRejection::Ended { number, resolution });
            }
            None => {}
        }
        let whole = claim.kind != ClaimKind::Damaged;
        if resolution == Resolution::Reship && !(whole && self.can_reship()) {
            return Err(ClaimRejection::NotReshippable);
        }
        self.resolve(number, resolution, reason);
        Ok(())
    }
}
