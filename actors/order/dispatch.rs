//! Hands an order's effects to whoever carries them out. Never waits: answers come back as facts.

use std::sync::Arc;

use orderhub_channels::warehouses::{CallLine, FulfilmentCall};
use orderhub_domain::canonical::Terms;
use orderhub_domain::ids::{EffectId, FulfilmentId, ParcelId, Slug};
use orderhub_domain::money::Money;
use orderhub_domain::order::{
    Effect, Fact, Fulfilment, Order, Outstanding, Postponement, StockEvidence, StockFact,
    StockRefusal, Tender,
};
use orderhub_domain::stock::StockCommand;

use super::goods::goods;
use super::news::news;
use crate::location::LocationMsg;
use crate::partner::{Ask, ChannelNotice, DeskMsg, Family, Job};
use crate::shared::Shared;

/// Hands over one effect. `perhaps_done`: an earlier try may have been carried out.
pub(super) fn dispatch(
    shared: &Arc<Shared>,
    order: &Order,
    id: EffectId,
    open: &Outstanding,
    perhaps_done: bool,
) {
    if let Some(unanswerable) = hand_over(shared, order, id, open, perhaps_done) {
        let reporter = Arc::clone(shared);
        let order = order.id;
        shared
            .tasks
            .spawn(async move { reporter.report(order, unanswerable).await });
    }
}

/// Returns the answer itself when there is nobody to hand it to.
fn hand_over(
    shared: &Arc<Shared>,
    order: &Order,
    id: EffectId,
    open: &Outstanding,
    perhaps_done: bool,
) -> Option<Fact> {
    if let Some(command) = stock_command(order, &open.effect) {
        return ask_location(shared, id, &open.effect, command);
    }
    let Some((family, slug, ask)) = ask(shared, order, open) else {
        return Some(nobody(shared, id, "the order does not say who can do it"));
    };
    let Some(desk) = shared.desk(family, &slug) else {
        let reason = format!("no {} connection \"{slug}\" is configured", family.word());
        return Some(nobody(shared, id, &reason));
    };
    let job = Job {
        order: order.id,
        effect: id,
        ask,
        opened_at: open.opened_at,
        perhaps_done,
    };
    // A desk that died is started again; the effect's lease brings the job back.
    drop(desk.cast(DeskMsg::Job(Box::new(job))));
    None
}

fn ask_location(
    shared: &Arc<Shared>,
    id: EffectId,
    effect: &Effect,
    command: StockCommand,
) -> Option<Fact> {
    let (code, attempt, _) = effect.stock()?;
    let Some(door) = shared.location(code) else {
        return Some(Fact::Stock(StockFact {
            location: code.clone(),
            attempt,
            effect: Some(id),
            evidence: StockEvidence::Refused {
                reason: StockRefusal::UnknownLocation,
            },
        }));
    };
    drop(door.actor.cast(LocationMsg::Ask {
        effect: id,
        attempt,
        command: Box::new(command),
    }));
    None
}

fn nobody(shared: &Shared, effect: EffectId, reason: &str) -> Fact {
    Fact::Postponed(Postponement {
        effect,
        reason: reason.to_owned(),
        not_before: Some(shared.clock.now() + shared.policy.retry_most),
    })
}

fn stock_command(order: &Order, effect: &Effect) -> Option<StockCommand> {
    let (order, channel) = (order.id, order.channel);
    Some(match effect.clone() {
        Effect::ReserveStock {
            attempt,
            lines,
            expires_at,
            queued,
            ..
        } => StockCommand::Reserve {
            order,
            attempt,
            channel,
            lines,
            expires_at,
            queued,
        },
        Effect::AwaitStock {
            attempt,
            lines,
            since,
            declared_only,
            ..
        } => StockCommand::Wait {
            order,
            attempt,
            channel,
            lines,
            since,
            declared_only,
        },
        Effect::ConfirmStock { attempt, lines, .. } => StockCommand::Confirm {
            order,
            attempt,
            lines,
        },
        Effect::ReleaseStock { attempt, lines, .. } => StockCommand::Release {
            order,
            attempt,
            lines,
        },
        Effect::WriteOffStock {
            attempt,
            lines,
            loss,
            ..
        } => StockCommand::WriteOff {
            order,
            attempt,
            lines,
            loss,
        },
        Effect::RestockUnits { lines, .. } => StockCommand::Restock { order, lines },
        Effect::ReceiveTransfer { attempt, lines, .. } => StockCommand::TakeIn {
            order,
            attempt,
            lines,
        },
        Effect::RegroupStock {
            from,
            attempt,
            lines,
            ..
        } => StockCommand::Regroup {
            order,
            from,
            into: attempt,
            lines,
        },
        Effect::ConsumeStock { attempt, lines, .. } => StockCommand::Consume {
            order,
            attempt,
            lines,
        },
        _ => return None,
    })
}

fn ask(shared: &Shared, order: &Order, open: &Outstanding) -> Option<(Family, Slug, Ask)> {
    let effect = &open.effect;
    if let Effect::NotifyChannel { notice } = effect {
        let (slug, _) = shared.listening.get(&order.channel)?;
        let told = ChannelNotice {
            notice: notice.clone(),
            news: news(order, notice, open.opened_at)?,
        };
        return Some((Family::Sales, slug.clone(), Ask::Notify(told)));
    }
    if let Some(number) = effect.tender() {
        let tender = order.tenders.get(usize::from(number.checked_sub(1)?))?;
        let ask = payment_ask(order, number, tender, effect)?;
        return Some((Family::Payments, tender.gateway()?.clone(), ask));
    }
    let number = effect.fulfilment()?;
    let fulfilment = order.fulfilments.get(usize::from(number.checked_sub(1)?))?;
    let site = shared.sites.get(&fulfilment.location)?;
    let id = FulfilmentId {
        order: order.id,
        number,
    };
    Some(match effect {
        Effect::RequestFulfilment { .. } => {
            let call = FulfilmentCall {
                fulfilment: id,
                location: fulfilment.location.clone(),
                lines: picks(order, fulfilment),
                pickup: fulfilment.pickup,
            };
            (
                Family::Warehouses,
                site.warehouse.clone(),
                Ask::Fulfil(call),
            )
        }
        Effect::CancelFulfilment { .. } => {
            let stop = Ask::StopFulfilling(id, fulfilment.location.clone());
            (Family::Warehouses, site.warehouse.clone(), stop)
        }
        Effect::BuyLabel { parcel, .. } => {
            let parcel = fulfilment.parcel(*parcel)?;
            let buy = Ask::BuyLabel {
                parcel: ParcelId {
                    fulfilment: id,
                    number: parcel.number,
                },
                location: fulfilment.location.clone(),
                destination: order.draft.destination.clone(),
                store: fulfilment.transfer.as_ref().map(|one| one.to.clone()),
                goods: goods(order, fulfilment, parcel, &shared.policy),
                readdressed: order.address > 0,
            };
            (Family::Carriers, site.carrier.clone()?, buy)
        }
        Effect::VoidLabel { parcel, .. } => {
            let parcel = fulfilment.parcel(*parcel)?;
            let label = parcel.label.as_ref()?;
            let void = Ask::VoidLabel {
                parcel: ParcelId {
                    fulfilment: id,
                    number: parcel.number,
                },
                reference: label.reference.clone(),
            };
            (Family::Carriers, label.account.clone(), void)
        }
        _ => return None,
    })
}

fn payment_ask(order: &Order, number: u16, tender: &Tender, effect: &Effect) -> Option<Ask> {
    let zero = Money::zero(order.draft.currency);
    let reference = tender.reference.clone();
    Some(match effect {
        Effect::AuthorizePayment { amount, .. } => {
            let Terms::ToAuthorize { token, .. } = &tender.terms else {
                return None;
            };
            Ask::Authorize {
                tender: number,
                amount: *amount,
                token: token.clone(),
                renews: tender
                    .renews
                    .or(tender.means)
                    .and_then(|n| order.tender(n)?.reference.clone()),
            }
        }
        Effect::CapturePayment { amount, last, .. } => Ask::Capture {
            tender: number,
            amount: *amount,
            reference,
            last: *last,
            before: tender.captured.sum(zero),
        },
        Effect::VoidPayment { .. } => Ask::Void {
            tender: number,
            amount: tender.authorized.unwrap_or(tender.amount),
            reference,
        },
        Effect::RefundPayment { amount, .. } => Ask::Refund {
            tender: number,
            amount: *amount,
            reference,
            before: tender.refunded.sum(zero),
        },
        _ => return None,
    })
}

fn picks(order: &Order, fulfilment: &Fulfilment) -> Vec<CallLine> {
    let lines = fulfilment.lines.iter();
    let picks = lines.filter_map(|units| {
        let index = usize::from(units.line.checked_sub(1)?);
        let line = order.draft.lines.get(index)?;
        Some(CallLine {
            line: line.external_id.clone(),
            sku: line.sku.clone()?,
            quantity: units.quantity,
        })
    });
    picks.collect()
}
