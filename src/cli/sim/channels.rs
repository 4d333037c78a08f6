//! Channels that the hub asks for their orders, and a warehouse's own system: what each is started with.

use clap::Args;
use secrecy::SecretString;

use super::shared::{Seat, Shelves, Signing, Wares, World};
use crate::sim::{LocalAddress, Stall, marketplace, social, till, wms};

/// What every such channel is started with.
#[derive(Debug, Args)]
struct Selling {
    #[command(flatten)]
    seat: Seat,
    /// Where its API listens, on this machine.
    #[arg(long, value_name = "ADDRESS")]
    addr: LocalAddress,
    #[command(flatten)]
    wares: Wares,
    #[command(flatten)]
    world: World,
}

impl Selling {
    fn stall(self) -> Stall {
        Stall {
            hub: self.seat.hub,
            slug: self.seat.slug,
            address: self.addr,
            skus: self.wares.skus.0,
            rate: self.wares.rate,
            seed: self.world.seed,
            faults: self.world.faults,
            book: self.world.book,
        }
    }
}

/// What a till is started with.
#[derive(Debug, Args)]
pub(in crate::cli) struct Till {
    #[command(flatten)]
    selling: Selling,
    #[command(flatten)]
    signing: Signing,
    /// The token that the hub must show.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ORDERHUB_SIM_ACCESS_TOKEN",
        hide_env_values = true
    )]
    access_token: SecretString,
    /// The seller's id.
    #[arg(long, value_name = "ID", default_value = till::MERCHANT)]
    merchant: String,
    /// The id of the location where it stands.
    #[arg(long, value_name = "ID", default_value = till::LOCATION)]
    location: String,
}

impl Till {
    pub(super) fn options(self) -> till::Options {
        till::Options {
            stall: self.selling.stall(),
            signature_key: self.signing.secret,
            access_token: self.access_token,
            merchant_id: self.merchant,
            location_id: self.location,
        }
    }
}

/// What a marketplace is started with.
#[derive(Debug, Args)]
pub(in crate::cli) struct Marketplace {
    #[command(flatten)]
    selling: Selling,
    /// The seller's client id.
    #[arg(long, value_name = "ID", default_value = marketplace::CLIENT)]
    client_id: String,
    /// The secret that the hub must show beside it.
    #[arg(
        long,
        value_name = "SECRET",
        env = "ORDERHUB_SIM_SECRET",
        hide_env_values = true
    )]
    client_secret: SecretString,
}

impl Marketplace {
    pub(super) fn options(self) -> marketplace::Options {
        marketplace::Options {
            stall: self.selling.stall(),
            client_id: self.client_id,
            client_secret: self.client_secret,
        }
    }
}

/// What a social shop is started with.
#[derive(Debug, Args)]
pub(in crate::cli) struct Social {
    #[command(flatten)]
    selling: Selling,
    /// The key of the app that the hub is to it.
    #[arg(long, value_name = "KEY", default_value = social::APP)]
    app_key: String,
    #[command(flatten)]
    signing: Signing,
    /// What the hub must show for an access token.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ORDERHUB_SIM_REFRESH_TOKEN",
        hide_env_values = true
    )]
    refresh_token: SecretString,
    /// The shop's id.
    #[arg(long, value_name = "ID", default_value = social::SHOP)]
    shop_id: String,
    /// The shop's cipher.
    #[arg(long, value_name = "CIPHER", default_value = social::CIPHER)]
    shop_cipher: String,
}

impl Social {
    pub(super) fn options(self) -> social::Options {
        social::Options {
            stall: self.selling.stall(),
            account: social::Account {
                app_key: self.app_key,
                app_secret: self.signing.secret,
                refresh_token: self.refresh_token,
                shop_id: self.shop_id,
                shop_cipher: self.shop_cipher,
            },
        }
    }
}

/// What a warehouse's own system is started with.
#[derive(Debug, Args)]
pub(in crate::cli) struct Wms {
    #[command(flatten)]
    seat: Seat,
    /// Where it takes requests, on this machine.
    #[arg(long, value_name = "ADDRESS")]
    addr: LocalAddress,
    /// The secret that the hub signs its requests with.
    #[arg(
        long,
        value_name = "SECRET",
        env = "ORDERHUB_SIM_SECRET",
        hide_env_values = true
    )]
    request_secret: SecretString,
    /// The secret that it signs its webhooks with.
    #[arg(
        long,
        value_name = "SECRET",
        env = "ORDERHUB_SIM_WEBHOOK_SECRET",
        hide_env_values = true
    )]
    callback_secret: SecretString,
    #[command(flatten)]
    shelves: Shelves,
    #[command(flatten)]
    world: World,
}

impl Wms {
    pub(super) fn options(self) -> wms::Options {
        wms::Options {
            hub: self.seat.hub,
            slug: self.seat.slug,
            address: self.addr,
            request_secret: self.request_secret,
            callback_secret: self.callback_secret,
            key: self.shelves.key.clone(),
            locations: self.shelves.locations.clone(),
            speed: self.shelves.speed,
            skus: self.shelves.filled(),
            seed: self.world.seed,
            faults: self.world.faults,
            book: self.world.book,
        }
    }
}
