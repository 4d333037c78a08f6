//! The rules of sourcing as data: what counts against a location, and how much. How they are applied
//! stands in [`crate::sourcing`].

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What counts against giving an order to a location. All weights are points per unit of their
/// measure; the plan with the fewest points wins. Points are whole numbers: nothing here is money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourcingPolicy {
    /// Raised whenever a weight changes; decisions carry it.
    pub version: u32,
    /// Points of each parcel. Far above all others by default, so that fewest parcels win.
    pub split: u32,
    /// Points of a kilometre to the buyer.
    pub distance: u32,
    /// Points of a minor unit (a cent) of what a parcel costs there.
    pub cost: u32,
    /// Points of an hour until the buyer has it.
    pub eta: u32,
    /// Points of each percent of a SKU's units there that the order would take.
    pub risk: u32,
    /// Points of each percent of the day's capacity that is taken.
    pub capacity: u32,
    /// Points of an hour until the location starts to work on it: opening hours and cut-off.
    pub cut_off: u32,
    /// Points of a gram of CO2e.
    pub co2e: u32,
    /// Kilometres to a buyer in another country when nobody knows where exactly; in the own
    /// country they count as none.
    pub abroad_km: u32,
    /// Kilometres that a parcel travels in a day.
    pub km_per_day: u32,
    /// Grams of CO2e for a tonne moved a kilometre.
    pub co2e_per_tonne_km: u32,
    /// Stores ship to buyers too, not only hand over to those who come.
    pub ship_from_store: bool,
    /// Where units come from that a buyer collects.
    #[serde(skip_serializing_if = "PickupSupply::is_local")]
    pub pickup_supply: PickupSupply,
}

/// Where units come from that a buyer collects at a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PickupSupply {
    /// Off the store's own shelf; what it lacks is out of stock.
    #[default]
    Local,
    /// What the store lacks is sent to it by other locations.
    Transfer,
}

impl PickupSupply {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Transfer => "transfer",
        }
    }

    /// Whether it is the default: rules that do not say otherwise keep the fingerprint that they had before
    /// there was a choice.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    const fn is_local(&self) -> bool {
        matches!(self, Self::Local)
    }
}

impl Default for SourcingPolicy {
    fn default() -> Self {
        Self {
            version: 1,
            split: 100_000,
            distance: 1,
            cost: 0,
            eta: 0,
            risk: 0,
            capacity: 0,
            cut_off: 0,
            co2e: 0,
            abroad_km: 1_000,
            km_per_day: 500,
            co2e_per_tonne_km: 100,
            ship_from_store: true,
            pickup_supply: PickupSupply::Local,
        }
    }
}

impl SourcingPolicy {
    /// Names these rules: the same for the same rules, and for no others. Sixteen hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let written = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&written);
        let first = digest.first_chunk::<8>().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }
}
