//! Effects: everything an order may ask of the world, as data.
//!
//! An effect is opened by one event and closed by evidence. Who carries it out, how often it is
//! tried and over which wire is the shell's business; that it is wanted stands in the log.

mod loss;
mod notice;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::packing::{ParcelOf, is_only, only};
use crate::ids::{LocationCode, Sku};
use crate::money::Money;
use crate::quantity::Quantity;

pub use loss::Loss;
pub use notice::{Notice, RefundOf, Topic};

/// What is wanted of the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Effect {
    /// Authorise `amount` on a tender.
    AuthorizePayment {
        /// The tender's number.
        tender: u16,
        /// How much.
        amount: Money,
    },
    /// Capture `amount` of a tender's authorisation.
    CapturePayment {
        /// The tender's number.
        tender: u16,
        /// How much.
        amount: Money,
        /// Everything captured of the tender once this is done.
        total: Money,
        /// Nothing more will be captured: the gateway may release the rest.
        last: bool,
    },
    /// Release a tender's authorisation.
    VoidPayment {
        /// The tender's number.
        tender: u16,
    },
    /// Give money back.
    RefundPayment {
        /// The tender's number.
        tender: u16,
        /// How much.
        amount: Money,
        /// Everything refunded of the tender once this is done.
        total: Money,
    },
    /// Hold stock softly until `expires_at`. The same request again extends the hold.
    ReserveStock {
        /// Where.
        location: LocationCode,
        /// The try, counted per order.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
        /// When the hold lapses by itself.
        expires_at: Timestamp,
        /// The work may wait for a later day when this one is full.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        queued: bool,
    },
    /// Stand in line for units that are still to come.
    AwaitStock {
        /// Where.
        location: LocationCode,
        /// The try, counted per order.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
        /// The place in the line: older ones are served first.
        since: Timestamp,
        /// Only as far as the location has declared supply.
        declared_only: bool,
        /// When the order stops waiting.
        until: Timestamp,
    },
    /// Make soft holds firm; a lapsed one is taken again if there still is stock.
    ConfirmStock {
        /// Where.
        location: LocationCode,
        /// The try that made the holds.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Give holds back.
    ReleaseStock {
        /// Where.
        location: LocationCode,
        /// The try that made the holds.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Give holds back whose units the location could not find or found broken: the units leave
    /// the stock too.
    WriteOffStock {
        /// Where.
        location: LocationCode,
        /// The try that made the holds.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
        /// What became of the units.
        loss: Loss,
    },
    /// Hold units firmly under another try: work was split, merged or stopped in part.
    RegroupStock {
        /// Where.
        location: LocationCode,
        /// The tries that give.
        from: Vec<u16>,
        /// The try that takes.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Units left the building: lower the firm hold and what is on hand.
    ConsumeStock {
        /// Where.
        location: LocationCode,
        /// The try that made the holds.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Units came back and can be sold again: raise what is on hand.
    RestockUnits {
        /// Where.
        location: LocationCode,
        /// What.
        lines: Vec<StockLine>,
        /// What they came back with.
        source: RestockSource,
    },
    /// Units that were sent to a store are there: raise what is on hand, and hold them firmly.
    ReceiveTransfer {
        /// The fulfilment that sent them.
        sent_by: u16,
        /// The store.
        location: LocationCode,
        /// The try that the store holds them under.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Ask a location to fulfil.
    RequestFulfilment {
        /// The fulfilment's number.
        fulfilment: u16,
    },
    /// Ask a location to stop.
    CancelFulfilment {
        /// The fulfilment's number.
        fulfilment: u16,
    },
    /// Buy a shipping label.
    BuyLabel {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
    },
    /// Give a label back.
    VoidLabel {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
    },
    /// Tell the order's own sales channel.
    NotifyChannel {
        /// What.
        notice: Notice,
    },
}

/// What units came back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestockSource {
    /// A return of the buyer's, by its number.
    Return(u16),
    /// A parcel that could not be delivered.
    Parcel(ParcelOf),
}

/// The try that restocking names: units that came back belong to no hold. Tries count from 1.
pub const NO_TRY: u16 = 0;

/// Units of one line at one location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StockLine {
    /// The line's number.
    pub line: u16,
    /// What.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

impl Effect {
    /// The tender it is about.
    pub const fn tender(&self) -> Option<u16> {
        match self {
            Self::AuthorizePayment { tender, .. }
            | Self::CapturePayment { tender, .. }
            | Self::VoidPayment { tender }
            | Self::RefundPayment { tender, .. } => Some(*tender),
            _ => None,
        }
    }

    /// The fulfilment it is about.
    pub const fn fulfilment(&self) -> Option<u16> {
        match self {
            Self::RequestFulfilment { fulfilment }
            | Self::CancelFulfilment { fulfilment }
            | Self::BuyLabel { fulfilment, .. }
            | Self::VoidLabel { fulfilment, .. } => Some(*fulfilment),
            _ => None,
        }
    }

    /// The fulfilment and the parcel of it that it is about.
    pub const fn parcel(&self) -> Option<(u16, u16)> {
        match self {
            Self::BuyLabel { fulfilment, parcel } | Self::VoidLabel { fulfilment, parcel } => {
                Some((*fulfilment, *parcel))
            }
            _ => None,
        }
    }

    /// The location's stock, the try and the lines it is about.
    pub fn stock(&self) -> Option<(&LocationCode, u16, &[StockLine])> {
        match self {
            Self::ReserveStock {
                location,
                attempt,
                lines,
                ..
            }
            | Self::AwaitStock {
                location,
                attempt,
                lines,
                ..
            }
            | Self::ConfirmStock {
                location,
                attempt,
                lines,
            }
            | Self::ReleaseStock {
                location,
                attempt,
                lines,
            }
            | Self::WriteOffStock {
                location,
                attempt,
                lines,
                ..
            }
            | Self::RegroupStock {
                location,
                attempt,
                lines,
                ..
            }
            | Self::ConsumeStock {
                location,
                attempt,
                lines,
            }
            | Self::ReceiveTransfer {
                location,
                attempt,
                lines,
                ..
            } => Some((location, *attempt, lines)),
            Self::RestockUnits {
                location, lines, ..
            } => Some((location, NO_TRY, lines)),
            _ => None,
        }
    }

    /// Whether it is about holds of this try there, the tries that give units included.
    pub fn concerns(&self, location: &LocationCode, attempt: u16) -> bool {
        let gives = match self {
            Self::RegroupStock {
                location: at, from, ..
            } => at == location && from.contains(&attempt),
            _ => false,
        };
        gives
            || self
                .stock()
                .is_some_and(|(at, of, _)| at == location && of == attempt)
    }
}

/// An effect that is open: wanted, and not yet answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outstanding {
    /// What is wanted.
    pub effect: Effect,
    /// Since when.
    pub opened_at: Timestamp,
    /// Failed tries so far.
    pub attempts: u32,
    /// When the first of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// When it wants to be tried (again). In flight until then if it was never postponed.
    pub next_try_at: Timestamp,
    /// The last try may have been carried out: the next one must ask first or repeat under the
    /// same key.
    pub unknown: bool,
}
