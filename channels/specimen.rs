//! Specimens: what vendors send, written by the connectors themselves in the vendors' own wire formats and
//! signed as the vendors sign. The conformance kit and the simulators speak through them.
//!
//! Not here: any reader. A specimen is written after the vendor's documentation and shares no code with
//! the reader that it is held against, so that the two can differ.

use std::fmt;

use base64::Engine;
use jiff::{SignedDuration, Timestamp};
use orderhub_domain::money::Money;

use crate::port::Statement;
use crate::settings::Settings;

/// What a vendor would send to a connection.
pub trait Specimen: fmt::Debug + Send + Sync {
    /// How the vendor proves that it was the one who sent something.
    fn signing(&self) -> Signing;

    /// A secret of the form that the vendor hands out; another one for each number.
    fn secret(&self, number: u8) -> String {
        let bytes = base64::engine::general_purpose::STANDARD.encode([number; 32]);
        format!("whsec_{bytes}")
    }

    /// Signs what is pushed, in place: most schemes add headers, some a member of the body. Nothing to do
    /// for a vendor that signs nothing.
    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let _ = (pushed, secret, scene);
    }

    /// What the vendor states of a thing, pushed or as an answer when it is asked. `None` when this
    /// vendor states nothing of the kind.
    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement>;

    /// What is pushed in place of that, where webhooks only name what has changed.
    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let _ = (thing, scene);
        None
    }
}

/// Something that a vendor has to say something about.
#[derive(Debug, Clone, Copy)]
pub enum Thing<'a> {
    /// An order at a sales channel.
    Sale(&'a Sale),
    /// What has become of a payment at a gateway.
    Taking(&'a Taking),
    /// A carrier has seen a parcel.
    Sighting(&'a Sighting),
    /// A location has worked.
    Work(&'a Work),
}

/// How a vendor proves that it was the one who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// With a secret that the connection has.
    By {
        /// The key of the setting that holds it.
        key: &'static str,
        /// How far the signed time may be from ours; none when no time is signed.
        window: Option<SignedDuration>,
    },
    /// With a key that only the vendor has, or not at all.
    Theirs {
        /// What the connection trusts instead, or why it cannot be imitated: a clause.
        because: &'static str,
    },
    /// It pushes nothing.
    Silent,
}

/// Who sends, to whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The connection's settings: what is sent names the account that they name.
    pub settings: &'a Settings,
    /// The address that the vendor sends to.
    pub url: &'a str,
    /// When it is sent and, where the scheme signs a time, signed.
    pub at: Timestamp,
}

/// An order at a sales channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The vendor's id of it. Vendors whose ids are no numbers write it into one of theirs.
    pub id: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The buyer's full name: first name, a space, last name.
    pub buyer: String,
    /// What was bought; prices contain all taxes, which are none.
    pub lines: Vec<SaleLine>,
    /// What the vendor states as the total of the lines; there are neither shipping nor discounts.
    pub total: Money,
    /// What has become of it.
    pub state: SaleState,
}

/// A line of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLine {
    /// The vendor's id of it.
    pub id: u64,
    /// The seller's own name of the thing; none when nobody gave it one.
    pub sku: Option<String>,
    /// What the buyer saw.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// For one, all taxes in it.
    pub unit_price: Money,
}

/// What has become of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleState {
    /// It is no order yet: the buyer has not paid.
    Waiting,
    /// Paid, to be shipped.
    Paid,
    /// Cancelled before anything was shipped.
    Cancelled,
    /// In a state with a word that nobody knows.
    Odd,
}

/// Something that a gateway says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    /// The gateway's reference of the payment, of the gateway's own form.
    pub number: u64,
    /// The order that the gateway was told about, as text of our order id.
    pub order: String,
    /// Of the whole payment, and of what happened to it.
    pub amount: Money,
    /// What happened.
    pub what: Taken,
    /// When.
    pub at: Timestamp,
}

/// What happened to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was set aside.
    Authorized,
    /// It was refused.
    Declined,
    /// It was taken.
    Captured,
    /// It was given back.
    Refunded,
    /// The buyer disputes it.
    Disputed,
    /// Something with a word that nobody knows.
    Odd,
}

/// A parcel that a carrier has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The carrier's number of it.
    pub tracking_number: String,
    /// What was seen.
    pub seen: Seen,
    /// When.
    pub at: Timestamp,
}

/// What was seen of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is under way.
    InTransit,
    /// It was delivered.
    Delivered,
    /// Something with a word that nobody knows.
    Odd,
}

/// Work of a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The hub's id of it.
    pub fulfilment: String,
    /// Where.
    pub location: String,
    /// What was done.
    pub done: Labour,
    /// When.
    pub at: Timestamp,
}

/// What a location has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labour {
    /// It will do the work.
    Accepted,
    /// It will not: the goods are not there.
    Rejected,
    /// Everything is packed.
    Packed,
    /// The carrier has it.
    HandedOver,
    /// Something with a word that nobody knows.
    Odd,
}

impl Statement {
    /// JSON, as it is sent.
    pub(crate) fn json(body: &serde_json::Value) -> Self {
        let raw = body.to_string().into_bytes();
        Self::new([("content-type", "application/json")], raw)
    }

    /// Bytes with headers, whose names are in lower case.
    pub(crate) fn new<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        raw: impl Into<Vec<u8>>,
    ) -> Self {
        let headers = headers.into_iter();
        Self {
            headers: headers.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            raw: raw.into(),
        }
    }

    /// With one header more.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }
}

/// A time in UTC that does not say so: `2026-03-01T09:30:00`.
pub(crate) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
