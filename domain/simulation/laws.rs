//! What every event of a log must hold against the order before and after it: the laws that no seed
//! may break, whoever wrote the event.

use std::collections::BTreeMap;

use super::address::before_address;
use super::edits::{after_edit, before_edit};
use super::exchanges::before_exchange;
use super::money::{in_time, may_allow, may_grant, may_move};
use super::parcels::before_parcel;
use super::return_laws::{after_return, before_return};
use super::stuck::before_stuck;
use super::transfers::before_transfer;
use super::transits::before_watch;
use crate::ids::{EffectId, LocationCode};
use crate::money::Money;
use crate::order::{
    Edge, Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, HoldScope, LineUnits,
    Loss, MoneyEvent, Order, Outstanding, REASON_REFUNDED_AT_SOURCE, Recorded, ReservationState,
    Routing,
};

/// The rule that an event breaks, and what was found.
pub(crate) type Verdict = Result<(), (&'static str, String)>;

pub(super) fn must(holds: bool, rule: &'static str, found: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err((rule, found())) }
}

/// What must hold of an event on the order before it.
pub(crate) fn before_event(
    before: &Order,
    recorded: &Recorded,
    opened: &BTreeMap<EffectId, Effect>,
) -> Verdict {
    let event = &recorded.event;
    must(
        recorded.recorded_at >= before.updated_at,
        "time_runs_forward",
        || format!("version {} is older than the one before", recorded.version),
    )?;
    for id in event.closes() {
        let open = before.outstanding.get(id);
        must(open.is_some(), "effect_closed_once", || {
            format!("{} closes what is not open", event.kind())
        })?;
        let fits = open.is_some_and(|open| may_close(&open.effect, event));
        must(fits, "closed_by_evidence", || {
            let word = open.map_or("nothing", |open| open.effect.word());
            format!("{} closes {word}", event.kind())
        })?;
    }
    if let Some(effect) = event.opens() {
        must(
            !opened.contains_key(&effect.id),
            "effect_opened_once",
            || format!("{} under an id that was used", effect.effect.word()),
        )?;
        may_open(before, &effect.effect)?;
        in_time(before, recorded.recorded_at, &effect.effect)?;
    }
    if let Event::RefundGranted {
        refunds, reason, ..
    } = event
        && reason == REASON_REFUNDED_AT_SOURCE
    {
        may_allow(before, refunds)?;
    } else if let Event::RefundGranted { refunds, .. }
    | Event::Money(MoneyEvent::RefundRerouted { to: refunds, .. }) = event
    {
        for granted in refunds {
            may_grant(before, granted)?;
        }
    }
    before_return(before, recorded)?;
    before_parcel(before, recorded)?;
    before_watch(before, recorded)?;
    before_transfer(before, recorded)?;
    before_edit(before, event)?;
    before_address(before, event)?;
    before_exchange(before, event)?;
    before_stuck(before, recorded)?;
    let asked = recorded.command_id.is_some() || recorded.actor.starts_with("operator:");
    if let Event::FulfilmentReported {
        fulfilment,
        work: FulfilmentEvidence::HandedOver | FulfilmentEvidence::Collected,
        ..
    } = event
        && asked
    {
        unblocked(before, Edge::Ship, Some(*fulfilment), "the hand-over")?;
    }
    Ok(())
}

pub(super) fn unblocked(order: &Order, edge: Edge, fulfilment: Option<u16>, what: &str) -> Verdict {
    let blocking = order.holds.iter().find(|hold| {
        let money = matches!(edge, Edge::Capture | Edge::Refund);
        let concerns = match &hold.scope {
            HoldScope::Order => true,
            HoldScope::Fulfilment { number } => money || fulfilment == Some(*number),
            HoldScope::Line { line } => {
                let work = fulfilment.and_then(|number| order.fulfilment(number));
                let of_line = |units: &LineUnits| {
                    let stated = order.line(units.line);
                    stated.is_some_and(|stated| stated.external_id == *line)
                };
                money || work.is_some_and(|work| work.lines.iter().any(of_line))
            }
        };
        concerns && hold.blocks.contains(&edge)
    });
    must(blocking.is_none(), "holds_block", || {
        let id = blocking.map_or(0, |hold| hold.id);
        format!("{what} goes on although hold {id} blocks it")
    })
}

/// Whether an event of this kind is evidence about an effect.
fn may_close(effect: &Effect, event: &Event) -> bool {
    match event {
        Event::EffectGivenUp { .. } => {
            matches!(
                effect,
                Effect::AuthorizePayment { .. } | Effect::BuyLabel { .. }
            )
        }
        Event::StockAnswered {
            location, attempt, ..
        } => effect
            .stock()
            .is_some_and(|(at, tried, _)| at == location && tried == *attempt),
        Event::PaymentReported { tender, .. } => effect.tender() == Some(*tender),
        Event::FulfilmentReported { fulfilment, .. }
        | Event::FulfilmentUnanswered { fulfilment, .. } => {
            effect.fulfilment() == Some(*fulfilment) && effect.parcel().is_none()
        }
        Event::LabelReported {
            fulfilment, parcel, ..
        } => effect.parcel() == Some((*fulfilment, *parcel)),
        // Work that is cut, merged or put off is asked for afresh.
        Event::Routing(
            Routing::Split { fulfilment, .. }
            | Routing::Scheduled { fulfilment, .. }
            | Routing::Merged { fulfilment, .. },
        ) if effect.fulfilment() == Some(*fulfilment) => {
            matches!(effect, Effect::RequestFulfilment { .. })
        }
        Event::Routing(Routing::Merged { from, .. }) => {
            *effect == Effect::RequestFulfilment { fulfilment: *from }
        }
        Event::ChannelAnswered { told, .. } => {
            matches!(effect, Effect::NotifyChannel { notice } if notice == told)
        }
        _ => false,
    }
}

/// Whether an order may ask this of the world now.
fn may_open(order: &Order, effect: &Effect) -> Verdict {
    let twice = order
        .outstanding
        .values()
        .any(|open| match (&open.effect, effect) {
            (Effect::ReserveStock { .. }, Effect::ReserveStock { .. }) => open.effect == *effect,
            (known, new) => {
                known.word() == new.word()
                    && known.tender() == new.tender()
                    && known.fulfilment() == new.fulfilment()
                    && known.parcel() == new.parcel()
                    && known.stock().map(|s| (s.0, s.1)) == new.stock().map(|s| (s.0, s.1))
                    && !matches!(new, Effect::NotifyChannel { .. })
            }
        });
    must(!twice, "effect_open_once", || {
        format!("{} is open already", effect.word())
    })?;
    match effect {
        Effect::AuthorizePayment { .. }
        | Effect::CapturePayment { .. }
        | Effect::VoidPayment { .. }
        | Effect::RefundPayment { .. } => may_move(order, effect),
        Effect::ReserveStock { attempt, .. } if *attempt > order.attempt => {
            unblocked(order, Edge::Reserve, None, "a reservation")
        }
        Effect::ReleaseStock {
            location, attempt, ..
        } => may_give_back(order, location, *attempt),
        Effect::RequestFulfilment { fulfilment } => {
            unblocked(order, Edge::Release, Some(*fulfilment), "a release")?;
            must(order.is_money_secured(), "paid_before_release", || {
                format!("fulfilment {fulfilment} is released unpaid")
            })
        }
        Effect::BuyLabel { fulfilment, parcel } => {
            unblocked(order, Edge::Ship, Some(*fulfilment), "a label")?;
            let work = order.fulfilment(*fulfilment);
            let packed = work.is_some_and(|f| {
                let outrun = f.parcels.len() > 1 && f.stage == FulfilmentStage::HandedOver;
                f.stage == FulfilmentStage::Packed || outrun
            });
            must(packed, "packed_before_label", || {
                format!("fulfilment {fulfilment}")
            })?;
            let bare = order.parcel(*fulfilment, *parcel);
            must(
                bare.is_some_and(|p| p.label.is_none()),
                "label_per_parcel",
                || format!("parcel {parcel} of fulfilment {fulfilment} has one, or is none"),
            )
        }
        _ => Ok(()),
    }
}

/// Whether units may go back on a shelf: not those that the location could not find, or found broken.
fn may_give_back(order: &Order, location: &LocationCode, attempt: u16) -> Verdict {
    let lossy = order.fulfilments.iter().any(|work| {
        let same = work.location == *location && work.attempt == attempt;
        let reason = work.reason.as_deref().and_then(Loss::of_reason);
        same && work.stage == FulfilmentStage::Rejected && reason.is_some()
    });
    must(!lossy, "losses_written_off", || {
        format!("units that {location} could not ship go back on its shelf")
    })
}

/// What must hold of the order after an event.
pub(crate) fn after_event(after: &Order, event: &Event) -> Verdict {
    const FIRM: [ReservationState; 2] = [ReservationState::Hard, ReservationState::Consumed];
    let postings = event.postings().iter().map(|posting| posting.amount);
    let sum = Money::sum(after.draft.currency, postings);
    must(sum.is_zero(), "accounts_zero", || {
        format!("{} books {sum}", event.kind())
    })?;
    if let Some((broken, values)) = after.violations().into_iter().next() {
        return Err((broken, format!("after {}: {values}", event.kind())));
    }
    after_return(after)?;
    after_edit(after, event)?;
    let held = after.reservations.values().any(|hold| hold.state.is_live());
    match event {
        Event::Confirmed { .. } => {
            let firm = after
                .line_numbers()
                .all(|n| after.stocked(n) == after.held(n, &FIRM));
            must(
                firm && after.is_money_secured(),
                "confirmed_secured",
                || "confirmed without its stock or its money".to_owned(),
            )
        }
        Event::Closed { .. } => {
            let open = after.unfinished_business();
            must(open.is_none(), "closed_with_nothing_open", || {
                format!("closed with an open {}", open.unwrap_or_default())
            })
        }
        Event::Completed => {
            let done = |f: &Fulfilment| f.is_off() || (after.is_settled(f) && f.consumed);
            let all = after.is_served() && after.fulfilments.iter().all(done);
            must(all, "completed_delivered", || {
                "completed too early".to_owned()
            })
        }
        Event::Rejected { .. } | Event::Expired { .. } | Event::Cancelled { .. } => {
            let moving = |open: &Outstanding| open.effect.tender().is_some();
            let settled = !after.outstanding.values().any(moving);
            let cancelled = matches!(event, Event::Cancelled { .. });
            must(settled || !cancelled, "cancelled_when_settled", || {
                "cancelled while its money moves".to_owned()
            })?;
            must(!held, "ended_holds_no_stock", || {
                "ended with stock held".to_owned()
            })?;
            let shipped = after.fulfilments.iter().any(Fulfilment::is_shipped);
            must(!shipped, "ended_unshipped", || {
                "ended although a parcel left".to_owned()
            })
        }
        _ => Ok(()),
    }
}
