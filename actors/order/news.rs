//! What a sales channel is told, in its own words for its order and lines.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_channels::sales::{
    CancellationNotice, PartNotice, PartOf, ShipmentNotice, Tracking, Why,
};
use orderhub_domain::money::Money;
use orderhub_domain::order::{LineUnits, Notice, Order, REASON_QUOTA_USED_UP, RefundOf, Tender};
use rust_decimal::prelude::ToPrimitive;

use crate::partner::News;

/// What goes back, and the names of what had gone back before.
type Back<'a> = (Money, Option<&'a BTreeSet<String>>);

/// A notice that was asked for then, with everything that the channel needs to know of it; `None` when it is about
/// work that is not there.
pub(super) fn news(order: &Order, notice: &Notice, asked_at: Timestamp) -> Option<News> {
    let external_id = order.draft.external_id.clone();
    let part = |name: String, lines: &[LineUnits], of: PartOf, money: Back<'_>| PartNotice {
        external_id: order.draft.external_id.clone(),
        key: format!("{}-{name}", order.id),
        asked_at,
        lines: units(order, lines),
        amount: money.0,
        given: money.1.cloned(),
        of,
    };
    Some(match notice {
        Notice::Accepted => News::Accepted(external_id),
        Notice::Shipped { fulfilment } => {
            let work = order.fulfilment(*fulfilment)?;
            let labelled = work.parcels.iter();
            let labelled = labelled.filter_map(|parcel| Some((parcel, parcel.label.as_ref()?)));
            let tracking = labelled.map(|(parcel, label)| Tracking {
                carrier: label.carrier.clone(),
                number: label.tracking_number.clone(),
                units: units(order, &work.contents(parcel).unwrap_or_default()),
            });
            News::Shipped(ShipmentNotice {
                external_id,
                shipped_at: work.shipped_at.unwrap_or(order.updated_at),
                lines: units(order, &work.lines),
                tracking: tracking.collect(),
            })
        }
        Notice::Cancelled => {
            let why = match order.reason.as_deref() {
                Some("out_of_stock" | REASON_QUOTA_USED_UP) => Why::OutOfStock,
                Some("payment_declined") => Why::Declined,
                _ => Why::Other,
            };
            let by_channel = |t: &Tender| !t.is_ours() && t.captured_sum().is_positive();
            News::Cancelled(CancellationNotice {
                external_id,
                why,
                refund: order.tenders.iter().any(by_channel),
            })
        }
        Notice::PartCancelled {
            part: number,
            lines,
            amount,
            given,
        } => {
            let (name, money) = (format!("part-{number}"), (*amount, given.as_ref()));
            News::PartCancelled(part(name, lines, PartOf::Unsent, money))
        }
        Notice::Refund {
            of,
            nth,
            lines,
            amount,
            given,
        } => {
            let (word, number, of) = match of {
                RefundOf::Return(number) => ("return", number, PartOf::Returned),
                RefundOf::Claim(number) => ("claim", number, PartOf::Claimed),
                RefundOf::Exchange(number) => ("exchange", number, PartOf::Returned),
            };
            let (name, money) = (format!("{word}-{number}-{nth}"), (*amount, given.as_ref()));
            News::Refunded(part(name, lines, of, money))
        }
    })
}

/// Units by the channel's names of their lines; several lines that it knows as one are one.
fn units(order: &Order, lines: &[LineUnits]) -> Vec<(String, u32)> {
    let mut units: Vec<(String, u32)> = Vec::new();
    for part in lines {
        let named = order.line_at_channel(part.line);
        let count = part.quantity.value().ceil().to_u32();
        let (Some(line), Some(count)) = (named, count) else {
            continue;
        };
        match units.iter_mut().find(|(known, _)| known == line) {
            Some((_, known)) => *known += count,
            None => units.push((line.to_owned(), count)),
        }
    }
    units
}
