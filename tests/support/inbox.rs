//! A sender of orders over NATS: publishes them, and hears what became of them.

use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, Subscriber};
use futures_util::StreamExt;
use serde_json::Value;

use super::nats::Nats;
use super::patience::{AFTER_A_CRASH, SOON, until};

/// What the hub says about a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// The channel that it went to.
    pub(crate) channel: String,
    pub(crate) msg_id: Option<String>,
    pub(crate) outcome: String,
    pub(crate) id: Option<String>,
    /// Pointers and codes.
    pub(crate) errors: Vec<(String, String)>,
}

/// A program that sends orders and listens to verdicts.
pub(crate) struct Sender {
    client: Client,
    context: Context,
    verdicts: Subscriber,
}

impl Sender {
    /// Connects, and waits until the hub has made its stream.
    pub(crate) async fn connect(nats: &Nats) -> Self {
        let client = async_nats::connect(nats.url()).await.unwrap();
        let verdicts = client.subscribe("orderhub.in-result.>").await.unwrap();
        client.flush().await.unwrap();
        let context = jetstream::new(client.clone());
        let sender = Self {
            client,
            context,
            verdicts,
        };
        sender.until_there_is_an_inbox().await;
        sender
    }

    pub(crate) async fn until_there_is_an_inbox(&self) {
        until("the hub has made its inbox", AFTER_A_CRASH, || async {
            self.waiting().await.map(|_| ())
        })
        .await;
    }

    /// Publishes a body on `orderhub.in.<channel>` until the bus takes it for a message of its own:
    /// for a moment it swallows repeats of an id.
    pub(crate) async fn send(&self, channel: &str, msg_id: Option<&str>, body: impl Into<Vec<u8>>) {
        let body = body.into();
        let subject = format!("orderhub.in.{channel}");
        until("the bus takes a message", AFTER_A_CRASH, || async {
            let mut message = PublishMessage::build().payload(body.clone().into());
            if let Some(id) = msg_id {
                message = message.message_id(id);
            }
            let sent = self.context.send_publish(subject.clone(), message).await;
            let taken = sent.ok()?.await.ok()?;
            (!taken.duplicate).then_some(())
        })
        .await;
    }

    /// Publishes an order on the channel `web`.
    pub(crate) async fn send_order(&self, msg_id: Option<&str>, order: &Value) {
        self.send("web", msg_id, order.to_string()).await;
    }

    /// The next verdict.
    pub(crate) async fn verdict(&mut self) -> Verdict {
        self.verdict_within(SOON).await.expect("a verdict in time")
    }

    /// The next verdict, if one comes within this time.
    pub(crate) async fn verdict_within(&mut self, limit: Duration) -> Option<Verdict> {
        let message = tokio::time::timeout(limit, self.verdicts.next()).await;
        let message = message.ok()?.expect("a connection");
        let body: Value = serde_json::from_slice(&message.payload).unwrap();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let errors = errors.iter().map(|error| {
            assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
            let text = |name: &str| error[name].as_str().unwrap().to_owned();
            (text("pointer"), text("code"))
        });
        assert!(body.get("msg_id").is_some(), "{body}");
        let subject = message.subject.as_str();
        Some(Verdict {
            channel: subject["orderhub.in-result.".len()..].to_owned(),
            msg_id: text("msg_id"),
            outcome: text("outcome").expect("an outcome"),
            id: text("id"),
            errors: errors.collect(),
        })
    }

    /// How many messages wait; `None` while there is no stream.
    pub(crate) async fn waiting(&self) -> Option<u64> {
        let stream = self.context.get_stream("ORDERHUB_INBOX").await.ok()?;
        Some(stream.cached_info().state.messages)
    }

    /// Waits until every message is settled.
    pub(crate) async fn until_empty(&self) {
        until("the inbox is empty", AFTER_A_CRASH, || async {
            (self.waiting().await == Some(0)).then_some(())
        })
        .await;
    }

    /// Waits until the connection that went down stands again.
    pub(crate) async fn until_connected(&self) {
        until("the sender is connected", SOON, || async {
            self.client.flush().await.ok()?;
            let state = self.client.connection_state();
            (state == async_nats::connection::State::Connected).then_some(())
        })
        .await;
    }
}
