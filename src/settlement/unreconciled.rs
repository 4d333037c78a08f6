//! Money that was taken and that no payout has named: what is listed of it, and where the next page of
//! the list begins.

use jiff::Timestamp;
use orderhub_domain::ids::{OrderId, Slug};
use orderhub_domain::money::Money;

/// A capture that no line of a payout file has named, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreconciled {
    /// Which: its place in the list.
    pub place: UnreconciledPlace,
    /// The connection that took it.
    pub source: Slug,
    /// The gateway's reference of the payment, where there is one.
    pub reference: Option<String>,
    /// How much was taken.
    pub captured: Money,
    /// What of it is not named.
    pub open: Money,
}

/// A place in the list: what it is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreconciledPlace {
    /// When the hub recorded the capture.
    pub captured_at: Timestamp,
    /// The order.
    pub order: OrderId,
    /// The tender's number.
    pub tender: i16,
    /// The event that recorded the capture, by its version.
    pub version: i64,
}

/// Which captures to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreconciledFilter {
    /// Those of these connections.
    pub sources: Vec<Slug>,
    /// Only those recorded before this.
    pub before: Option<Timestamp>,
    /// Only those after this place: the cursor of the page before.
    pub after: Option<UnreconciledPlace>,
    /// At most so many.
    pub limit: u16,
}

/// A page of the list, and where the next one begins after, if there is one.
pub type UnreconciledPage = (Vec<Unreconciled>, Option<UnreconciledPlace>);

/// How many bytes a place is written in.
const PLACE: usize = 8 + 16 + 2 + 8;

impl UnreconciledPlace {
    /// As a cursor.
    pub fn to_bytes(self) -> [u8; PLACE] {
        let mut bytes = [0; PLACE];
        let (at, rest) = bytes.split_at_mut(8);
        let (order, rest) = rest.split_at_mut(16);
        let (tender, version) = rest.split_at_mut(2);
        at.copy_from_slice(&self.captured_at.as_microsecond().to_be_bytes());
        order.copy_from_slice(self.order.uuid().as_bytes());
        tender.copy_from_slice(&self.tender.to_be_bytes());
        version.copy_from_slice(&self.version.to_be_bytes());
        bytes
    }

    /// From a cursor, if it is one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_first_chunk()?;
        let (order, rest) = rest.split_first_chunk()?;
        let (tender, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let captured_at = Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?;
        rest.is_empty().then_some(Self {
            captured_at,
            order: OrderId::from_uuid(uuid::Uuid::from_bytes(*order)),
            tender: i16::from_be_bytes(*tender),
            version: i64::from_be_bytes(*version),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = UnreconciledPlace {
            captured_at: Timestamp::from_microsecond(1_760_000_000_123_456).expect("a time"),
            order: OrderId::from_uuid(uuid::Uuid::from_u128(7)),
            tender: 3,
            version: 12,
        };
        let bytes = place.to_bytes();
        assert_eq!(UnreconciledPlace::from_bytes(&bytes), Some(place));
        assert_eq!(UnreconciledPlace::from_bytes(&bytes[1..]), None);
        assert_eq!(
            UnreconciledPlace::from_bytes(&[&bytes[..], &[0]].concat()),
            None
        );
    }
}
