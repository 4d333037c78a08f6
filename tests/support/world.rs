//! Everything a scenario needs, started and joined: a database, the doubles, a running hub.

use std::sync::Arc;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::api::Api;
use super::doubles::easypost::EasyPost;
use super::doubles::stripe::{self, Stripe};
use super::hub::{Hub, Setup, free_port};
use super::postgres::Cluster;

/// What differs between scenarios.
struct Surroundings<'a> {
    /// The shared one by default.
    cluster: Option<&'a Cluster>,
    locations: &'a [&'a str],
    payments: Option<(String, String)>,
    nats_url: Option<String>,
    shop_url: Option<String>,
    policy: &'a str,
}

impl Default for Surroundings<'_> {
    fn default() -> Self {
        Self {
            cluster: None,
            locations: &["BER1"],
            payments: None,
            nats_url: None,
            shop_url: None,
            policy: "",
        }
    }
}

/// A hub and its surroundings. Dropped from top to bottom: the hub before what it uses.
pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) api: Api,
    pub(crate) stripe: Arc<Stripe>,
    pub(crate) easypost: Arc<EasyPost>,
    /// Reads `orderhub_check`, as an auditor would.
    pub(crate) audit: PgPool,
    pub(crate) setup: Setup,
}

impl World {
    /// One location, `BER1`; everything runs.
    pub(crate) async fn start() -> Self {
        Self::start_with(&["BER1"], None).await
    }

    /// The same with a bus at this address, which need not be up.
    pub(crate) async fn start_with_bus(nats_url: String) -> Self {
        Self::start_at_with_bus(&["BER1"], nats_url).await
    }

    /// The same with these locations.
    pub(crate) async fn start_at_with_bus(locations: &[&str], nats_url: String) -> Self {
        Self::start_in(Surroundings {
            locations,
            nats_url: Some(nats_url),
            ..Surroundings::default()
        })
        .await
    }

    /// The same on a Postgres of its own, which the test may stop.
    pub(crate) async fn start_on(cluster: &Cluster, nats_url: Option<String>) -> Self {
        Self::start_in(Surroundings {
            cluster: Some(cluster),
            nats_url,
            ..Surroundings::default()
        })
        .await
    }

    /// These locations; payments at another place than the double, if one is given as its address
    /// and key.
    pub(crate) async fn start_with(locations: &[&str], payments: Option<(String, String)>) -> Self {
        Self::start_in(Surroundings {
            locations,
            payments,
            ..Surroundings::default()
        })
        .await
    }

    /// The same under these rules.
    pub(crate) async fn start_under(policy: &str) -> Self {
        Self::start_in(Surroundings {
            policy,
            ..Surroundings::default()
        })
        .await
    }

    /// The same, with a bus.
    pub(crate) async fn start_under_with_bus(policy: &str, nats_url: String) -> Self {
        Self::start_in(Surroundings {
            policy,
            nats_url: Some(nats_url),
            ..Surroundings::default()
        })
        .await
    }

    /// The shop at this address is told of its orders.
    pub(crate) async fn start_with_shop(shop_url: String) -> Self {
        Self::start_in(Surroundings {
            shop_url: Some(shop_url),
            ..Surroundings::default()
        })
        .await
    }

    async fn start_in(surroundings: Surroundings<'_>) -> Self {
        let Surroundings {
            cluster,
            locations,
            payments,
            nats_url,
            shop_url,
            policy,
        } = surroundings;
        let database_url = match cluster {
            Some(cluster) => cluster.empty_database().await,
            None => Cluster::shared().empty_database().await,
        };
        let http_port = free_port();
        let hook = |family: &str| format!("http://127.0.0.1:{http_port}/v1/hooks/{family}");
        let stripe = Stripe::start(hook("payments/stripe-eu")).await;
        let easypost = EasyPost::start(hook("carriers/easypost")).await;
        let (stripe_url, stripe_key) =
            payments.unwrap_or_else(|| (stripe.url.clone(), stripe::API_KEY.to_owned()));
        let setup = Setup {
            database_url,
            http_port,
            stripe_url,
            stripe_key,
            easypost_url: easypost.url.clone(),
            locations: locations.iter().map(|code| (*code).to_owned()).collect(),
            shop_url,
            nats_url,
            policy: policy.to_owned(),
        };
        let mut hub = Hub::prepare(&setup);
        hub.start().await;
        let audit = PgPoolOptions::new()
            .max_connections(2)
            .connect(&setup.database_url)
            .await
            .unwrap();
        Self {
            api: hub.api(),
            hub,
            stripe,
            easypost,
            audit,
            setup,
        }
    }
}
