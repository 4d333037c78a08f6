//! `orderhub sim`: a world around a hub, one part a process.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use secrecy::SecretString;

use super::{Exit, Failure};
use crate::serve::stop_signal;
use crate::sim::{BookError, Faults, HubUrl, LocalAddress, SimError, carrier, gateway};

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
}

/// What a partner that the hub calls, and that calls the hub, is started with.
#[derive(Debug, Args)]
pub(super) struct Partner {
    /// Where it listens, on this machine.
    #[arg(long, value_name = "ADDRESS")]
    addr: LocalAddress,
    /// Where its webhooks go: http://127.0.0.1:7070/v1/hooks/FAMILY/SLUG.
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

/// What every simulated world is made of.
#[derive(Debug, Args)]
pub(super) struct World {
    /// What its chances depend on: the same seed makes the same world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How much goes wrong.
    #[arg(long, value_enum, default_value_t)]
    faults: Faults,
    /// Its book: a simulator that was killed goes on from it. Without one it forgets.
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
}

/// Runs a simulator until it is told to stop.
pub(super) async fn run(verb: Verb) -> Result<(), Failure> {
    let stop = stop_signal().map_err(SimError::Signal)?;
    match verb {
        Verb::Gateway { partner } => gateway::run(partner.gateway(), stop).await?,
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

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        let (exit, next) = match &error {
            SimError::Address { .. } => (Exit::Missing, "give a free address with --addr"),
            SimError::Book(BookError::Taken { .. }) => {
                (Exit::Conflict, "stop the other one, or give another --book")
            }
            SimError::Book(_) => (Exit::Failed, "give another --book"),
            SimError::Client(_) | SimError::Signal(_) => (Exit::Failed, "orderhub sim --help"),
        };
        Self::new(exit, error.to_string(), next)
    }
}
