//! Connections: from the configuration's sections to connectors, and who is registered as what.

use std::collections::BTreeMap;
use std::sync::Arc;

use orderhub_actors::Site;
use orderhub_actors::node::{Connectors, LocationConfig};
use orderhub_channels::payments::PaymentConnector;
use orderhub_channels::sales::SalesConnector;
use orderhub_channels::settings::{ConfigError, Gateway, Mode, Settings};
use orderhub_channels::settlement::FileFormat;
use orderhub_channels::{carriers, payments, sales, warehouses};
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{ChannelId, Slug};
use orderhub_domain::order::Location;
use orderhub_domain::sourcing::Point;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use secrecy::SecretString;

use crate::cli::{Exit, Failure};
use crate::config::{self, Config, Connection, Secret};
use crate::http::{Family, Hook};
use crate::intake::SalesChannel;
use crate::settlement::{Payer, Source};
use crate::store::Store;

/// The sales channel whose orders come through the canonical API.
const DIRECT: &str = "direct";

/// Every configured connection, ready to use.
pub(super) struct Connections {
    sales: BTreeMap<Slug, Shop>,
    partners: Connectors,
}

fn payer(connection: &Connection, channel: Option<ChannelId>) -> Payer {
    Payer {
        source: Source {
            slug: connection.slug.clone(),
            channel,
        },
        format: FileFormat::of_kind(connection.kind.kind),
    }
}

struct Shop {
    id: ChannelId,
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
            let direct = shop.connection.kind.kind == DIRECT;
            let slug = shop.connection.slug.clone();
            let shop = Shop {
                id,
                direct,
                connector,
            };
            (slug, shop)
        });
        Ok(Self {
            sales: shops.collect(),
            partners,
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
    pub(super) fn hooks(&self) -> BTreeMap<(Family, Slug), Hook> {
        let mut hooks = BTreeMap::new();
        for (slug, shop) in self.sales.iter().filter(|(_, shop)| !shop.direct) {
            let hook = Hook::Sales(shop.connector.clone(), shop.id);
            hooks.insert((Family::Sales, slug.clone()), hook);
        }
        for (slug, gateway) in &self.partners.payments {
            hooks.insert(
                (Family::Payments, slug.clone()),
                Hook::Payments(gateway.clone()),
            );
        }
        for (slug, carrier) in &self.partners.carriers {
            hooks.insert(
                (Family::Carriers, slug.clone()),
                Hook::Carriers(carrier.clone()),
            );
        }
        hooks
    }

    /// How often a gateway's account lets us capture; `None` for gateways that are not configured.
    pub(super) fn capture_mode(&self, gateway: &Slug) -> Option<CaptureMode> {
        let gateway: &Arc<dyn PaymentConnector> = self.partners.payments.get(gateway)?;
        Some(gateway.capture_mode())
    }
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
    for payment in &config.payments {
        let settings = Settings {
            secrets: secrets(&payment.webhook_secrets),
            api_key: payment.api_key.as_ref().map(secret),
            capture: payment.capture,
            ..settings(&payment.connection)
        };
        let connector = payments::connect(payment.connection.kind.kind, &settings);
        let connector = connector.map_err(refused)?;
        partners
            .payments
            .insert(payment.connection.slug.clone(), connector);
    }
    for carrier in &config.carriers {
        let settings = Settings {
            secrets: secrets(&carrier.webhook_secrets),
            api_key: carrier.api_key.as_ref().map(secret),
            ..settings(&carrier.connection)
        };
        let connector = carriers::connect(carrier.connection.kind.kind, &settings);
        let connector = connector.map_err(refused)?;
        partners
            .carriers
            .insert(carrier.connection.slug.clone(), connector);
    }
    for warehouse in &config.warehouses {
        let settings = settings(&warehouse.connection);
        let connector = warehouses::connect(warehouse.connection.kind.kind, &settings);
        let connector = connector.map_err(refused)?;
        partners
            .warehouses
            .insert(warehouse.connection.slug.clone(), connector);
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
        let settings = Settings {
            secrets: secrets(&shop.secrets),
            api_key: shop.access_token.as_ref().map(secret),
            shop_domain: shop.shop_domain.clone(),
            stock_location: shop.stock_location.clone(),
            payment,
            ..settings(&shop.connection)
        };
        sales::connect(shop.connection.kind.kind, &settings).map_err(refused)
    };
    config.sales.iter().map(connect).collect()
}

/// The locations and who works there. A location without a carrier ships with the first one.
pub(super) fn locations(config: &Config) -> Vec<LocationConfig> {
    let first = config
        .carriers
        .first()
        .map(|carrier| carrier.connection.slug.clone());
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
        let slug = &shop.connection.slug;
        // Without a vendor's name for the account, the slug is the account.
        let account = shop.shop_domain.as_deref().unwrap_or(slug.as_str());
        let id = store
            .ensure_channel(slug, shop.connection.kind.kind, account)
            .await;
        ids.push(id.map_err(super::unusable)?);
    }
    Ok(ids)
}

fn settings(connection: &Connection) -> Settings {
    let mut settings = Settings::new(connection.slug.clone());
    settings.base_url.clone_from(&connection.base_url);
    settings.mode = connection.mode.map(|mode| match mode {
        config::Mode::Live => Mode::Live,
        config::Mode::Test => Mode::Test,
    });
    settings
}

fn secret(secret: &Secret) -> SecretString {
    secret.expose().to_owned().into()
}

fn secrets(secrets: &[Secret]) -> Vec<SecretString> {
    secrets.iter().map(secret).collect()
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
