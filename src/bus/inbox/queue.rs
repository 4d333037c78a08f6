//! The stream in which orders wait for the hub, and the consumer that hands them out.
//!
//! A work queue: what is acknowledged is deleted, because a canonical order holds personal data and
//! Postgres has it, sealed. Nothing else ever deletes a message, neither age nor size: a full bus
//! refuses its senders.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};

use crate::bus::stream::Bus;

/// The stream's name.
const STREAM: &str = "ORDERHUB_INBOX";
/// What it collects.
const SUBJECTS: &str = "orderhub.in.>";
/// The durable consumer's name, the same for every node: they share the work.
const CONSUMER: &str = "orderhub";
/// As short as the bus allows: the hub recognises repeats itself, for ever, and each of them gets
/// a verdict. One that the bus swallows gets none.
const DUPLICATES: Duration = Duration::from_millis(100);
/// A message that is neither acknowledged nor worked on for this long is handed out again.
pub(super) const ACK_WAIT: Duration = Duration::from_secs(15);
/// Messages that are handed out and not settled, over all nodes; those that come again later count.
const MOST_PENDING: i64 = 1_024;

impl Bus {
    /// The consumer, made with its stream if they are not there. What an operator has made stays
    /// as it is.
    pub(super) async fn inbox(&self) -> Result<PullConsumer, String> {
        let config = stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            description: Some("Orders that wait for the hub".to_owned()),
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            duplicate_window: DUPLICATES,
            num_replicas: 1,
            ..stream::Config::default()
        };
        let stream = self.context.get_or_create_stream(config).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let config = pull::Config {
            durable_name: Some(CONSUMER.to_owned()),
            description: Some("Takes orders to the hub".to_owned()),
            filter_subject: SUBJECTS.to_owned(),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            // Without end: an order is never given up.
            max_deliver: -1,
            max_ack_pending: MOST_PENDING,
            ..pull::Config::default()
        };
        let consumer: PullConsumer = stream
            .get_or_create_consumer(CONSUMER, config)
            .await
            .map_err(|error| error.to_string())?;
        let made = &consumer.cached_info().config;
        if made.ack_policy != AckPolicy::Explicit || made.max_deliver > 0 {
            return Err(format!(
                "the consumer {CONSUMER} of {STREAM} would lose orders: delete it, or give it \
                 explicit acknowledgements and deliveries without end"
            ));
        }
        Ok(consumer)
    }

    /// Publishes without a stream that keeps it.
    pub(super) async fn publish(&self, subject: String, body: String) -> Result<(), String> {
        let published = self.client.publish(subject, body.into()).await;
        published.map_err(|error| error.to_string())
    }
}
