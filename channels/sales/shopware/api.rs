//! The shop's Admin API: keys for ten minutes on an integration's id and secret, searches and changes, and
//! what its answers mean before anybody looks at their objects. Everything is asked for by `POST`: what a
//! search may contain does not fit into an address, and changes go through the sync API, which is one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::asked;
use super::wire::Answers;
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;
use crate::wire::code;

/// The header of a statement that says what it is. Webhooks do not have it.
pub(super) const STATED: &str = "orderhub-stated";

/// An order that was deleted, as a thing to look up and as what a statement says.
pub(super) const DELETED: &str = "deleted_order";

/// Lines that are asked for at once: few enough for an answer of 256 KiB, payloads included.
const AT_ONCE: usize = 50;

/// Most pages of one list.
const PAGES: usize = 40;

/// A shop's Admin API.
pub(super) struct Api {
    http: Outbound,
    tokens: Tokens,
}

/// What the shop made of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It is made.
    Made,
    /// It will not be, by the shop's code for why.
    Refused(String),
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Troubles {
    errors: Vec<Trouble>,
}

#[derive(Deserialize)]
struct Trouble {
    #[serde(default)]
    code: Option<String>,
}

/// Whether a text is an id of the shop's.
pub(super) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 32 && text.bytes().all(plain)
}

impl Api {
    /// For the shop at the base URL, which has no default: each shop is at its own.
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let needs = "the shop's own address, such as https://shop.example.com";
        let base = settings.base_url.as_deref();
        let base = base.ok_or_else(|| settings.bad("base_url", needs))?;
        let http = Outbound::new(settings, base)?;
        let id = settings.required_text("client_id")?.to_owned();
        let secret = settings.secret("client_secret")?;
        let login = move |door: &Outbound| {
            door.post("/api/oauth/token").json(&json!({
                "grant_type": "client_credentials",
                "client_id": id,
                "client_secret": secret.expose_secret(),
            }))
        };
        let tokens = Tokens::new(http.clone(), login);
        Ok(Self { http, tokens })
    }

    /// The entities that a search finds. Whatever becomes of it, nothing was changed.
    pub(super) async fn search<T: DeserializeOwned>(
        &self,
        entity: &str,
        criteria: &Value,
    ) -> Result<Vec<T>, CallError> {
        found(&self.ask(entity, criteria).await?)
    }

    /// What a search finds that not every shop knows and not every integration may make; nothing then.
    async fn search_if_any<T: DeserializeOwned>(
        &self,
        entity: &str,
        criteria: &Value,
    ) -> Result<Vec<T>, CallError> {
        let answer = self.ask(entity, criteria).await?;
        match answer.status.as_u16() {
            403 | 404 => Ok(Vec::new()),
            _ => found(&answer),
        }
    }

    async fn ask(&self, entity: &str, criteria: &Value) -> Result<Answer, CallError> {
        let request = self.http.post(&format!("/api/search/{entity}"));
        let answer = self.send(request.json(criteria)).await;
        answer.map_err(Failure::of_look_up)
    }

    /// Writes members of an entity that exists; one that does not is refused for what it lacks.
    pub(super) async fn write(&self, entity: &str, members: &Value) -> Result<Changed, CallError> {
        let operation = json!({ "entity": entity, "action": "upsert", "payload": [members] });
        let request = self.http.post("/api/_action/sync");
        self.change(request.json(&json!({ "write": operation })))
            .await
    }

    /// Moves an entity's state machine, with the mails that the shop sends for it.
    pub(super) async fn transit(
        &self,
        entity: &str,
        id: &str,
        transition: &str,
    ) -> Result<Changed, CallError> {
        let path = format!("/api/_action/{entity}/{id}/state/{transition}");
        self.change(self.http.post(&path).json(&json!({}))).await
    }

    async fn change(&self, request: RequestBuilder) -> Result<Changed, CallError> {
        let answer = self.send(request).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        if answer.status.is_success() {
            let said: Result<IgnoredAny, _> = serde_json::from_slice(&answer.body);
            return match said {
                Ok(_) => Ok(Changed::Made),
                Err(_) if answer.body.is_empty() => Ok(Changed::Made),
                Err(_) => Err(CallError::unknown(
                    "the shop's answer cannot be read; it may have been carried out",
                )),
            };
        }
        match said(&answer) {
            Some(code) => Ok(Changed::Refused(code)),
            None => Err(elsewhere(&answer)),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request.header("accept", "application/json");
        self.tokens.send(&self.http, request).await
    }

    /// All lines of an order, page by page.
    async fn lines(&self, order: &str) -> Result<Vec<Box<RawValue>>, CallError> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let criteria = asked::lines(order, page, AT_ONCE);
            let part: Vec<Box<RawValue>> = self.search("order-line-item", &criteria).await?;
            let full = part.len() >= AT_ONCE;
            all.extend(part);
            if !full {
                return Ok(all);
            }
        }
        let reason = "the shop's list is longer than an order can be";
        Err(CallError::not_now(reason))
    }

    /// An order with its lines; none when the shop has no such order.
    pub(super) async fn whole(&self, id: &str) -> Result<Option<Vec<u8>>, CallError> {
        let answers = self.answers(id).await?;
        answers.map(|answers| joined(&answers)).transpose()
    }

    async fn answers(&self, id: &str) -> Result<Option<Answers>, CallError> {
        let found: Vec<Box<RawValue>> = self.search("order", &asked::one_order(id)).await?;
        let Some(order) = found.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(Answers {
            order,
            line_items: self.lines(id).await?,
            refunds: Vec::new(),
        }))
    }

    /// An order with all that is read of it.
    async fn stated(&self, id: &str) -> Result<Option<Vec<u8>>, CallError> {
        let Some(mut answers) = self.answers(id).await? else {
            return Ok(None);
        };
        let entity = "order-transaction-capture-refund";
        answers.refunds = self.search_if_any(entity, &asked::refunds(id)).await?;
        joined(&answers).map(Some)
    }
}

/// What a search found. Whatever became of it, nothing was changed.
fn found<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(match failure {
            CallError::Unknown { reason, .. } => CallError::not_done(reason),
            not_done @ CallError::NotDone { .. } => not_done,
        });
    }
    if !answer.status.is_success() {
        return Err(elsewhere(answer));
    }
    let list: Result<List<T>, _> = serde_json::from_slice(&answer.body);
    list.map(|list| list.data)
        .map_err(|_| CallError::not_done("the shop's answer cannot be read; check base_url"))
}

fn joined(answers: &Answers) -> Result<Vec<u8>, CallError> {
    let joined = serde_json::to_vec(answers);
    joined.map_err(|_| CallError::not_now("the shop's answers cannot be joined"))
}

/// The code of an error that the shop's API itself answers with.
fn said(answer: &Answer) -> Option<String> {
    let troubles: Troubles = serde_json::from_slice(&answer.body).ok()?;
    let first = troubles.errors.into_iter().next()?;
    Some(first.code.and_then(|text| code(&text))).map(|code| code.unwrap_or("refused".to_owned()))
}

/// Something answered that is not the shop's API, or not the one that was asked for.
fn elsewhere(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!("the shop answered {status}; check base_url"))
}

#[async_trait]
impl LookUp for Api {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let id = &resource.id;
        let is_deleted = resource.kind == DELETED;
        if !is_id(id) || (resource.kind != "order" && !is_deleted) {
            return Ok(Vec::new());
        }
        let statement = |what: &str, raw| Statement {
            headers: BTreeMap::from([(STATED.to_owned(), what.to_owned())]),
            raw,
        };
        Ok(match self.stated(id).await? {
            Some(raw) => vec![statement("order", raw)],
            // What a webhook called deleted is believed to be once the shop has it no more.
            None if is_deleted => {
                let named = json!({ "id": id }).to_string().into_bytes();
                vec![statement(DELETED, named)]
            }
            None => Vec::new(),
        })
    }
}
