//! The shop's REST API, version 3: its consumer key and secret as basic authentication, questions and
//! changes, and what its answers mean before anybody looks at their objects. An update is a `POST` to the
//! thing: WordPress routes it like the documented `PUT` (`WP_REST_Server::EDITABLE`).

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::outbound::{Answer, Failure, Outbound};
use crate::port::CallError;
use crate::settings::{ConfigError, Settings};
use crate::wire::code;

/// Where the API lives in a shop.
const ROOT: &str = "/wp-json/wc/v3/";

/// What WordPress says of an address that it does not know: WooCommerce is not there, or too old.
const NO_ROUTE: &str = "rest_no_route";

/// What the shop says when its gateway does not give the money back.
const NO_REFUND: &str = "woocommerce_rest_cannot_create_order_refund";

/// A shop's REST API.
pub(super) struct Rest {
    http: Outbound,
    key: SecretString,
    secret: SecretString,
}

/// What the shop made of a change.
#[derive(Debug)]
pub(super) enum Changed<T> {
    /// It is made; this is the thing as it is now.
    Made(T),
    /// It will not be, by the shop's word for why.
    Refused(String),
}

#[derive(Deserialize)]
struct Trouble {
    #[serde(default)]
    code: Option<String>,
}

impl Rest {
    /// For a connection with a base URL and a pair of keys; without them nobody calls the shop.
    pub(super) fn open(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let key = settings.secret_if_any("consumer_key")?;
        let secret = settings.secret_if_any("consumer_secret")?;
        let (key, secret) = match (key, secret) {
            (Some(key), Some(secret)) => (key, secret),
            (None, None) => return Ok(None),
            (Some(_), None) => {
                return Err(settings.bad("consumer_secret", "the other half of consumer_key"));
            }
            (None, Some(_)) => {
                return Err(settings.bad("consumer_key", "the other half of consumer_secret"));
            }
        };
        let Some(base) = settings.base_url.as_deref() else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: Outbound::new(settings, base)?,
            key,
            secret,
        }))
    }

    /// Asks for a thing; `None` when the shop has none of this id. Whatever becomes of a question,
    /// nothing was changed.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, CallError> {
        let answer = self.get(path, query).await.map_err(Failure::of_look_up)?;
        let Some(body) = found(answer)? else {
            return Ok(None);
        };
        let thing = serde_json::from_slice(&body);
        thing.map(Some).map_err(|_| {
            CallError::not_done("the shop's answer cannot be read; check base_url and its plugins")
        })
    }

    /// Asks for a list, in the shop's own bytes. `fewer` is asked for when nothing complete comes back: the
    /// list may be too long.
    pub(super) async fn list(
        &self,
        path: &str,
        query: &[(&str, &str)],
        fewer: &[(&str, &str)],
    ) -> Result<Vec<u8>, CallError> {
        let answer = match self.get(path, query).await {
            Err(Failure::Lost(_)) => self.get(path, fewer).await,
            answer => answer,
        };
        let found = found(answer.map_err(Failure::of_look_up)?)?;
        found.ok_or_else(|| CallError::not_done("the shop has no list of orders; check base_url"))
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        let request = self.http.get(&format!("{ROOT}{path}")).query(query);
        self.http.send(self.signed(request)).await
    }

    /// Asks for a change.
    pub(super) async fn change<T: DeserializeOwned>(
        &self,
        path: &str,
        change: &Value,
    ) -> Result<Changed<T>, CallError> {
        let request = self.http.post(&format!("{ROOT}{path}")).json(change);
        let answer = self.http.send(self.signed(request)).await?;
        let said = said(&answer);
        if said.as_deref() == Some(NO_REFUND) {
            // It comes with a 500, and the shop has taken back what it had noted.
            return Ok(Changed::Refused("refund_refused".to_owned()));
        }
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        if answer.status.is_success() {
            let thing = serde_json::from_slice(&answer.body).map_err(|_| {
                CallError::unknown("the shop's answer cannot be read; it may have been carried out")
            });
            return Ok(Changed::Made(thing?));
        }
        match said {
            Some(code) if code != NO_ROUTE => Ok(Changed::Refused(code)),
            _ => Err(elsewhere(&answer)),
        }
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let secret = self.secret.expose_secret();
        request.basic_auth(self.key.expose_secret(), Some(secret))
    }
}

/// The body of an answer to a question; `None` when the shop has no such thing.
fn found(answer: Answer) -> Result<Option<Vec<u8>>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(match failure {
            CallError::Unknown { reason, .. } => CallError::not_done(reason),
            not_done @ CallError::NotDone { .. } => not_done,
        });
    }
    if answer.status.is_success() {
        return Ok(Some(answer.body));
    }
    match said(&answer) {
        Some(code) if code != NO_ROUTE && answer.status.as_u16() == 404 => Ok(None),
        _ => Err(elsewhere(&answer)),
    }
}

/// The code of an error that the shop's API itself answers with.
fn said(answer: &Answer) -> Option<String> {
    if answer.status.is_success() {
        return None;
    }
    let trouble: Trouble = serde_json::from_slice(&answer.body).ok()?;
    code(trouble.code.as_deref()?)
}

/// Something answered that is not the shop's API, or not the one that was asked for.
fn elsewhere(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!(
        "the shop answered {status}; check base_url and that WooCommerce is on"
    ))
}
