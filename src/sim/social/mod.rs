//! A shop in a social network that speaks as TikTok Shop does: signed webhooks name an order, which is then
//! asked for with a signed request and a token; units are told one by one as they are shipped, with the
//! seller's own labels, and what can be offered by product. The buyers' money is the network's. What is done
//! with orders and products stands in `calls`.

mod calls;
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

use self::wire::{code, done};
use super::courier::{self, Headers, Letter, Teller};
use super::hub::Hub;
use super::ledger::{Entry, Ledger, Manner};
use super::offered::Offered;
use super::server::{self, Asked, Peer, Reply, pairs, value};
use super::tokens::Tokens;
use super::trade::{self, Stall};
use super::{SimError, locked, signing};

/// The key of the app unless another is named.
pub const APP: &str = "sim-app";
/// The shop's id unless another is named.
pub const SHOP: &str = "7495000000000000001";
/// The shop's cipher unless another is named.
pub const CIPHER: &str = "ROW_sim";

/// How long an access token lives, as the vendor says.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far a request's time may be off, either way.
const WINDOW: i64 = 300;

/// What a social shop is started with.
#[derive(Debug)]
pub struct Options {
    /// What every channel has.
    pub stall: Stall,
    /// Who the shop is to the hub.
    pub account: Account,
}

/// The shop and the app that the hub is to it.
#[derive(Debug)]
pub struct Account {
    /// The app's key.
    pub app_key: String,
    /// The app's secret: it signs webhooks, and the hub's requests.
    pub app_secret: SecretString,
    /// What the hub gets access tokens for.
    pub refresh_token: SecretString,
    /// The shop's id, which webhooks name.
    pub shop_id: String,
    /// The shop's cipher, which requests name.
    pub shop_cipher: String,
}

struct Social {
    ledger: Arc<Mutex<Ledger>>,
    offered: Arc<Mutex<Offered>>,
    tokens: Tokens,
    account: Account,
}

/// Runs a social shop until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let stall = options.stall;
    let listener = server::listen(stall.address).await?;
    let ledger = Ledger::open("social", stall.book.as_deref(), news)?;
    let ledger = Arc::new(Mutex::new(ledger));
    let offered = Arc::new(Mutex::new(Offered::of(&stall.skus)));
    let social = Arc::new(Social {
        ledger: ledger.clone(),
        offered: offered.clone(),
        tokens: Tokens::living(TOKEN_LIFE),
        account: options.account,
    });
    let hub = Hub::new(stall.hub.clone(), None)?;
    let answering = server::serve(listener, social.clone(), stall.trouble(), stop.clone());
    let business = async {
        if !hub.ready(&stop).await {
            return Ok(());
        }
        tracing::info!(slug = stall.slug, "the social shop is open");
        let sold = |lines: &[_]| locked(&offered).sold(lines);
        let selling = trade::sell(
            &stall,
            &ledger,
            Manner::SentUnlessAsked,
            || true,
            sold,
            &stop,
        );
        let (told, ()) = tokio::join!(courier::run(social, stall.hook(), stop.clone()), selling);
        told
    };
    let ((), told) = tokio::join!(answering, business);
    told
}

/// Every change of an order is told: the letter is its id and status, whose shop it is, is written when it
/// leaves.
fn news(line: &Entry) -> Vec<(Timestamp, Letter)> {
    let Some(sale) = line.sale() else {
        return Vec::new();
    };
    let body = json!({
        "order_id": sale.id.to_string(), "order_status": wire::status(sale),
        "is_on_hold_order": false, "update_time": sale.changed_at.as_second(),
    });
    if let Entry::Asked(_) = line {
        let letter = Letter {
            topic: wire::CANCELLATION,
            ..sale.letter(false, &wire::wish(sale))
        };
        return vec![(sale.changed_at, letter)];
    }
    if !matches!(line, Entry::Sold(_)) {
        return vec![(sale.changed_at, sale.letter(false, &body))];
    }
    let told = |seconds, again| (sale.after(seconds), sale.letter(again, &body));
    let again = sale.repeated_after.map(|seconds| told(seconds, true));
    std::iter::once(told(sale.late, false))
        .chain(again)
        .collect()
}

#[async_trait]
impl Peer for Social {
    async fn answer(&self, asked: Asked) -> Reply {
        let query = pairs(asked.query.as_bytes());
        let (get, post) = (asked.method == Method::GET, asked.method == Method::POST);
        if asked.path == "/api/v2/token/refresh" && get {
            return self.token(&query);
        }
        if let Some(refused) = self.doubt(&asked, &query) {
            return refused;
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let mut ledger = locked(&self.ledger);
        let answer = match asked.segments().as_slice() {
            ["order", _, "orders"] if get => Ok(calls::orders(&ledger, &query)),
            ["order", _, "orders", "search"] if post => Ok(calls::search(&ledger, &query, &body)),
            [
                "logistics",
                _,
                "delivery_options",
                wire::DELIVERY,
                "shipping_providers",
            ] if get => Ok(done(&wire::providers())),
            ["fulfillment", _, "orders", id, "packages"] if post => {
                calls::ship(&mut ledger, id, &body)
            }
            ["return_refund", _, "cancellations"] if post => calls::cancel(&mut ledger, &body),
            ["product", _, "products", "search"] if post => {
                Ok(calls::products(&locked(&self.offered), &body))
            }
            ["product", _, "products", id, "inventory", "update"] if post => {
                Ok(calls::offer(&mut locked(&self.offered), id, &body))
            }
            _ => Ok(Reply::new(404, code(36_009_009, "Invalid path"))),
        };
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "the book takes no line; nothing was carried out");
            Reply::new(500, self.error(500))
        })
    }

    fn error(&self, status: u16) -> Value {
        match status {
            429 => code(36_009_002, "Too many requests"),
            413 => code(36_009_004, "Request too large"),
            _ => code(36_009_003, "Internal error"),
        }
    }
}

impl Social {
    /// Hands a token out for the refresh token.
    fn token(&self, query: &[(String, String)]) -> Reply {
        let account = &self.account;
        let shown = |name: &str, wanted: &str| value(query, name) == Some(wanted);
        let right = shown("grant_type", "refresh_token")
            && shown("app_key", &account.app_key)
            && shown("app_secret", account.app_secret.expose_secret())
            && shown("refresh_token", account.refresh_token.expose_secret());
        if !right {
            return Reply::new(200, code(36_004_004, "refresh token is invalid"));
        }
        let (token, end) = self.tokens.hand_out();
        let refresh = account.refresh_token.expose_secret();
        done(&json!({
            "access_token": token, "access_token_expire_in": end.as_second(),
            "refresh_token": refresh, "refresh_token_expire_in": end.as_second() + 31_536_000,
            "open_id": "sim", "seller_name": "Sim", "seller_base_region": "DE", "user_type": 0,
        }))
    }

    /// Why a request is not taken, if it is not: key, token, time, signature, shop.
    fn doubt(&self, asked: &Asked, query: &[(String, String)]) -> Option<Reply> {
        let account = &self.account;
        let shown = |name: &str| value(query, name);
        let no = |number, message| Some(Reply::new(401, code(number, message)));
        if shown("app_key") != Some(&account.app_key) {
            return no(36_009_004, "Invalid app_key");
        }
        if !self.tokens.holds(asked.header("x-tts-access-token")) {
            return no(105_002, "Expired credentials");
        }
        let time: Option<i64> = shown("timestamp").and_then(|time| time.parse().ok());
        let off = time.map(|time| (Timestamp::now().as_second() - time).abs());
        if off.is_none_or(|off| off > WINDOW) {
            return no(106_003, "Invalid timestamp");
        }
        let secret = account.app_secret.expose_secret();
        let right = signing::tiktok_request(secret, &asked.path, query, &asked.body);
        if shown("sign") != Some(&right) {
            return no(106_001, "Signature is invalid");
        }
        if shown("shop_cipher") != Some(&account.shop_cipher) {
            return no(106_011, "Shop cipher is invalid");
        }
        None
    }
}

impl Teller for Social {
    fn due(&self, now: Timestamp) -> Vec<Letter> {
        let shop = &self.account.shop_id;
        let mut due = locked(&self.ledger).outbox().due(now);
        for letter in &mut due {
            letter.body = wire::hook(shop, letter, now);
        }
        due
    }

    fn headers(&self, _: Timestamp, letter: &Letter) -> Headers {
        let secret = self.account.app_secret.expose_secret();
        let body = letter.body.as_bytes();
        let signature = signing::tiktok_hook(secret, &self.account.app_key, body);
        vec![("authorization", signature)]
    }

    fn told(&self, number: u64, taken: bool) {
        locked(&self.ledger).told(number, taken);
    }
}
