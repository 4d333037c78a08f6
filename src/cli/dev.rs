//! `orderhub dev`.

use std::path::PathBuf;

use clap::Args;

use crate::dev::Demo;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the demo keeps everything.
    #[arg(long, default_value = crate::dev::USUAL_FOLDER, value_name = "FOLDER")]
    folder: PathBuf,
    /// Keep nothing.
    #[arg(long)]
    ephemeral: bool,
    /// The port of the API, or the next free one.
    #[arg(long, default_value_t = 7070)]
    port: u16,
    /// No partners and no orders by themselves.
    #[arg(long)]
    no_sims: bool,
    /// The same seed makes the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders per minute that come by themselves.
    #[arg(long, default_value_t = 60, value_name = "ORDERS")]
    rate: u32,
    /// How much faster than life parcels and people move.
    #[arg(long, default_value_t = 600, value_name = "TIMES")]
    speed: u32,
    /// Partners fail now and then.
    #[arg(long)]
    faults: bool,
}

impl From<Arguments> for Demo {
    fn from(arguments: Arguments) -> Self {
        Self {
            folder: arguments.folder,
            ephemeral: arguments.ephemeral,
            port: arguments.port,
            partners: !arguments.no_sims,
            seed: arguments.seed,
            orders_per_minute: arguments.rate,
            speed: arguments.speed,
            faults: arguments.faults,
        }
    }
}
