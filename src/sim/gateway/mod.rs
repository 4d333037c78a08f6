//! A gateway that speaks as Stripe does: payment intents with manual capture, refunds, idempotency
//! keys with replay, signed webhooks. What a call does stands in `calls`, what is kept in `account`.

mod account;
mod calls;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::account::{Account, Request};
use self::calls::Call;
use super::courier::{self, Headers, Letter, Teller};
use super::faults::{Faults, Trouble};
use super::place::{HubUrl, LocalAddress};
use super::server::{self, Asked, Peer, Reply};
use super::{SimError, locked, signing};

/// What a gateway is started with.
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
    /// What its chances depend on.
    pub seed: u64,
    /// How much goes wrong.
    pub faults: Faults,
    /// Its book; without one it forgets with its process.
    pub book: Option<PathBuf>,
}

struct Gateway {
    account: Mutex<Account>,
    api_key: SecretString,
    webhook_secret: SecretString,
}

/// Runs a gateway until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let listener = server::listen(options.address).await?;
    let account = Account::open(options.book.as_deref(), options.seed)?;
    let gateway = Arc::new(Gateway {
        account: Mutex::new(account),
        api_key: options.api_key,
        webhook_secret: options.webhook_secret,
    });
    tracing::info!(address = %options.address, "the gateway answers");
    let trouble = Trouble::new(options.faults, options.seed);
    let ((), told) = tokio::join!(
        server::serve(listener, gateway.clone(), trouble, stop.clone()),
        courier::run(gateway, options.webhook_url, stop),
    );
    told
}

#[async_trait]
impl Peer for Gateway {
    async fn answer(&self, asked: Asked) -> Reply {
        if !asked.shows_key(self.api_key.expose_secret()) {
            let message = "Invalid API Key provided.";
            let body = wire::error("invalid_request_error", "api_key_invalid", message);
            return Reply::new(401, body);
        }
        let Some(call) = Call::of(&asked) else {
            let message = format!(
                "Unrecognized request URL ({} {}).",
                asked.method, asked.path
            );
            let body = wire::error("invalid_request_error", "resource_missing", &message);
            return Reply::new(404, body);
        };
        let request = Request {
            call,
            path: &asked.path,
            query: &asked.query,
            body: &asked.body,
            key: asked.header("idempotency-key"),
            version: asked.header("stripe-version"),
        };
        locked(&self.account).call(&request)
    }

    fn error(&self, status: u16) -> Value {
        match status {
            429 => wire::error("invalid_request_error", "rate_limit", "Too many requests."),
            413 => wire::error("invalid_request_error", "too_large", "Too much."),
            _ => wire::error("api_error", "api_error", "An error occurred on our side."),
        }
    }
}

impl Teller for Gateway {
    fn due(&self, now: Timestamp) -> Vec<Letter> {
        locked(&self.account).outbox().due(now)
    }

    fn headers(&self, now: Timestamp, letter: &Letter) -> Headers {
        let secret = self.webhook_secret.expose_secret();
        let signature = signing::stripe(secret, now.as_second(), letter.body.as_bytes());
        vec![("stripe-signature", signature)]
    }

    fn told(&self, number: u64, taken: bool) {
        let mut account = locked(&self.account);
        if taken {
            account.told(number);
        } else {
            account.outbox().postpone(number, Timestamp::now());
        }
    }
}
