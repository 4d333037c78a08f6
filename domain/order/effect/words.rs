//! What effects are called, in logs, metrics and sentences, and how long a call may take before it
//! counts as unanswered.

use jiff::SignedDuration;

use super::Effect;

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
            Self::RegroupStock { .. } => "regroup_stock",
            Self::ConsumeStock { .. } => "consume_stock",
            Self::RestockUnits { .. } => "restock_units",
            Self::ReceiveTransfer { .. } => "receive_transfer",
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
            Self::RegroupStock { .. } => "Regrouping the reservation",
            Self::ConsumeStock { .. } => "Taking shipped units off the stock",
            Self::RestockUnits { .. } => "Putting returned units back on the shelf",
            Self::ReceiveTransfer { .. } => "Taking transferred units in at the store",
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
            Self::RegroupStock { .. } => "inventory.regrouping_requested",
            Self::ConsumeStock { .. } => "inventory.consumption_requested",
            Self::RestockUnits { .. } => "inventory.restock_requested",
            Self::ReceiveTransfer { .. } => "inventory.transfer_requested",
            Self::RequestFulfilment { .. } => "fulfilment.requested",
            Self::CancelFulfilment { .. } => "fulfilment.cancel_requested",
            Self::BuyLabel { .. } => "shipment.label_requested",
            Self::VoidLabel { .. } => "shipment.label_void_requested",
            Self::NotifyChannel { .. } => "order.channel_notice_requested",
        }
    }

    /// All kinds of opening events.
    pub const OPENING_KINDS: [&'static str; 18] = [
        "payment.authorization_requested",
        "payment.capture_requested",
        "payment.void_requested",
        "payment.refund_requested",
        "inventory.reservation_requested",
        "inventory.backorder_requested",
        "inventory.confirmation_requested",
        "inventory.release_requested",
        "inventory.write_off_requested",
        "inventory.regrouping_requested",
        "inventory.consumption_requested",
        "inventory.restock_requested",
        "inventory.transfer_requested",
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
            | Self::RegroupStock { .. }
            | Self::ConsumeStock { .. }
            | Self::RestockUnits { .. }
            | Self::ReceiveTransfer { .. }
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
}
