//! Stable words for the hub's own holds and endings.

/// A capture was refused for good.
pub const REASON_CAPTURE_FAILED: &str = "capture_failed";
/// A refund was refused for good.
pub const REASON_REFUND_FAILED: &str = "refund_failed";
/// A label cannot be bought as asked.
pub const REASON_LABEL_FAILED: &str = "label_failed";
/// No location can fulfil what is left.
pub const REASON_NO_LOCATION: &str = "no_location";
/// The stated total differs from its parts.
pub const REASON_TOTAL_MISMATCH: &str = "total_mismatch";
/// No location has ever had one of its SKUs.
pub const REASON_UNKNOWN_SKU: &str = "unknown_sku";
/// An authorisation that the order relied on is gone.
pub const REASON_PAYMENT_LOST: &str = "payment_lost";
/// A hold's time was over, and who placed it had said to cancel then.
pub const REASON_HOLD_EXPIRED: &str = "hold_expired";
/// What an authorisation cannot pay any more is being set aside once more.
pub const REASON_REAUTHORIZING: &str = "reauthorizing";
/// The sales channel states the order otherwise than it stands here, and the hub cannot follow by itself.
pub const REASON_CHANGED_AT_SOURCE: &str = "changed_at_source";
/// The sales channel wants more of an order than it says that it was paid for.
pub const REASON_UNPAID_AT_SOURCE: &str = "unpaid_at_source";
/// The sales channel takes the order, and releases it for shipping later.
pub const REASON_AWAITS_CHANNEL: &str = "awaits_channel";
/// It is to be sent, and nobody has said where to.
pub const REASON_ADDRESS_MISSING: &str = "address_missing";
/// The sales channel keeps the order from being shipped.
pub const REASON_KEPT_BACK: &str = "kept_back_at_source";
/// The buyer asks the sales channel for a cancellation, and a person decides.
pub const REASON_CANCEL_ASKED: &str = "cancel_asked";
/// The sales channel refuses to give back money that it took.
pub const REASON_CHANNEL_REFUND_REFUSED: &str = "channel_refund_refused";
/// Why the hub itself puts orders on hold. A person's reasons are their own words.
pub const HOLD_REASONS: [&str; 16] = [
    REASON_CAPTURE_FAILED,
    REASON_REFUND_FAILED,
    REASON_LABEL_FAILED,
    REASON_NO_LOCATION,
    REASON_TOTAL_MISMATCH,
    REASON_PAYMENT_LOST,
    REASON_PAYMENT_MISMATCH,
    REASON_REAUTHORIZING,
    REASON_UNKNOWN_SKU,
    REASON_CHANGED_AT_SOURCE,
    REASON_UNPAID_AT_SOURCE,
    REASON_AWAITS_CHANNEL,
    REASON_ADDRESS_MISSING,
    REASON_KEPT_BACK,
    REASON_CANCEL_ASKED,
    REASON_CHANNEL_REFUND_REFUSED,
];

/// Nothing came for an order that waited for supply.
pub const REASON_BACKORDER_LAPSED: &str = "backorder_lapsed";
/// A count found the units missing that an order had been promised, and there are no others.
pub const REASON_STOCK_LOST: &str = "stock_lost";
/// There are units enough, but its channel may have no more of them promised.
pub const REASON_QUOTA_USED_UP: &str = "quota_used_up";
/// Other locations have what the store lacks where the buyer collects, and nobody knows the store's address.
pub const REASON_STORE_WITHOUT_ADDRESS: &str = "store_without_address";
/// Screening refused it at once.
pub const REASON_FRAUD_SCORE: &str = "fraud_score";
/// A person refused it in review, or nobody came and that is what policy declares.
pub const REASON_FRAUD_REVIEW: &str = "fraud_review";
/// The sales channel cancelled the order.
pub const REASON_CANCELLED_AT_SOURCE: &str = "cancelled_at_source";
/// The channel gave money back that nothing here accounts for.
pub const REASON_REFUNDED_AT_SOURCE: &str = "refunded_at_source";
/// A gateway reported another amount or currency than was asked.
pub const REASON_PAYMENT_MISMATCH: &str = "payment_mismatch";
/// Units went out in advance, what was to pay for them did not come back, and the buyer cannot be charged.
pub const REASON_CLAW_BACK_FAILED: &str = "claw_back_failed";
