//! Walmart's API for sellers: a key that lives for fifteen minutes, handed out for the account's id and secret
//! (`POST /v3/token`), a correlation id with every call, and what its answers mean before anybody looks at
//! their objects.

use http::HeaderName;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::outbound::{Answer, Failure, Outbound};
use crate::port::CallError;
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;
use crate::wire::code;

/// Where the API lives; `https://sandbox.walmartapis.com` for tests.
const VENDOR: &str = "https://marketplace.walmartapis.com";

/// How the code begins that says: there is nothing of the kind.
const NOTHING: &str = "CONTENT_NOT_FOUND";

/// A seller's door to Walmart.
pub(super) struct Rest {
    http: Outbound,
    tokens: Tokens,
}

/// What Walmart made of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It is made.
    Made,
    /// It will not be, by Walmart's word for why.
    Refused(String),
}

/// Errors come as `errors` or as `error`.
#[derive(Deserialize)]
struct Trouble {
    #[serde(default, alias = "error")]
    errors: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: Option<String>,
}

impl Rest {
    /// For the account of this id and secret.
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let id = settings.required_text("client_id")?.to_owned();
        let secret = settings.secret("client_secret")?;
        let http = Outbound::new(settings, VENDOR)?;
        let tokens = Tokens::new(http.clone(), move |door| {
            let request = door.post("/v3/token");
            let request = request.basic_auth(&id, Some(secret.expose_secret()));
            common(request).form(&[("grant_type", "client_credentials")])
        });
        let header = HeaderName::from_static("wm_sec.access_token");
        Ok(Self {
            http,
            tokens: tokens.in_header(header),
        })
    }

    /// Asks for a thing; `None` when Walmart has none of it. Whatever becomes of a question, nothing was
    /// changed.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, CallError> {
        let asked = self.get(path, query).await.map_err(Failure::of_look_up)?;
        let Some(body) = found(&asked)? else {
            return Ok(None);
        };
        let thing = serde_json::from_slice(body);
        thing
            .map(Some)
            .map_err(|_| CallError::not_done("Walmart's answer cannot be read"))
    }

    /// Asks for a list, in Walmart's own bytes; `None` when it is empty. `fewer` is asked for when nothing
    /// complete comes back: it may be too long.
    pub(super) async fn list(
        &self,
        path: &str,
        query: &[(&str, &str)],
        fewer: &[(&str, &str)],
    ) -> Result<Option<Vec<u8>>, CallError> {
        let answer = match self.get(path, query).await {
            Err(Failure::Lost(_)) => self.get(path, fewer).await,
            answer => answer,
        };
        let answer = answer.map_err(Failure::of_look_up)?;
        Ok(found(&answer)?.map(<[u8]>::to_vec))
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        let request = common(self.http.get(path)).query(query);
        self.tokens.send(&self.http, request).await
    }

    /// Adds something to an order, or changes it.
    pub(super) async fn post<B: Serialize + Sync>(
        &self,
        path: &str,
        members: Option<&B>,
    ) -> Result<Changed, CallError> {
        let request = common(self.http.post(path));
        self.change(match members {
            Some(members) => request.json(members),
            None => request,
        })
        .await
    }

    /// Sets what is there.
    pub(super) async fn put(
        &self,
        path: &str,
        query: &[(&str, &str)],
        members: &Value,
    ) -> Result<Changed, CallError> {
        let request = common(self.http.put(path)).query(query);
        self.change(request.json(members)).await
    }

    async fn change(&self, request: RequestBuilder) -> Result<Changed, CallError> {
        let answer = self.tokens.send(&self.http, request).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        if answer.status.is_success() {
            return Ok(Changed::Made);
        }
        let status = answer.status.as_u16();
        Ok(Changed::Refused(
            said(&answer).unwrap_or_else(|| format!("walmart_{status}")),
        ))
    }
}

/// With what every call carries.
fn common(request: RequestBuilder) -> RequestBuilder {
    request
        .header("accept", "application/json")
        .header("wm_svc.name", "Walmart Marketplace")
        .header("wm_qos.correlation_id", Uuid::now_v7().to_string())
}

/// The body of an answer to a question; `None` when there is nothing of the kind.
fn found(answer: &Answer) -> Result<Option<&[u8]>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(match failure {
            CallError::Unknown { reason, .. } => CallError::not_done(reason),
            not_done @ CallError::NotDone { .. } => not_done,
        });
    }
    if answer.status.is_success() {
        return Ok(Some(&answer.body));
    }
    let said = said(answer);
    if answer.status.as_u16() == 404 && said.is_some_and(|code| code.starts_with(NOTHING)) {
        return Ok(None);
    }
    let status = answer.status.as_u16();
    Err(answer.not_done(format!("Walmart answered {status}; check base_url")))
}

/// The code of the first error that Walmart answers with.
fn said(answer: &Answer) -> Option<String> {
    let trouble: Trouble = serde_json::from_slice(&answer.body).ok()?;
    code(trouble.errors.first()?.code.as_deref()?)
}
