//! A till that speaks as Square does: goods go over the counter, paid, and webhooks say which payment belongs
//! to which order; orders and what their lines were bought from are asked for. Some buyers bring a unit back:
//! its money is given back of the payment, and a webhook names the refund. Nothing comes back from the hub: what
//! is done at the counter is done.

#[cfg(test)]
mod tests;
mod wire;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::wire::Account;
use super::courier::{self, Headers, Letter, Teller};
use super::hub::Hub;
use super::ledger::{Entry, Ledger, Manner, Sale};
use super::place::HubUrl;
use super::server::{self, Asked, Peer, Reply};
use super::trade::{self, Stall};
use super::{SimError, locked, signing};

/// The seller's id unless another is named.
pub const MERCHANT: &str = "SIMSELLER";
/// The id of the till's location unless another is named.
pub const LOCATION: &str = "SIMPLACE";

/// Most entries of a search that are answered at once.
const PAGE: usize = 100;

/// What a till is started with.
#[derive(Debug)]
pub struct Options {
    /// What every channel has.
    pub stall: Stall,
    /// The key that signs its webhooks.
    pub signature_key: SecretString,
    /// The token that the hub must show.
    pub access_token: SecretString,
    /// The seller's id, which every webhook names.
    pub merchant_id: String,
    /// The id of the location where it stands.
    pub location_id: String,
}

struct Till {
    ledger: Arc<Mutex<Ledger>>,
    account: Account,
    hook: HubUrl,
    signature_key: SecretString,
    access_token: SecretString,
}

/// Runs a till until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let stall = options.stall;
    let listener = server::listen(stall.address).await?;
    let ledger = Ledger::open("till", stall.book.as_deref(), news)?;
    let ledger = Arc::new(Mutex::new(ledger));
    let till = Arc::new(Till {
        ledger: ledger.clone(),
        account: Account {
            merchant: options.merchant_id,
            location: options.location_id,
        },
        hook: stall.hook(),
        signature_key: options.signature_key,
        access_token: options.access_token,
    });
    let hub = Hub::new(stall.hub.clone(), None)?;
    let answering = server::serve(listener, till.clone(), stall.trouble(), stop.clone());
    let business = async {
        if !hub.ready(&stop).await {
            return Ok(());
        }
        tracing::info!(slug = stall.slug, "the till is open");
        let selling = trade::sell(&stall, &ledger, Manner::Counter, || true, |_| {}, &stop);
        let (told, ()) = tokio::join!(courier::run(till, stall.hook(), stop.clone()), selling);
        told
    };
    let ((), told) = tokio::join!(answering, business);
    told
}

/// What webhooks are about.
const PAID: &str = "payment.updated";
const REFUNDED: &str = "refund.updated";

/// A sale is told by its payment, and money that went back by its refund. The letter is the order's id: who the
/// seller is, is written when it leaves.
fn news(line: &Entry) -> Vec<(Timestamp, Letter)> {
    let about = |sale: &Sale, topic, again| Letter {
        topic,
        ..sale.letter(again, &json!(sale.id))
    };
    if let Entry::Refunded(sale) = line {
        return vec![(sale.changed_at, about(sale, REFUNDED, false))];
    }
    let Entry::Sold(sale) = line else {
        return Vec::new();
    };
    let told = |seconds, again| (sale.after(seconds), about(sale, PAID, again));
    let again = sale.repeated_after.map(|seconds| told(seconds, true));
    std::iter::once(told(sale.late, false))
        .chain(again)
        .collect()
}

#[async_trait]
impl Peer for Till {
    async fn answer(&self, asked: Asked) -> Reply {
        if !asked.shows_key(self.access_token.expose_secret()) {
            return refused(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED");
        }
        let (get, post) = (asked.method == Method::GET, asked.method == Method::POST);
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        match asked.segments().as_slice() {
            ["v2", "orders", "search"] if post => self.search(&body),
            ["v2", "orders", id] if get => self.order(id),
            ["v2", "payments", id] if get => self.one(id, "payment", |sale, account| {
                Some(wire::payment(sale, account))
            }),
            ["v2", "refunds", id] if get => self.one(id, "refund", wire::refund),
            ["v2", "catalog", "batch-retrieve"] if post => {
                let ids = body["object_ids"].as_array().into_iter().flatten();
                let objects = ids.filter_map(|id| wire::catalog_object(id.as_str()?));
                Reply::new(200, json!({ "objects": objects.collect::<Vec<_>>() }))
            }
            _ => refused(404, "INVALID_REQUEST_ERROR", "NOT_FOUND"),
        }
    }

    fn error(&self, status: u16) -> Value {
        match status {
            429 => wire::error("RATE_LIMIT_ERROR", "RATE_LIMITED"),
            413 => wire::error("INVALID_REQUEST_ERROR", "REQUEST_ENTITY_TOO_LARGE"),
            _ => wire::error("API_ERROR", "INTERNAL_SERVER_ERROR"),
        }
    }
}

fn refused(status: u16, category: &str, code: &str) -> Reply {
    Reply::new(status, wire::error(category, code))
}

impl Till {
    fn order(&self, id: &str) -> Reply {
        let id = wire::number(id);
        let sale = id.and_then(|id| locked(&self.ledger).find(id));
        match sale {
            Some(sale) => {
                let order = wire::order(&sale, &self.account);
                Reply::new(200, json!({ "order": order }))
            }
            None => refused(404, "INVALID_REQUEST_ERROR", "NOT_FOUND"),
        }
    }

    /// What of an order has this id, by what makes it of the order.
    fn one(&self, id: &str, name: &str, of: fn(&Sale, &Account) -> Option<Value>) -> Reply {
        let sale = wire::of_order(id).and_then(|order| locked(&self.ledger).find(order));
        let found = sale.and_then(|sale| of(&sale, &self.account));
        match found.filter(|found| found["id"] == id) {
            Some(found) => Reply::new(200, json!({ name: found })),
            None => refused(404, "INVALID_REQUEST_ERROR", "NOT_FOUND"),
        }
    }

    /// Which orders have changed within a stretch of time, by its pages.
    fn search(&self, body: &Value) -> Reply {
        let asked = &body["query"]["filter"]["date_time_filter"]["updated_at"];
        let time = |name: &str| asked[name].as_str().and_then(|text| text.parse().ok());
        let (Some(from), Some(until)) = (time("start_at"), time("end_at")) else {
            return refused(400, "INVALID_REQUEST_ERROR", "INVALID_TIME_RANGE");
        };
        let ours = body["location_ids"].as_array();
        if !ours.is_some_and(|ids| ids.iter().any(|id| *id == *self.account.location)) {
            return refused(403, "AUTHENTICATION_ERROR", "FORBIDDEN");
        }
        let behind = match body["cursor"].as_str().map(wire::place) {
            None => None,
            Some(Some(place)) => Some(place),
            Some(None) => return refused(400, "INVALID_REQUEST_ERROR", "INVALID_CURSOR"),
        };
        let ledger = locked(&self.ledger);
        let (sales, more) = ledger.changed((from, until), behind, PAGE);
        let entries = sales.iter().map(|sale| {
            json!({
                "order_id": wire::id(sale.id), "version": sale.version,
                "location_id": self.account.location,
            })
        });
        let mut found = json!({ "order_entries": entries.collect::<Vec<_>>() });
        if let Some(last) = sales.last().filter(|_| more) {
            found["cursor"] = wire::cursor(last).into();
        }
        Reply::new(200, found)
    }

    /// The webhook that a letter becomes.
    fn hook(&self, letter: &Letter) -> Option<Value> {
        let sale = locked(&self.ledger).find(letter.body.parse().ok()?)?;
        wire::hook(&sale, &self.account, letter)
    }
}

impl Teller for Till {
    fn due(&self, now: Timestamp) -> Vec<Letter> {
        let due = locked(&self.ledger).outbox().due(now);
        let due = due.into_iter().filter_map(|mut letter| {
            letter.body = self.hook(&letter)?.to_string();
            Some(letter)
        });
        due.collect()
    }

    fn headers(&self, _: Timestamp, letter: &Letter) -> Headers {
        let key = self.signature_key.expose_secret();
        let url = self.hook.url();
        let signature = signing::square(key, url.as_str(), letter.body.as_bytes());
        vec![("x-square-hmacsha256-signature", signature)]
    }

    fn told(&self, number: u64, taken: bool) {
        locked(&self.ledger).told(number, taken);
    }
}
