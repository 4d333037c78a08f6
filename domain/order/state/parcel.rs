//! The state of a parcel: what was said to be in it, its label, and what carriers saw of it. What the
//! sightings mean and what is known of its contents is computed, in `crate::order::parcel`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::event::LineUnits;
use super::super::fact::Scan;
use super::super::packing::ParcelSize;
use super::super::proof::DeliveryProof;
use super::super::transit::TransitTime;
use crate::ids::Slug;
use crate::money::Money;

/// One of the parcels that a piece of work goes out in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Its number within its fulfilment, from 1.
    pub number: u16,
    /// What was said to be in it; `None` when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineUnits>>,
    /// What it weighs in grams, if somebody has weighed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// Its size, if somebody has measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<ParcelSize>,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Why the last label could not be bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_failed: Option<String>,
    /// Sightings; what they mean together is computed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scans: BTreeSet<Scan>,
    /// What the carrier can show for its delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<DeliveryProof>,
    /// When the hub last heard that it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// What its lane said about it when the carrier took it; without, the policy's time holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<TransitTime>,
    /// Since when it was not seen for too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_at: Option<Timestamp>,
    /// Since when units of it are back from the buyer: it was delivered, whatever was seen of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_back_at: Option<Timestamp>,
    /// Since when its units are to be sent again in another parcel: it counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_at: Option<Timestamp>,
    /// Since when its location is to put its units back on the shelf: it came back undelivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restocked_at: Option<Timestamp>,
}

impl Parcel {
    /// A parcel of which nothing is known yet.
    pub fn new(number: u16) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// Whether a label is on it that was not given back.
    pub fn is_labelled(&self) -> bool {
        self.label.as_ref().is_some_and(|label| !label.voided)
    }
}

/// A shipping label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The connection it was bought through.
    pub account: Slug,
    /// The carrier that moves the parcel.
    pub carrier: String,
    /// Which of the carrier's services, where the connection says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The carrier's tracking number.
    pub tracking_number: String,
    /// The connection's reference of the shipment.
    pub reference: String,
    /// Where it can be printed from.
    pub label_url: Option<String>,
    /// What it cost.
    pub cost: Option<Money>,
    /// The address on it, by how often that of the order had been changed.
    #[serde(default)]
    pub address: u16,
    /// It was given back.
    pub voided: bool,
    /// It cannot be given back.
    pub void_refused: bool,
}
