//! Mollie's payments API, version 2, as far as the hub calls it. It keeps a book of its payments with what
//! was captured of each, and counts what it was asked. Its webhooks name a payment and nothing else.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http::{Method, Response};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::server::{self, Answer, Asked, Body, Double, Switch};
use crate::support::api::{Api, Reply};
use crate::support::hub::kept_secret;

const API_KEY: &str = "live_scenarios_own_key";

/// A profile at Mollie, which is there as long as this is.
pub(crate) struct Mollie {
    url: String,
    pub(crate) switch: Switch,
    book: Arc<Book>,
    key: NamedTempFile,
}

#[derive(Default)]
struct Book {
    payments: Mutex<Vec<Value>>,
    /// Answers by idempotency key.
    answered: Mutex<BTreeMap<String, Value>>,
    /// Ids of payments that were looked up.
    looked_up: Mutex<Vec<String>>,
    unexpected: Mutex<Vec<String>>,
}

impl Mollie {
    pub(crate) async fn start() -> Self {
        let (listener, addr) = server::listen().await;
        let (switch, switched) = server::switch();
        let book = Arc::new(Book::default());
        server::serve(listener, switched, book.clone());
        Self {
            url: format!("http://{addr}"),
            switch,
            book,
            key: kept_secret(API_KEY),
        }
    }

    /// The section of the hub's configuration for it, under the slug `mollie-nl`.
    pub(crate) fn section(&self) -> String {
        format!(
            "[[payments]]\nslug = \"mollie-nl\"\nkind = \"mollie\"\nbase_url = \"{}\"\n\
             api_key = {{ file = \"{}\" }}\n\
             webhook_url = \"https://hub.example.com/v1/hooks/payments/mollie-nl\"\n",
            self.url,
            self.key.path().display()
        )
    }

    /// The payments of an order, as Mollie has them.
    pub(crate) fn payments_of(&self, order: &str) -> Vec<Value> {
        let payments = self.book.payments.lock().unwrap();
        let of_it = payments.iter();
        let of_it = of_it.filter(|payment| payment["metadata"]["order_id"] == order);
        of_it.cloned().collect()
    }

    /// How often a payment was looked up.
    pub(crate) fn look_ups(&self, id: &str) -> usize {
        let looked_up = self.book.looked_up.lock().unwrap();
        looked_up.iter().filter(|one| *one == id).count()
    }

    /// Calls that it does not know.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        self.book.unexpected.lock().unwrap().clone()
    }

    /// A person captures all of a payment in the dashboard.
    pub(crate) fn capture_by_hand(&self, id: &str) {
        let whole = self.book.find(id).expect("a payment")["amount"].clone();
        self.book.capture(id, &whole).expect("a payment");
    }

    /// Sends a webhook that names this payment.
    pub(crate) async fn tell(api: &Api, id: &str) -> Reply {
        let request = api
            .with_key(None)
            .request(Method::POST, "/v1/hooks/payments/mollie-nl")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("id={id}"));
        Api::send(request).await
    }
}

impl Double for Book {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move { Some(self.answered(&asked)) })
    }
}

impl Book {
    fn answered(&self, asked: &Asked) -> Response<Body> {
        if asked.header("authorization") != Some(&format!("Bearer {API_KEY}")) {
            return refused(401);
        }
        let segments = asked.segments();
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["v2", "payments"]) => {
                let payments = self.payments.lock().unwrap();
                let newest: Vec<_> = payments.iter().rev().take(50).collect();
                let page = json!({ "count": newest.len(), "_embedded": { "payments": newest } });
                server::json(200, &page)
            }
            ("GET", ["v2", "payments", id]) => {
                self.looked_up.lock().unwrap().push((*id).to_owned());
                self.find(id)
                    .map_or_else(|| refused(404), |payment| server::json(200, &payment))
            }
            ("POST", ["v2", "payments", ..]) => self.carried_out(asked, &segments[2..]),
            (method, _) => self.unknown(&format!("{method} {}", asked.path)),
        }
    }

    /// A change is made once under its key, and answered the same way again.
    fn carried_out(&self, asked: &Asked, of: &[&str]) -> Response<Body> {
        let Some(key) = asked.header("idempotency-key") else {
            return self.unknown("a change without a key");
        };
        let mut answered = self.answered.lock().unwrap();
        if let Some(first) = answered.get(key) {
            return server::json(201, first);
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let made = match of {
            [] => Some(self.create(&body)),
            [id, "captures"] => self.capture(id, &body["amount"]),
            _ => None,
        };
        let Some(made) = made else {
            return self.unknown(&format!("POST {}", asked.path));
        };
        answered.insert(key.to_owned(), made.clone());
        server::json(201, &made)
    }

    fn create(&self, body: &Value) -> Value {
        let mut payments = self.payments.lock().unwrap();
        let currency = &body["amount"]["currency"];
        let payment = json!({
            "resource": "payment",
            "id": format!("tr_own{}", payments.len() + 1),
            "mode": "live",
            "createdAt": "2026-11-20T09:00:10+00:00",
            "authorizedAt": "2026-11-20T09:00:11+00:00",
            "amount": body["amount"],
            "amountCaptured": { "value": "0.00", "currency": currency },
            "metadata": body["metadata"],
            "status": "authorized",
            "captureMode": body["captureMode"],
            "customerId": body["customerId"],
            "_embedded": { "captures": [], "refunds": [], "chargebacks": [] },
        });
        payments.push(payment.clone());
        payment
    }

    /// Takes the money of a payment, of which there is one part in these scenarios.
    fn capture(&self, id: &str, amount: &Value) -> Option<Value> {
        let mut payments = self.payments.lock().unwrap();
        let payment = payments.iter_mut().find(|payment| payment["id"] == id)?;
        let captures = payment["_embedded"]["captures"].as_array_mut()?;
        let capture = json!({
            "resource": "capture",
            "id": format!("cpt_own{}", captures.len() + 1),
            "status": "succeeded",
            "amount": amount,
            "createdAt": "2026-11-20T10:00:00+00:00",
        });
        captures.push(capture.clone());
        payment["amountCaptured"] = amount.clone();
        payment["status"] = "paid".into();
        payment["paidAt"] = "2026-11-20T10:00:00+00:00".into();
        Some(capture)
    }

    fn find(&self, id: &str) -> Option<Value> {
        let payments = self.payments.lock().unwrap();
        let found = payments.iter().find(|payment| payment["id"] == id);
        found.cloned()
    }

    fn unknown(&self, what: &str) -> Response<Body> {
        self.unexpected.lock().unwrap().push(what.to_owned());
        refused(404)
    }
}

fn refused(status: u16) -> Response<Body> {
    let body = json!({ "status": status, "title": "Refused", "detail": "A made-up reason" });
    server::json(status, &body)
}
