//! Simulators: a web shop, a till, a marketplace, a social shop, a gateway, a carrier, a warehouse's staff and
//! a warehouse's own system as separate processes, so that a hub without any account anywhere has a world
//! around it.
//!
//! They speak the vendors' real wire formats over loopback, sign with the vendors' real schemes and
//! keep their own books. They know the hub by its public addresses alone and share no code with
//! `orderhub-channels`' readers, mappings and signatures: two readings of the vendors' documents
//! meet on the wire. No rule about orders lives here.

mod book;
pub mod carrier;
mod courier;
mod dice;
mod faults;
pub mod gateway;
mod goods;
mod hub;
mod ledger;
pub mod marketplace;
mod offered;
mod outbox;
mod place;
mod server;
pub mod shop;
mod signing;
pub mod social;
pub mod till;
mod tokens;
mod trade;
pub mod warehouse;
pub mod wms;

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use book::BookError;
pub use faults::Faults;
pub use place::{HubUrl, LocalAddress, NotHere};
pub use trade::Stall;

/// Why a simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Somebody else has the address, or this machine does not have it.
    #[error("the address {address} cannot be used: {source}")]
    Address {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The book cannot be used.
    #[error(transparent)]
    Book(#[from] BookError),
    /// There is no HTTP client.
    #[error("HTTP requests cannot be made: {0}")]
    Client(#[source] reqwest::Error),
    /// The hub does not take the key.
    #[error("the hub answers {status} to the key: it is unknown or lacks a scope")]
    Key {
        /// What the hub answered.
        status: u16,
    },
    /// The signal to stop cannot be heard.
    #[error("the signal to stop cannot be heard: {0}")]
    Signal(#[source] io::Error),
}

/// A lock whose holder never leaves half a change behind: state is only touched after the book took
/// the line, and then whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client for loopback. It follows nothing and knows no proxy.
fn client() -> Result<reqwest::Client, SimError> {
    orderhub_channels::outbound::install_crypto();
    reqwest::Client::builder()
        .user_agent(concat!("orderhub-sim/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .map_err(SimError::Client)
}
