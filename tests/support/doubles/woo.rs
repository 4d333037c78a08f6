//! A WooCommerce shop: its REST API with the list of orders by the time of their last change, notes and marks
//! of shipments, and webhooks that it signs. It keeps books of what it was told.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Response};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::server::{self, Answer, Asked, Body, Double, Switch};
use super::signing;
use crate::support::api::Api;
use crate::support::hub::kept_secret;

const SECRET: &str = "woo-scenarios-own-secret";
const KEY: &str = "ck_own";
const PASSWORD: &str = "cs_own";
const ROOT: &str = "/wp-json/wc/v3/";

/// The shop, which is there as long as this is.
pub(crate) struct Woo {
    url: String,
    book: Arc<Book>,
    _on: Switch,
    secrets: [NamedTempFile; 3],
}

#[derive(Default)]
struct Book {
    orders: Mutex<Vec<Value>>,
    /// What it was asked for, as `modified_after`.
    asked: Mutex<Vec<String>>,
    /// What buyers were told, with the number of the order.
    notes: Mutex<Vec<(String, String)>>,
    /// Changes of an order that say something new.
    changes: Mutex<Vec<(String, Value)>>,
}

impl Woo {
    pub(crate) async fn start() -> Self {
        let (listener, addr) = server::listen().await;
        let (on, switched) = server::switch();
        let book = Arc::new(Book::default());
        server::serve(listener, switched, book.clone());
        Self {
            url: format!("http://{addr}"),
            book,
            _on: on,
            secrets: [kept_secret(SECRET), kept_secret(KEY), kept_secret(PASSWORD)],
        }
    }

    /// The section of the hub's configuration for it, under the slug `woo`.
    pub(crate) fn section(&self) -> String {
        let [secret, key, password] = self.secrets.each_ref().map(|file| file.path().display());
        format!(
            "[[sales]]\nslug = \"woo\"\nkind = \"woocommerce\"\nbase_url = \"{}\"\n\
             secrets = [{{ file = \"{secret}\" }}]\nconsumer_key = {{ file = \"{key}\" }}\n\
             consumer_secret = {{ file = \"{password}\" }}\n",
            self.url
        )
    }

    /// It has these orders, and no others.
    pub(crate) fn has(&self, orders: &[Value]) {
        *self.book.orders.lock().unwrap() = orders.to_vec();
    }

    /// An order as it has it, or a new one.
    pub(crate) fn order(&self, id: u32, changed: &str) -> Value {
        let known = self.book.find(&id.to_string());
        let mut order = known.unwrap_or_else(|| order(id, changed));
        order["date_modified_gmt"] = changed.into();
        order
    }

    /// How often it was asked what has changed.
    pub(crate) fn asked(&self) -> usize {
        self.book.asked.lock().unwrap().len()
    }

    /// What the buyer of an order was told.
    pub(crate) fn notes_of(&self, id: u32) -> Vec<String> {
        let id = id.to_string();
        let notes = self.book.notes.lock().unwrap();
        let of_it = notes.iter().filter(|(order, _)| *order == id);
        of_it.map(|(_, note)| note.clone()).collect()
    }

    /// What an order was changed to.
    pub(crate) fn changes_of(&self, id: u32) -> Vec<Value> {
        let id = id.to_string();
        let changes = self.book.changes.lock().unwrap();
        let of_it = changes.iter().filter(|(order, _)| *order == id);
        of_it.map(|(_, change)| change.clone()).collect()
    }

    /// Sends a webhook with this order.
    pub(crate) async fn push(&self, api: &Api, order: &Value) {
        let body = order.to_string();
        let mac = signing::hmac_sha256(SECRET.as_bytes(), &[body.as_bytes()]);
        let request = api
            .with_key(None)
            .request(Method::POST, "/v1/hooks/sales/woo")
            .header("content-type", "application/json")
            .header("x-wc-webhook-topic", "order.created")
            .header("x-wc-webhook-signature", STANDARD.encode(mac))
            .body(body);
        Api::send(request).await.expect(200);
    }
}

impl Double for Book {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move { Some(self.answered(&asked)) })
    }
}

impl Book {
    fn answered(&self, asked: &Asked) -> Response<Body> {
        let basic = format!("Basic {}", STANDARD.encode(format!("{KEY}:{PASSWORD}")));
        if asked.header("authorization") != Some(&basic) {
            return server::json(401, &json!({ "code": "cannot_view" }));
        }
        let path = asked.path.strip_prefix(ROOT).unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        let body = || serde_json::from_slice::<Value>(&asked.body).unwrap();
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["orders"]) => self.listed(asked),
            ("GET", ["products"]) => server::json(200, &json!([])),
            ("GET", ["orders", id]) => match self.find(id) {
                Some(order) => server::json(200, &order),
                None => server::json(404, &json!({ "code": "invalid_id" })),
            },
            ("GET", ["orders", id, "notes"]) => {
                let notes = self.notes.lock().unwrap();
                let of_it = notes.iter().filter(|(order, _)| order == id);
                let of_it: Vec<_> = of_it.map(|(_, note)| json!({ "note": note })).collect();
                server::json(200, &json!(of_it))
            }
            ("POST", ["orders", id, "notes"]) => {
                let note = body()["note"].as_str().unwrap().to_owned();
                self.notes.lock().unwrap().push(((*id).to_owned(), note));
                server::json(201, &json!({ "id": 1 }))
            }
            ("POST", ["orders", id]) => self.changed(id, &body()),
            _ => server::json(404, &json!({ "code": "not_asked_for" })),
        }
    }

    fn listed(&self, asked: &Asked) -> Response<Body> {
        let query = server::form(&asked.query);
        let named = |name: &str| {
            let found = query.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let after = named("modified_after");
        let known = named("exclude");
        self.asked.lock().unwrap().push(after.clone());
        let orders = self.orders.lock().unwrap();
        let fits = |order: &&Value| {
            let changed = order["date_modified_gmt"].as_str().unwrap();
            let id = order["id"].to_string();
            changed > after.as_str() && !known.split(',').any(|known| known == id)
        };
        let found: Vec<&Value> = orders.iter().filter(fits).take(20).collect();
        server::json(200, &json!(found))
    }

    fn find(&self, id: &str) -> Option<Value> {
        let orders = self.orders.lock().unwrap();
        let found = orders.iter().find(|order| is(order, id));
        found.cloned()
    }

    fn changed(&self, id: &str, change: &Value) -> Response<Body> {
        let mut orders = self.orders.lock().unwrap();
        let found = orders.iter_mut().find(|order| is(order, id));
        let Some(order) = found else {
            return server::json(404, &json!({ "code": "invalid_id" }));
        };
        for (name, value) in change.as_object().unwrap() {
            if name == "meta_data" {
                let known = order["meta_data"].as_array().cloned().unwrap_or_default();
                let marks = value.as_array().unwrap().clone();
                order["meta_data"] = [known, marks].concat().into();
            } else {
                order[name.as_str()] = value.clone();
            }
        }
        self.changes
            .lock()
            .unwrap()
            .push((id.to_owned(), change.clone()));
        server::json(200, order)
    }
}

/// A paid order of one line, changed at this time.
pub(crate) fn order(id: u32, changed: &str) -> Value {
    json!({
        "id": id, "parent_id": 0, "number": id.to_string(), "status": "processing", "currency": "EUR",
        "date_created_gmt": "2026-11-20T09:00:00", "date_modified_gmt": changed,
        "discount_total": "0.00", "shipping_total": "0.00", "total": "20.00", "total_tax": "0.00",
        "prices_include_tax": true, "date_paid_gmt": "2026-11-20T09:00:30",
        "payment_method": "own_card", "transaction_id": "own_1",
        "billing": { "first_name": "Ada", "last_name": "Example", "country": "DE" },
        "shipping": { "first_name": "Ada", "last_name": "Example", "address_1": "Chausseestr. 1",
                      "city": "Berlin", "postcode": "10115", "country": "DE" },
        "line_items": [{ "id": id * 10, "name": "A mug &ndash; blue", "quantity": 1, "sku": "MUG",
                         "subtotal": "20.00", "subtotal_tax": "0.00", "total": "20.00",
                         "total_tax": "0.00", "taxes": [], "price": 20 }],
        "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "tax_lines": [], "refunds": []
    })
}

/// Now, as the shop writes it.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Whether an order has this number.
fn is(order: &Value, id: &str) -> bool {
    id.parse::<u64>().is_ok_and(|id| order["id"] == id)
}
