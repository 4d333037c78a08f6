//! The composition root: configuration -> store -> connectors -> node -> HTTP. The one place that
//! knows every part by its concrete name.

mod addresses;
mod checkup;
mod connections;
mod seams;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use orderhub_actors::api::HubApi;
use orderhub_actors::node::{self, End, NodeConfig, Stores};
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::Slug;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::audit::{Auditor, tell_locations};
use crate::bus::{Bus, Inbox, Publisher};
use crate::cli::{Exit, Failure, Finding, MigrationState, MigrationStep, Root};
use crate::config::Config;
use crate::events::Feed;
use crate::http::auth::Keys;
use crate::http::keys::KeyBook;
use crate::http::messages::Messages;
use crate::http::requests::Requests;
use crate::http::streams::Streams;
use crate::http::{Edge, Hooks, Rooms};
use crate::intake::Desk;
use crate::settlement::Payer;
use crate::stock_feeds::StockFeeds;
use crate::store::{Seal, Store, StoreError, StoreOptions, kept_key, migrate};
use crate::telemetry;
use addresses::Addresses;
pub(crate) use addresses::stop_signal;
use connections::Connections;
use seams::{CanonicalIntake, Connected};

/// How long orders may take to fall asleep when the hub stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Commit lanes. Two keep both the disk and a core busy.
const LANES: usize = 2;

/// This process: what the command line's verbs stand on.
pub struct Process;

#[async_trait]
impl Root for Process {
    async fn serve(&self, config: Config) -> Result<(), Failure> {
        let metrics = telemetry::start_metrics().map_err(failed)?;
        orderhub_channels::outbound::install_crypto();
        let addresses = Addresses::bind(&config).await?;
        let store = open(&config).await?;
        let connections = Arc::new(Connections::open(&config, &store).await?);
        let bus = bus_of(&config).await?;

        let stop = stop_signal().map_err(failed)?;
        let background = CancellationToken::new();
        let payers = connections.payers(&config);
        let upkeep = tokio::spawn(telemetry::upkeep(metrics.clone(), background.clone()));
        let following = follow_the_log(&store, &config, &payers, &background);
        let (webhooks, webhook_lane) = store.webhook_log();

        take_census(&store).await.map_err(failed)?;
        let node_config = NodeConfig {
            policy: config.policy.clone(),
            locations: connections::locations(&config),
            ..NodeConfig::default()
        };
        let stores = Stores {
            lanes: (0..LANES).map(|_| Box::new(store.lane()) as _).collect(),
            stock_lane: Box::new(store.stock_lane()),
            journal: Arc::new(store.clone()),
            stock_book: Arc::new(store.clone()),
            ownership: Arc::new(store.clone()),
        };
        let hooks = Hooks::new(connections.hooks(), config.http.public_url.clone());
        let webhooks = Arc::new(webhooks);
        announce(&config, &hooks);
        let inlets = Arc::new(Connected::new(hooks.clone(), webhooks.clone()));
        let node = node::start(node_config, stores, connections.partners(), inlets).await;
        let node = node.map_err(failed)?;

        let publisher = Publisher::new(&store, bus.clone(), &config.node.name);
        // Stopped only after the orders are asleep: until then they commit.
        let publishing = tokio::spawn(publisher.run(background.clone()));

        let hub = Arc::new(node.hub());
        let auditing = audit(&store, &config, hub.clone(), &background);
        let desk = Arc::new(Desk {
            hub: hub.clone(),
            intake: Arc::new(CanonicalIntake::new(connections.clone())),
            channels: connections.channels(),
            locations: config.locations.iter().map(|l| l.code.clone()).collect(),
        });
        let taking = bus.map(|bus| tokio::spawn(Inbox::new(bus, desk.clone()).run(stop.clone())));
        let feed = Feed::new(Arc::new(store.clone()), &config.node.name, stop.clone());
        let telling = tokio::spawn(feed.clone().run());
        let edge = Arc::new(Edge {
            hub: hub.clone(),
            journal: Arc::new(store.clone()),
            list: Arc::new(store.clone()),
            keys: Keys::new(Arc::new(store.clone())),
            desk,
            hooks,
            webhooks,
            messages: Arc::new(store.clone()),
            payouts: Arc::new(store.clone()),
            payers,
            rooms: Rooms::default(),
            stock_feeds: StockFeeds::new(hub, Arc::new(store.clone())),
            requests: Requests::new(Arc::new(store.clone())),
            feed,
            streams: Streams::new(stop.clone()),
            policy: config.policy.clone(),
            metrics: Arc::new(move || metrics.render()),
            started: AtomicBool::new(false),
        });
        tracing::info!(http.addr = %config.http.addr, node.name = config.node.name, "serving");
        let superseded = {
            let serving = addresses.serve(edge, stop.clone());
            tokio::pin!(serving);
            tokio::select! {
                () = &mut serving => false,
                End::Superseded = node.ended() => {
                    stop.cancel();
                    serving.await;
                    true
                }
            }
        };
        // What the inbox has begun ends while the orders are still awake.
        if let Some(taking) = taking {
            drop(taking.await);
        }
        let drained = node.drain(DRAIN).await;
        tracing::info!(?drained, "the orders are asleep");
        background.cancel();
        // They only read the token; how they ended changes nothing any more.
        drop(tokio::join!(
            upkeep,
            join_all(following),
            join_all(auditing),
            webhook_lane,
            publishing,
            telling
        ));
        if superseded {
            let message = "a newer process with this node's name has taken over";
            return Err(Failure::new(
                Exit::Conflict,
                message,
                "orderhub serve, under another [node] name",
            ));
        }
        Ok(())
    }

    async fn migrations(&self, config: &Config) -> Result<Vec<MigrationStep>, Failure> {
        let steps = migrate::status(url_of(config)?).await.map_err(unusable)?;
        Ok(steps.into_iter().map(step).collect())
    }

    async fn migrate(&self, config: &Config) -> Result<Vec<MigrationStep>, Failure> {
        let steps = migrate::up(url_of(config)?).await.map_err(unusable)?;
        let applied = |step: migrate::Step| MigrationStep {
            state: MigrationState::Applied,
            ..self::step(step)
        };
        Ok(steps.into_iter().map(applied).collect())
    }

    async fn keys(&self, config: &Config) -> Result<Arc<dyn KeyBook>, Failure> {
        let store = open(config).await?;
        // A key may be bound to a channel before the hub has served for the first time.
        connections::register_channels(config, &store).await?;
        Ok(Arc::new(store))
    }

    async fn messages(&self, config: &Config) -> Result<Arc<dyn Messages>, Failure> {
        Ok(Arc::new(open(config).await?))
    }

    async fn examine(&self, config: &Config) -> Vec<Finding> {
        checkup::examine(config).await
    }
}

/// Tells the metrics how many orders stand in which stage.
async fn take_census(store: &Store) -> Result<(), Unavailable> {
    for (stage, orders) in store.census().await? {
        telemetry::count_orders(&stage, orders);
    }
    Ok(())
}

/// What looks for contradictions, and tells locations of those about them, until `background`.
fn audit(
    store: &Store,
    config: &Config,
    hub: Arc<dyn HubApi>,
    background: &CancellationToken,
) -> [JoinHandle<()>; 2] {
    let telling = tell_locations(store.clone(), hub, background.clone());
    let auditing = Auditor::start(store, &config.policy, background);
    [auditing, tokio::spawn(telling)]
}

/// Starts the readers that keep lists and gauges up with the log.
fn follow_the_log(
    store: &Store,
    config: &Config,
    payers: &BTreeMap<Slug, Payer>,
    stop: &CancellationToken,
) -> [JoinHandle<()>; 4] {
    let paying = payers.iter().filter(|(_, payer)| payer.format.is_some());
    let paying = paying.map(|(slug, _)| slug.clone()).collect();
    let within = config.policy.payment.payout_within;
    let patience = config.policy.stuck_after.unsigned_abs();
    [
        tokio::spawn(store.order_trail().run(stop.clone())),
        tokio::spawn(store.unreconciled_trail().run(stop.clone())),
        tokio::spawn(telemetry::watch_orders(
            store.clone(),
            patience,
            stop.clone(),
        )),
        tokio::spawn(telemetry::watch_payouts(
            store.clone(),
            paying,
            within,
            stop.clone(),
        )),
    ]
}

fn announce(config: &Config, hooks: &Hooks) {
    let shops = config.sales.iter();
    let shops = shops.map(|shop| shop.connection.slug.as_str());
    telemetry::announce_connections(shops, hooks.sources());
}

async fn open(config: &Config) -> Result<Store, Failure> {
    let url = url_of(config)?;
    let key = if let Some(key) = &config.seal_key {
        sealing_key(key.expose().trim())?
    } else {
        migrate::check_schema(url).await.map_err(unusable)?;
        kept_key(url).await.map_err(unusable)?
    };
    let seal = Seal::new(key).map_err(failed)?;
    let options = StoreOptions::new(&config.node.name, seal);
    Store::connect(url, options).await.map_err(unusable)
}

/// The bus, if one is configured. It need not be up.
async fn bus_of(config: &Config) -> Result<Option<Bus>, Failure> {
    let Some(url) = &config.bus else {
        tracing::info!("no bus is configured; events wait in the log");
        return Ok(None);
    };
    let bus = Bus::connect(url.expose(), &config.node.name).await;
    bus.map(Some)
        .map_err(|error| Failure::usage(error.to_string(), "set NATS_URL, or [bus] url"))
}

fn sealing_key(text: &str) -> Result<[u8; 32], Failure> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| {
        Failure::usage(
            "[store] seal_key is not 64 hexadecimal digits",
            "openssl rand -hex 32",
        )
    })?;
    Ok(key)
}

fn url_of(config: &Config) -> Result<&str, Failure> {
    let url = config.store.as_ref().ok_or_else(Failure::no_store)?;
    Ok(url.expose())
}

fn step(step: migrate::Step) -> MigrationStep {
    MigrationStep {
        version: step.version,
        name: step.description,
        state: match step.state {
            migrate::StepState::Applied => MigrationState::Applied,
            migrate::StepState::Pending => MigrationState::Pending,
            migrate::StepState::Changed => MigrationState::Changed,
            migrate::StepState::Unknown => MigrationState::Unknown,
        },
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Failed,
        error.to_string(),
        "look at the log above, then start again",
    )
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err asks for"
)]
fn unusable(error: StoreError) -> Failure {
    let (exit, next) = match &error {
        StoreError::SchemaBehind { .. } => (Exit::Missing, "orderhub migrate up"),
        StoreError::Url(_) => (Exit::Usage, "set DATABASE_URL, or [store] url"),
        StoreError::Database(_) | StoreError::TooOld { .. } | StoreError::NotDurable { .. } => {
            (Exit::Missing, "bring Postgres up, then start again")
        }
        StoreError::NoDatabase(_) => (
            Exit::Missing,
            "createdb NAME, as the URL says it, then: orderhub migrate up",
        ),
        StoreError::Conflict(_) => (
            Exit::Conflict,
            "correct the configuration, then: orderhub config check",
        ),
        StoreError::Migration(_) => (Exit::Failed, "orderhub migrate status"),
        StoreError::Seal(_) => (Exit::Failed, "check [store] seal_key"),
    };
    Failure::new(exit, error.to_string(), next)
}
