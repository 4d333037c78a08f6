//! The shop's Admin API: GraphQL over one address, its questions, and what its answers mean before
//! anybody looks at their objects. What is asked when stands in `back`.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::outbound::{Failure, Outbound};
use crate::port::CallError;
use crate::sales::Tracking;
use crate::settings::{ConfigError, Settings};

/// The version that the questions below are written for. An older one is answered by the oldest
/// that the shop still has.
const PATH: &str = "/admin/api/2026-07/graphql.json";

/// The older API of the same version, which states an order as webhooks do.
const REST: &str = "/admin/api/2026-07";

const TOKEN: &str = "x-shopify-access-token";

/// What is known of an order's shipments, without their lines. Shopify prices a question by what it
/// could answer at most, so the lines are asked for one by one.
const ORDER: &str = "query Order($id: ID!) { order(id: $id) { cancelledAt \
    fulfillments(first: 100) { id status trackingInfo(first: 3) { number } } \
    fulfillmentOrders(first: 50) { nodes { id status } } } }";

const SHIPPED_LINES: &str = "query Shipped($id: ID!, $after: String) { fulfillment(id: $id) { \
    lines: fulfillmentLineItems(first: 200, after: $after) { nodes { quantity lineItem { id } } \
    pageInfo { hasNextPage endCursor } } } }";

const OPEN_LINES: &str = "query Open($id: ID!, $after: String) { fulfillmentOrder(id: $id) { \
    lines: lineItems(first: 200, after: $after) { \
    nodes { id quantity: remainingQuantity lineItem { id } } \
    pageInfo { hasNextPage endCursor } } } }";

const FULFIL: &str = "mutation Fulfil($fulfillment: FulfillmentInput!) { \
    done: fulfillmentCreate(fulfillment: $fulfillment) { errors: userErrors { field } } }";

const CANCEL: &str = "mutation Cancel($id: ID!, $reason: OrderCancelReason!, \
    $refund: OrderCancelRefundMethodInput!) { \
    done: orderCancel(orderId: $id, reason: $reason, refundMethod: $refund, restock: true, \
    notifyCustomer: true) { errors: orderCancelUserErrors { code } } }";

/// Pages of lines that are read of one shipment: more lines than an order can have.
const PAGES: usize = 10;

/// A shop's Admin API.
pub(super) struct Admin {
    http: Outbound,
    token: SecretString,
}

/// An order, as the shop has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShopOrder {
    pub(super) cancelled_at: Option<String>,
    pub(super) fulfillments: Vec<Shipment>,
    pub(super) fulfillment_orders: Nodes<WorkOrder>,
}

/// What has left, as the shop has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment {
    pub(super) id: String,
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) tracking_info: Vec<Numbered>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Numbered {
    pub(super) number: Option<String>,
}

/// Lines that the shop wants shipped from one of its locations.
#[derive(Debug, Deserialize)]
pub(super) struct WorkOrder {
    pub(super) id: String,
    pub(super) status: Option<String>,
}

/// Units of an order's line, in a shipment or left to ship.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Units {
    /// The work order's own id of the line.
    pub(super) id: Option<String>,
    pub(super) quantity: u32,
    pub(super) line_item: Named,
}

/// A thing, by its name.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nodes<T> {
    pub(super) nodes: Vec<T>,
    page_info: Option<PageInfo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Reply<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Trouble>,
}

#[derive(Deserialize)]
struct Trouble {
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Done<T> {
    done: Option<Changed<T>>,
}

#[derive(Deserialize)]
struct Changed<T> {
    #[serde(default)]
    errors: Vec<Refusal>,
    made: Option<T>,
}

/// Why the shop did not change anything.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: Option<String>,
}

impl Admin {
    /// For a connection with a base URL and an access token; without both there is no way back.
    pub(super) fn open(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let Some(base) = settings.base_url.as_deref() else {
            return Ok(None);
        };
        let Some(token) = settings.secret_if_any("access_token")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: Outbound::new(settings, base)?,
            token,
        }))
    }

    /// The order, or `None` when the shop has none of this id.
    pub(super) async fn order(&self, id: &str) -> Result<Option<ShopOrder>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            order: Option<ShopOrder>,
        }
        let found: Found = self.look_up(ORDER, &json!({ "id": id })).await?;
        Ok(found.order)
    }

    /// The order as the shop's webhooks state it, or `None` when the shop has none of this number.
    pub(super) async fn whole(&self, number: &str) -> Result<Option<Box<RawValue>>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            order: Box<RawValue>,
        }
        let token = self.token.expose_secret();
        let request = self.http.get(&format!("{REST}/orders/{number}.json"));
        let answer = self.http.send(request.header(TOKEN, token)).await;
        let answer = answer.map_err(Failure::of_look_up)?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let found = serde_json::from_slice::<Found>(&answer.body);
        let found = found.ok().filter(|_| answer.status.is_success());
        let found = found.ok_or_else(|| answer.not_done("the shop's order cannot be read"))?;
        Ok(Some(found.order))
    }

    /// The lines of a shipment.
    pub(super) async fn shipped_lines(&self, shipment: &str) -> Result<Vec<Units>, CallError> {
        self.lines(SHIPPED_LINES, shipment).await
    }

    /// The lines of a work order with what is left to ship of them.
    pub(super) async fn open_lines(&self, order: &str) -> Result<Vec<Units>, CallError> {
        self.lines(OPEN_LINES, order).await
    }

    /// The lines of a thing, page by page.
    pub(super) async fn lines<T: DeserializeOwned>(
        &self,
        query: &str,
        id: &str,
    ) -> Result<Vec<T>, CallError> {
        #[derive(Deserialize)]
        struct Found<T> {
            #[serde(alias = "fulfillment", alias = "fulfillmentOrder", alias = "order")]
            of: Option<Lines<T>>,
        }
        #[derive(Deserialize)]
        struct Lines<T> {
            lines: Nodes<T>,
        }
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let variables = json!({ "id": id, "after": after });
            let found: Found<T> = self.look_up(query, &variables).await?;
            let Some(Lines { lines }) = found.of else {
                return Ok(all);
            };
            all.extend(lines.nodes);
            after = match lines.page_info {
                Some(page) if page.has_next_page => page.end_cursor,
                _ => return Ok(all),
            };
        }
        Ok(all)
    }

    /// Notes a shipment of these units: pairs of a work order's line and a quantity.
    pub(super) async fn fulfil(
        &self,
        order: &str,
        units: &[(String, u32)],
        parcels: &[Tracking],
    ) -> Result<Option<Refusal>, CallError> {
        let lines: Vec<Value> = units
            .iter()
            .map(|(id, quantity)| json!({ "id": id, "quantity": quantity }))
            .collect();
        let mut shipment = json!({
            "lineItemsByFulfillmentOrder": [
                { "fulfillmentOrderId": order, "fulfillmentOrderLineItems": lines }
            ],
            "notifyCustomer": true,
        });
        match parcels {
            [] => {}
            [one] => {
                let info = json!({ "company": one.carrier, "number": one.number });
                shipment["trackingInfo"] = info;
            }
            // The shop takes several numbers of one carrier: the first one's speaks for all.
            [first, ..] => {
                let numbers: Vec<&str> = parcels.iter().map(|one| one.number.as_str()).collect();
                shipment["trackingInfo"] = json!({ "company": first.carrier, "numbers": numbers });
            }
        }
        self.change(FULFIL, &json!({ "fulfillment": shipment }))
            .await
    }

    /// Cancels the order; `refund` gives back what the shop itself has taken.
    pub(super) async fn cancel(
        &self,
        id: &str,
        reason: &str,
        refund: bool,
    ) -> Result<Option<Refusal>, CallError> {
        let refund = json!({ "originalPaymentMethodsRefund": refund });
        let variables = json!({ "id": id, "reason": reason, "refund": refund });
        self.change(CANCEL, &variables).await
    }

    /// Asks a question.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &Value,
    ) -> Result<T, CallError> {
        self.ask(query, variables)
            .await
            .map_err(|error| match error {
                // It was a question: whatever became of it, nothing was changed.
                CallError::Unknown { reason, .. } => CallError::not_done(reason),
                not_done @ CallError::NotDone { .. } => not_done,
            })
    }

    /// Asks for a change; why the shop does not make it, if it does not.
    pub(super) async fn change(
        &self,
        query: &str,
        variables: &Value,
    ) -> Result<Option<Refusal>, CallError> {
        let done: Done<IgnoredAny> = self.ask(query, variables).await?;
        let changed = done.done.ok_or_else(garbled)?;
        Ok(changed.errors.into_iter().next())
    }

    /// Asks for something to be made; why the shop does not make it, if it does not.
    pub(super) async fn make<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &Value,
    ) -> Result<Result<T, Refusal>, CallError> {
        let done: Done<T> = self.ask(query, variables).await?;
        let changed = done.done.ok_or_else(garbled)?;
        match changed.errors.into_iter().next() {
            Some(refusal) => Ok(Err(refusal)),
            None => changed.made.map(Ok).ok_or_else(garbled),
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &Value,
    ) -> Result<T, CallError> {
        let request = self
            .http
            .post(PATH)
            .header(TOKEN, self.token.expose_secret())
            .json(&json!({ "query": query, "variables": variables }));
        let answer = self.http.send(request).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        if !answer.status.is_success() {
            let status = answer.status.as_u16();
            return Err(answer.not_done(format!("the shop answered {status}; check base_url")));
        }
        let reply: Reply<T> = serde_json::from_slice(&answer.body).map_err(|_| garbled())?;
        if let Some(trouble) = reply.errors.first() {
            return Err(meaning_of(trouble));
        }
        reply.data.ok_or_else(garbled)
    }
}

/// What an error of the whole question means.
fn meaning_of(trouble: &Trouble) -> CallError {
    let code = trouble.extensions.as_ref().and_then(|e| e.code.as_deref());
    match code {
        Some("THROTTLED") => CallError::not_done("the shop asks us to slow down"),
        Some("ACCESS_DENIED") => {
            CallError::not_done("the access token may not do this; give its app the scope")
        }
        Some("INTERNAL_SERVER_ERROR") => {
            CallError::unknown("the shop broke down and may have carried it out")
        }
        // It did not understand the question, so it did nothing.
        _ => CallError::not_now("the shop does not take the request; it may speak a newer version"),
    }
}

/// What cannot be read, of a change that may have been made.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the shop's answer cannot be read; it may have been carried out")
}
