//! Reads `[policy.sourcing]`: what counts against a location.

use orderhub_domain::policy::{PickupSupply, SourcingPolicy};
use toml::Table;

use super::section::{Reading, Section};

/// The largest weight: with it, a million points of any measure still add up.
const HEAVIEST: u32 = 1_000_000_000;

/// Where units come from that a buyer collects.
const PICKUP_SUPPLY: [(&str, PickupSupply); 2] = [
    (PickupSupply::Local.word(), PickupSupply::Local),
    (PickupSupply::Transfer.word(), PickupSupply::Transfer),
];

pub(super) fn read_sourcing(table: Table, reading: &mut Reading<'_>) -> SourcingPolicy {
    let usual = SourcingPolicy::default();
    let mut section = Section::new("policy.sourcing", table, reading);
    let mut weight = |key, otherwise| section.whole(key, 0, HEAVIEST).unwrap_or(otherwise);
    let split = weight("split", usual.split);
    let distance = weight("distance", usual.distance);
    let cost = weight("cost", usual.cost);
    let eta = weight("eta", usual.eta);
    let risk = weight("risk", usual.risk);
    let capacity = weight("capacity", usual.capacity);
    let cut_off = weight("cut_off", usual.cut_off);
    let co2e = weight("co2e", usual.co2e);
    let rules = SourcingPolicy {
        version: section
            .whole("version", 1, u32::MAX)
            .unwrap_or(usual.version),
        split,
        distance,
        cost,
        eta,
        risk,
        capacity,
        cut_off,
        co2e,
        abroad_km: section
            .whole("abroad_km", 0, 40_000)
            .unwrap_or(usual.abroad_km),
        km_per_day: section
            .whole("km_per_day", 1, 40_000)
            .unwrap_or(usual.km_per_day),
        co2e_per_tonne_km: section
            .whole("co2e_per_tonne_km", 0, 100_000)
            .unwrap_or(usual.co2e_per_tonne_km),
        ship_from_store: section.flag("ship_from_store", usual.ship_from_store),
        pickup_supply: section.word("pickup_supply", &PICKUP_SUPPLY, usual.pickup_supply),
    };
    section.finish();
    rules
}
