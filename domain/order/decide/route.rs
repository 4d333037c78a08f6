//! People change who does which part of the work: reroute, split, merge, schedule. And the work that
//! is taken from a location because it takes none any more.

use jiff::{SignedDuration, Timestamp};

use super::super::{
    Effect, Event, Fulfilment, FulfilmentStage, LineUnits, Order, Rejection, RouteCommand, Routing,
    StatedLines, units_of,
};
use super::Draft;
use crate::ids::{EffectId, LocationCode};
use crate::quantity::Quantity;

/// How far ahead work may be scheduled.
const FARTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);

impl Draft<'_> {
    /// What a person asks about the routing of the work.
    pub(super) fn route(&mut self, command: &RouteCommand) -> Result<(), Rejection> {
        match command {
            RouteCommand::Reroute {
                fulfilment,
                to,
                reason,
            } => self.reroute(*fulfilment, to.as_ref(), reason),
            RouteCommand::Split {
                fulfilment, lines, ..
            } => self.split(*fulfilment, lines),
            RouteCommand::Merge {
                fulfilment, from, ..
            } => self.merge(*fulfilment, *from),
            RouteCommand::Schedule {
                fulfilment,
                not_before,
                reason,
            } => self.schedule(*fulfilment, *not_before, reason),
            RouteCommand::CancelLines { lines, reason } => self.cancel_lines(lines, reason),
        }
    }

    /// Work that a person may still change: the order stands, and its location has not gone too far.
    fn changeable(
        &self,
        number: u16,
        verb: &'static str,
        open: impl Fn(&Fulfilment) -> bool,
    ) -> Result<Fulfilment, Rejection> {
        let Some(work) = self.order.fulfilment(number) else {
            return Err(Rejection::NoSuchFulfilment(number));
        };
        if !self.order.is_standing() {
            let stage = self.order.stage;
            return Err(Rejection::WrongStage { stage, verb });
        }
        if !open(work) || work.moving {
            let stage = work.word();
            return Err(Rejection::WrongFulfilmentStage { stage, verb });
        }
        Ok(work.clone())
    }

    fn reroute(
        &mut self,
        number: u16,
        to: Option<&LocationCode>,
        reason: &str,
    ) -> Result<(), Rejection> {
        let movable = |work: &Fulfilment| work.is_open() || work.stage == FulfilmentStage::Accepted;
        let work = self.changeable(number, "moved", movable)?;
        if let Some(there) = &self.order.draft.pickup_location
            && work.pickup
        {
            return Err(Rejection::CollectedThere(there.clone()));
        }
        match to {
            Some(to) => self.check_taker(&work, to)?,
            None if self.has_taker(&work) => {}
            None => return Err(Rejection::NowhereElse),
        }
        self.emit(Event::Routing(Routing::Moved {
            fulfilment: number,
            to: to.cloned(),
            reason: reason.to_owned(),
        }));
        Ok(())
    }

    /// Whether a location can take all of a piece of work, as last heard.
    fn check_taker(&self, work: &Fulfilment, to: &LocationCode) -> Result<(), Rejection> {
        let places = self.context.places;
        if !places.locations().iter().any(|known| known.code == *to) {
            return Err(Rejection::NoSuchLocation(to.clone()));
        }
        let cannot = |why| {
            let location = to.clone();
            Err(Rejection::LocationCannot { location, why })
        };
        if *to == work.location {
            return cannot("it is there already");
        }
        if places.is_paused(to) {
            return cannot("it takes no work now");
        }
        if !self.order.may_take(work, to) {
            return cannot("it refused these units before");
        }
        if !self.has_units(work, |code| code == to) {
            return cannot("it does not have enough of it");
        }
        Ok(())
    }

    /// Whether the other locations together can take a piece of work.
    fn has_taker(&self, work: &Fulfilment) -> bool {
        self.has_units(work, |code| {
            *code != work.location
                && !self.context.places.is_paused(code)
                && self.order.may_take(work, code)
        })
    }

    fn has_units(&self, work: &Fulfilment, open: impl Fn(&LocationCode) -> bool) -> bool {
        let places = self.context.places;
        let lines = self.order.stock_lines(&work.lines);
        lines.iter().all(|line| {
            let same = lines.iter().filter(|other| other.sku == line.sku);
            let wanted = same.filter_map(|other| other.quantity.whole()).sum::<i64>();
            let open = places.locations().iter().filter(|known| open(&known.code));
            let there: i64 = open
                .map(|known| {
                    self.order
                        .available_at(&known.code, &line.sku, self.context)
                })
                .sum();
            there >= wanted
        })
    }

    fn split(&mut self, number: u16, stated: &StatedLines) -> Result<(), Rejection> {
        let work = self.changeable(number, "split", Fulfilment::is_open)?;
        let lines = self
            .order
            .stated_units(stated, |line| units_of(&work.lines, line))?;
        let rest = super::super::less(&work.lines, &lines);
        if rest.is_empty() {
            return Err(Rejection::SplitsAll);
        }
        let closes = self.requests_for(&[number]);
        let (child, attempt) = self.next_piece();
        self.emit(Event::Routing(Routing::Split {
            fulfilment: number,
            child,
            attempt,
            lines: lines.clone(),
            closes,
        }));
        self.regroup(&work.location, &[work.attempt], attempt, &lines);
        Ok(())
    }

    fn merge(&mut self, number: u16, from: u16) -> Result<(), Rejection> {
        let work = self.changeable(number, "merged", Fulfilment::is_open)?;
        let other = self.changeable(from, "merged", Fulfilment::is_open)?;
        if number == from || work.location != other.location || work.transfer != other.transfer {
            return Err(Rejection::CannotMerge(number, from));
        }
        // The location would not know how many units of each to take.
        for piece in [&work, &other] {
            let divides = |effect: &Effect| match effect {
                Effect::RegroupStock { location, from, .. } => {
                    *location == piece.location && from.contains(&piece.attempt)
                }
                _ => false,
            };
            if self.is_open(divides) {
                return Err(Rejection::BeingDivided(piece.number));
            }
        }
        let closes = self.requests_for(&[number, from]);
        let (_, attempt) = self.next_piece();
        let lines = super::super::plus(&work.lines, &other.lines);
        self.emit(Event::Routing(Routing::Merged {
            fulfilment: number,
            from,
            attempt,
            closes,
        }));
        self.regroup(
            &work.location,
            &[work.attempt, other.attempt],
            attempt,
            &lines,
        );
        Ok(())
    }

    fn schedule(
        &mut self,
        number: u16,
        not_before: Timestamp,
        reason: &str,
    ) -> Result<(), Rejection> {
        self.changeable(number, "scheduled", Fulfilment::is_open)?;
        let ahead = not_before.duration_since(self.context.now);
        if ahead <= SignedDuration::ZERO || ahead > FARTHEST {
            return Err(Rejection::NotAhead);
        }
        let closes = self.requests_for(&[number]);
        self.emit(Event::Routing(Routing::Scheduled {
            fulfilment: number,
            not_before,
            reason: reason.to_owned(),
            closes,
        }));
        Ok(())
    }

    /// Open requests for these pieces of work.
    fn requests_for(&self, numbers: &[u16]) -> Vec<EffectId> {
        self.open_ids(|effect| match effect {
            Effect::RequestFulfilment { fulfilment } => numbers.contains(fulfilment),
            _ => false,
        })
    }

    /// The numbers of the next piece of work and of the next try.
    pub(super) fn next_piece(&self) -> (u16, u16) {
        let number = self.order.fulfilments.last().map_or(0, |work| work.number);
        (number + 1, self.order.attempt + 1)
    }

    /// Asks a location to hold units under another try, as the order has done already.
    pub(super) fn regroup(
        &mut self,
        location: &LocationCode,
        from: &[u16],
        attempt: u16,
        lines: &[LineUnits],
    ) {
        let lines = self.order.stock_lines(lines);
        self.open(Effect::RegroupStock {
            location: location.clone(),
            from: from.to_vec(),
            attempt,
            lines,
        });
    }

    /// A location takes no work until somebody says so. What it has not agreed to counts as
    /// unanswered, what it has not begun is taken from it, if another can do it; the rest waits there.
    pub(super) fn paused(&mut self, location: &LocationCode) {
        if !self.order.is_standing() {
            return;
        }
        for work in self.order.fulfilments.clone() {
            let number = work.number;
            // Where the buyer comes to, nobody else can stand in.
            let bound = work.moving || work.pickup;
            if work.location != *location || bound || !self.has_taker(&work) {
                continue;
            }
            match work.stage {
                FulfilmentStage::Requested => {
                    let closes = self.requests_for(&[number]);
                    self.emit(Event::FulfilmentUnanswered {
                        fulfilment: number,
                        closes,
                    });
                }
                FulfilmentStage::Planned
                | FulfilmentStage::Scheduled
                | FulfilmentStage::Accepted => {
                    self.emit(Event::Routing(Routing::Moved {
                        fulfilment: number,
                        to: None,
                        reason: "location_paused".into(),
                    }));
                }
                _ => {}
            }
        }
    }

    /// Asks the locations of work that moves to stop.
    pub(super) fn withdraw_moved(&mut self) -> bool {
        let asked = self.order.fulfilments.iter().find(|work| {
            work.moving
                && !work.is_off()
                && !work.has_left()
                && !work.cancel_refused
                && work.stage != FulfilmentStage::CancelRequested
        });
        let Some(fulfilment) = asked.map(|work| work.number) else {
            return false;
        };
        self.open(Effect::CancelFulfilment { fulfilment });
        true
    }
}

impl Order {
    /// Whether a location may be asked for the units of a piece of work.
    fn may_take(&self, work: &Fulfilment, location: &LocationCode) -> bool {
        let lines = work.lines.iter();
        lines
            .filter_map(|units| self.line(units.line)?.sku.as_ref())
            .all(|sku| self.may_ask(location, sku))
    }

    /// Units as stated, by line: each line once, at least one unit, and no more than is `left`.
    pub(super) fn stated_units(
        &self,
        stated: &StatedLines,
        left: impl Fn(u16) -> Quantity,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let mut units: Vec<LineUnits> = Vec::new();
        for (place, (external_id, quantity)) in stated.iter().enumerate() {
            let same = |number: &u16| {
                let line = self.line(*number);
                line.is_some_and(|line| line.external_id == *external_id)
            };
            let Some(number) = self.line_numbers().find(same) else {
                let line = external_id.clone();
                return Err(Rejection::NoSuchOrderLine { line, place });
            };
            let left = left(number).minus(units_of(&units, number));
            if *quantity > left || quantity.whole().is_none() {
                let line = external_id.clone();
                return Err(Rejection::TooManyLeft { line, place, left });
            }
            if !quantity.is_zero() {
                let line = number;
                let quantity = *quantity;
                units = super::super::plus(&units, &[LineUnits { line, quantity }]);
            }
        }
        if units.is_empty() {
            return Err(Rejection::NoUnits);
        }
        Ok(units)
    }
}
