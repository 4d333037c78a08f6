//! People who send orders elsewhere in a simulated world, and the laws of it: an address stands from the
//! moment a label is asked for, and the parcel goes where that label says.
//!
//! The world keeps what is sealed beside each log as the number of the address alone: which one a carrier
//! read is all that has to be known.

use super::dice::Dice;
use super::laws::{Verdict, must};
use super::parcels::ParcelKey;
use super::world::{Call, World};
use crate::canonical::Address;
use crate::order::{AddressChange, AddressEvent, Command, Effect, Event, Order, Recorded};
use crate::sourcing::Point;

/// The number of the address that a commit seals, if it seals one.
pub(super) fn sealed_by(events: &[Recorded]) -> Option<u16> {
    let mut changes = events.iter().filter_map(|recorded| match &recorded.event {
        Event::Address(AddressEvent::Changed { change, .. }) => Some(*change),
        _ => None,
    });
    changes.next_back()
}

impl World<'_> {
    /// Somebody wants an order sent elsewhere; now and then abroad, or to an address that is none.
    pub(super) fn change_address(&mut self, dice: &mut Dice) {
        let Some(order) = self.some_order(dice).map(|order| order.id) else {
            return;
        };
        let country = if dice.percent(90) { "DE" } else { "FR" };
        let city = dice.percent(95).then(|| "Berlin".to_owned());
        let point = dice.percent(50).then(|| {
            let degrees = |least, most, dice: &mut Dice| {
                i32::try_from(dice.between(least, most)).unwrap_or_default() * 10_000
            };
            Point {
                lat: degrees(43, 54, dice),
                lon: degrees(0, 14, dice),
            }
        });
        let to = Address {
            lines: vec![format!("Street {}", dice.below(100))],
            city,
            postcode: Some("10115".to_owned()),
            country: Some(country.to_owned()),
            ..Address::default()
        };
        let change = AddressChange {
            to,
            point,
            reason: "the buyer has moved".to_owned(),
        };
        self.ask(
            order,
            "operator:anna",
            Command::ChangeAddress(Box::new(change)),
        );
    }

    /// The carrier wrote the address on the label that it found when it was called.
    pub(super) fn address_a_parcel(&mut self, call: &Call) {
        let Effect::BuyLabel { fulfilment, parcel } = call.effect else {
            return;
        };
        let sealed = self.store.sealed.get(&call.order);
        let sealed = sealed.copied().unwrap_or_default();
        let key: ParcelKey = (call.order, fulfilment, parcel);
        if let Some(parcel) = self.depot.parcels.get_mut(&key) {
            parcel.address.get_or_insert(sealed);
        }
    }

    /// What is on the labels is what the order says is on them.
    pub(super) fn check_addresses(&mut self, order: &Order) {
        let sealed = self.store.sealed.get(&order.id);
        let sealed = sealed.copied().unwrap_or_default();
        let mut broken = (sealed != order.address).then(|| {
            let found = format!("address {sealed} is sealed, {} is known", order.address);
            ("address_sealed_with_its_event", found)
        });
        for (work, parcel) in order.parcels().filter(|(work, _)| !work.is_off()) {
            let key = (order.id, work.number, parcel.number);
            let printed = self.depot.parcels.get(&key).and_then(|sold| sold.address);
            let known = parcel.label.as_ref().map(|label| label.address);
            let first = work.parcels.iter().find_map(|one| one.label.as_ref());
            let apart = known.is_some() && known != first.map(|label| label.address);
            if (printed.is_some() && known.is_some() && printed != known) || apart {
                let (number, parcel) = (work.number, parcel.number);
                let found = format!(
                    "parcel {parcel} of fulfilment {number} goes to {printed:?}, not {known:?}"
                );
                broken = Some(("label_has_the_address_it_was_asked_for", found));
            }
        }
        if let Some((invariant, found)) = broken {
            let found = format!("{}: {found}", self.name(order.id));
            self.fall(invariant, found);
        }
    }
}

/// No address changes while a label is being bought for it, none goes to another country, and what has
/// its label keeps it.
pub(super) fn before_address(before: &Order, event: &Event) -> Verdict {
    let Event::Address(AddressEvent::Changed {
        change,
        destination,
        keep,
        ..
    }) = event
    else {
        return Ok(());
    };
    must(
        *change == before.address + 1,
        "addresses_count_from_one",
        || format!("change {change} after {}", before.address),
    )?;
    let mut open = before.outstanding.values();
    let asked = open.any(|open| matches!(open.effect, Effect::BuyLabel { .. }));
    must(!asked, "address_stands_once_a_label_is_asked", || {
        format!("change {change} while a label is being bought")
    })?;
    let stands = &before.draft.destination;
    must(
        stands.is_none() || stands == destination,
        "address_stays_in_its_country",
        || format!("{stands:?} becomes {destination:?}"),
    )?;
    let bought = before.fulfilments.iter().filter(|work| {
        let goes = !work.is_off() && !work.is_replaced();
        let labelled = work.parcels.iter().any(|parcel| parcel.label.is_some());
        goes && (labelled || work.is_shipped())
    });
    let bought: Vec<u16> = bought.map(|work| work.number).collect();
    must(bought == *keep, "labels_keep_their_address", || {
        format!("{bought:?} have labels, {keep:?} keep theirs")
    })
}
