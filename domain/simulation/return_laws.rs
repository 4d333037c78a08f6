//! The laws of what comes back: who may be paid for what, and that a unit is in one place.

use rust_decimal::Decimal;

use super::laws::{Verdict, must};
use super::money::may_grant;
use crate::money::{Money, share_between};
use crate::order::{
    Claim, Disposition, Event, Order, Recorded, Resolution, Return, ReturnDecision, ReturnEvent,
    ReturnStage, evolve, units_of,
};
use crate::quantity::Quantity;

/// What must hold of an event about a return on the order before it.
pub(super) fn before_return(before: &Order, recorded: &Recorded) -> Verdict {
    let Event::Return(event) = &recorded.event else {
        return Ok(());
    };
    if let ReturnEvent::RefundGranted(settlement) = event {
        for granted in &settlement.refunds {
            may_grant(before, granted)?;
        }
        must(!before.is_disputed(), "disputed_is_frozen", || {
            format!("return {} is paid during a dispute", settlement.number)
        })?;
    }
    let Ok(after) = evolve(Some(before.clone()), recorded) else {
        return Ok(());
    };
    if let ReturnEvent::Seen { number, .. } = event {
        let units = |order: &Order| {
            let back = order.returned(*number).cloned();
            back.map(|back| (back.parcels, back.inspected, back.restocked, back.payback))
        };
        must(
            units(before) == units(&after),
            "sightings_move_no_units",
            || format!("return {number} was seen, and has other units than before"),
        )?;
    }
    for back in &after.returns {
        let to = back.stage();
        let known = before.returned(back.number).map(Return::stage);
        let from = known.unwrap_or(ReturnStage::Requested);
        must(from.may_become(to), "return_stage_legal", || {
            format!("return {} goes from {from:?} to {to:?}", back.number)
        })?;
    }
    Ok(())
}

/// What must hold of the returns of an order at any moment.
pub(super) fn after_return(after: &Order) -> Verdict {
    if after.returns.is_empty() && after.claims.is_empty() {
        return Ok(());
    }
    for line in after.line_numbers() {
        let sum =
            |part: &dyn Fn(&Return) -> Quantity| Quantity::sum(after.returns.iter().map(part));
        let (back, shipped) = (sum(&|r| r.came_back(line)), after.shipped(line));
        must(back <= shipped, "units_come_back_once", || {
            format!("line {line}: {back} came back, {shipped} ever left")
        })?;
        let of = |back: &Return, wanted: &dyn Fn(Disposition) -> bool| {
            let found = back.inspected.iter();
            let found = found.filter(|one| one.line == line && wanted(one.disposition));
            Quantity::sum(found.map(|one| one.quantity))
        };
        let shelved = sum(&|r| {
            let asked = r.restocked.iter().filter(|one| one.line == line);
            Quantity::sum(asked.map(|one| one.quantity))
        });
        let good = sum(&|r| of(r, &|found| found == Disposition::Restock));
        must(shelved <= good, "restocked_once", || {
            format!("line {line}: {shelved} go on the shelf, {good} are good")
        })?;
        for back in &after.returns {
            let (seen, came) = (of(back, &|_| true), back.received(line));
            must(seen <= came, "inspected_once", || {
                format!("return {}: {seen} inspected, {came} came", back.number)
            })?;
        }
    }
    within_the_accepted(after)?;
    after.returns.iter().try_for_each(|back| {
        let settled = back.unsettled().is_empty() && back.unshelved_units().is_zero();
        let done = back.is_inspected() && settled && back.owed().is_none();
        let over = back.stage() == ReturnStage::Closed && back.decision == ReturnDecision::Approved;
        must(!over || done, "closed_when_settled", || {
            format!("return {} is closed with something open", back.number)
        })
    })
}

/// Accepted units are paid for, and nothing else: no more than their share of the order.
fn within_the_accepted(after: &Order) -> Verdict {
    let currency = after.draft.currency;
    let lines = after.line_numbers().zip(after.line_values());
    let shares = lines.filter_map(|(number, value)| {
        let found = after.returns.iter().flat_map(|back| &back.inspected);
        let accepted = found.filter(|one| one.line == number && one.accepted);
        let refunded = |claim: &&Claim| claim.resolution == Some(Resolution::Refund);
        let claims = after.claims.iter().filter(refunded);
        let claimed = Quantity::sum(claims.map(|claim| units_of(&claim.lines, number)));
        let accepted = Quantity::sum(accepted.map(|one| one.quantity));
        let accepted = accepted.plus(claimed).value();
        let whole = after.line(number)?.quantity.value();
        Some(share_between(value, Decimal::ZERO, accepted, whole))
    });
    let most = Money::sum(currency, shares).plus(after.charges_value());
    let claims = after.claims.iter().map(|claim| &claim.payback);
    let returns = after.returns.iter().map(|back| &back.payback);
    let paid = returns.chain(claims).filter_map(|payback| payback.entitled);
    let paid = Money::sum(currency, paid);
    must(
        paid <= most || paid.is_zero(),
        "paid_for_what_was_accepted",
        || format!("{paid} for accepted units of {most}"),
    )
}
