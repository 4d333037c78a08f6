//! A web shop that sells through Shopify: about one order a second as signed webhooks, with repeats,
//! news out of order, late payments and second thoughts; and its Admin API for the way back. What
//! buyers do stands in `basket`, what is kept in `orders`.

mod admin;
mod basket;
mod graph;
mod offers;
mod orders;
mod refunds;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use self::admin::Admin;
use self::basket::Basket;
use self::offers::Offers;
use self::orders::Orders;
use super::courier::{self, Headers, Letter, Teller};
use super::faults::{Faults, Trouble};
use super::hub::Hub;
use super::place::{HubUrl, LocalAddress};
use super::trade::{self, PATIENCE};
use super::{SimError, locked, server, signing};

pub use self::offers::LOCATION;

/// What a shop is started with.
#[derive(Debug)]
pub struct Options {
    /// The hub.
    pub hub: HubUrl,
    /// The sales connection there.
    pub slug: String,
    /// What signs its webhooks.
    pub secret: SecretString,
    /// What it sells: at least one.
    pub skus: Vec<String>,
    /// Orders a second; more than none.
    pub rate: Decimal,
    /// Its Admin API: where it listens, and the token that the hub must show.
    pub admin: Option<(LocalAddress, SecretString)>,
    /// What its chances depend on.
    pub seed: u64,
    /// How much goes wrong.
    pub faults: Faults,
    /// Its book; without one it forgets with its process.
    pub book: Option<PathBuf>,
}

struct Shop {
    orders: Arc<Mutex<Orders>>,
    secret: SecretString,
}

/// Runs a shop until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let (address, token) = options.admin.clone().unzip();
    let listener = match address {
        Some(address) => Some(server::listen(address).await?),
        None => None,
    };
    let orders = Arc::new(Mutex::new(Orders::open(options.book.as_deref())?));
    let offers = Arc::new(Mutex::new(Offers::of(&options.skus)));
    let way_back = async {
        if let (Some(listener), Some(token)) = (listener, token) {
            let (orders, offers) = (orders.clone(), offers.clone());
            let trouble = Trouble::new(options.faults, options.seed);
            let admin = Arc::new(Admin {
                orders,
                offers,
                token,
            });
            server::serve(listener, admin, trouble, stop.clone()).await;
        }
    };
    let teller = Arc::new(Shop {
        orders: orders.clone(),
        secret: options.secret.clone(),
    });
    let hub = Hub::new(options.hub.clone(), None)?;
    let hook = options.hub.path(&["v1", "hooks", "sales", &options.slug]);
    let business = async {
        if !hub.ready(&stop).await {
            return Ok(());
        }
        tracing::info!(slug = options.slug, "the shop is open");
        let selling = sell((&orders, &offers), &options, &stop);
        let (told, ()) = tokio::join!(courier::run(teller, hook, stop.clone()), selling);
        told
    };
    let ((), told) = tokio::join!(way_back, business);
    told
}

async fn sell(
    (orders, offers): (&Mutex<Orders>, &Mutex<Offers>),
    options: &Options,
    stop: &CancellationToken,
) {
    trade::at_rate(options.rate, stop, || {
        let mut orders = locked(orders);
        if orders.outbox().len() >= PATIENCE {
            return;
        }
        let basket = Basket::draw(options.seed, orders.sold() + 1, &options.skus);
        locked(offers).sold(&basket);
        if let Err(error) = orders.sell(basket) {
            tracing::error!(%error, "the book takes no line; nothing is sold");
        }
    })
    .await;
}

impl Teller for Shop {
    fn due(&self, now: Timestamp) -> Vec<Letter> {
        locked(&self.orders).outbox().due(now)
    }

    fn headers(&self, now: Timestamp, letter: &Letter) -> Headers {
        let secret = self.secret.expose_secret();
        let signature = signing::shopify(secret, letter.body.as_bytes());
        vec![
            ("x-shopify-topic", letter.topic.to_owned()),
            ("x-shopify-hmac-sha256", signature),
            ("x-shopify-shop-domain", wire::DOMAIN.to_owned()),
            ("x-shopify-api-version", "2026-07".to_owned()),
            ("x-shopify-webhook-id", format!("sim-{}", letter.number)),
            ("x-shopify-triggered-at", now.to_string()),
        ]
    }

    fn told(&self, number: u64, taken: bool) {
        let mut orders = locked(&self.orders);
        if taken {
            orders.told(number);
        } else {
            orders.outbox().postpone(number, Timestamp::now());
        }
    }
}
