//! How parcels are called, and what an order waits for while they are on their way.

use jiff::SignedDuration;

use super::super::explain::Reason;
use super::super::{Fulfilment, Order, Parcel, TransitTime};
use crate::policy::Policy;

impl Fulfilment {
    /// How a parcel of it is called: by its own number where there are several.
    pub fn parcel_name(&self, number: u16) -> String {
        if self.parcels.len() > 1 {
            let all = self.parcels.len();
            return format!("parcel {number} of {all} of fulfilment {}", self.number);
        }
        format!("parcel of fulfilment {}", self.number)
    }
}

impl Order {
    /// The parcel that is waited for, the ones that nobody sees first.
    pub(in crate::order) fn on_its_way(&self, policy: &Policy) -> Option<Reason> {
        let expected = |(work, parcel): &(&Fulfilment, &Parcel)| {
            work.has_left() && !work.is_off() && !self.is_parcel_settled(work, parcel)
        };
        let overdue = |(_, parcel): &(&Fulfilment, &Parcel)| parcel.overdue_at.is_some();
        let lost_sight = self.parcels().filter(expected).find(overdue);
        let (work, parcel) = lost_sight.or_else(|| self.parcels().find(expected))?;
        let name = capital(&work.parcel_name(parcel.number));
        let to = work.transfer.as_ref();
        let to = to.map_or_else(String::new, |transfer| format!(" to {}", transfer.to));
        let place = work.place_of(parcel).replace('_', " ") + &to;
        let after = parcel.patience(policy);
        Some(if let Some(since) = parcel.overdue_at {
            let because = format!("{name} is {place} and overdue after {after}; ask the carrier.");
            ("carrier", since, because, Some("claim"))
        } else {
            let because =
                format!("{name} is {place}. It is overdue if it is not seen for {after}.");
            ("carrier", work.since, because, None)
        })
    }
}

impl Parcel {
    /// How long it may not be seen, and who says so, as the end of a sentence.
    fn patience(&self, policy: &Policy) -> String {
        let time = in_words(self.overdue_after(policy));
        match self.watched {
            Some(TransitTime { deliveries, .. }) => {
                format!("{time}: the 95th percentile of {deliveries} deliveries of this lane")
            }
            None => format!("{time}: the policy's time"),
        }
    }
}

/// A time in the unit that it is counted in: days where it is two or more, else hours, minutes, seconds.
fn in_words(time: SignedDuration) -> String {
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60)];
    let seconds = time.as_secs();
    let unit = units.into_iter().find(|(_, long)| seconds >= 2 * long);
    let (unit, long) = unit.unwrap_or(("second", 1));
    // What is begun counts, so that nothing is overdue earlier than is said.
    let count = seconds / long + i64::from(seconds % long > 0);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// A sentence begins with a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
