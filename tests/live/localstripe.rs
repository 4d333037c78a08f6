//! Payments against localstripe, a double that somebody else wrote: what both doubles agree on is
//! not our own misreading. It has no search and no idempotency keys; the scenario needs neither.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::doubles::post::Manner;
use crate::support::doubles::stripe::{API_KEY, DECLINED_CARD, Stripe, WEBHOOK_SECRET};
use crate::support::hub::free_port;
use crate::support::orders::two_and_shipping;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{api, checker, journey};

/// localstripe's own start listens everywhere and keeps its store on disk; this one does neither.
const LAUNCHER: &str = "
import sys
from aiohttp import web
from localstripe import server
server.store.dump_to_disk = lambda: None
web.run_app(server.app, host='127.0.0.1', port=int(sys.argv[1]), print=None)
";

/// A card that can be kept and cannot be charged.
const DECLINED_NUMBER: &str = "4000000000000341";

struct LocalStripe {
    url: String,
    client: reqwest::Client,
    process: Child,
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl LocalStripe {
    async fn start() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let python = root.join(".orderhub/localstripe/bin/python");
        assert!(
            python.exists(),
            "localstripe is not installed: run `make setup`"
        );
        let port = free_port();
        let process = Command::new(python)
            .args(["-c", LAUNCHER, &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = api::plain_client();
        let url = format!("http://127.0.0.1:{port}");
        let double = Self {
            url,
            client,
            process,
        };
        until("localstripe listens", SOON, || async {
            let ask = double
                .client
                .get(format!("{}/v1/payment_intents", double.url));
            ask.bearer_auth(API_KEY).send().await.ok()
        })
        .await;
        double
    }

    async fn tell(&self, webhook_url: &str) {
        let hook = json!({"url": webhook_url, "secret": WEBHOOK_SECRET});
        let url = format!("{}/_config/webhooks/hub", self.url);
        let answer = self.client.post(url).json(&hook).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    async fn call(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).form(form);
        let answer = request.bearer_auth(API_KEY).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A means of payment with this card.
    async fn card(&self, number: &str) -> String {
        let card = [
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2030"),
            ("card[cvc]", "123"),
        ];
        let method = self.call("/v1/payment_methods", &card).await;
        method["id"].as_str().unwrap().to_owned()
    }

    /// The payment intents made for an order.
    async fn intents_of(&self, order: &str) -> Vec<Value> {
        let url = format!("{}/v1/payment_intents?limit=100", self.url);
        let answer = self.client.get(url).bearer_auth(API_KEY).send().await;
        let list = answer.unwrap().text().await.unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let all = list["data"].as_array().unwrap().iter();
        all.filter(|intent| intent["metadata"]["order_id"] == order)
            .cloned()
            .collect()
    }

    async fn intent_of(&self, order: &str) -> Value {
        let mut intents = self.intents_of(order).await;
        assert_eq!(intents.len(), 1, "payment intents of {order}");
        intents.remove(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authors_double_sees_the_same_payments() {
    let gateway = LocalStripe::start().await;
    let payments = Some((gateway.url.clone(), API_KEY.to_owned()));
    let world = World::start_with(&["BER1"], payments).await;
    let port = world.setup.http_port;
    gateway
        .tell(&format!(
            "http://127.0.0.1:{port}/v1/hooks/payments/stripe-eu"
        ))
        .await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let visa = gateway.card("4242424242424242").await;
    let with_card = |external_id: &str, card: &str| {
        let mut order = two_and_shipping(external_id, "SKU-1");
        order["payment"]["token"] = card.into();
        order
    };

    // Authorised, shipped, captured.
    let shipped = api.place(&with_card("LS-1", &visa)).await;
    journey::fulfilment_of(api, &shipped, SOON).await;
    assert_eq!(
        gateway.intent_of(&shipped).await["status"],
        "requires_capture"
    );
    assert_eq!(gateway.intent_of(&shipped).await["amount"], 4497);
    let tracking = journey::ship(api, &shipped).await;
    journey::deliver(&world.easypost, &tracking).await;
    let done = api.until_stage(&shipped, &["completed"]).await;
    assert_eq!(done["payment"]["captured"], "44.97");
    assert_eq!(gateway.intent_of(&shipped).await["status"], "succeeded");

    // Authorised, cancelled.
    let cancelled = api.place(&with_card("LS-2", &visa)).await;
    journey::fulfilment_of(api, &cancelled, SOON).await;
    cancel(&world, &cancelled).await;
    assert_eq!(gateway.intent_of(&cancelled).await["status"], "canceled");

    // Declined.
    let declined = gateway.card(DECLINED_NUMBER).await;
    let declined = api.place(&with_card("LS-3", &declined)).await;
    let ended = api.until_stage(&declined, &["rejected"]).await;
    assert_eq!(ended["reason"], "payment_declined");

    // Captured by somebody in the gateway's dashboard, then cancelled: the money goes back.
    let refunded = api.place(&with_card("LS-4", &visa)).await;
    journey::fulfilment_of(api, &refunded, SOON).await;
    let intent = gateway.intent_of(&refunded).await;
    let intent = intent["id"].as_str().unwrap();
    gateway
        .call(&format!("/v1/payment_intents/{intent}/capture"), &[])
        .await;
    until("the hub hears of the capture", SOON, || async {
        let order = api.order(&refunded).await;
        (order["payment"]["captured"] == "44.97").then_some(())
    })
    .await;
    cancel(&world, &refunded).await;
    let order = api.order(&refunded).await;
    assert_eq!(order["payment"]["refunded"], "44.97");

    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (8, 0, 0)
    );
    checker::at_rest(&world.audit, 2).await;
}

/// What a gateway answers, step by step: the HTTP status and the object's own.
async fn conversation(base: &str, good: &str, bad: &str) -> Vec<(u16, String)> {
    let api = Api::new(base.to_owned(), Some(API_KEY.to_owned()));
    let mut told = Vec::new();
    let mut key = 0;
    let mut say = async |path: String, form: &[(&str, &str)]| {
        key += 1;
        let request = api.request(Method::POST, &path).form(form);
        let keyed = request.header("idempotency-key", format!("step-{key}"));
        let reply = Api::send(keyed).await;
        let body = reply.json();
        let status = body["status"].as_str().unwrap_or("refused");
        told.push((reply.status, status.to_owned()));
        body["id"].as_str().unwrap_or_default().to_owned()
    };
    let order = |token| {
        [
            ("amount", "4497"),
            ("currency", "eur"),
            ("payment_method", token),
            ("capture_method", "manual"),
            ("confirm", "true"),
            ("metadata[order_id]", "ord_1"),
        ]
    };
    let intents = "/v1/payment_intents";
    let shipped = say(intents.into(), &order(good)).await;
    let part = [("amount_to_capture", "4000")];
    say(format!("{intents}/{shipped}/capture"), &part).await;
    say(format!("{intents}/{shipped}/capture"), &part).await;
    say(format!("{intents}/{shipped}/cancel"), &[]).await;
    let back = [("payment_intent", shipped.as_str()), ("amount", "1000")];
    say("/v1/refunds".into(), &back).await;
    let dropped = say(intents.into(), &order(good)).await;
    say(format!("{intents}/{dropped}/cancel"), &[]).await;
    say(format!("{intents}/{dropped}/cancel"), &[]).await;
    say(intents.into(), &order(bad)).await;
    say(format!("{intents}/pi_nobody/capture"), &[]).await;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn both_doubles_tell_the_same_story() {
    let theirs = LocalStripe::start().await;
    let good = theirs.card("4242424242424242").await;
    let bad = theirs.card(DECLINED_NUMBER).await;
    let ours = Stripe::start("http://127.0.0.1:9/hooks".into()).await;
    ours.post.behave(Manner::Kept);
    let told_by_them = conversation(&theirs.url, &good, &bad).await;
    let told_by_us = conversation(&ours.url, "pm_card_visa", DECLINED_CARD).await;
    assert_eq!(told_by_us, told_by_them);
}

async fn cancel(world: &World, order: &str) {
    let path = format!("/v1/orders/{order}/actions/cancel");
    let reason = json!({"reason": "the buyer changed their mind"});
    let reply = world.api.post(&path, &reason).await;
    assert!(matches!(reply.status, 200..=202), "{reply:?}");
    world.api.until_stage(order, &["cancelled"]).await;
}
