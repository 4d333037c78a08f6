//! What a kind of connection is: its name, what it can do, which settings it takes, and how it is
//! built. The kinds themselves stand in their families' registries, one line each.
//!
//! The configuration reads a section after [`About::settings`], so a new kind needs no word outside of
//! its own folder.

use std::fmt;
use std::sync::Arc;

use crate::carriers::CarrierConnector;
use crate::payments::PaymentConnector;
use crate::port::Connector;
use crate::sales::SalesConnector;
use crate::settings::{ConfigError, Settings};
use crate::specimen::Specimen;
use crate::warehouses::WarehouseConnector;

/// A family of connections, as it stands in paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Web shops, tills, marketplaces, social commerce.
    Sales,
    /// Gateways.
    Payments,
    /// Carriers.
    Carriers,
    /// Warehouses and stores.
    Warehouses,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 4] = [
        Self::Sales,
        Self::Payments,
        Self::Carriers,
        Self::Warehouses,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Payments => "payments",
            Self::Carriers => "carriers",
            Self::Warehouses => "warehouses",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How far a kind was held against its vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Written after the vendor's documentation only.
    Documented,
    /// Held against messages that the vendor or its users published.
    Sampled,
    /// Held against the vendor's own system.
    Live,
}

impl Standing {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Sampled => "sampled",
            Self::Live => "live",
        }
    }
}

/// Something that connections of a kind do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// The vendor pushes webhooks.
    Webhooks,
    /// What it pushes only names what has changed: that is looked up before it counts.
    LooksUp,
    /// What is new there, or has become of parcels, is asked for from time to time.
    Polled,
    /// Orders come in files or requests in the hub's own form.
    Submitted,
    /// The channel wants to hear that its order was taken on.
    Acknowledged,
    /// It is told what was shipped.
    Shipments,
    /// It is told what will not be shipped.
    Cancellations,
    /// It is told how many units it can offer.
    Stock,
    /// Money is set aside.
    Authorize,
    /// Money that was set aside is taken.
    Capture,
    /// Money that was set aside is let go.
    Void,
    /// Money is given back.
    Refund,
    /// A payment is looked up when an answer was lost.
    Query,
    /// Disputes are heard of.
    Disputes,
    /// Labels are bought and given back.
    Labels,
    /// Parcels are followed.
    Tracking,
    /// It is told which parcels of other connections' labels to follow.
    Enlists,
    /// Work is requested and stopped.
    Requests,
    /// What became of the work is heard of.
    Progress,
}

impl Capability {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks",
            Self::LooksUp => "looks_up",
            Self::Polled => "polled",
            Self::Submitted => "submitted",
            Self::Acknowledged => "acknowledged",
            Self::Shipments => "shipments",
            Self::Cancellations => "cancellations",
            Self::Stock => "stock",
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Query => "query",
            Self::Disputes => "disputes",
            Self::Labels => "labels",
            Self::Tracking => "tracking",
            Self::Enlists => "enlists",
            Self::Requests => "requests",
            Self::Progress => "progress",
        }
    }
}

/// The form of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Plain text.
    Text,
    /// Plain text of digits only: an id that looks like a number and is none.
    Digits,
    /// An address on the web: `https://` and a host, perhaps a path.
    Url,
    /// Servers of NATS: `nats://` or `tls://` and a host, several with commas between.
    Nats,
    /// `true` or `false`.
    Flag,
    /// One secret, kept outside of the configuration.
    Secret,
    /// Secrets of which any may be in force, newest first.
    Secrets,
}

/// A setting that a kind takes beside those of every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its key in the connection's section.
    pub key: &'static str,
    /// Its form.
    pub form: Form,
    /// No connection of the kind starts without it.
    pub required: bool,
    /// What it is, for whoever has to find it: where the vendor shows it.
    pub what: &'static str,
}

impl Setting {
    /// A setting that may be left out.
    pub const fn optional(key: &'static str, form: Form, what: &'static str) -> Self {
        Self {
            key,
            form,
            required: false,
            what,
        }
    }

    /// A setting that must be there.
    pub const fn required(key: &'static str, form: Form, what: &'static str) -> Self {
        Self {
            key,
            form,
            required: true,
            what,
        }
    }
}

/// What there is to know of a kind before a connection is built.
#[derive(Debug, PartialEq, Eq)]
pub struct About {
    /// Its family.
    pub family: Family,
    /// Its name in the configuration.
    pub name: &'static str,
    /// How far it was held against its vendor.
    pub standing: Standing,
    /// What it does.
    pub can: &'static [Capability],
    /// The settings that it takes.
    pub settings: &'static [Setting],
    /// The key of the setting that is the vendor's name for the account. Two connections of a kind
    /// cannot have the same one.
    pub account: Option<&'static str>,
}

impl About {
    /// Whether its connections do this.
    pub fn can(&self, capability: Capability) -> bool {
        self.can.contains(&capability)
    }
}

/// A kind of connection: one line in its family's registry.
#[derive(Debug)]
pub struct Kind<C: ?Sized> {
    /// What there is to know of it.
    pub about: About,
    /// Builds a connection.
    pub connect: fn(&Settings) -> Result<Arc<C>, ConfigError>,
    /// Writes what its vendor sends; none where nothing is sent but through the hub's own API.
    pub specimen: Option<&'static dyn Specimen>,
}

/// What a kind has to have, whatever its family.
trait AnyKind {
    fn about(&self) -> &About;
    fn connector(&self, settings: &Settings) -> Result<Arc<dyn Connector>, ConfigError>;
    fn specimen(&self) -> Option<&'static dyn Specimen>;
}

macro_rules! any_kind {
    ($($family:ty),*) => {$(
        impl AnyKind for Kind<$family> {
            fn about(&self) -> &About {
                &self.about
            }

            fn connector(&self, settings: &Settings) -> Result<Arc<dyn Connector>, ConfigError> {
                let connection: Arc<$family> = (self.connect)(settings)?;
                Ok(connection)
            }

            fn specimen(&self) -> Option<&'static dyn Specimen> {
                self.specimen
            }
        }
    )*};
}

any_kind!(
    dyn SalesConnector,
    dyn PaymentConnector,
    dyn CarrierConnector,
    dyn WarehouseConnector
);

fn all() -> impl Iterator<Item = &'static dyn AnyKind> {
    fn any<K: AnyKind>(kind: &'static K) -> &'static dyn AnyKind {
        kind
    }
    let sales = crate::sales::KINDS.iter().map(any);
    let payments = crate::payments::KINDS.iter().map(any);
    let carriers = crate::carriers::KINDS.iter().map(any);
    let warehouses = crate::warehouses::KINDS.iter().map(any);
    sales.chain(payments).chain(carriers).chain(warehouses)
}

/// Every kind that there is, of all families, by family and name.
pub fn kinds() -> impl Iterator<Item = &'static About> {
    all().map(AnyKind::about)
}

fn of(about: &About) -> Option<&'static dyn AnyKind> {
    all().find(|kind| kind.about() == about)
}

/// Builds a connection of a kind, as what it takes in.
///
/// # Errors
/// When it cannot be built with these settings.
pub fn connector(about: &About, settings: &Settings) -> Result<Arc<dyn Connector>, ConfigError> {
    match of(about) {
        Some(kind) => kind.connector(settings),
        None => Err(unknown_kind(about.family, kinds(), about.name)),
    }
}

/// What a kind's vendor sends; none where nothing is sent but through the hub's own API.
pub fn specimen(about: &About) -> Option<&'static dyn Specimen> {
    of(about)?.specimen()
}

fn unknown_kind<'a>(
    family: Family,
    known: impl Iterator<Item = &'a About>,
    name: &str,
) -> ConfigError {
    let known = known.filter(|kind| kind.family == family);
    let known: Vec<_> = known.map(|kind| kind.name).collect();
    ConfigError::UnknownKind {
        family: family.word(),
        kind: name.to_owned(),
        known: known.join(", "),
    }
}

/// Builds a connection of a kind by its name.
pub(crate) fn build<C: ?Sized>(
    family: Family,
    kinds: &[Kind<C>],
    name: &str,
    settings: &Settings,
) -> Result<Arc<C>, ConfigError> {
    let Some(kind) = kinds.iter().find(|kind| kind.about.name == name) else {
        let known = kinds.iter().map(|kind| &kind.about);
        return Err(unknown_kind(family, known, name));
    };
    (kind.connect)(settings)
}

#[cfg(test)]
pub(crate) mod tests;
