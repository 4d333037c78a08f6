//! Sales channels: orders in; shipments and cancellations of their own orders back out.

mod adobe_commerce;
mod amazon;
mod answers;
mod bigcommerce;
pub(crate) mod buyer;
mod clover;
mod country;
pub mod direct;
mod ebay;
#[cfg(test)]
mod giving;
mod lightspeed;
mod measured;
mod meta_commerce;
mod mirakl;
#[cfg(test)]
mod offering;
#[cfg(test)]
pub(crate) mod shipments;
mod shopify;
mod shopware;
mod square;
pub(crate) mod taken;
mod tiktok_shop;
mod till;
mod told;
mod tries;
mod walmart;
mod window;
pub(crate) mod woocommerce;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_domain::ids::Sku;
use orderhub_domain::money::Money;
use orderhub_domain::order::{NoticeEvidence, Topic};

use crate::measured::Measured;
use crate::port::{CallError, Connector, NoticeAnswer};
use crate::registry::{Family, Kind, build};
use crate::settings::{ConfigError, Settings};

/// Every kind of sales channel.
pub static KINDS: &[Kind<dyn SalesConnector>] = &[
    adobe_commerce::KIND,
    amazon::KIND,
    bigcommerce::KIND,
    clover::KIND,
    direct::KIND,
    ebay::KIND,
    lightspeed::KIND,
    meta_commerce::KIND,
    mirakl::KIND,
    shopify::KIND,
    shopware::KIND,
    square::KIND,
    tiktok_shop::KIND,
    walmart::KIND,
    woocommerce::KIND,
];

/// Builds a connection of this kind, whose calls are measured.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let measured = Measured {
        slug: settings.slug.clone(),
        inner: build(Family::Sales, KINDS, kind, settings)?,
    };
    measured.announce();
    Ok(Arc::new(measured))
}

/// A connection to a sales channel.
pub trait SalesConnector: Connector {
    /// How the channel is told what becomes of its orders; `None` when nobody there listens.
    fn way_back(&self) -> Option<&dyn WayBack>;

    /// How the channel is told how many units it can offer; `None` when it does not want to know.
    fn stock_way(&self) -> Option<&dyn StockWay> {
        None
    }
}

/// The way of stock to a sales channel.
#[async_trait]
pub trait StockWay: Send + Sync {
    /// How the channel wants to be told.
    fn manner(&self) -> Manner {
        Manner::ONE_BY_ONE
    }

    /// Makes the channel offer so many units of a SKU. Whoever implements this makes it harmless that a
    /// try comes twice, and that one arrives after a later one. `key` is the try's own.
    async fn offer(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError>;
}

/// How a channel wants to be told how many units it can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// How many SKUs it is told of at the same time. A channel that takes files gathers them in one.
    pub at_once: usize,
    /// How long it may take to say what became of a number.
    pub patience: Duration,
}

impl Manner {
    /// As most shops are told: a shop counts what it is asked, and orders' own news go first.
    pub const ONE_BY_ONE: Self = Self {
        at_once: 2,
        patience: Duration::from_secs(15),
    };
}

/// What became of a number of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// The channel offers that many from now on.
    Set,
    /// It did so before.
    Same,
    /// It does not sell the SKU.
    NotSold,
    /// It will not.
    Refused {
        /// Why, in the channel's word or ours.
        code: String,
    },
}

/// The way back to a sales channel. A notice may come twice, after a try whose outcome is not known:
/// whoever implements this makes that harmless.
#[async_trait]
pub trait WayBack: Send + Sync {
    /// What the channel can be told. Nothing else is ever asked of it.
    fn hears(&self) -> &'static [Topic] {
        &[Topic::Shipped, Topic::Cancelled]
    }

    /// An order stands: its stock and its money are secured.
    async fn accepted(&self, external_id: &str) -> NoticeAnswer {
        let _ = external_id;
        Ok(deaf())
    }

    /// Some units of an order will not be shipped; the rest goes on.
    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        let _ = notice;
        Ok(deaf())
    }

    /// The buyer gets back what the channel took for units that were shipped. Its movements of money are
    /// named, where the channel names them, as its own reports do.
    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        let _ = notice;
        Ok(deaf())
    }

    /// A part of an order has left the building.
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer;

    /// Nothing of an order will be shipped.
    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer;
}

/// The answer to what a channel does not hear.
fn deaf() -> NoticeEvidence {
    NoticeEvidence::Refused {
        code: "not_heard".to_owned(),
    }
}

/// Units that the buyer does not get, or does not keep, and the money for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartNotice {
    /// The channel's id of the order.
    pub external_id: String,
    /// Names the notice: the same for every try, another one for every other notice.
    pub key: String,
    /// When it was first asked for.
    pub asked_at: Timestamp,
    /// Units per line, by the channel's id of the line.
    pub lines: Vec<(String, u32)>,
    /// What the channel gives back of what it took; nothing where it took none.
    pub amount: Money,
    /// The channel's names of what was known to be given back when the notice was first asked for; nothing
    /// where nobody wrote that down.
    pub given: Option<BTreeSet<String>>,
    /// What became of the units.
    pub of: PartOf,
}

/// What became of units whose money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOf {
    /// They were not shipped.
    Unsent,
    /// They came back.
    Returned,
    /// They did not arrive as they should.
    Claimed,
}

/// What has left the building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentNotice {
    /// The channel's id of the order.
    pub external_id: String,
    /// When it left.
    pub shipped_at: Timestamp,
    /// Units per line, by the channel's id of the line.
    pub lines: Vec<(String, u32)>,
    /// How its parcels are followed; none for goods that the buyer collected.
    pub tracking: Vec<Tracking>,
}

impl ShipmentNotice {
    /// The same parcel by parcel, each with what is in it, for channels that take one at a time. Where nobody
    /// knows what is in which, it stays one.
    pub fn by_parcel(&self) -> Vec<Self> {
        let one = |parcel: &Tracking| Self {
            lines: parcel.units.clone(),
            tracking: vec![parcel.clone()],
            ..self.clone()
        };
        let packed = self.tracking.iter().flat_map(|parcel| &parcel.units);
        let filled = self.tracking.iter().all(|parcel| !parcel.units.is_empty());
        if self.tracking.len() > 1 && filled && by_line(packed) == by_line(&self.lines) {
            self.tracking.iter().map(one).collect()
        } else {
            vec![self.clone()]
        }
    }
}

/// Units by line, each line once.
fn by_line<'a>(units: impl IntoIterator<Item = &'a (String, u32)>) -> BTreeMap<&'a str, u32> {
    let mut lines: BTreeMap<&str, u32> = BTreeMap::new();
    for (line, count) in units {
        *lines.entry(line).or_default() += count;
    }
    lines
}

/// How a parcel is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    /// The carrier that moves it.
    pub carrier: String,
    /// The carrier's number of it.
    pub number: String,
    /// Units in it per line, by the channel's id of the line; none where nobody knows.
    pub units: Vec<(String, u32)>,
}

/// What ended before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationNotice {
    /// The channel's id of the order.
    pub external_id: String,
    /// Why.
    pub why: Why,
    /// The channel itself has the buyer's money and gives it back.
    pub refund: bool,
}

/// Why an order ended before its time, as far as channels tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is none left.
    OutOfStock,
    /// The buyer's money could not be had.
    Declined,
    /// Anything else: a person decided, nobody answered in time.
    Other,
}
