//! The API of one store (`https://<domain prefix>.retail.lightspeed.app/api/2026-07`), with a personal token or
//! an application's: questions, changes, and what its answers mean before anybody looks at their objects.

use async_trait::async_trait;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::Answers;
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::sales::till::stated;
use crate::settings::{ConfigError, Settings};
use crate::wire::path_id;

/// The version of the API that this was written after.
const ROOT: &str = "/api/2026-07/";

/// Most things of one sale that are looked up one by one.
const MOST_PRODUCTS: usize = 500;

/// The API of one store.
pub(super) struct Rest {
    http: Outbound,
    token: SecretString,
}

/// What the store made of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It is made.
    Made,
    /// There is nothing of this id.
    Gone,
    /// It will not be.
    Refused,
}

/// What every answer is wrapped in.
#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

impl Rest {
    /// For the store of this domain prefix.
    pub(super) fn open(settings: &Settings, prefix: &str) -> Result<Self, ConfigError> {
        let vendor = format!("https://{prefix}.retail.lightspeed.app");
        Ok(Self {
            http: Outbound::new(settings, &vendor)?,
            token: settings.secret("access_token")?,
        })
    }

    /// Asks for what an answer is wrapped around; `None` when the store has none of it.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Option<T>, CallError> {
        let answer = self.get(path, query).await.map_err(Failure::of_look_up)?;
        let found = found::<Data<T>>(&answer)?;
        Ok(found.map(|found| found.data))
    }

    /// Asks for a whole answer, less of it when nothing complete comes back: the list may be too long.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        fewer: &[(&str, String)],
    ) -> Result<Option<T>, CallError> {
        let answer = match self.get(path, query).await {
            Err(Failure::Lost(_)) => self.get(path, fewer).await,
            answer => answer,
        };
        found(&answer.map_err(Failure::of_look_up)?)
    }

    /// Asks for an answer that nothing is wrapped around.
    pub(super) async fn bare<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, CallError> {
        found(&self.get(path, &[]).await.map_err(Failure::of_look_up)?)
    }

    async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, Failure> {
        let request = self.http.get(&format!("{ROOT}{path}")).query(query);
        self.http.send(self.signed(request)).await
    }

    /// Asks for a change.
    pub(super) async fn post(&self, path: &str, change: &Value) -> Result<Changed, CallError> {
        let request = self.http.post(&format!("{ROOT}{path}"));
        self.change(request.json(change)).await
    }

    /// Sets members of something.
    pub(super) async fn put(&self, path: &str, members: &Value) -> Result<Changed, CallError> {
        let request = self.http.put(&format!("{ROOT}{path}"));
        self.change(request.json(members)).await
    }

    async fn change(&self, request: RequestBuilder) -> Result<Changed, CallError> {
        let answer = self.http.send(self.signed(request)).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        match answer.status.as_u16() {
            200..=299 => Ok(Changed::Made),
            404 => Ok(Changed::Gone),
            409 => Err(answer.not_done("it has just changed at the till")),
            // Its errors are sentences; the kind of answer says enough.
            400 | 422 => Ok(Changed::Refused),
            other => {
                Err(answer.not_done(format!("the till answered {other}; check domain_prefix")))
            }
        }
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.bearer_auth(self.token.expose_secret());
        request.header("accept", "application/json")
    }
}

/// The object of an answer to a question; `None` when the store has no such thing.
fn found<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(CallError::of_question(failure));
    }
    match answer.status.as_u16() {
        404 => Ok(None),
        200 => serde_json::from_slice(&answer.body)
            .map(Some)
            .map_err(|_| CallError::not_done("the till's answer cannot be read")),
        other => Err(answer.not_done(format!("the till answered {other}; check domain_prefix"))),
    }
}

/// What of a sale says what hangs on it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Outline {
    state: Option<String>,
    attributes: Option<Vec<String>>,
    customer_id: Option<String>,
    line_items: Vec<OutlineLine>,
}

#[derive(Deserialize)]
struct OutlineLine {
    #[serde(default)]
    product: Option<OutlineProduct>,
}

#[derive(Deserialize)]
struct OutlineProduct {
    #[serde(default)]
    id: Option<String>,
}

impl Outline {
    /// Whether something of it is to be handed over later.
    fn is_for_later(&self) -> bool {
        let attributes = self.attributes.as_deref().unwrap_or_default();
        let mut attributes = attributes.iter();
        let later = attributes.any(|own| matches!(own.as_str(), "delivery" | "pickup"));
        later && self.state.as_deref() == Some("pending")
    }

    /// The things that were bought, each once.
    fn products(&self) -> Vec<&str> {
        let lines = self.line_items.iter();
        let ids = lines.filter_map(|line| line.product.as_ref()?.id.as_deref());
        let mut ids: Vec<&str> = ids.filter_map(path_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[async_trait]
impl LookUp for Rest {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let Some(id) = path_id(&resource.id).filter(|_| resource.kind == "sale") else {
            return Ok(Vec::new());
        };
        let sale = Self::look_up::<Box<RawValue>>(self, &format!("sales/{id}"), &[]).await?;
        let Some(sale) = sale else {
            return Ok(Vec::new());
        };
        let retailer = Self::look_up::<Box<RawValue>>(self, "retailer", &[]).await?;
        let retailer = retailer.ok_or_else(|| CallError::not_done("the store says no currency"))?;
        // A sale that cannot be read is put away by whoever reads it.
        let outline: Outline = serde_json::from_str(sale.get()).unwrap_or_default();
        let ids = outline.products();
        if ids.len() > MOST_PRODUCTS {
            return Err(CallError::not_now(
                "the sale has more things than can be looked up",
            ));
        }
        let mut products = Vec::new();
        for product in ids {
            products.extend(Self::look_up(self, &format!("products/{product}"), &[]).await?);
        }
        // Where nobody is named, the vendor's messages have no customer, or one whose id is the text `null`.
        let customer = outline.customer_id.as_deref().and_then(path_id);
        let customer = customer.filter(|id| *id != "null");
        let (mut own, mut addresses, mut fulfillments) = (None, Vec::new(), Vec::new());
        if outline.is_for_later() {
            let query = [("sale_id", id.to_owned()), ("page_size", "100".to_owned())];
            let held: Option<Vec<_>> = Self::look_up(self, "fulfillments", &query).await?;
            fulfillments = held.unwrap_or_default();
            if let Some(customer) = customer {
                own = Self::look_up(self, &format!("customers/{customer}"), &[]).await?;
                let path = format!("customers/{customer}/addresses");
                let known: Option<Vec<_>> = Self::look_up(self, &path, &[]).await?;
                addresses = known.unwrap_or_default();
            }
        }
        let answers = Answers {
            sale: &sale,
            retailer: &retailer,
            customer: own,
            addresses,
            fulfillments,
            products,
        };
        let raw = serde_json::to_vec(&answers)
            .map_err(|_| CallError::not_now("the till's answers cannot be joined"))?;
        Ok(vec![stated("sale", raw)])
    }
}
