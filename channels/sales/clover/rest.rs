//! Clover's REST API for one merchant: questions and the one change, with the merchant's API token, and what its
//! answers mean before anybody looks at their objects.

use async_trait::async_trait;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::map::{Types, Way};
use super::wire::{Answers, List, Named, each};
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::sales::till::stated;
use crate::settings::{ConfigError, Settings};
use crate::wire::path_id;

/// Where the API lives for merchants in North America; `base_url` names another region. Test connections speak
/// to the sandbox.
const VENDOR: &str = "https://api.clover.com";
const SANDBOX: &str = "https://apisandbox.dev.clover.com";

/// What hangs on an order and is stated with it.
const WITH: &str = "lineItems,lineItems.discounts,lineItems.modifications,discounts,serviceCharge,\
    additionalCharges,payments,refunds,credits,customers,orderType";

/// An order that was deleted, as a thing to look up and as what a statement says.
pub(super) const DELETED: &str = "deleted_order";

/// Most things of one order that are looked up one by one.
const MOST_ITEMS: usize = 500;

/// The API of one merchant.
pub(super) struct Rest {
    http: Outbound,
    token: SecretString,
    root: String,
    types: Types,
}

impl Rest {
    /// For the merchant of this id.
    pub(super) fn open(
        settings: &Settings,
        merchant: &str,
        types: Types,
    ) -> Result<Self, ConfigError> {
        let vendor = if settings.is_live() { VENDOR } else { SANDBOX };
        Ok(Self {
            http: Outbound::new(settings, vendor)?,
            token: settings.secret("access_token")?,
            root: format!("/v3/merchants/{merchant}/"),
            types,
        })
    }

    /// Asks for a thing; `None` when the merchant has none of this id.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, CallError> {
        let request = self.http.get(&format!("{}{path}", self.root)).query(query);
        let answer = self.send(request).await.map_err(Failure::of_look_up)?;
        if let Some(failure) = answer.failure() {
            return Err(CallError::of_question(failure));
        }
        match answer.status.as_u16() {
            404 => Ok(None),
            200 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| CallError::not_done("the till's answer cannot be read")),
            other => Err(answer.not_done(format!("the till answered {other}; check merchant_id"))),
        }
    }

    /// Asks for a change; whether the till made it.
    pub(super) async fn post(&self, path: &str, change: &Value) -> Result<bool, CallError> {
        let request = self.http.post(&format!("{}{path}", self.root));
        let answer = self.send(request.json(change)).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        match answer.status.as_u16() {
            200..=299 => Ok(true),
            // Its errors are sentences; the kind of answer says enough.
            400 | 404 | 422 => Ok(false),
            other => Err(answer.not_done(format!("the till answered {other}; check merchant_id"))),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request.bearer_auth(self.token.expose_secret());
        let request = request.header("accept", "application/json");
        self.http.send(request).await
    }

    async fn order(&self, id: &str) -> Result<Vec<Statement>, CallError> {
        let path = format!("orders/{id}");
        let order: Option<Box<RawValue>> = self.look_up(&path, &[("expand", WITH)]).await?;
        let Some(order) = order else {
            return Ok(Vec::new());
        };
        // An order that cannot be read is put away by whoever reads it.
        let outline: Outline = serde_json::from_str(order.get()).unwrap_or_default();
        let ids = outline.items();
        if ids.len() > MOST_ITEMS {
            return Err(CallError::not_now(
                "the order has more things than can be looked up",
            ));
        }
        let mut items = Vec::new();
        for item in ids {
            items.extend(self.look_up(&format!("items/{item}"), &[]).await?);
        }
        let mut customer = None;
        let own = outline.order_type.as_ref().and_then(|own| own.id.as_ref());
        let buyer = each(outline.customers.as_ref()).first();
        let buyer = buyer.and_then(|buyer| path_id(buyer.id.as_deref()?));
        if let Some(buyer) = buyer.filter(|_| self.types.way(own) != Way::Counter) {
            let with = [("expand", "addresses,emailAddresses,phoneNumbers")];
            customer = self.look_up(&format!("customers/{buyer}"), &with).await?;
        }
        let answers = Answers {
            order: &order,
            items,
            customer,
        };
        let raw = serde_json::to_vec(&answers)
            .map_err(|_| CallError::not_now("the till's answers cannot be joined"))?;
        Ok(vec![stated("order", raw)])
    }
}

/// What of an order says what hangs on it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Outline {
    order_type: Option<Named>,
    customers: Option<List<Named>>,
    line_items: Option<List<OutlineLine>>,
}

#[derive(Deserialize)]
struct OutlineLine {
    #[serde(default)]
    item: Option<Named>,
}

impl Outline {
    /// The things that were bought, each once.
    fn items(&self) -> Vec<&str> {
        let lines = each(self.line_items.as_ref()).iter();
        let ids = lines.filter_map(|line| line.item.as_ref()?.id.as_deref());
        let mut ids: Vec<&str> = ids.filter_map(path_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// A payment, which names its order.
#[derive(Deserialize)]
struct Paid {
    #[serde(default)]
    order: Option<Named>,
}

#[async_trait]
impl LookUp for Rest {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let Some(id) = path_id(&resource.id) else {
            return Ok(Vec::new());
        };
        if matches!(resource.kind.as_str(), "order" | DELETED) {
            let order = self.order(id).await?;
            // What a webhook called deleted is believed to be once the merchant has it no more.
            if order.is_empty() && resource.kind == DELETED {
                let named = serde_json::json!({ "id": id }).to_string();
                return Ok(vec![stated(DELETED, named.into_bytes())]);
            }
            return Ok(order);
        }
        if resource.kind != "payment" {
            return Ok(Vec::new());
        }
        let paid: Option<Paid> = Self::look_up(self, &format!("payments/{id}"), &[]).await?;
        let order = paid.and_then(|paid| paid.order?.id);
        match order.as_deref().and_then(path_id) {
            Some(order) => self.order(order).await,
            None => Ok(Vec::new()),
        }
    }
}
