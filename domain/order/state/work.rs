//! The state of work at a location: what was asked, where it is, and the parcels it goes out in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::event::LineUnits;
use super::super::transfers::Transfer;
use super::Parcel;
use crate::ids::LocationCode;

/// Work asked of a location.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilment {
    /// Its number, from 1.
    pub number: u16,
    /// Where.
    pub location: LocationCode,
    /// The try that made its holds.
    pub attempt: u16,
    /// What.
    pub lines: Vec<LineUnits>,
    /// The buyer collects it.
    pub pickup: bool,
    /// Where the work is.
    pub stage: FulfilmentStage,
    /// Since when.
    pub since: Timestamp,
    /// Where the work goes on if the location refuses to stop.
    pub resumes: Option<FulfilmentStage>,
    /// The location refused to stop: it will ship.
    pub cancel_refused: bool,
    /// Units picked.
    pub picked: Vec<LineUnits>,
    /// Why the location refused.
    pub reason: Option<String>,
    /// The parcels it goes out in, numbered from 1; one until a packer says otherwise.
    pub parcels: Vec<Parcel>,
    /// It left the building: handed over, collected or seen by the carrier.
    pub shipped_at: Option<Timestamp>,
    /// Its units were taken off the stock.
    pub consumed: bool,
    /// It is not asked for before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// It is being taken from its location, to be done by another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moving: bool,
    /// Units that are cancelled once the location has stopped; the rest stays there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_cancel: Vec<LineUnits>,
    /// Its parcels go to a store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// The fulfilment whose parcels brought its units to its location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<u16>,
}

/// Where a location's work is. What the carrier does afterwards is computed from the scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStage {
    /// To be asked.
    Planned,
    /// To be asked, but not before a time.
    Scheduled,
    /// Asked.
    Requested,
    /// The location agreed.
    Accepted,
    /// Units are being picked.
    Picking,
    /// Packed.
    Packed,
    /// The label is on it.
    Labelled,
    /// The buyer can collect it.
    ReadyForPickup,
    /// The carrier has it.
    HandedOver,
    /// The store that it was sent to has it: work there hands it out.
    Transferred,
    /// The buyer collected it.
    Collected,
    /// The location refused.
    Rejected,
    /// The location did not answer.
    Unanswered,
    /// The location was asked to stop.
    CancelRequested,
    /// The location stopped.
    Cancelled,
    /// Nobody came for it.
    PickupExpired,
}
