//! What buyers and the people at a location do about returns in a simulated world: units are announced
//! or not, come in part, late or never, with other things among them, and are looked at.

use super::dice::Dice;
use super::parcels::said_to_be_in;
use super::world::{Letter, World};
use crate::ids::{LocationCode, OrderId};
use crate::order::{
    Arrival, ClaimCommand, ClaimKind, Command, Disposition, Fact, Fulfilment, InspectedLine, Order,
    ParcelStatus, ReceivedLine, Resolution, Return, ReturnCommand, ReturnDecision, ReturnStage,
    Scan, ScanFact, Stage,
};
use crate::quantity::Quantity;

impl World<'_> {
    /// Somebody does something about a return of some order.
    pub(super) fn mind_a_return(&mut self, dice: &mut Dice) {
        if dice.percent(15) && self.see_a_return(dice) {
            return;
        }
        if dice.percent(15) {
            return self.exchange(dice);
        }
        let places = self.places();
        let shipped = |order: &&Order| order.fulfilments.iter().any(Fulfilment::is_shipped);
        let orders: Vec<&Order> = self.audit.orders().filter(shipped).collect();
        let done = |order: &&&Order| order.stage.is_terminal() || order.stage == Stage::Completed;
        let delivered: Vec<&Order> = orders.iter().filter(done).copied().collect();
        let among = if dice.percent(80) && !delivered.is_empty() {
            delivered
        } else {
            orders
        };
        let Some(order) = dice.pick(&among).copied() else {
            return;
        };
        let Some(location) = dice.pick(&places).cloned() else {
            return;
        };
        if dice.percent(20) {
            let id = order.id;
            let command = claim_for(order, dice);
            return self.ask(id, "operator:anna", Command::Claim(command));
        }
        let chosen = match dice.pick(&order.returns).cloned() {
            Some(back) if dice.percent(75) => next_for(order, &back, location, dice),
            _ => first_for(order, location, dice),
        };
        let id = order.id;
        self.ask(id, "operator:anna", Command::Return(chosen));
    }

    /// A carrier sees a parcel on its way back, and tells it once or twice. Whether there is one.
    fn see_a_return(&mut self, dice: &mut Dice) -> bool {
        let orders = self.audit.orders();
        let labels = orders.flat_map(|order| {
            let labels = order.returns.iter().filter_map(|back| back.label.as_ref());
            labels.map(|label| (order.id, label.tracking_number.clone()))
        });
        let labels: Vec<(OrderId, String)> = labels.collect();
        let Some((order, tracking_number)) = dice.pick(&labels).cloned() else {
            return false;
        };
        let status = [
            ParcelStatus::LabelCreated,
            ParcelStatus::InTransit,
            ParcelStatus::InTransit,
            ParcelStatus::Delivered,
            ParcelStatus::Lost,
        ][dice.below(5)];
        let fact = Fact::Scan(ScanFact {
            tracking_number,
            carrier: None,
            scan: Scan {
                at: self.now,
                status,
                code: status.word().to_owned(),
            },
        });
        for _ in 0..=dice.below(2) {
            let fact = fact.clone();
            self.post.push(Letter::Webhook { order, fact });
        }
        true
    }

    /// People decide about every return that waits for a decision and look at everything that came.
    pub(super) fn work_on_returns(&mut self) {
        let mut asked: Vec<(OrderId, ReturnCommand)> = Vec::new();
        for order in self.audit.orders() {
            for back in &order.returns {
                let number = back.number;
                let reason = "as agreed".to_owned();
                if back.stage() == ReturnStage::Review {
                    let label = None;
                    let approve = ReturnCommand::Approve {
                        number,
                        reason,
                        label,
                    };
                    asked.push((order.id, approve));
                } else if back.decision == ReturnDecision::Approved && !back.is_inspected() {
                    let lines = back.lines().filter_map(|line| {
                        let quantity = back.uninspected(line);
                        let line = order.line(line)?.external_id.clone();
                        (!quantity.is_zero()).then_some(InspectedLine {
                            line,
                            quantity,
                            disposition: Disposition::Restock,
                            accepted: None,
                        })
                    });
                    let lines = lines.collect();
                    asked.push((
                        order.id,
                        ReturnCommand::Inspect {
                            number,
                            lines,
                            rest: None,
                        },
                    ));
                }
            }
        }
        for (order, command) in asked {
            self.ask(order, "operator:dock", Command::Return(command));
        }
        let ends = |order: &Order| {
            let claim = order.claims.iter().find(|claim| claim.is_open())?;
            // Every other order is sent again what can be.
            let again = order.version.is_multiple_of(2) && claim.kind != ClaimKind::Damaged;
            let resolution = if again {
                Resolution::Reship
            } else {
                Resolution::Refund
            };
            let lines = said_to_be_in(order, claim);
            // Other parcels and returns have spoken for everything that can have been in this one.
            let nothing = lines.as_ref().is_some_and(Vec::is_empty);
            let (number, reason) = (claim.number, "as agreed".to_owned());
            Some((
                order.id,
                ClaimCommand::Resolve {
                    number,
                    resolution: if nothing {
                        Resolution::Deny
                    } else {
                        resolution
                    },
                    lines: lines.filter(|_| !nothing),
                    reason,
                },
            ))
        };
        let ended: Vec<_> = self.audit.orders().filter_map(ends).collect();
        for (order, command) in ended {
            self.ask(order, "operator:anna", Command::Claim(command));
        }
    }
}

/// The buyer complains about a parcel, or somebody ends a claim; now and then one that is not there.
fn claim_for(order: &Order, dice: &mut Dice) -> ClaimCommand {
    let reason = "the box was wet".to_owned();
    if let Some(claim) = dice.pick(&order.claims) {
        return ClaimCommand::Resolve {
            number: claim.number,
            resolution: Resolution::ALL[dice.below(Resolution::ALL.len())],
            lines: said_to_be_in(order, claim).filter(|_| dice.percent(80)),
            reason,
        };
    }
    let parcels = order
        .parcels()
        .map(|(work, parcel)| (work.number, parcel.number));
    let parcels: Vec<(u16, u16)> = parcels.collect();
    let (fulfilment, parcel) = dice.pick(&parcels).copied().unwrap_or((1, 1));
    ClaimCommand::Open {
        fulfilment,
        parcel: Some(parcel).filter(|_| dice.percent(50)),
        lines: None,
        reason,
    }
}

/// The buyer announces units, or a parcel comes without a word.
fn first_for(order: &Order, location: LocationCode, dice: &mut Dice) -> ReturnCommand {
    let reason = "does not fit".to_owned();
    if dice.percent(20) {
        let lines = contents(order, dice);
        let parcel = Arrival {
            parcel: None,
            location,
            lines: Some(lines),
        };
        return ReturnCommand::ReceiveUnannounced { parcel, reason };
    }
    // Now and then one more than the buyer has.
    let greed = u32::from(dice.percent(10));
    let lines = order.line_numbers().filter_map(|number| {
        let most = units(order.returnable(number)) + greed;
        let line = order.line(number)?.external_id.clone();
        let count = some(most, dice);
        (count > 0).then(|| (line, Quantity::units(count)))
    });
    let lines: Vec<_> = lines.collect();
    let lines = Some(lines).filter(|lines| !lines.is_empty() && dice.percent(80));
    ReturnCommand::Open { lines, reason }
}

/// What happens to a return next: anything that can, and some things that cannot.
fn next_for(
    order: &Order,
    back: &Return,
    location: LocationCode,
    dice: &mut Dice,
) -> ReturnCommand {
    let number = back.number;
    let reason = "seen".to_owned();
    match dice.below(12) {
        0 => ReturnCommand::Close { number, reason },
        1 => ReturnCommand::Decline { number, reason },
        2 | 8..=11 => {
            let label = dice
                .percent(80)
                .then(|| ("UPS".to_owned(), format!("RET{number}"), None));
            ReturnCommand::Approve {
                number,
                reason,
                label,
            }
        }
        3..=5 => {
            let known = back.parcels.keys().next().cloned();
            let parcel = Arrival {
                parcel: known.filter(|_| dice.percent(20)),
                location,
                lines: dice.percent(80).then(|| contents(order, dice)),
            };
            ReturnCommand::Receive { number, parcel }
        }
        _ => {
            let lines = back.lines().filter_map(|line| {
                let count = some(units(back.uninspected(line)), dice);
                let line = order.line(line)?.external_id.clone();
                let disposition = Disposition::ALL[dice.below(Disposition::ALL.len())];
                let accepted = dice.percent(20).then(|| dice.percent(50));
                (count > 0).then_some(InspectedLine {
                    line,
                    quantity: Quantity::units(count),
                    disposition,
                    accepted,
                })
            });
            let lines = lines.collect();
            ReturnCommand::Inspect {
                number,
                lines,
                rest: None,
            }
        }
    }
}

/// What a parcel from the buyer has in it.
fn contents(order: &Order, dice: &mut Dice) -> Vec<ReceivedLine> {
    let mut lines = Vec::new();
    for number in order.line_numbers() {
        let greed = u32::from(dice.percent(5));
        let count = some(units(order.may_come_back(number)) + greed, dice);
        if let Some(line) = order.line(number).filter(|_| count > 0) {
            let units = Quantity::units(count);
            lines.push(ReceivedLine::Line(line.external_id.clone(), units));
        }
    }
    if dice.percent(15) {
        let what = "somebody else's shoes".to_owned();
        lines.push(ReceivedLine::Unexpected(what, Quantity::units(1)));
    }
    lines
}

fn some(most: u32, dice: &mut Dice) -> u32 {
    let most = usize::try_from(most).unwrap_or_default();
    u32::try_from(dice.below(most + 1)).unwrap_or_default()
}

fn units(quantity: Quantity) -> u32 {
    let whole = quantity.whole().unwrap_or_default();
    u32::try_from(whole).unwrap_or_default()
}
