//! Effects: everything an order may ask of the world, as data.
//!
//! An effect is opened by one event and closed by evidence. Who carries it out, how often it is
//! tried and over which wire is the shell's business; that it is wanted stands in the log.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{LocationCode, Sku};
use crate::money::Money;
use crate::quantity::Quantity;

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
    },
    /// Give a label back.
    VoidLabel {
        /// The fulfilment's number.
        fulfilment: u16,
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
    /// A parcel that could not be delivered, by the number of its fulfilment.
    Parcel(u16),
}

/// The try that restocking names: units that came back belong to no hold. Tries count from 1.
pub const NO_TRY: u16 = 0;

/// What a sales channel is told about an order of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// A fulfilment has left the building, with its tracking number if it has one.
    Shipped {
        /// The fulfilment's number.
        fulfilment: u16,
    },
    /// Nothing of the order will be shipped.
    Cancelled,
}

/// What became of units that a location could not ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The shelf is empty, whatever the count said: the count becomes zero.
    NotThere,
    /// They are broken: these units leave the count.
    Damaged,
}

impl Loss {
    /// What a location's reason for refusing says about its stock; most reasons say nothing.
    pub fn of_reason(reason: &str) -> Option<Self> {
        let word = reason.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        match word.as_str() {
            "not_in_stock" | "out_of_stock" => Some(Self::NotThere),
            "damaged" => Some(Self::Damaged),
            _ => None,
        }
    }
}

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
    /// The word for its kind: `authorize_payment`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AuthorizePayment { .. } => "authorize_payment",
            Self::CapturePayment { .. } => "capture_payment",
            Self::VoidPayment { .. } => "void_payment",
            Self::RefundPayment { .. } => "refund_payment",
            Self::ReserveStock { .. } => "reserve_stock",
            Self::AwaitStock { .. } => "await_stock",
            Self::ConfirmStock { .. } => "confirm_stock",
            Self::ReleaseStock { .. } => "release_stock",
            Self::WriteOffStock { .. } => "write_off_stock",
            Self::ConsumeStock { .. } => "consume_stock",
            Self::RestockUnits { .. } => "restock_units",
            Self::RequestFulfilment { .. } => "request_fulfilment",
            Self::CancelFulfilment { .. } => "cancel_fulfilment",
            Self::BuyLabel { .. } => "buy_label",
            Self::VoidLabel { .. } => "void_label",
            Self::NotifyChannel { .. } => "notify_channel",
        }
    }

    /// What it does, for an operator, as the beginning of a sentence.
    pub const fn gerund(&self) -> &'static str {
        match self {
            Self::AuthorizePayment { .. } => "Authorising the payment",
            Self::CapturePayment { .. } => "Capturing the payment",
            Self::VoidPayment { .. } => "Releasing the authorisation",
            Self::RefundPayment { .. } => "Refunding the payment",
            Self::ReserveStock { .. } => "Reserving stock",
            Self::AwaitStock { .. } => "Standing in line for stock",
            Self::ConfirmStock { .. } => "Making the reservation firm",
            Self::ReleaseStock { .. } => "Giving stock back",
            Self::WriteOffStock { .. } => "Writing stock off",
            Self::ConsumeStock { .. } => "Taking shipped units off the stock",
            Self::RestockUnits { .. } => "Putting returned units back on the shelf",
            Self::RequestFulfilment { .. } => "Asking the location to fulfil",
            Self::CancelFulfilment { .. } => "Asking the location to stop",
            Self::BuyLabel { .. } => "Buying the shipping label",
            Self::VoidLabel { .. } => "Giving the shipping label back",
            Self::NotifyChannel { .. } => "Telling the sales channel",
        }
    }

    /// The kind of the event that opens it.
    pub const fn opening_kind(&self) -> &'static str {
        match self {
            Self::AuthorizePayment { .. } => "payment.authorization_requested",
            Self::CapturePayment { .. } => "payment.capture_requested",
            Self::VoidPayment { .. } => "payment.void_requested",
            Self::RefundPayment { .. } => "payment.refund_requested",
            Self::ReserveStock { .. } => "inventory.reservation_requested",
            Self::AwaitStock { .. } => "inventory.backorder_requested",
            Self::ConfirmStock { .. } => "inventory.confirmation_requested",
            Self::ReleaseStock { .. } => "inventory.release_requested",
            Self::WriteOffStock { .. } => "inventory.write_off_requested",
            Self::ConsumeStock { .. } => "inventory.consumption_requested",
            Self::RestockUnits { .. } => "inventory.restock_requested",
            Self::RequestFulfilment { .. } => "fulfilment.requested",
            Self::CancelFulfilment { .. } => "fulfilment.cancel_requested",
            Self::BuyLabel { .. } => "shipment.label_requested",
            Self::VoidLabel { .. } => "shipment.label_void_requested",
            Self::NotifyChannel { .. } => "order.channel_notice_requested",
        }
    }

    /// All kinds of opening events.
    pub const OPENING_KINDS: [&'static str; 16] = [
        "payment.authorization_requested",
        "payment.capture_requested",
        "payment.void_requested",
        "payment.refund_requested",
        "inventory.reservation_requested",
        "inventory.backorder_requested",
        "inventory.confirmation_requested",
        "inventory.release_requested",
        "inventory.write_off_requested",
        "inventory.consumption_requested",
        "inventory.restock_requested",
        "fulfilment.requested",
        "fulfilment.cancel_requested",
        "shipment.label_requested",
        "shipment.label_void_requested",
        "order.channel_notice_requested",
    ];

    /// How long a try may stay unanswered before it counts as lost and is tried again: the call's
    /// own time-out and 15 s.
    pub const fn lease(&self) -> SignedDuration {
        match self {
            Self::ReserveStock { .. }
            | Self::AwaitStock { .. }
            | Self::ConfirmStock { .. }
            | Self::ReleaseStock { .. }
            | Self::WriteOffStock { .. }
            | Self::ConsumeStock { .. }
            | Self::RestockUnits { .. }
            | Self::RequestFulfilment { .. }
            | Self::CancelFulfilment { .. } => SignedDuration::from_secs(20),
            Self::AuthorizePayment { .. }
            | Self::CapturePayment { .. }
            | Self::VoidPayment { .. }
            | Self::RefundPayment { .. }
            | Self::BuyLabel { .. }
            | Self::VoidLabel { .. }
            | Self::NotifyChannel { .. } => SignedDuration::from_secs(30),
        }
    }

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
            | Self::BuyLabel { fulfilment }
            | Self::VoidLabel { fulfilment } => Some(*fulfilment),
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
            | Self::ConsumeStock {
                location,
                attempt,
                lines,
            } => Some((location, *attempt, lines)),
            Self::RestockUnits {
                location, lines, ..
            } => Some((location, NO_TRY, lines)),
            _ => None,
        }
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
    /// When it wants to be tried (again). In flight until then if it was never postponed.
    pub next_try_at: Timestamp,
    /// The last try may have been carried out: the next one must ask first or repeat under the
    /// same key.
    pub unknown: bool,
}
