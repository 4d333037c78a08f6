//! A marketplace that speaks as Walmart does: it pushes nothing, hands out its orders as they change, page by
//! page, for keys that live for fifteen minutes; wants each acknowledged, and is told line by line what was
//! shipped and cancelled, and what can be offered. Some buyers have a line cancelled, or all of it, before that.
//! The buyers' money is its own. What is done with an order
//! stands in `orders`.

mod orders;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use super::ledger::{Ledger, Manner};
use super::offered::Offered;
use super::server::{self, Asked, Peer, Reply, pairs, value};
use super::tokens::Tokens;
use super::trade::{self, Stall};
use super::{SimError, locked};

/// The seller's id unless another is named.
pub const CLIENT: &str = "sim-seller";

/// How long a key lives, as the vendor says.
const KEY_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// What a marketplace is started with.
#[derive(Debug)]
pub struct Options {
    /// What every channel has.
    pub stall: Stall,
    /// The seller's id, which the hub must show.
    pub client_id: String,
    /// The secret beside it.
    pub client_secret: SecretString,
}

struct Marketplace {
    ledger: Arc<Mutex<Ledger>>,
    offered: Arc<Mutex<Offered>>,
    tokens: Tokens,
    /// The credentials as a request for a key shows them.
    credentials: String,
    asked: Arc<Mutex<Asking>>,
}

/// What is known of who asks for orders.
#[derive(Default)]
struct Asking {
    last: Option<Timestamp>,
    keeps_its_place: bool,
}

impl Asking {
    /// Somebody asks for what has changed since then. A hub that begins where it asked before has kept its
    /// place; what was sold before its first question it would never hear of. The same question at once is
    /// one whose answer was lost.
    fn since(&mut self, since: Timestamp, now: Timestamp) {
        let later = |last| now.duration_since(last) >= SignedDuration::from_secs(1);
        self.keeps_its_place |= self.last.is_some_and(|last| since <= last && later(last));
        self.last = Some(now);
    }
}

/// Runs a marketplace until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    use base64::Engine as _;
    let stall = options.stall;
    let listener = server::listen(stall.address).await?;
    let ledger = Ledger::open("marketplace", stall.book.as_deref(), |_| Vec::new())?;
    let ledger = Arc::new(Mutex::new(ledger));
    let offered = Arc::new(Mutex::new(Offered::of(&stall.skus)));
    let asked = Arc::new(Mutex::new(Asking::default()));
    let secret = options.client_secret.expose_secret();
    let credentials = format!("{}:{secret}", options.client_id);
    let credentials = base64::engine::general_purpose::STANDARD.encode(credentials);
    let marketplace = Arc::new(Marketplace {
        ledger: ledger.clone(),
        offered: offered.clone(),
        tokens: Tokens::living(KEY_LIFE),
        credentials: format!("Basic {credentials}"),
        asked: asked.clone(),
    });
    let hub = Hub::new(stall.hub.clone(), None)?;
    let answering = server::serve(listener, marketplace, stall.trouble(), stop.clone());
    let business = async {
        if !hub.ready(&stop).await {
            return;
        }
        tracing::info!(
            slug = stall.slug,
            "the marketplace waits to be asked for orders"
        );
        let open = || locked(&asked).keeps_its_place;
        let sold = |lines: &[_]| locked(&offered).sold(lines);
        trade::sell(&stall, &ledger, Manner::Sent, open, sold, &stop).await;
    };
    tokio::join!(answering, business);
    Ok(())
}

#[async_trait]
impl Peer for Marketplace {
    async fn answer(&self, asked: Asked) -> Reply {
        let named = ["wm_svc.name", "wm_qos.correlation_id"];
        if named.iter().any(|name| asked.header(name).is_none()) {
            return refused(400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API");
        }
        let post = asked.method == Method::POST;
        if asked.path == "/v3/token" && post {
            return self.key(&asked);
        }
        if !self.tokens.holds(asked.header("wm_sec.access_token")) {
            return refused(401, "UNAUTHORIZED.GMP_GATEWAY_API");
        }
        let (get, put) = (asked.method == Method::GET, asked.method == Method::PUT);
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let query = pairs(asked.query.as_bytes());
        let mut ledger = locked(&self.ledger);
        let done = match asked.segments().as_slice() {
            ["v3", "orders"] if get => Ok(self.list(&ledger, &query)),
            ["v3", "orders", id] if get => Ok(orders::show(&ledger, id)),
            ["v3", "orders", id, "acknowledge"] if post => orders::acknowledge(&mut ledger, id),
            ["v3", "orders", id, "shipping"] if post => orders::ship(&mut ledger, id, &body),
            ["v3", "orders", id, "cancel"] if post => orders::cancel(&mut ledger, id, &body),
            ["v3", "inventory"] if get || put => Ok(self.inventory(&query, put.then_some(&body))),
            _ => Ok(refused(404, "CONTENT_NOT_FOUND.GMP_GATEWAY_API")),
        };
        done.unwrap_or_else(|error| {
            tracing::error!(%error, "the book takes no line; nothing was carried out");
            Reply::new(500, self.error(500))
        })
    }

    fn error(&self, status: u16) -> Value {
        wire::error(match status {
            429 => "REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API",
            413 => "REQUEST_ENTITY_TOO_LARGE.GMP_GATEWAY_API",
            _ => "SYSTEM_ERROR.GMP_GATEWAY_API",
        })
    }
}

/// An answer that says no.
fn refused(status: u16, code: &str) -> Reply {
    Reply::new(status, wire::error(code))
}

impl Marketplace {
    fn key(&self, asked: &Asked) -> Reply {
        let form = pairs(&asked.body);
        let grant = value(&form, "grant_type") == Some("client_credentials");
        if !grant || asked.header("authorization") != Some(&self.credentials) {
            return refused(401, "UNAUTHORIZED.GMP_GATEWAY_API");
        }
        let (token, _) = self.tokens.hand_out();
        Reply::new(
            200,
            json!({
                "access_token": token, "token_type": "Bearer", "expires_in": KEY_LIFE.as_secs(),
            }),
        )
    }

    /// A page of the orders that have changed, and the whole question for the next one.
    fn list(&self, ledger: &Ledger, query: &[(String, String)]) -> Reply {
        let time = |name: &str| value(query, name)?.parse::<Timestamp>().ok();
        let Some(since) = time("lastModifiedStartDate") else {
            return refused(400, "INVALID_REQUEST_PARAM.GMP_ORDER_API");
        };
        let behind = match value(query, "soIndex").map(wire::place) {
            None => {
                locked(&self.asked).since(since, Timestamp::now());
                None
            }
            Some(Some(place)) => Some(place),
            Some(None) => return refused(400, "INVALID_REQUEST_PARAM.GMP_ORDER_API"),
        };
        let limit = value(query, "limit").and_then(|limit| limit.parse().ok());
        let limit: usize = limit.unwrap_or(100).clamp(1, 200);
        let (sales, more) = ledger.changed((since, Timestamp::MAX), behind, limit);
        let Some(last) = sales.last() else {
            return refused(404, "CONTENT_NOT_FOUND.GMP_ORDER_API");
        };
        let next = more.then(|| wire::next_cursor(since, limit, last));
        let orders: Vec<Value> = sales.iter().map(|sale| wire::order(sale)).collect();
        Reply::new(
            200,
            json!({ "list": {
                "meta": { "totalCount": orders.len(), "limit": limit, "nextCursor": next },
                "elements": { "order": orders },
            } }),
        )
    }

    /// How many are offered of a SKU, and what the hub makes of that.
    fn inventory(&self, query: &[(String, String)], told: Option<&Value>) -> Reply {
        let sku = value(query, "sku").unwrap_or_default();
        let mut offered = locked(&self.offered);
        if let Some(told) = told {
            let Some(units) = told["quantity"]["amount"].as_i64() else {
                return refused(400, "INVALID_REQUEST_CONTENT.GMP_INVENTORY_API");
            };
            offered.set(sku, units);
        }
        match offered.units(sku) {
            Some(units) => Reply::new(
                200,
                json!({ "sku": sku, "quantity": { "unit": "EACH", "amount": units.max(0) } }),
            ),
            None => refused(404, "CONTENT_NOT_FOUND.GMP_INVENTORY_API"),
        }
    }
}
