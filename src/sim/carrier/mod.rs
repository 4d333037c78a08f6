//! A carrier that speaks as `EasyPost` does: shipments with rates, labels, refunds, and trackers that
//! tell each step of a parcel's way. What is kept stands in `depot`, how a parcel moves in `journey`.

mod depot;
mod journey;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::depot::{Clockwork, Depot};
use super::courier::{self, Headers, Letter, Teller};
use super::faults::{Faults, Trouble};
use super::place::{HubUrl, LocalAddress};
use super::server::{self, Asked, Peer, Reply, pairs};
use super::{SimError, locked, signing};

/// What a carrier is started with.
#[derive(Debug)]
pub struct Options {
    /// Where it listens.
    pub address: LocalAddress,
    /// Where its webhooks go.
    pub webhook_url: HubUrl,
    /// What signs them.
    pub webhook_secret: SecretString,
    /// The key that callers must show.
    pub api_key: SecretString,
    /// How many of a parcel's seconds pass in one of the clock's.
    pub speed: u32,
    /// What its chances depend on.
    pub seed: u64,
    /// How much goes wrong.
    pub faults: Faults,
    /// Its book; without one it forgets with its process.
    pub book: Option<PathBuf>,
}

struct Carrier {
    depot: Mutex<Depot>,
    api_key: SecretString,
    webhook_secret: SecretString,
}

/// Runs a carrier until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let listener = server::listen(options.address).await?;
    let clockwork = Clockwork {
        seed: options.seed,
        speed: options.speed,
    };
    let carrier = Arc::new(Carrier {
        depot: Mutex::new(Depot::open(options.book.as_deref(), clockwork)?),
        api_key: options.api_key,
        webhook_secret: options.webhook_secret,
    });
    tracing::info!(address = %options.address, "the carrier answers");
    let trouble = Trouble::new(options.faults, options.seed);
    let ((), told) = tokio::join!(
        server::serve(listener, carrier.clone(), trouble, stop.clone()),
        courier::run(carrier, options.webhook_url, stop),
    );
    told
}

#[async_trait]
impl Peer for Carrier {
    async fn answer(&self, asked: Asked) -> Reply {
        if !asked.shows_key(self.api_key.expose_secret()) {
            let body = wire::error("APIKEY.INACTIVE", "This api key is no longer active.");
            return Reply::new(401, body);
        }
        let post = asked.method == Method::POST;
        let get = asked.method == Method::GET;
        let mut depot = locked(&self.depot);
        match asked.segments().as_slice() {
            ["v2", "shipments"] if post => depot.create(&asked.body),
            ["v2", "shipments"] if get => depot.list(&pairs(asked.query.as_bytes())),
            ["v2", "shipments", id] if get => depot.show(id),
            ["v2", "shipments", id, "buy"] if post => depot.buy(id, &asked.body),
            ["v2", "shipments", id, "refund"] if post || get => depot.refund(id),
            _ => {
                let message = "The requested resource could not be found.";
                Reply::new(404, wire::error("NOT_FOUND", message))
            }
        }
    }

    fn error(&self, status: u16) -> Value {
        match status {
            429 => wire::error("RATE_LIMITED", "Too many requests."),
            413 => wire::error("REQUEST.TOO_LARGE", "Too much."),
            _ => wire::error(
                "INTERNAL_SERVER_ERROR",
                "We're sorry, something went wrong.",
            ),
        }
    }
}

impl Teller for Carrier {
    fn due(&self, now: Timestamp) -> Vec<Letter> {
        locked(&self.depot).outbox().due(now)
    }

    fn headers(&self, _: Timestamp, letter: &Letter) -> Headers {
        let secret = self.webhook_secret.expose_secret();
        let signature = signing::easypost(secret, letter.body.as_bytes());
        vec![("x-hmac-signature", signature)]
    }

    fn told(&self, number: u64, taken: bool) {
        let mut depot = locked(&self.depot);
        if taken {
            depot.seen(number);
        } else {
            depot.outbox().postpone(number, Timestamp::now());
        }
    }
}
