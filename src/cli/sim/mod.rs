//! `orderhub sim`: a world around a hub, one part a process.

mod channels;
mod shared;

use clap::{Args, Subcommand};
use secrecy::SecretString;

use self::channels::{Marketplace, Social, Till, Wms};
use self::shared::{Seat, Shelves, Signing, Wares, World};
use super::{Exit, Failure};
use crate::serve::stop_signal;
use crate::sim::{
    BookError, HubUrl, LocalAddress, SimError, carrier, gateway, marketplace, shop, social, till,
    warehouse, wms,
};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// A gateway that speaks as Stripe does.
    Gateway {
        #[command(flatten)]
        partner: Partner,
    },
    /// A carrier that speaks as EasyPost does.
    Carrier {
        #[command(flatten)]
        partner: Partner,
        /// How many of a parcel's seconds pass in one of the clock's.
        #[arg(long, value_name = "N", default_value_t = 60)]
        speed: u32,
    },
    /// A web shop that sells through Shopify.
    Shop(Shop),
    /// A till that speaks as Square does.
    Till(Till),
    /// A marketplace that speaks as Walmart does.
    Marketplace(Marketplace),
    /// A shop in a social network that speaks as TikTok Shop does.
    Social(Social),
    /// The staff of managed locations.
    Warehouse(Warehouse),
    /// A warehouse with a system of its own, which takes and sends signed webhooks.
    Wms(Wms),
}

/// What a warehouse is started with.
#[derive(Debug, Args)]
pub(super) struct Warehouse {
    /// The hub's address.
    #[arg(long, value_name = "URL")]
    hub: HubUrl,
    #[command(flatten)]
    shelves: Shelves,
    /// What their chances depend on: the same seed makes the same world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// What a shop is started with.
#[derive(Debug, Args)]
pub(super) struct Shop {
    #[command(flatten)]
    seat: Seat,
    #[command(flatten)]
    wares: Wares,
    #[command(flatten)]
    signing: Signing,
    /// Where its Admin API listens, on this machine; without it there is no way back.
    #[arg(long, value_name = "ADDRESS", requires = "access_token")]
    addr: Option<LocalAddress>,
    /// The token that the hub must show there.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ORDERHUB_SIM_ACCESS_TOKEN",
        hide_env_values = true
    )]
    access_token: Option<SecretString>,
    #[command(flatten)]
    world: World,
}

/// What a partner that the hub calls, and that calls the hub, is started with.
#[derive(Debug, Args)]
pub(super) struct Partner {
    /// Where it listens, on this machine.
    #[arg(long, value_name = "ADDRESS")]
    addr: LocalAddress,
    /// Where its webhooks go: `http://127.0.0.1:7070/v1/hooks/FAMILY/SLUG`.
    #[arg(long, value_name = "URL")]
    webhook_url: HubUrl,
    /// The secret that signs its webhooks.
    #[arg(
        long,
        value_name = "SECRET",
        env = "ORDERHUB_SIM_WEBHOOK_SECRET",
        hide_env_values = true
    )]
    webhook_secret: SecretString,
    /// The key that the hub must show.
    #[arg(
        long,
        value_name = "KEY",
        env = "ORDERHUB_SIM_API_KEY",
        hide_env_values = true
    )]
    api_key: SecretString,
    #[command(flatten)]
    world: World,
}

/// Runs a simulator until it is told to stop.
pub(super) async fn run(verb: Verb) -> Result<(), Failure> {
    let stop = stop_signal().map_err(SimError::Signal)?;
    match verb {
        Verb::Gateway { partner } => gateway::run(partner.gateway(), stop).await?,
        Verb::Shop(asked) => shop::run(asked.options(), stop).await?,
        Verb::Till(asked) => till::run(asked.options(), stop).await?,
        Verb::Marketplace(asked) => marketplace::run(asked.options(), stop).await?,
        Verb::Social(asked) => social::run(asked.options(), stop).await?,
        Verb::Wms(asked) => wms::run(asked.options(), stop).await?,
        Verb::Warehouse(asked) => warehouse::run(asked.options(), stop).await?,
        Verb::Carrier { partner, speed } => carrier::run(partner.carrier(speed), stop).await?,
    }
    Ok(())
}

impl Partner {
    fn gateway(self) -> gateway::Options {
        gateway::Options {
            address: self.addr,
            webhook_url: self.webhook_url,
            webhook_secret: self.webhook_secret,
            api_key: self.api_key,
            seed: self.world.seed,
            faults: self.world.faults,
            book: self.world.book,
        }
    }

    fn carrier(self, speed: u32) -> carrier::Options {
        carrier::Options {
            address: self.addr,
            webhook_url: self.webhook_url,
            webhook_secret: self.webhook_secret,
            api_key: self.api_key,
            speed,
            seed: self.world.seed,
            faults: self.world.faults,
            book: self.world.book,
        }
    }
}

impl Shop {
    fn options(self) -> shop::Options {
        shop::Options {
            hub: self.seat.hub,
            slug: self.seat.slug,
            secret: self.signing.secret,
            skus: self.wares.skus.0,
            rate: self.wares.rate,
            admin: self.addr.zip(self.access_token),
            seed: self.world.seed,
            faults: self.world.faults,
            book: self.world.book,
        }
    }
}

impl Warehouse {
    fn options(self) -> warehouse::Options {
        warehouse::Options {
            hub: self.hub,
            key: self.shelves.key.clone(),
            locations: self.shelves.locations.clone(),
            speed: self.shelves.speed,
            skus: self.shelves.filled(),
            seed: self.seed,
        }
    }
}

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        let (exit, next) = match &error {
            SimError::Address { .. } => (Exit::Missing, "give a free address with --addr"),
            SimError::Book(BookError::Taken { .. }) => {
                (Exit::Conflict, "stop the other one, or give another --book")
            }
            SimError::Book(_) => (Exit::Failed, "give another --book"),
            SimError::Key { .. } => (
                Exit::Failed,
                "orderhub keys create staff --scopes ops:act,inventory:write",
            ),
            SimError::Client(_) | SimError::Signal(_) => (Exit::Failed, "orderhub sim --help"),
        };
        Self::new(exit, error.to_string(), next)
    }
}
