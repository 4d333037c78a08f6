//! Connections: from the configuration's sections to connectors, and who is registered as what.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orderhub_actors::node::{Connectors, LocationConfig};
use orderhub_actors::{Inlet, Site};
use orderhub_channels::payments::PaymentConnector;
use orderhub_channels::port::Connector;
use orderhub_channels::registry::Family;
use orderhub_channels::sales::SalesConnector;
use orderhub_channels::settings::{ConfigError, Gateway};
use orderhub_channels::settlement::FileFormat;
use orderhub_channels::{carriers, payments, sales, warehouses};
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{ChannelId, Slug};
use orderhub_domain::order::Location;
use orderhub_domain::sourcing::Point;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use crate::cli::{Exit, Failure};
use crate::config::{self, Config, Connection};
use crate::intake::SalesChannel;
use crate::settlement::{Payer, Source};
use crate::store::Store;

/// The sales channel whose orders come through the canonical API.
const DIRECT: &str = "direct";

/// Every configured connection, ready to use.
pub(super) struct Connections {
    sales: BTreeMap<Slug, Shop>,
    partners: Connectors,
    /// Between two questions, where the configuration says it.
    asked_every: BTreeMap<(Family, Slug), Duration>,
}

fn payer(connection: &Connection, channel: Option<ChannelId>) -> Payer {
    Payer {
        source: Source {
            slug: connection.slug.clone(),
            channel,
        },
        format: FileFormat::of_kind(connection.kind.name),
    }
}

struct Shop {
    id: ChannelId,
    kind: &'static str,
    direct: bool,
    connector: Arc<dyn SalesConnector>,
}

impl Connections {
    /// Builds every connector and registers the sales channels.
    pub(super) async fn open(config: &Config, store: &Store) -> Result<Self, Failure> {
        let partners = partners(config)?;
        let connectors = shops(config, &partners)?;
        let ids = register_channels(config, store).await?;
        let configured = config.sales.iter().zip(connectors).zip(ids);
        let shops = configured.map(|((shop, connector), id)| {
            let kind = shop.connection.kind.name;
            let slug = shop.connection.slug.clone();
            let shop = Shop {
                id,
                kind,
                direct: kind == DIRECT,
                connector,
            };
            (slug, shop)
        });
        Ok(Self {
            sales: shops.collect(),
            partners,
            asked_every: asked_every(config),
        })
    }

    /// The partners that effects go to.
    pub(super) fn partners(&self) -> Connectors {
        let mut partners = self.partners.clone();
        for (slug, shop) in &self.sales {
            let connector = Arc::clone(&shop.connector);
            partners.sales.insert(slug.clone(), connector);
            partners.channels.insert(shop.id, slug.clone());
        }
        partners
    }

    /// Sales channels by slug.
    pub(super) fn channels(&self) -> BTreeMap<Slug, SalesChannel> {
        let channel = |shop: &Shop| SalesChannel {
            id: shop.id,
            kind: shop.kind,
            direct: shop.direct,
            live: shop.connector.is_live(),
        };
        self.sales
            .iter()
            .map(|(slug, shop)| (slug.clone(), channel(shop)))
            .collect()
    }

    /// Connections that pay out, by slug. A gateway comes before a channel of the same name.
    pub(super) fn payers(&self, config: &Config) -> BTreeMap<Slug, Payer> {
        let mut payers = BTreeMap::new();
        for shop in &config.sales {
            let slug = shop.connection.slug.clone();
            let channel = self.sales.get(&slug).map(|shop| shop.id);
            payers.insert(slug, payer(&shop.connection, channel));
        }
        for gateway in &config.payments {
            let slug = gateway.connection.slug.clone();
            payers.insert(slug, payer(&gateway.connection, None));
        }
        payers
    }

    /// Connections whose webhooks are taken.
    pub(super) fn hooks(&self) -> BTreeMap<(Family, Slug), Inlet> {
        let mut hooks = BTreeMap::new();
        let mut take = |family, slug: &Slug, connector: Arc<dyn Connector>, channel| {
            let inlet = Inlet {
                source: format!("{family}/{slug}"),
                slug: slug.clone(),
                channel,
                connector,
                poll_every: self.asked_every.get(&(family, slug.clone())).copied(),
            };
            hooks.insert((family, slug.clone()), inlet);
        };
        for (slug, shop) in self.sales.iter().filter(|(_, shop)| !shop.direct) {
            take(Family::Sales, slug, shop.connector.clone(), Some(shop.id));
        }
        for (slug, gateway) in &self.partners.payments {
            take(Family::Payments, slug, gateway.clone(), None);
        }
        for (slug, carrier) in &self.partners.carriers {
            take(Family::Carriers, slug, carrier.clone(), None);
        }
        for (slug, warehouse) in &self.partners.warehouses {
            take(Family::Warehouses, slug, warehouse.clone(), None);
        }
        hooks
    }

    /// How often a gateway's account lets us capture; `None` for gateways that are not configured.
    pub(super) fn capture_mode(&self, gateway: &Slug) -> Option<CaptureMode> {
        let gateway: &Arc<dyn PaymentConnector> = self.partners.payments.get(gateway)?;
        Some(gateway.capture_mode())
    }
}

/// How often connections are asked what is new, where that is configured.
fn asked_every(config: &Config) -> BTreeMap<(Family, Slug), Duration> {
    let sales = config.sales.iter().map(|shop| &shop.connection);
    let payments = config.payments.iter().map(|gateway| &gateway.connection);
    let all = sales
        .chain(payments)
        .chain(&config.carriers)
        .chain(&config.warehouses);
    let stated = all.filter_map(|connection| {
        let every = Duration::try_from(connection.poll_every?).ok()?;
        Some(((connection.kind.family, connection.slug.clone()), every))
    });
    stated.collect()
}

/// How many connections there are, if every connector takes its settings.
pub(super) fn check(config: &Config) -> Result<usize, Failure> {
    let partners = partners(config)?;
    let shops = shops(config, &partners)?.len();
    let others = [
        partners.payments.len(),
        partners.carriers.len(),
        partners.warehouses.len(),
    ];
    Ok(shops + others.iter().sum::<usize>())
}

/// Connectors of gateways, carriers and warehouses.
fn partners(config: &Config) -> Result<Connectors, Failure> {
    let mut partners = Connectors::default();
    for gateway in &config.payments {
        let mut settings = gateway.connection.settings();
        settings.capture = gateway.capture;
        let connector = payments::connect(gateway.connection.kind.name, &settings);
        let connector = connector.map_err(refused)?;
        partners
            .payments
            .insert(gateway.connection.slug.clone(), connector);
    }
    for carrier in &config.carriers {
        let connector = carriers::connect(carrier.kind.name, &carrier.settings());
        let connector = connector.map_err(refused)?;
        partners.carriers.insert(carrier.slug.clone(), connector);
    }
    for warehouse in &config.warehouses {
        let connector = warehouses::connect(warehouse.kind.name, &warehouse.settings());
        let connector = connector.map_err(refused)?;
        partners
            .warehouses
            .insert(warehouse.slug.clone(), connector);
    }
    Ok(partners)
}

/// Connectors of the sales channels, in the configuration's order.
fn shops(config: &Config, partners: &Connectors) -> Result<Vec<Arc<dyn SalesConnector>>, Failure> {
    let connect = |shop: &config::Sales| {
        let payment = shop.payment.as_ref().and_then(|slug| {
            let gateway = partners.payments.get(slug)?;
            Some(Gateway {
                slug: slug.clone(),
                capture: gateway.capture_mode(),
            })
        });
        let mut settings = shop.connection.settings();
        settings.payment = payment;
        sales::connect(shop.connection.kind.name, &settings).map_err(refused)
    };
    config.sales.iter().map(connect).collect()
}

/// The locations and who works there. A location without a carrier ships with the first one.
pub(super) fn locations(config: &Config) -> Vec<LocationConfig> {
    let first = config.carriers.first().map(|carrier| carrier.slug.clone());
    let location = |location: &config::Location| LocationConfig {
        location: sourced(location),
        site: Site {
            warehouse: location.warehouse.clone(),
            carrier: location.carrier.clone().or_else(|| first.clone()),
            address: location.address.clone(),
        },
    };
    config.locations.iter().map(location).collect()
}

/// A location as sourcing sees it. Its place is kept in whole ten-thousandths of a degree, its cost
/// in hundredths: both only rank locations.
fn sourced(location: &config::Location) -> Location {
    let part = |degrees: f64| {
        let parts = Decimal::from_f64(degrees)? * Decimal::from(10_000);
        parts.round().to_i32()
    };
    let point = location.lat.zip(location.lon).and_then(|(lat, lon)| {
        let (lat, lon) = (part(lat)?, part(lon)?);
        Some(Point { lat, lon })
    });
    let cost = location.parcel_cost.unwrap_or_default() * Decimal::ONE_HUNDRED;
    Location {
        code: location.code.clone(),
        country: location.country.clone().unwrap_or_default(),
        point,
        store: location.kind == "store",
        cost_minor: cost.round().to_u32().unwrap_or(u32::MAX),
        hours: location.hours.clone(),
        capacity_per_day: location.capacity_per_day,
        addressed: !location.address.lines.is_empty(),
    }
}

/// Registers every sales channel; their immutable ids, in the configuration's order.
pub(super) async fn register_channels(
    config: &Config,
    store: &Store,
) -> Result<Vec<ChannelId>, Failure> {
    let mut ids = Vec::new();
    for shop in &config.sales {
        let connection = &shop.connection;
        let id = store
            .ensure_channel(&connection.slug, connection.kind.name, connection.account())
            .await;
        ids.push(id.map_err(super::unusable)?);
    }
    Ok(ids)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err asks for"
)]
fn refused(error: ConfigError) -> Failure {
    Failure::new(
        Exit::Usage,
        error.to_string(),
        "correct it, then: orderhub config check",
    )
}
