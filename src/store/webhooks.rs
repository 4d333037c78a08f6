//! Raw webhooks as they came, for operators and replays: sealed, kept for 30 days, written beside
//! the orders by a small lane of their own. Best effort: what a webhook changed is in the order's
//! log, and what it did not is parked before it is answered, so a copy that is dropped loses nothing
//! but the look at it. Reading them is [`super::webhook_list`]'s, and what is old enough to go
//! [`super::retention`]'s; this lane only says when.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_domain::ids::OrderId;
use sqlx::types::Json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::Store;

/// Waiting messages; more are dropped and counted.
const QUEUE: usize = 1024;
/// Messages in one statement.
const BATCH: usize = 64;
/// How often what is too old is deleted, and how soon again when there is more of it.
const SWEEP: Duration = Duration::from_hours(1);
const SWEEP_ON: Duration = Duration::from_secs(1);

const RECORD: &str = "
insert into orderhub.webhook_received
    (id, source, outcome, reason, order_id, received_at, headers, body)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[],
                     $7::jsonb[], $8::bytea[])
on conflict (id) do nothing
";

/// A webhook as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookReceived {
    /// Its id; by time.
    pub id: Uuid,
    /// Where it came from: `payments/stripe-eu`.
    pub source: String,
    /// What became of it: `applied`, `ignored`, `unmatched`, `invalid`.
    pub outcome: String,
    /// Why a part of it changed nothing.
    pub reason: Option<String>,
    /// The order that it reached.
    pub order: Option<OrderId>,
    /// When it came.
    pub received_at: Timestamp,
    /// Headers without secrets and signatures.
    pub headers: BTreeMap<String, String>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// The door to the webhooks' lane. The lane ends when the last clone is dropped.
#[derive(Clone)]
pub struct WebhookLog {
    sender: mpsc::Sender<WebhookReceived>,
}

impl WebhookLog {
    /// Hands a webhook over. Never waits: when the lane is behind, the copy is dropped and counted.
    pub fn record(&self, webhook: WebhookReceived) {
        if self.sender.try_send(webhook).is_err() {
            metrics::counter!("orderhub_webhook_copies_dropped_total").increment(1);
        }
    }
}

impl Store {
    /// Starts the webhooks' lane.
    pub fn webhook_log(&self) -> (WebhookLog, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let task = tokio::spawn(self.clone().write_webhooks(receiver));
        (WebhookLog { sender }, task)
    }

    async fn write_webhooks(self, mut receiver: mpsc::Receiver<WebhookReceived>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut sweep_at = Instant::now();
        loop {
            tokio::select! {
                count = receiver.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    self.write_batch(&batch).await;
                    batch.clear();
                }
                () = sleep_until(sweep_at) => {
                    sweep_at = Instant::now() + self.sweep().await;
                }
            }
        }
    }

    /// Deletes what is too old; when to do so again.
    async fn sweep(&self) -> Duration {
        match self.forget_old().await {
            Ok(false) => SWEEP,
            Ok(true) => SWEEP_ON,
            Err(error) => {
                tracing::warn!(%error, "old webhooks and messages could not be deleted");
                SWEEP
            }
        }
    }

    async fn write_batch(&self, batch: &[WebhookReceived]) {
        let seal = &self.shared.options.seal;
        let sealed: Result<Vec<Vec<u8>>, _> = batch
            .iter()
            .map(|webhook| seal.close(&sealed_row(webhook.id), &webhook.body))
            .collect();
        let written = match sealed {
            Err(error) => Err(error.to_string()),
            Ok(bodies) => {
                let query = || {
                    let column = |of: fn(&WebhookReceived) -> &str| -> Vec<String> {
                        // Postgres has no NUL in texts; the sealed body keeps it.
                        batch.iter().map(|w| of(w).replace('\0', "")).collect()
                    };
                    let headers: Vec<Json<BTreeMap<String, String>>> = batch
                        .iter()
                        .map(|w| Json(without_nul(&w.headers)))
                        .collect();
                    let reasons: Vec<Option<String>> = batch
                        .iter()
                        .map(|w| Some(w.reason.as_deref()?.replace('\0', "")))
                        .collect();
                    let orders: Vec<Option<Uuid>> =
                        batch.iter().map(|w| w.order.map(OrderId::uuid)).collect();
                    let at: Vec<_> = batch.iter().map(|w| w.received_at.to_sqlx()).collect();
                    sqlx::query(RECORD)
                        .bind(batch.iter().map(|w| w.id).collect::<Vec<_>>())
                        .bind(column(|w| &w.source))
                        .bind(column(|w| &w.outcome))
                        .bind(reasons)
                        .bind(orders)
                        .bind(at)
                        .bind(headers)
                        .bind(&bodies)
                        .execute(self.pool())
                };
                self.read(query).await.map_err(|error| error.0)
            }
        };
        if let Err(error) = written {
            tracing::warn!(error, "webhook copies could not be kept");
            let lost = u64::try_from(batch.len()).unwrap_or_default();
            metrics::counter!("orderhub_webhook_copies_dropped_total").increment(lost);
        }
    }
}

fn without_nul(headers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.replace('\0', ""), value.replace('\0', "")))
        .collect()
}

/// Names a row of `webhook_received`, for sealing.
pub(super) fn sealed_row(id: Uuid) -> String {
    format!("webhook/{id}")
}
