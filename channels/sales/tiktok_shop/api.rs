//! The Open API of TikTok Shop, version 202309: every request is signed with the app's secret and carries the
//! shop's access token; every answer is wrapped, and its `code` says more than its status
//! (`partner.tiktokshop.com/docv2/page/sign-your-api-request`).

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::keys::Keys;
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::sales::taken::digits;
use crate::settings::{ConfigError, Settings};
use crate::signature::mac;

/// Where the API lives, for every region.
const VENDOR: &str = "https://open-api.tiktokglobalshop.com";

/// The header of a statement that says what it is. Webhooks do not have it.
pub(super) const STATED: &str = "orderhub-stated";

/// Returns of an order: what is named and stated of them.
pub(super) const RETURNS: &str = "returns";

/// Returns asked for at once: more than an order has.
const MOST_RETURNS: &str = "50";

/// The API of one shop.
pub(super) struct Api {
    http: Outbound,
    keys: Keys,
    app_key: String,
    app_secret: SecretString,
    cipher: String,
}

/// What the channel made of a request.
#[derive(Debug)]
pub(super) enum Said {
    /// It is done; the answer's `data`.
    Done(Vec<u8>),
    /// It will not be, by the channel's number for why.
    Refused(String),
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    code: i64,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

/// Orders, whole.
#[derive(Deserialize)]
pub(super) struct Orders<'a> {
    #[serde(default, borrow)]
    pub(super) orders: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

impl Api {
    /// For the shop of these settings; requests are signed with the newest secret.
    pub(super) fn open(
        settings: &Settings,
        app_key: &str,
        secrets: &[SecretString],
    ) -> Result<Self, ConfigError> {
        let Some(newest) = secrets.first() else {
            return Err(settings.bad("secrets", "the app's secret"));
        };
        Ok(Self {
            http: Outbound::new(settings, VENDOR)?,
            keys: Keys::open(settings, app_key, newest.clone())?,
            app_key: app_key.to_owned(),
            app_secret: newest.clone(),
            cipher: settings.required_text("shop_cipher")?.to_owned(),
        })
    }

    /// Asks, and hands on what is said. Whatever becomes of a question, nothing was changed.
    pub(super) async fn ask(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Said, CallError> {
        let answer = self.send(path, query, body).await;
        let answer = answer.map_err(Failure::of_look_up)?;
        said(&answer).map_err(CallError::of_question)
    }

    /// Asks for a thing. Nothing is concluded from a question that is refused: it is asked again.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, CallError> {
        match self.ask(path, query, body).await? {
            Said::Done(data) => serde_json::from_slice(&data)
                .map_err(|_| CallError::not_done("the channel's answer cannot be read")),
            Said::Refused(code) => Err(CallError::not_now(format!(
                "the channel refuses to be asked ({code})"
            ))),
        }
    }

    /// Changes something.
    pub(super) async fn change(&self, path: &str, body: &Value) -> Result<Said, CallError> {
        let answer = self.send(path, &[], Some(body)).await?;
        said(&answer)
    }

    async fn send(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let body = body.map(Value::to_string);
        let (key, fresh) = self.keys.key().await?;
        let request = self.request(path, query, body.clone(), &key);
        let answer = self.http.send(request).await?;
        if fresh || !refuses_key(&answer) {
            return Ok(answer);
        }
        // A request whose key is refused was not carried out.
        self.keys.forget(&key).await;
        let (key, _) = self.keys.key().await?;
        let request = self.request(path, query, body, &key);
        self.http.send(request).await
    }

    fn request(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<String>,
        key: &SecretString,
    ) -> RequestBuilder {
        let now = Timestamp::now().as_second().to_string();
        let mut signed: BTreeMap<&str, &str> = query.iter().copied().collect();
        signed.insert("app_key", &self.app_key);
        signed.insert("shop_cipher", &self.cipher);
        signed.insert("timestamp", &now);
        let secret = self.app_secret.expose_secret();
        let sign = sign(secret, path, &signed, body.as_deref().unwrap_or_default());
        let request = match body {
            Some(body) => self.http.post(path).body(body),
            None => self.http.get(path),
        };
        request
            .query(&signed)
            .query(&[("sign", sign)])
            .header("content-type", "application/json")
            .header("x-tts-access-token", key.expose_secret())
    }
}

/// The signature of a request: HMAC-SHA256 over path, query in the order of its names, and body, between two
/// secrets.
pub(super) fn sign(secret: &str, path: &str, query: &BTreeMap<&str, &str>, body: &str) -> String {
    let mut text = format!("{secret}{path}");
    for (name, value) in query {
        text.push_str(name);
        text.push_str(value);
    }
    text.push_str(body);
    text.push_str(secret);
    hex::encode(mac(secret.as_bytes(), &[text.as_bytes()]))
}

/// Whether the access token is the trouble, and not what was asked (105001, 105002: invalid, expired).
fn refuses_key(answer: &Answer) -> bool {
    let wrapped: Option<Wrapped<'_>> = serde_json::from_slice(&answer.body).ok();
    match wrapped {
        Some(wrapped) => (105_000..106_000).contains(&wrapped.code),
        None => answer.status.as_u16() == 401,
    }
}

/// What an answer says.
fn said(answer: &Answer) -> Result<Said, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let wrapped: Option<Wrapped<'_>> = serde_json::from_slice(&answer.body).ok();
    let Some(wrapped) = wrapped else {
        let status = answer.status.as_u16();
        return Err(if answer.status.is_success() {
            CallError::unknown("the channel's answer cannot be read; it may have been carried out")
        } else {
            answer.not_done(format!("the channel answered {status}; check base_url"))
        });
    };
    match wrapped.code {
        0 => {
            let data = wrapped.data.map_or("{}", RawValue::get);
            Ok(Said::Done(data.as_bytes().to_vec()))
        }
        // Keys, signatures and scopes come before whatever is asked.
        105_000..=106_999 => Err(answer.not_done(
            "the channel refuses our key or signature; check secrets, refresh_token and the clock",
        )),
        36_009_003 => Err(CallError::unknown(
            "the channel broke down and may have carried it out",
        )),
        36_009_000..=36_009_999 => Err(answer
            .not_done("the channel refuses the app; check shop_cipher and the app's permissions")),
        other => Ok(Said::Refused(other.to_string())),
    }
}

/// An order, to be read like a webhook.
pub(super) fn statement(order: &RawValue) -> Statement {
    stated("order", order.get().as_bytes().to_vec())
}

fn stated(what: &str, raw: Vec<u8>) -> Statement {
    let stated = (STATED.to_owned(), what.to_owned());
    Statement {
        headers: BTreeMap::from([stated]),
        raw,
    }
}

impl Api {
    /// The returns of an order, all in one statement (`Search Returns`).
    async fn returns(&self, order: &str) -> Result<Vec<Statement>, CallError> {
        let query = [("page_size", MOST_RETURNS)];
        let body = serde_json::json!({ "order_ids": [order] });
        let path = "/return_refund/202309/returns/search";
        match self.ask(path, &query, Some(&body)).await? {
            Said::Done(data) => Ok(vec![stated(RETURNS, data)]),
            Said::Refused(_) => Err(CallError::not_now(
                "the channel refuses to be asked for the order's returns",
            )),
        }
    }
}

#[async_trait]
impl LookUp for Api {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let known = ["order", RETURNS].contains(&resource.kind.as_str());
        let Some(id) = digits(&resource.id).filter(|_| known) else {
            return Ok(Vec::new());
        };
        if resource.kind == RETURNS {
            return self.returns(&id).await;
        }
        let query = [("ids", id.as_str())];
        match self.ask("/order/202309/orders", &query, None).await? {
            Said::Done(data) => {
                let found: Orders<'_> = serde_json::from_slice(&data)
                    .map_err(|_| CallError::not_done("the channel's order cannot be read"))?;
                Ok(found.orders.into_iter().map(statement).collect())
            }
            Said::Refused(_) => Err(CallError::not_now(
                "the channel refuses to be asked for the order",
            )),
        }
    }
}
