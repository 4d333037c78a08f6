//! The shop's REST API, V1: an integration's access token, questions by search criteria, changes, and what
//! its answers mean before anybody looks at their objects. Its errors are sentences in the shop's language;
//! the kind of answer says enough.

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::outbound::{Answer, Failure, Outbound};
use crate::port::CallError;
use crate::settings::{ConfigError, Settings};

/// Where the API lives in a shop; `all` is every store view of it.
const ROOT: &str = "/rest/all/V1/";

/// A shop's REST API.
pub(super) struct Rest {
    http: Outbound,
    token: SecretString,
}

/// What the shop made of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed<T> {
    /// It is made; this is the answer.
    Made(T),
    /// It will not be.
    Refused,
}

/// One condition of a search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter<'a> {
    pub(super) field: &'a str,
    pub(super) is: &'a str,
    pub(super) value: &'a str,
}

#[derive(Deserialize)]
struct List<T> {
    items: Option<Vec<T>>,
}

/// Conditions that all have to hold, as the parts of an address.
pub(super) fn criteria(filters: &[Filter<'_>]) -> Vec<(String, String)> {
    let mut query = Vec::new();
    for (place, filter) in filters.iter().enumerate() {
        let group = format!("searchCriteria[filter_groups][{place}][filters][0]");
        query.push((format!("{group}[field]"), filter.field.to_owned()));
        query.push((format!("{group}[condition_type]"), filter.is.to_owned()));
        query.push((format!("{group}[value]"), filter.value.to_owned()));
    }
    query
}

impl Rest {
    /// For the shop at the base URL, which has no default: each shop is at its own.
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let needs = "the shop's own address, such as https://shop.example.com";
        let base = settings.base_url.as_deref();
        let base = base.ok_or_else(|| settings.bad("base_url", needs))?;
        Ok(Self {
            http: Outbound::new(settings, base)?,
            token: settings.secret("access_token")?,
        })
    }

    async fn get(&self, path: &str, query: &[(String, String)]) -> Result<Answer, Failure> {
        let request = self.http.get(&format!("{ROOT}{path}")).query(query);
        self.http.send(self.signed(request)).await
    }

    /// Asks for a thing; `None` when the shop has none of it. Whatever becomes of a question, nothing was
    /// changed.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Option<T>, CallError> {
        read(&self.get(path, query).await.map_err(Failure::of_look_up)?)
    }

    /// Everything that a search finds. `fewer` is asked for when nothing complete comes back: the list may be
    /// too long.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(String, String)],
        fewer: Option<&[(String, String)]>,
    ) -> Result<Vec<T>, CallError> {
        let answer = match (self.get(path, query).await, fewer) {
            (Err(Failure::Lost(_)), Some(fewer)) => self.get(path, fewer).await,
            (answer, _) => answer,
        };
        let list: Option<List<T>> = read(&answer.map_err(Failure::of_look_up)?)?;
        let none = "the shop has no such list; check base_url and what the integration may see";
        let list = list.ok_or_else(|| CallError::not_done(none))?;
        // An empty list is `null` there.
        Ok(list.items.unwrap_or_default())
    }

    /// Asks for a change.
    pub(super) async fn change<T: DeserializeOwned>(
        &self,
        path: &str,
        change: &(impl Serialize + Sync),
    ) -> Result<Changed<T>, CallError> {
        let request = self.http.post(&format!("{ROOT}{path}")).json(change);
        let answer = self.http.send(self.signed(request)).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        if answer.status.is_success() {
            let made = serde_json::from_slice(&answer.body).map_err(|_| {
                CallError::unknown("the shop's answer cannot be read; it may have been carried out")
            });
            return Ok(Changed::Made(made?));
        }
        if says_why(&answer) {
            return Ok(Changed::Refused);
        }
        Err(elsewhere(&answer))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.bearer_auth(self.token.expose_secret());
        request.header("accept", "application/json")
    }
}

/// Everything of one kind that belongs to an order.
pub(super) async fn of_order<T: DeserializeOwned>(
    rest: &Rest,
    what: &str,
    order: &str,
    fields: &str,
) -> Result<Vec<T>, CallError> {
    let filter = Filter {
        field: "order_id",
        is: "eq",
        value: order,
    };
    let mut query = criteria(&[filter]);
    query.push(("fields".to_owned(), fields.to_owned()));
    rest.list(what, &query, None).await
}

/// What an answer to a question is; `None` when the shop has no such thing.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(match failure {
            CallError::Unknown { reason, .. } => CallError::not_done(reason),
            not_done @ CallError::NotDone { .. } => not_done,
        });
    }
    if answer.status.is_success() {
        let thing = serde_json::from_slice(&answer.body);
        return thing
            .map(Some)
            .map_err(|_| CallError::not_done("the shop's answer cannot be read; check base_url"));
    }
    match answer.status.as_u16() {
        400 | 404 if says_why(answer) => Ok(None),
        _ => Err(elsewhere(answer)),
    }
}

/// Whether the shop's API itself says no.
fn says_why(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Trouble {
        #[serde(rename = "message")]
        _message: String,
    }
    serde_json::from_slice::<Trouble>(&answer.body).is_ok()
}

/// Something answered that is not the shop's API, or not the one that was asked for.
fn elsewhere(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!("the shop answered {status}; check base_url"))
}
