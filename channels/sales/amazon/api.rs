//! The Selling Partner API: a key that Login with Amazon hands out for an hour, sent as `x-amz-access-token`,
//! questions and changes, and what its answers mean before anybody looks at their objects. Names and
//! addresses need no restricted data token in the Orders API v2026-01-01: the application's roles decide
//! (`developer-docs.amazon.com/sp-api/docs/orders-api-migration-guide`).

use http::{HeaderName, StatusCode};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::marketplaces;
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::CallError;
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;
use crate::wire::code;

/// Where keys are handed out, for every region and for the sandbox.
const LOGIN: &str = "https://api.amazon.com";

/// The API of one seller.
pub(super) struct Api {
    pub(super) http: Outbound,
    tokens: Tokens,
}

/// What the channel made of a change.
#[derive(Debug)]
pub(super) enum Changed {
    /// It is made; the answer's bytes.
    Made(Vec<u8>),
    /// It will not be, by the channel's word for why.
    Refused(String),
}

#[derive(Deserialize)]
struct Troubles {
    #[serde(default)]
    errors: Vec<Trouble>,
}

#[derive(Deserialize)]
struct Trouble {
    #[serde(default)]
    code: Option<String>,
}

impl Api {
    /// For a seller whose marketplaces are these.
    pub(super) fn open(settings: &Settings, ids: &[String]) -> Result<Self, ConfigError> {
        let region = marketplaces::region(ids);
        let vendor = match (region, &settings.base_url) {
            (Some(region), _) => region.vendor(settings.is_live()),
            // Marketplaces that are newer than the hub, at the address that is configured.
            (None, Some(_)) => LOGIN,
            (None, None) => {
                let what = "ids of marketplaces of one region, as the vendor lists them; a new one needs a base_url";
                return Err(settings.bad("marketplaces", what));
            }
        };
        let client = settings.required_text("client_id")?.to_owned();
        let secret = settings.secret("client_secret")?;
        let refresh = settings.secret("refresh_token")?;
        let door = Outbound::new(settings, LOGIN)?;
        let login = move |door: &Outbound| login(door, &client, &secret, &refresh);
        let header = HeaderName::from_static("x-amz-access-token");
        Ok(Self {
            http: Outbound::new(settings, vendor)?,
            tokens: Tokens::new(door, login).in_header(header),
        })
    }

    /// Asks, and hands on whatever comes back.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.send(self.http.get(path).query(query)).await
    }

    /// Asks for a thing; `None` when the channel has none of this name. Whatever becomes of a question,
    /// nothing was changed.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, CallError> {
        let answer = self.get(path, query).await;
        let answer = answer.map_err(Failure::of_look_up)?;
        if let Some(failure) = answer.failure() {
            return Err(CallError::of_question(failure));
        }
        match answer.status.as_u16() {
            200..=299 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| CallError::not_done("the channel's answer cannot be read")),
            404 if said(&answer).is_some() => Ok(None),
            other => Err(elsewhere(&answer, other)),
        }
    }

    /// Adds a thing.
    pub(super) async fn post(&self, path: &str, thing: &Value) -> Result<Changed, CallError> {
        let answer = self.send(self.http.post(path).json(thing)).await?;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            // Each operation has a quota of its own, so that every other one goes on.
            return Err(CallError::NotDone {
                reason: "the channel asks us to slow down with this".to_owned(),
                retry_after: answer.retry_after(),
                well: true,
            });
        }
        changed(answer)
    }

    /// Changes members of a thing.
    pub(super) async fn patch(
        &self,
        path: &str,
        query: &[(&str, &str)],
        members: &Value,
    ) -> Result<Changed, CallError> {
        let (client, request) = self.http.put(path).query(query).json(members).build_split();
        let mut request =
            request.map_err(|_| CallError::not_now("the request could not be built"))?;
        *request.method_mut() = Method::PATCH;
        changed(
            self.send(RequestBuilder::from_parts(client, request))
                .await?,
        )
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request.header("accept", "application/json");
        self.tokens.send(&self.http, request).await
    }
}

/// What an answer says of a change.
fn changed(answer: Answer) -> Result<Changed, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    match (answer.status.as_u16(), said(&answer)) {
        (200..=299, _) => Ok(Changed::Made(answer.body)),
        (400 | 404 | 409 | 413 | 415 | 422, Some(code)) => Ok(Changed::Refused(code)),
        (other, _) => Err(elsewhere(&answer, other)),
    }
}

/// Asks for a key (`developer-docs.amazon.com/sp-api/docs/connect-to-the-selling-partner-api`).
fn login(
    door: &Outbound,
    client: &str,
    secret: &SecretString,
    refresh: &SecretString,
) -> RequestBuilder {
    door.post("/auth/o2/token").form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose_secret()),
        ("client_id", client),
        ("client_secret", secret.expose_secret()),
    ])
}

/// The code of an error that the API itself answers with; its sentences may quote the buyer.
pub(super) fn said(answer: &Answer) -> Option<String> {
    if answer.status.is_success() {
        return None;
    }
    let troubles: Troubles = serde_json::from_slice(&answer.body).ok()?;
    let first = troubles.errors.into_iter().next()?;
    code(first.code.as_deref()?)
}

/// Something answered that is not the channel's API, or not as it is documented.
fn elsewhere(answer: &Answer, status: u16) -> CallError {
    answer.not_done(format!(
        "the channel answered {status}; check marketplaces and base_url"
    ))
}
