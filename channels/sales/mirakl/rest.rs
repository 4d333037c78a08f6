//! The instance's API for sellers: the shop's key in a header of its own, and what its answers mean before
//! anybody looks at their objects. An error is a sentence for people there; its status says all that counts.

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outbound::{Answer, Failure, Outbound};
use crate::port::CallError;
use crate::settings::{ConfigError, Settings};

/// What parts of a form are told apart by: longer than any text of a file that happens to begin a line like it.
const BETWEEN: &str = "orderhub-c0b1f0e2a4d94e6f8f5a3d7b9c1e2f40";

/// A seller's door to one instance.
pub(super) struct Rest {
    http: Outbound,
    key: SecretString,
    shop: Option<String>,
}

/// What the marketplace made of a change.
#[derive(Debug)]
pub(super) enum Changed {
    /// It is made; these are the bytes that it answers with, if any.
    Made(Vec<u8>),
    /// It will not be; a code of ours for why.
    Refused(String),
}

impl Rest {
    /// For the instance at the connection's base URL: every operator has one of its own.
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let Some(base) = settings.base_url.as_deref() else {
            let what = "the marketplace's own address (https://<operator>.mirakl.net)";
            return Err(settings.bad("base_url", what));
        };
        Ok(Self {
            http: Outbound::new(settings, base)?,
            key: settings.secret("api_key")?,
            shop: settings.text("shop_id").map(str::to_owned),
        })
    }

    /// Asks for something, in the marketplace's own bytes. Whatever becomes of it, nothing was changed.
    pub(super) async fn ask(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<u8>, CallError> {
        found(self.get(path, query).await.map_err(Failure::of_look_up)?)
    }

    /// Asks for a list; `fewer` is asked for when nothing complete comes back: it may be too long.
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
        found(answer.map_err(Failure::of_look_up)?)
    }

    /// Asks for a thing.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let body = self.ask(path, query).await?;
        serde_json::from_slice(&body)
            .map_err(|_| CallError::not_done("the marketplace's answer cannot be read"))
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        let request = self.http.get(path).query(query);
        self.http.send(self.signed(request)).await
    }

    /// Sets something; without members where the path says it all.
    pub(super) async fn put<B: Serialize + Sync>(
        &self,
        path: &str,
        members: Option<&B>,
    ) -> Result<Changed, CallError> {
        self.change(with(self.http.put(path), members)).await
    }

    /// Adds something.
    pub(super) async fn post<B: Serialize + Sync>(
        &self,
        path: &str,
        members: &B,
    ) -> Result<Changed, CallError> {
        self.change(with(self.http.post(path), Some(members))).await
    }

    /// Hands in a file of this name, as the form that the marketplace takes files in.
    pub(super) async fn file(
        &self,
        path: &str,
        name: &str,
        content: &str,
    ) -> Result<Changed, CallError> {
        let form = format!(
            "--{BETWEEN}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv; charset=utf-8\r\n\r\n{content}\r\n--{BETWEEN}--\r\n"
        );
        let kind = format!("multipart/form-data; boundary={BETWEEN}");
        let request = self.http.post(path).header("content-type", kind);
        self.change(request.body(form)).await
    }

    async fn change(&self, request: RequestBuilder) -> Result<Changed, CallError> {
        let answer = self.http.send(self.signed(request)).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        Ok(match answer.status.as_u16() {
            200..=299 => Changed::Made(answer.body),
            status => Changed::Refused(format!("mirakl_{status}")),
        })
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request
            .header("authorization", self.key.expose_secret())
            .header("accept", "application/json");
        match &self.shop {
            Some(shop) => request.query(&[("shop_id", shop)]),
            None => request,
        }
    }
}

fn with<B: Serialize>(request: RequestBuilder, members: Option<&B>) -> RequestBuilder {
    match members {
        Some(members) => request.json(members),
        None => request,
    }
}

/// The body of an answer to a question.
fn found(answer: Answer) -> Result<Vec<u8>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(CallError::of_question(failure));
    }
    match answer.status.as_u16() {
        200 => Ok(answer.body),
        other => Err(answer.not_done(format!(
            "the marketplace answered {other}; check base_url and shop_id"
        ))),
    }
}
