//! How parcels are called, and what an order waits for while they are on their way.

use super::super::explain::Reason;
use super::super::{Fulfilment, Order, Parcel};

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
    pub(in crate::order) fn on_its_way(&self) -> Option<Reason> {
        let expected = |(work, parcel): &(&Fulfilment, &Parcel)| {
            work.is_shipped() && !self.is_parcel_settled(work, parcel)
        };
        let overdue = |(_, parcel): &(&Fulfilment, &Parcel)| parcel.overdue_at.is_some();
        let lost_sight = self.parcels().filter(expected).find(overdue);
        let (work, parcel) = lost_sight.or_else(|| self.parcels().find(expected))?;
        let name = capital(&work.parcel_name(parcel.number));
        let place = work.place_of(parcel).replace('_', " ");
        Some(if let Some(since) = parcel.overdue_at {
            let because =
                format!("{name} is {place} and was not seen for too long; ask the carrier.");
            ("carrier", since, because, Some("claim"))
        } else {
            ("carrier", work.since, format!("{name} is {place}."), None)
        })
    }
}

/// A sentence begins with a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
