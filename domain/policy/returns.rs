//! The rules of returns as data: what may come back, who decides, and what is given back for it. How
//! they are applied stands in [`crate::order`].

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::Sku;

/// What may come back and what is given back for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnPolicy {
    /// After the delivery, how long units may be announced without a person's look.
    pub window: SignedDuration,
    /// SKUs that never come back: whole ones, or beginnings that end in `*`.
    pub excluded: Vec<String>,
    /// The largest worth that the rules approve by themselves, by the code of the currency. A currency
    /// without one has no limit.
    pub auto_approve: BTreeMap<String, Decimal>,
    /// A parcel that nobody announced is judged like one that was; otherwise a person looks first.
    pub approve_unannounced: bool,
    /// Percent of the units' worth that are kept for the work; 0 to 100.
    pub restocking_fee_percent: u32,
    /// Whether shipping and fees go back too.
    pub shipping: ShippingRefund,
    /// Who pays for the way back, where the hub knows what it costs.
    pub paid_by: ReturnPayer,
    /// Units that came back broken are paid back like whole ones, unless the inspection says otherwise.
    pub refund_damaged: bool,
    /// How long an approved return may take to arrive before nobody waits for it any more.
    pub no_show_after: SignedDuration,
    /// How long what pays for units that went out in advance may take to come back and be accepted,
    /// before the buyer is charged for them.
    pub claw_back_after: SignedDuration,
}

/// Whether shipping and fees go back with the units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShippingRefund {
    /// Never.
    Never,
    /// With the last unit, when nothing of the order is kept.
    Whole,
    /// With each unit its share.
    Share,
}

impl ShippingRefund {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Whole => "whole",
            Self::Share => "share",
        }
    }
}

/// Who pays for the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnPayer {
    /// The retailer.
    Retailer,
    /// The buyer: the label's cost is kept from what goes back.
    Buyer,
}

impl ReturnPayer {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retailer => "retailer",
            Self::Buyer => "buyer",
        }
    }
}

impl Default for ReturnPolicy {
    fn default() -> Self {
        Self {
            window: SignedDuration::from_hours(30 * 24),
            excluded: Vec::new(),
            auto_approve: BTreeMap::new(),
            approve_unannounced: false,
            restocking_fee_percent: 0,
            shipping: ShippingRefund::Whole,
            paid_by: ReturnPayer::Retailer,
            refund_damaged: true,
            no_show_after: SignedDuration::from_hours(30 * 24),
            claw_back_after: SignedDuration::from_hours(21 * 24),
        }
    }
}

impl ReturnPolicy {
    /// Whether this SKU never comes back.
    pub fn excludes(&self, sku: &Sku) -> bool {
        self.excluded
            .iter()
            .any(|known| match known.strip_suffix('*') {
                Some(beginning) => sku.as_str().starts_with(beginning),
                None => sku.as_str() == known,
            })
    }
}
