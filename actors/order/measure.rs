//! What the commits of orders are counted and measured as: moves between stages, the time spent in
//! one, the time until a location was asked.

use std::time::Duration;

use jiff::Timestamp;
use orderhub_domain::order::{Event, Order, ParcelEvent, Recorded, Stage, evolve};

/// Counts every stage that a commit passed through, also those it did not stay in.
pub(super) fn count_transitions(before: Option<&Order>, events: &[Recorded], next: &Order) {
    if before.is_some_and(|order| order.stage == next.stage) {
        return;
    }
    let mut order = before.cloned();
    for recorded in events {
        let from = order.as_ref().map(|order| (order.stage, order.stage_since));
        let Ok(folded) = evolve(order, recorded) else {
            return;
        };
        if from.is_none_or(|(stage, _)| stage != folded.stage) {
            count_move(from.map(|(stage, _)| stage), folded.stage);
            measure_move(from, &folded);
        }
        order = Some(folded);
    }
}

/// Counts parcels that are overdue, by the connection that sold the label and by whose time is over.
pub(super) fn count_overdue(events: &[Recorded], next: &Order) {
    for recorded in events {
        let Event::Parcel(ParcelEvent::Overdue {
            fulfilment,
            parcel,
            lane,
            ..
        }) = &recorded.event
        else {
            continue;
        };
        let parcel = next.parcel(*fulfilment, *parcel);
        let label = parcel.and_then(|parcel| parcel.label.as_ref());
        let carrier = label.map_or_else(|| "none".to_owned(), |label| label.account.to_string());
        let time = if lane.is_some() { "lane" } else { "policy" };
        metrics::counter!("orderhub_parcels_overdue_total", "carrier" => carrier, "time" => time)
            .increment(1);
    }
}

fn count_move(from: Option<Stage>, to: Stage) {
    let to = to.word();
    let left = from.map_or("none", Stage::word);
    metrics::counter!("orderhub_order_transitions_total", "from" => left, "to" => to).increment(1);
    if from.is_some() {
        metrics::gauge!("orderhub_orders", "stage" => left).decrement(1.0);
    }
    metrics::gauge!("orderhub_orders", "stage" => to).increment(1.0);
}

/// Measures how long the order was in the stage that it leaves, and how long a location had to wait
/// for it: the first time that one is asked makes a confirmed order one that is fulfilled. An order
/// that was ever on hold waited for a person, not for the hub.
fn measure_move(from: Option<(Stage, Timestamp)>, order: &Order) {
    let Some((left, since)) = from else {
        return;
    };
    let seconds = |since| {
        let passed = order.stage_since.duration_since(since);
        Duration::try_from(passed).unwrap_or_default()
    };
    metrics::histogram!("orderhub_order_stage_duration_seconds", "stage" => left.word())
        .record(seconds(since));
    if (left, order.stage) == (Stage::Confirmed, Stage::Fulfilling) && order.last_hold == 0 {
        let channel = order.channel_slug.to_string();
        metrics::histogram!("orderhub_order_release_delay_seconds", "channel" => channel)
            .record(seconds(order.received_at));
    }
}
