//! Requests of people to send an order to another address, and why they are refused.

use std::fmt;

use crate::canonical::Address;
use crate::order::screening::AddressFault;
use crate::sourcing::Point;

/// Where an order is to go from now on, as a person states it.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressChange {
    /// Where it goes. Kept sealed beside the log, like the address that it replaces.
    pub to: Address,
    /// About where that is, when it was stated; no address.
    pub point: Option<Point>,
    /// Why, in a person's words.
    pub reason: String,
}

/// Prints no address: requests may be printed, addresses may not.
impl fmt::Debug for AddressChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressChange")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Why a change of the address is refused. Names no part of an address but the country.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressRejection {
    /// The carrier is selling a label for the address that stands.
    #[error(
        "the label of fulfilment {0} is being bought; try again when the carrier has answered, or cancel it"
    )]
    LabelAsked(u16),
    /// Every parcel has its label, or nothing is sent at all.
    #[error(
        "nothing of it is still without a label; cancel what has not left, or let it come back, and send it again"
    )]
    NothingToLabel,
    /// Another country: other taxes, and another total.
    #[error(
        "its taxes were stated for {stands}; cancel it and have it ordered again for another country"
    )]
    OtherCountry {
        /// The country that stands.
        stands: String,
    },
    /// Another state or province where that decides the taxes.
    #[error(
        "its taxes were stated for another region; cancel it and have it ordered again for this one"
    )]
    OtherRegion,
    /// The address cannot be right.
    #[error("the address cannot be right: {}", words(.0))]
    Implausible(Vec<AddressFault>),
    /// It goes there already.
    #[error("it goes to this address already")]
    Same,
}

fn words(faults: &[AddressFault]) -> String {
    let words: Vec<&str> = faults.iter().map(|fault| fault.sentence()).collect();
    words.join(", ")
}

impl AddressRejection {
    /// Where in the request it stands, as a JSON pointer; nothing when it is about the order.
    pub fn pointer(&self) -> Option<String> {
        let part = match self {
            Self::LabelAsked(_) | Self::NothingToLabel => return None,
            Self::OtherCountry { .. } => "/country",
            Self::OtherRegion => "/region",
            Self::Implausible(faults) => faults.first().map_or("", |fault| fault.part()),
            Self::Same => "",
        };
        Some(format!("/address{part}"))
    }

    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LabelAsked(_) => "label_asked",
            Self::NothingToLabel => "nothing_to_label",
            Self::OtherCountry { .. } => "other_country",
            Self::OtherRegion => "other_tax_region",
            Self::Implausible(_) => "implausible_address",
            Self::Same => "same_address",
        }
    }
}
