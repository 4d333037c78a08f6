//! Parcels under way, as carriers are asked for them by number, or told of them so that they push what they see.
//!
//! Either may be repeated at will. Asking changes nothing at the vendor; what it was told of it goes on following.

use std::time::Duration;

use async_trait::async_trait;
use orderhub_domain::ids::OrderId;

use super::{CallError, Statement};

/// A parcel that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// Whose parcel it is.
    pub order: OrderId,
    /// Whether that order is test data.
    pub test: bool,
    /// Its tracking number.
    pub number: String,
    /// The carrier that moves it, as the hub compares carriers
    /// ([`carrier_word`](orderhub_domain::order::carrier_word)). None where the number is known without it.
    pub carrier: Option<String>,
}

impl UnderWay {
    /// Its place among all parcels, which are taken in the order of these places' bytes.
    pub fn place(&self) -> String {
        match &self.carrier {
            Some(carrier) => format!("{}@{carrier}", self.number),
            None => self.number.clone(),
        }
    }
}

/// How fast a carrier is asked for parcels, or told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a turn through all parcels takes at least.
    pub turn: Duration,
    /// How long to wait between two calls of a turn.
    pub pause: Duration,
    /// How many parcels one call is about.
    pub at_once: usize,
}

/// Asking a carrier for parcels by their numbers, because it pushes too little. It changes nothing there.
#[async_trait]
pub trait Follow: Send + Sync {
    /// How fast it may be asked.
    fn pace(&self) -> Pace;

    /// What was seen of these parcels, at most [`Pace::at_once`] of them; nothing of those that the carrier
    /// does not know.
    async fn seen(&self, numbers: &[String]) -> Result<Vec<Statement>, CallError>;
}

/// Telling who follows parcels of many carriers which ones are under way, so that it pushes what it sees of
/// them. The same parcel told again changes nothing there.
#[async_trait]
pub trait Enlist: Send + Sync {
    /// How fast it may be told. One call is about one parcel.
    fn pace(&self) -> Pace;

    /// Tells it of one parcel.
    async fn enlist(&self, parcel: &UnderWay) -> Result<Enlisted, CallError>;
}

/// What becomes of a parcel that somebody was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enlisted {
    /// It is followed, since now or before.
    Followed,
    /// This one is not; of the others it says nothing.
    Refused {
        /// Why, in a clause for an operator.
        reason: String,
    },
}
