//! Parcels that do not arrive: a claim for each, its end by policy where the policy has one, the units
//! of what came back on the shelf, and the buyer paid or served again.

use super::super::{
    Claim, ClaimCommand, ClaimEvent, ClaimKind, ClaimRejection, Effect, Event, Fulfilment,
    LineUnits, Parcel, ParcelOf, ParcelStatus, Rejection, Resolution, RestockSource, Stage,
    units_of,
};
use super::Draft;
use crate::policy::ClaimDefault;
use crate::quantity::Quantity;

impl Draft<'_> {
    /// The next step of any claim.
    pub(super) fn mind_claims(&mut self) -> bool {
        self.open_claim() || self.end_claim() || self.shelve_parcel() || self.settle_claim()
    }

    /// A parcel that is lost or goes back to the sender opens a claim, once. Each parcel speaks for its
    /// own units; where nobody knows which they are, the claim names none and a person has to.
    fn open_claim(&mut self) -> bool {
        let wrong = |work: &Fulfilment, parcel: &Parcel| {
            let missing = work.has_left() && !work.is_off() && !work.has_reached(parcel);
            let unclaimed = self
                .order
                .parcel_claim(work.number, parcel.number)
                .is_none();
            let what = ClaimKind::of(parcel.status()).filter(|_| missing && unclaimed)?;
            Some((what, work.clone(), parcel.clone()))
        };
        let found = self
            .order
            .parcels()
            .find_map(|(work, parcel)| wrong(work, parcel));
        let Some((what, work, parcel)) = found else {
            return false;
        };
        self.claim_parcel(&work, &parcel, what, None);
        true
    }

    fn claim_parcel(
        &mut self,
        work: &Fulfilment,
        parcel: &Parcel,
        what: ClaimKind,
        reason: Option<String>,
    ) {
        let lines = work.contents(parcel).unwrap_or_default();
        self.claim((work.number, parcel.number), what, lines, reason);
    }

    fn claim(
        &mut self,
        (fulfilment, parcel): (u16, u16),
        what: ClaimKind,
        lines: Vec<LineUnits>,
        reason: Option<String>,
    ) {
        let number = self.order.claims.last().map_or(0, |claim| claim.number) + 1;
        self.emit(Event::Claim(ClaimEvent::Opened {
            number,
            fulfilment,
            parcel,
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
            let parcel = work.parcel(claim.parcel)?;
            let (resolution, reason) = self.ends_with(claim, work, parcel)?;
            Some((claim.number, resolution, reason))
        };
        let open = self.order.claims.iter().filter(|claim| claim.is_open());
        let Some((number, resolution, reason)) = open.into_iter().find_map(ended) else {
            return false;
        };
        let lines = self.found_out(number);
        self.resolve(number, resolution, reason, lines);
        true
    }

    fn ends_with(
        &self,
        claim: &Claim,
        work: &Fulfilment,
        parcel: &Parcel,
    ) -> Option<(Resolution, &'static str)> {
        let rules = &self.context.policy.claims;
        let default = match claim.kind {
            ClaimKind::Damaged => return None,
            _ if work.has_reached(parcel) => return Some((Resolution::Deny, "delivered")),
            // Its order does not want it any more.
            _ if work.is_off() => return Some((Resolution::Deny, "cancelled")),
            ClaimKind::Lost => rules.lost,
            ClaimKind::ReturnedToSender if parcel.status() == ParcelStatus::Returned => {
                rules.returned_to_sender
            }
            ClaimKind::ReturnedToSender => ClaimDefault::Review,
        };
        let resolution = Resolution::of(default)?;
        let known = self.order.claimed_units(claim).is_some();
        let can = resolution != Resolution::Reship || self.can_reship();
        (known && can).then_some((resolution, "policy"))
    }

    /// What a claim is about, where it was not known when it was opened and is by now: other parcels were
    /// said to hold the rest.
    fn found_out(&self, number: u16) -> Vec<LineUnits> {
        let claim = self.order.claim(number);
        let silent = claim.filter(|claim| claim.lines.is_empty());
        let units = silent.and_then(|claim| self.order.claimed_units(claim));
        units.unwrap_or_default()
    }

    /// Whether units can be sent again now: not while the rest is being cancelled.
    const fn can_reship(&self) -> bool {
        matches!(self.order.stage, Stage::Fulfilling | Stage::Completed)
            && self.order.ending.is_none()
    }

    fn resolve(
        &mut self,
        number: u16,
        resolution: Resolution,
        reason: &str,
        lines: Vec<LineUnits>,
    ) {
        self.emit(Event::Claim(ClaimEvent::Resolved {
            number,
            resolution,
            reason: reason.to_owned(),
            policy: self.context.policy.version,
            lines,
        }));
        let claim = self.order.claim(number);
        if let Some(claim) = claim.filter(|claim| self.order.is_about_transfer(claim))
            && resolution == Resolution::Refund
        {
            self.give_up_lost(claim.lines.clone());
        }
    }

    /// The units of a parcel that is back at the sender go back on the shelf they came from, once.
    fn shelve_parcel(&mut self) -> bool {
        if !self.context.policy.claims.restock_returned
            || self.is_open(|effect| matches!(effect, Effect::RestockUnits { .. }))
        {
            return false;
        }
        let back = |(work, parcel): (&Fulfilment, &Parcel)| {
            let here = parcel.status() == ParcelStatus::Returned && !work.has_reached(parcel);
            let due = here && work.consumed && parcel.restocked_at.is_none();
            let units = work
                .contents(parcel)
                .filter(|units| due && !units.is_empty())?;
            Some((work.location.clone(), work.number, parcel.number, units))
        };
        let Some((location, fulfilment, parcel, units)) = self.order.parcels().find_map(back)
        else {
            return false;
        };
        let lines = self.order.stock_lines(&units);
        self.open(Effect::RestockUnits {
            location,
            lines,
            source: RestockSource::Parcel(ParcelOf { fulfilment, parcel }),
        });
        true
    }

    /// Pays the buyer back for what did not arrive; frozen and netted like a return.
    fn settle_claim(&mut self) -> bool {
        if self.order.is_disputed()
            || !self.order.is_paid()
            || self.order.stage == Stage::Cancelling
        {
            return false;
        }
        // What was on its way to a store was not paid for yet.
        let due =
            |claim: &&Claim| !claim.unsettled().is_empty() && !self.order.is_about_transfer(claim);
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
                parcel,
                lines,
                reason,
            } => self.claim_damage(*fulfilment, *parcel, lines.as_deref(), reason),
            ClaimCommand::Resolve {
                number,
                resolution,
                lines,
                reason,
            } => self.resolve_claim(*number, *resolution, lines.as_deref(), reason),
        }
    }

    fn claim_damage(
        &mut self,
        fulfilment: u16,
        named: Option<u16>,
        stated: Option<&[(String, Quantity)]>,
        reason: &str,
    ) -> Result<(), Rejection> {
        let Some(work) = self.order.fulfilment(fulfilment).cloned() else {
            return Err(Rejection::NoSuchFulfilment(fulfilment));
        };
        if let Some(parcel) = named.filter(|number| work.parcel(*number).is_none()) {
            return Err(ClaimRejection::NoSuchParcel { fulfilment, parcel }.into());
        }
        let meant = |parcel: &&Parcel| named.is_none_or(|number| number == parcel.number);
        let unseen = |parcel: &&Parcel| {
            let claim = self.order.parcel_claim(fulfilment, parcel.number);
            parcel.overdue_at.is_some() && claim.is_none()
        };
        if let Some(parcel) = work.parcels.iter().filter(meant).find(unseen) {
            // Nobody finds it any more: that is what lost means, whatever the carrier says.
            let reason = Some(reason.to_owned());
            self.claim_parcel(&work, parcel, ClaimKind::Lost, reason);
            return Ok(());
        }
        let arrived = |parcel: &&Parcel| work.has_arrived(parcel) && parcel.replaced_at.is_none();
        let Some(parcel) = work.parcels.iter().filter(meant).find(arrived) else {
            return Err(ClaimRejection::NotDelivered(fulfilment).into());
        };
        let (only, parcel) = (named.and(work.contents(parcel)), parcel.number);
        let lines = match stated {
            Some(stated) => self.damaged(&work, stated, only.as_deref())?,
            None => self.all_unclaimed(&work, only.as_deref()),
        };
        if lines.is_empty() {
            return Err(ClaimRejection::NothingToClaim(fulfilment).into());
        }
        let reason = Some(reason.to_owned());
        self.claim((fulfilment, parcel), ClaimKind::Damaged, lines, reason);
        Ok(())
    }

    fn all_unclaimed(&self, work: &Fulfilment, only: Option<&[LineUnits]>) -> Vec<LineUnits> {
        let lines = work.lines.iter().map(|units| LineUnits {
            line: units.line,
            quantity: self.claimable(work, units.line, only),
        });
        lines.filter(|units| !units.quantity.is_zero()).collect()
    }

    /// Units of a line that came with a piece of work, or with the parcel that holds `only` these, and
    /// that can be claimed: no claim and no return speaks for them.
    fn claimable(&self, work: &Fulfilment, line: u16, only: Option<&[LineUnits]>) -> Quantity {
        let here = self.order.unclaimed(work, line);
        let here = here.min(self.order.returnable(line));
        only.map_or(here, |only| here.min(units_of(only, line)))
    }

    fn damaged(
        &self,
        work: &Fulfilment,
        stated: &[(String, Quantity)],
        only: Option<&[LineUnits]>,
    ) -> Result<Vec<LineUnits>, Rejection> {
        self.stated_of(work, stated, |line| self.claimable(work, line, only))
    }

    /// Stated units of a piece of work by the order's lines, of each no more than `most` allows.
    fn stated_of(
        &self,
        work: &Fulfilment,
        stated: &[(String, Quantity)],
        most: impl Fn(u16) -> Quantity,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let mut lines: Vec<LineUnits> = Vec::new();
        for (place, (external_id, quantity)) in stated.iter().enumerate() {
            let line = external_id.clone();
            let Some(units) = self.order.units_named(work, external_id) else {
                return Err(Rejection::NoSuchLine { line, place });
            };
            let left = most(units.line).minus(units_of(&lines, units.line));
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
        stated: Option<&[(String, Quantity)]>,
        reason: &str,
    ) -> Result<(), Rejection> {
        let claim = self.order.claim(number);
        let claim = claim.ok_or(ClaimRejection::NoSuchClaim(number))?;
        match claim.resolution {
            Some(known) if known == resolution => return Ok(()),
            Some(known) => {
                let resolution = known.word();
                return Err(ClaimRejection::Ended { number, resolution }.into());
            }
            None => {}
        }
        if resolution == Resolution::Reship && !(claim.is_whole() && self.can_reship()) {
            return Err(ClaimRejection::NotReshippable.into());
        }
        if resolution == Resolution::Deny && self.order.is_awaited_at_store(claim) {
            return Err(ClaimRejection::AwaitedAtStore(claim.fulfilment).into());
        }
        let lines = match (self.order.claimed_units(claim), stated) {
            (Some(_), Some(_)) => return Err(ClaimRejection::UnitsKnown(number).into()),
            (Some(_), None) => self.found_out(number),
            (None, Some(stated)) => {
                let work = self.order.fulfilment(claim.fulfilment);
                let work = work.ok_or(Rejection::NoSuchFulfilment(claim.fulfilment))?;
                self.stated_of(work, stated, |line| self.order.may_be_in_it(work, line))?
            }
            (None, None) if resolution == Resolution::Deny => Vec::new(),
            (None, None) => return Err(ClaimRejection::UnitsUnknown(number).into()),
        };
        self.resolve(number, resolution, reason, lines);
        Ok(())
    }
}
