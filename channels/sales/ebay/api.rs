//! eBay's REST APIs: a key of two hours, which the seller's consent (a refresh token of 18 months) is changed
//! for, questions and changes, and what its answers mean before anybody looks at their objects.

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::outbound::{Answer, Failure, Outbound};
use crate::port::CallError;
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;
use crate::wire::Exact;

/// Where the APIs live, and where they do for tests.
const VENDOR: &str = "https://api.ebay.com";
const SANDBOX: &str = "https://api.sandbox.ebay.com";

/// What the Fulfillment API says of an order that it does not have.
const NO_ORDER: &str = "32100";

/// The APIs as one seller.
pub(super) struct Api {
    http: Outbound,
    tokens: Tokens,
    /// The keys of the Post-Order API, which wants them under a word of its own
    /// (developer.ebay.com/Devzone/post-order/concepts/MakingACall.html).
    after: Tokens,
}

/// What eBay made of a change.
#[derive(Debug)]
pub(super) enum Changed {
    /// It is made; the answer's bytes.
    Made(Vec<u8>),
    /// It will not be, by the number of eBay's error.
    Refused(String),
}

/// An error of eBay's: a number, and sentences that may quote the buyer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trouble {
    #[serde(default)]
    error_id: Option<Exact>,
}

#[derive(Deserialize)]
struct Troubles {
    #[serde(default)]
    errors: Vec<Trouble>,
}

impl Trouble {
    /// The number of the first one.
    pub(super) fn first(troubles: &[Self]) -> Option<String> {
        crate::wire::code(&troubles.first()?.error_id.as_ref()?.0)
    }
}

impl Api {
    /// For the seller who gave this consent.
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let http = Outbound::new(settings, vendor(settings))?;
        Ok(Self {
            tokens: tokens(&http, settings)?,
            after: tokens(&http, settings)?.under("IAF "),
            http,
        })
    }

    /// Asks, and hands on whatever comes back.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.send(self.http.get(path).query(query)).await
    }

    /// Asks for a thing in eBay's own bytes; `None` when there is none of this name. Whatever becomes of a
    /// question, nothing was changed.
    pub(super) async fn bytes(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Vec<u8>>, CallError> {
        let answer = self.get(path, query).await;
        found(answer.map_err(Failure::of_look_up)?)
    }

    /// The same, read.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, CallError> {
        let Some(body) = self.bytes(path, query).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&body)
            .map(Some)
            .map_err(|_| CallError::not_done("eBay's answer cannot be read"))
    }

    /// Adds or changes a thing.
    pub(super) async fn post(&self, path: &str, thing: &Value) -> Result<Changed, CallError> {
        let answer = self.send(self.http.post(path).json(thing)).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        match (answer.status.as_u16(), said(&answer)) {
            (200..=299, _) => Ok(Changed::Made(answer.body)),
            (400 | 404 | 409 | 422, Some(code)) => Ok(Changed::Refused(code)),
            _ => Err(elsewhere(&answer)),
        }
    }

    /// Asks the Post-Order API about an order of this marketplace, which changes nothing.
    pub(super) async fn ask_after<T: DeserializeOwned>(
        &self,
        marketplace: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let request = self.http.get(path).query(query);
        let answer = self.send_after(marketplace, request).await;
        let answer = answer.map_err(Failure::of_look_up)?;
        if let Some(failure) = answer.failure() {
            return Err(CallError::of_question(failure));
        }
        if !answer.status.is_success() {
            return Err(elsewhere(&answer));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| CallError::not_done("eBay's answer cannot be read"))
    }

    /// Changes something by the Post-Order API; the answer's bytes, `None` when it will not. Its errors are
    /// sentences.
    pub(super) async fn post_after(
        &self,
        marketplace: &str,
        path: &str,
        thing: &Value,
    ) -> Result<Option<Vec<u8>>, CallError> {
        let request = self.http.post(path).json(thing);
        let answer = self.send_after(marketplace, request).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        match answer.status.as_u16() {
            200..=299 => Ok(Some(answer.body)),
            400 | 404 | 409 | 422 => Ok(None),
            _ => Err(elsewhere(&answer)),
        }
    }

    async fn send_after(
        &self,
        marketplace: &str,
        request: RequestBuilder,
    ) -> Result<Answer, Failure> {
        let request = request
            .header("accept", "application/json")
            .header("x-ebay-c-marketplace-id", marketplace);
        self.after.send(&self.http, request).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request.header("accept", "application/json");
        self.tokens.send(&self.http, request).await
    }
}

/// Where a connection's APIs live.
pub(super) fn vendor(settings: &Settings) -> &'static str {
    if settings.is_live() { VENDOR } else { SANDBOX }
}

/// The keys that the seller's consent is good for.
fn tokens(http: &Outbound, settings: &Settings) -> Result<Tokens, ConfigError> {
    let client = settings.required_text("client_id")?.to_owned();
    let secret = settings.secret("client_secret")?;
    let refresh = settings.secret("refresh_token")?;
    let login = move |door: &Outbound| login(door, &client, &secret, &refresh);
    Ok(Tokens::new(http.clone(), login))
}

/// Asks for a key (`developer.ebay.com/api-docs/static/oauth-refresh-token-request.html`). It may do all that
/// the seller's consent says.
fn login(
    door: &Outbound,
    client: &str,
    secret: &SecretString,
    refresh: &SecretString,
) -> RequestBuilder {
    door.post("/identity/v1/oauth2/token")
        .basic_auth(client, Some(secret.expose_secret()))
        .form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ])
}

/// The body of an answer to a question; `None` when eBay has no such thing.
pub(super) fn found(answer: Answer) -> Result<Option<Vec<u8>>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(CallError::of_question(failure));
    }
    match (answer.status.as_u16(), said(&answer)) {
        (200..=299, _) => Ok(Some(answer.body)),
        (404, Some(_)) => Ok(None),
        (400, Some(code)) if code == NO_ORDER => Ok(None),
        _ => Err(elsewhere(&answer)),
    }
}

/// The number of an error that the API itself answers with.
fn said(answer: &Answer) -> Option<String> {
    if answer.status.is_success() {
        return None;
    }
    let troubles: Troubles = serde_json::from_slice(&answer.body).ok()?;
    Trouble::first(&troubles.errors)
}

/// Something answered that is not eBay's API, or not as it is documented.
fn elsewhere(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!(
        "eBay answered {status}; check base_url and the consent's scopes"
    ))
}
