//! What several simulators are started with: where they stand, what they sell, whose shelves they fill, how they
//! sign, and what every simulated world is made of.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use rust_decimal::Decimal;
use secrecy::SecretString;

use crate::sim::{Faults, HubUrl};

/// Which of the hub's connections a simulator is.
#[derive(Debug, Args)]
pub(super) struct Seat {
    /// The hub's address.
    #[arg(long, value_name = "URL")]
    pub(super) hub: HubUrl,
    /// The hub's connection that it is.
    #[arg(long, value_name = "SLUG")]
    pub(super) slug: String,
}

/// What a channel sells.
#[derive(Debug, Args)]
pub(super) struct Wares {
    /// What it sells: SKUs with commas between them, or a file with one a line.
    #[arg(long, value_name = "FILE|SKU,...")]
    pub(super) skus: Skus,
    /// Orders a second.
    #[arg(long, value_name = "N", default_value = "1.0", value_parser = rate)]
    pub(super) rate: Decimal,
}

/// How a channel signs.
#[derive(Debug, Args)]
pub(super) struct Signing {
    /// The secret that signs its webhooks; of an app, also the hub's requests.
    #[arg(
        long,
        value_name = "SECRET",
        env = "ORDERHUB_SIM_SECRET",
        hide_env_values = true
    )]
    pub(super) secret: SecretString,
}

/// The people of locations, and what they keep filled.
#[derive(Debug, Args)]
pub(super) struct Shelves {
    /// An API key: for staff with ops:act, for a system of its own to read labels with; and inventory:write to
    /// fill shelves.
    #[arg(
        long,
        value_name = "KEY",
        env = "ORDERHUB_SIM_KEY",
        hide_env_values = true
    )]
    pub(super) key: SecretString,
    /// The locations whose work is done and whose shelves are filled; staff works at all of the hub's by default.
    #[arg(long, value_name = "CODE,...", value_delimiter = ',')]
    pub(super) locations: Vec<String>,
    /// What is filled up when it runs low: SKUs with commas between them, or a file with one a line.
    #[arg(long, value_name = "FILE|SKU,...", requires = "locations")]
    skus: Option<Skus>,
    /// How many of these people's seconds pass in one of the clock's.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(super) speed: u32,
}

impl Shelves {
    /// The SKUs that are filled up.
    pub(super) fn filled(self) -> Vec<String> {
        self.skus.map(|skus| skus.0).unwrap_or_default()
    }
}

/// What every simulated world is made of.
#[derive(Debug, Args)]
pub(super) struct World {
    /// What its chances depend on: the same seed makes the same world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// How much goes wrong.
    #[arg(long, value_enum, default_value_t)]
    pub(super) faults: Faults,
    /// Its book: a simulator that was killed goes on from it. Without one it forgets.
    #[arg(long, value_name = "FILE")]
    pub(super) book: Option<PathBuf>,
}

/// At least one SKU.
#[derive(Debug, Clone)]
pub(super) struct Skus(pub(super) Vec<String>);

impl FromStr for Skus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = Path::new(text);
        let listed = if path.is_file() {
            let listed = std::fs::read_to_string(path);
            listed.map_err(|error| format!("the file cannot be read: {error}"))?
        } else {
            text.replace(',', "\n")
        };
        let skus = listed.lines().map(str::trim);
        let skus = skus.filter(|sku| !sku.is_empty() && !sku.starts_with('#'));
        let skus: Vec<String> = skus.map(str::to_owned).collect();
        if skus.is_empty() {
            return Err("there is no SKU in it".to_owned());
        }
        Ok(Self(skus))
    }
}

fn rate(text: &str) -> Result<Decimal, String> {
    let rate = text.parse::<Decimal>().ok();
    let fits = |rate: &Decimal| (Decimal::new(1, 3)..=Decimal::from(100)).contains(rate);
    rate.filter(fits)
        .ok_or_else(|| "it must be a number from 0.001 to 100".to_owned())
}
