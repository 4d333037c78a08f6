//! What people ask about returns: checked against what the buyer can have, and recorded.

use super::super::super::{
    Arrival, Disposition, Event, InspectedLine, LineUnits, Order, ReceivedLine, Rejection, Return,
    ReturnCommand, ReturnDecision, ReturnEvent, ReturnLabel, ReturnRejection, ReturnStage,
    UnexpectedItem, judge_return, units_of,
};
use super::super::Draft;
use crate::ids::LocationCode;
use crate::money::Money;
use crate::quantity::Quantity;

impl Draft<'_> {
    pub(in crate::order::decide) fn return_request(
        &mut self,
        command: &ReturnCommand,
    ) -> Result<(), Rejection> {
        match command {
            ReturnCommand::Open { lines, reason } => self.open_return(lines.as_deref(), reason)?,
            ReturnCommand::ReceiveUnannounced { parcel, reason } => {
                self.receive_unannounced(parcel, reason)?;
            }
            ReturnCommand::Approve {
                number,
                reason,
                label,
            } => self.approve_return(*number, reason, label.as_ref())?,
            ReturnCommand::Decline { number, reason } => self.decline_return(*number, reason)?,
            ReturnCommand::Receive { number, parcel } => {
                let back = self.find_return(*number)?;
                self.receive(&back, parcel)?;
            }
            ReturnCommand::Inspect {
                number,
                lines,
                rest,
            } => self.inspect(*number, lines, *rest)?,
            ReturnCommand::Close { number, reason } => self.end_return(*number, reason)?,
        }
        Ok(())
    }

    fn find_return(&self, number: u16) -> Result<Return, ReturnRejection> {
        let known = self.order.returned(number).cloned();
        known.ok_or(ReturnRejection::NoSuchReturn(number))
    }

    /// Announces units: no more than the buyer has and has not announced before.
    pub(in crate::order::decide) fn open_return(
        &mut self,
        stated: Option<&[(String, Quantity)]>,
        reason: &str,
    ) -> Result<(), ReturnRejection> {
        let announced = match stated {
            Some(stated) => self.announced(stated)?,
            None => self.order.all_returnable(),
        };
        if announced.is_empty() {
            return Err(ReturnRejection::NothingToReturn);
        }
        self.request_return(announced, false, reason);
        Ok(())
    }

    /// Returns the number of the new return. What came unannounced is judged and not waited for.
    fn request_return(&mut self, units: Vec<LineUnits>, unannounced: bool, reason: &str) -> u16 {
        let number = self.order.returns.last().map_or(0, |back| back.number) + 1;
        let context = self.context;
        let verdict = judge_return(
            &self.order,
            &units,
            unannounced,
            context.now,
            context.policy,
        );
        self.emit(Event::Return(ReturnEvent::Requested {
            number,
            announced: if unannounced { Vec::new() } else { units },
            reason: reason.to_owned(),
            verdict,
        }));
        number
    }

    fn announced(&self, stated: &[(String, Quantity)]) -> Result<Vec<LineUnits>, ReturnRejection> {
        let mut units: Vec<LineUnits> = Vec::new();
        for (place, (external_id, quantity)) in stated.iter().enumerate() {
            let line = self.order.named(external_id, place)?;
            let left = self.order.returnable(line).minus(units_of(&units, line));
            if *quantity > left {
                return Err(too_many(external_id, place, left, "to come back"));
            }
            add(&mut units, line, *quantity);
        }
        Ok(units)
    }

    fn receive_unannounced(
        &mut self,
        parcel: &Arrival,
        reason: &str,
    ) -> Result<(), ReturnRejection> {
        self.must_exist(&parcel.location)?;
        let stated = parcel.lines.as_deref().unwrap_or_default();
        let (units, unexpected) = self.contents(stated, None)?;
        if units.is_empty() && unexpected.is_empty() {
            return Err(ReturnRejection::NothingToReturn);
        }
        let number = self.request_return(units.clone(), true, reason);
        let parcel_name = parcel.parcel.clone().unwrap_or_else(|| "1".to_owned());
        self.emit(Event::Return(ReturnEvent::Received {
            number,
            parcel: parcel_name,
            location: parcel.location.clone(),
            units,
            unexpected,
        }));
        Ok(())
    }

    fn approve_return(
        &mut self,
        number: u16,
        reason: &str,
        label: Option<&(String, String, Option<Money>)>,
    ) -> Result<(), ReturnRejection> {
        let back = self.find_return(number)?;
        let stage = back.stage();
        match stage {
            ReturnStage::Review | ReturnStage::Requested => {
                self.emit(Event::Return(ReturnEvent::Approved {
                    number,
                    reason: Some(reason.to_owned()),
                    policy: self.context.policy.version,
                }));
            }
            _ if back.decision == ReturnDecision::Approved && back.closed.is_none() => {}
            _ => return Err(wrong(stage, "approved")),
        }
        let Some((carrier, tracking_number, cost)) = label else {
            return Ok(());
        };
        let known = self.find_return(number)?.label;
        if known.is_none_or(|known| known.tracking_number != *tracking_number) {
            let label = ReturnLabel {
                carrier: carrier.clone(),
                tracking_number: tracking_number.clone(),
                cost: *cost,
                paid_by: self.context.policy.returns.paid_by,
            };
            self.emit(Event::Return(ReturnEvent::LabelIssued { number, label }));
        }
        Ok(())
    }

    fn decline_return(&mut self, number: u16, reason: &str) -> Result<(), ReturnRejection> {
        match self.find_return(number)?.stage() {
            ReturnStage::Declined => {}
            ReturnStage::Review | ReturnStage::Requested => {
                self.emit(Event::Return(ReturnEvent::Declined {
                    number,
                    reason: Some(reason.to_owned()),
                    reasons: Vec::new(),
                    policy: self.context.policy.version,
                }));
            }
            stage => return Err(wrong(stage, "declined")),
        }
        Ok(())
    }

    /// Takes what really came: fewer units, more, other things. Only what never shipped cannot have
    /// come. The same parcel told again adds nothing that is known.
    fn receive(&mut self, back: &Return, parcel: &Arrival) -> Result<(), ReturnRejection> {
        let fresh = || (back.parcels.len() + 1).to_string();
        let name = parcel.parcel.clone().unwrap_or_else(fresh);
        let known = back.parcels.get(&name);
        self.must_exist(&parcel.location)?;
        let before = known.map(|known| known.units.as_slice());
        let (units, unexpected) = if let Some(stated) = parcel.lines.as_deref() {
            self.contents(stated, before)?
        } else {
            // What another parcel brought meanwhile does not come a second time.
            let mut missing = back.missing();
            for units in &mut missing {
                units.quantity = units.quantity.min(self.order.may_come_back(units.line));
            }
            missing.retain(|units| !units.quantity.is_zero());
            (missing, Vec::new())
        };
        let told = known.is_some_and(|known| {
            let covered = |came: &LineUnits| units_of(&known.units, came.line) >= came.quantity;
            units.iter().all(covered)
                && unexpected.iter().all(|came| {
                    known
                        .unexpected
                        .iter()
                        .any(|one| one.sku == came.sku && one.quantity >= came.quantity)
                })
        });
        if told {
            return Ok(());
        }
        if units.is_empty() && unexpected.is_empty() {
            return Err(ReturnRejection::NothingToReturn);
        }
        // One parcel is at one place: told again from elsewhere, it is still the one that came first.
        let location = known.map_or(&parcel.location, |known| &known.location);
        self.emit(Event::Return(ReturnEvent::Received {
            number: back.number,
            parcel: name,
            location: location.clone(),
            units,
            unexpected,
        }));
        Ok(())
    }

    /// Whether the hub knows the location. One that knows none, as when a request is only tried out,
    /// cannot tell.
    fn must_exist(&self, location: &LocationCode) -> Result<(), ReturnRejection> {
        let known = self.context.places.locations();
        if known.is_empty() || known.iter().any(|one| one.code == *location) {
            return Ok(());
        }
        Err(ReturnRejection::NoSuchLocation(location.clone()))
    }

    /// What is in a parcel, by the order's lines, and what the order never had. `known` is what was
    /// told of the same parcel before.
    fn contents(
        &self,
        lines: &[ReceivedLine],
        known: Option<&[LineUnits]>,
    ) -> Result<(Vec<LineUnits>, Vec<UnexpectedItem>), ReturnRejection> {
        let mut units: Vec<LineUnits> = Vec::new();
        let mut unexpected: Vec<UnexpectedItem> = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            match line {
                ReceivedLine::Line(external_id, quantity) => {
                    let line = self.order.named(external_id, place)?;
                    let before = known.map_or(Quantity::ZERO, |known| units_of(known, line));
                    let most = self.order.may_come_back(line).plus(before);
                    let left = most.minus(units_of(&units, line));
                    if *quantity > left {
                        return Err(too_many(external_id, place, left, "that ever left"));
                    }
                    add(&mut units, line, *quantity);
                }
                ReceivedLine::Unexpected(sku, quantity) => {
                    match unexpected.iter_mut().find(|item| item.sku == *sku) {
                        Some(item) => item.quantity = item.quantity.plus(*quantity),
                        None => unexpected.push(UnexpectedItem {
                            sku: sku.clone(),
                            quantity: *quantity,
                        }),
                    }
                }
            }
        }
        Ok((units, unexpected))
    }

    /// Says what was found of units that came; each unit once.
    fn inspect(
        &mut self,
        number: u16,
        lines: &[InspectedLine],
        rest: Option<Disposition>,
    ) -> Result<(), ReturnRejection> {
        let back = self.find_return(number)?;
        let stage = back.stage();
        if back.parcels.is_empty() || matches!(stage, ReturnStage::Declined) {
            return Err(wrong(stage, "inspected"));
        }
        let mut seen = back.clone();
        for (place, found) in lines.iter().enumerate() {
            let line = self.order.named(&found.line, place)?;
            let left = seen.uninspected(line);
            if found.quantity > left {
                return Err(too_many(&found.line, place, left, "to inspect"));
            }
            let usual = found.disposition.is_accepted(self.context.policy);
            let accepted = found.accepted.unwrap_or(usual);
            seen.look_at(line, found.quantity, found.disposition, accepted);
        }
        if let Some(disposition) = rest {
            let accepted = disposition.is_accepted(self.context.policy);
            for line in back.lines() {
                seen.look_at(line, seen.uninspected(line), disposition, accepted);
            }
        }
        let units = seen.inspected.split_off(back.inspected.len());
        if !units.is_empty() {
            self.emit(Event::Return(ReturnEvent::Inspected { number, units }));
        }
        Ok(())
    }

    /// Nothing more is expected: before anything came, the buyer keeps it; afterwards only once all of
    /// it was looked at and paid for.
    fn end_return(&mut self, number: u16, reason: &str) -> Result<(), ReturnRejection> {
        let back = self.find_return(number)?;
        let stage = back.stage();
        let came = !back.parcels.is_empty();
        let waiting = back.lines().map(|line| back.uninspected(line));
        let waiting = Quantity::sum(waiting);
        let cancelled = match stage {
            ReturnStage::Closed | ReturnStage::Cancelled => return Ok(()),
            ReturnStage::Approved | ReturnStage::LabelIssued => true,
            ReturnStage::Review | ReturnStage::Requested if !came => true,
            ReturnStage::NoShow => false,
            _ if back.decision == ReturnDecision::Approved && !waiting.is_zero() => {
                return Err(ReturnRejection::NotInspected(waiting));
            }
            ReturnStage::PartlyReceived | ReturnStage::Inspected
                if back.unsettled().is_empty() && back.unshelved().is_none() =>
            {
                false
            }
            _ => return Err(wrong(stage, "closed")),
        };
        self.emit(Event::Return(ReturnEvent::Closed {
            number,
            reason: reason.to_owned(),
            cancelled,
        }));
        Ok(())
    }
}

impl Order {
    /// Everything that the buyer has and has not announced.
    fn all_returnable(&self) -> Vec<LineUnits> {
        let all = self.line_numbers().map(|line| LineUnits {
            line,
            quantity: self.returnable(line),
        });
        all.filter(|units| !units.quantity.is_zero()).collect()
    }

    /// The number of the line with this id of the channel's.
    fn named(&self, external_id: &str, place: usize) -> Result<u16, ReturnRejection> {
        let mut lines = self.line_numbers();
        let named = |number: &u16| {
            self.line(*number)
                .is_some_and(|line| line.external_id == external_id)
        };
        lines
            .find(named)
            .ok_or_else(|| ReturnRejection::NoSuchLine {
                line: external_id.to_owned(),
                place,
            })
    }
}

fn add(units: &mut Vec<LineUnits>, line: u16, quantity: Quantity) {
    if quantity.is_zero() {
        return;
    }
    match units.iter_mut().find(|known| known.line == line) {
        Some(known) => known.quantity = known.quantity.plus(quantity),
        None => units.push(LineUnits { line, quantity }),
    }
}

const fn wrong(stage: ReturnStage, verb: &'static str) -> ReturnRejection {
    ReturnRejection::WrongStage {
        stage: stage.word(),
        verb,
    }
}

fn too_many(line: &str, place: usize, left: Quantity, to: &'static str) -> ReturnRejection {
    ReturnRejection::TooMany {
        line: line.to_owned(),
        place,
        left,
        to,
    }
}
