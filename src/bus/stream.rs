//! `JetStream`: the stream of events, and what a message's acknowledgement or refusal means.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{ContextBuilder, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, ConnectOptions, Event};

use crate::events::cloud_event::Message;
use crate::store::LastMessage;

/// The stream's name.
pub(super) const STREAM: &str = "ORDERHUB_EVENTS";
/// What it collects.
const SUBJECTS: &str = "orderhub.evt.>";
/// How long a stream that we make keeps events.
const RETENTION: Duration = Duration::from_hours(30 * 24);
/// How long the bus recognises repeats by their id.
const DUPLICATES: Duration = Duration::from_mins(2);
/// Without an answer for this long, a message counts as lost and is sent again.
const PATIENCE: Duration = Duration::from_secs(2);
/// A dead connection is noticed after two of these.
const PING: Duration = Duration::from_secs(10);
/// The header that tells a message's place in a trace.
const TRACEPARENT: &str = "traceparent";
/// Messages on their way at the same time, over all logs.
pub(super) const IN_FLIGHT: usize = 256;

/// Why there is no bus.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BusError {
    /// The address is not one.
    #[error("the bus's URL is not valid ({0}); expected nats://host:4222")]
    Url(String),
    /// It cannot be reached, or refuses.
    #[error("the bus does not answer as it should: {0}")]
    Silent(String),
    /// It keeps nothing.
    #[error("the bus has no JetStream for this account: {0}")]
    NoJetStream(String),
}

/// The connection to NATS. It connects, and connects again, by itself.
#[derive(Debug, Clone)]
pub struct Bus {
    pub(super) client: Client,
    pub(super) context: Context,
}

/// Names a connection to a server: a restarted server has another id, a new connection another
/// number.
pub(super) type Session = (String, u64);

/// What became of a message.
#[derive(Debug)]
pub(super) enum Sent {
    /// The bus has it.
    Acknowledged {
        /// Where.
        last: LastMessage,
        /// It had it before.
        duplicate: bool,
    },
    /// The bus will not take this message, whatever else it takes.
    Refused(String),
    /// Nobody knows; it must be sent again.
    Lost(String),
}

impl Bus {
    /// Starts to connect. A server that is not there is waited for.
    pub async fn connect(url: &str, node: &str) -> Result<Self, BusError> {
        let client = ConnectOptions::new()
            .name(format!("orderhub {node}"))
            .retry_on_initial_connect()
            .ping_interval(PING)
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .event_callback(tell)
            .connect(url)
            .await
            .map_err(|error| BusError::Url(error.kind().to_string()))?;
        let context = ContextBuilder::new()
            .timeout(PATIENCE)
            .max_ack_inflight(IN_FLIGHT)
            .build(client.clone());
        Ok(Self { client, context })
    }

    /// The connection that messages go over now, if there is one. A message that was acknowledged
    /// while this stayed the same was acknowledged over it.
    pub(super) fn session(&self) -> Option<Session> {
        if self.client.connection_state() != State::Connected {
            return None;
        }
        let info = self.client.try_server_info()?;
        Some((info.server_id, info.client_id))
    }

    /// The stream with its present state, made if it is not there. A stream that an operator has
    /// made stays as it is.
    pub(super) async fn stream(&self) -> Result<Stream, String> {
        let config = stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            description: Some("What happens to orders and stock, as CloudEvents".to_owned()),
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_age: RETENTION,
            duplicate_window: DUPLICATES,
            num_replicas: 1,
            ..stream::Config::default()
        };
        let stream = self.context.get_or_create_stream(config).await;
        stream.map_err(|error| error.to_string())
    }

    /// Sends a message and waits for what becomes of it.
    pub(super) async fn send(&self, message: &Message) -> Sent {
        let publish = PublishMessage::build()
            .payload(message.body.clone())
            .header(TRACEPARENT, message.traceparent.as_str())
            .message_id(message.id.to_string());
        let sending = self
            .context
            .send_publish(message.subject.clone(), publish)
            .await;
        let answer = match sending {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(ack) => Sent::Acknowledged {
                last: LastMessage {
                    stream_seq: ack.sequence,
                    id: message.id,
                },
                duplicate: ack.duplicate,
            },
            Err(error) if is_about_the_message(&error) => Sent::Refused(error.to_string()),
            Err(error) => Sent::Lost(error.to_string()),
        }
    }
}

/// Whether another message would be taken. A bus that is full, sealed or not ready is waited for.
fn is_about_the_message(error: &PublishError) -> bool {
    use std::error::Error;

    if error.kind() == PublishErrorKind::MaxPayloadExceeded {
        return true;
    }
    let Some(source) = error.source() else {
        return false;
    };
    if let Some(refused) = source.downcast_ref::<jetstream::Error>() {
        return [
            ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM,
            ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM,
        ]
        .contains(&refused.error_code());
    }
    source
        .downcast_ref::<async_nats::PublishError>()
        .is_some_and(|error| error.kind() == async_nats::client::PublishErrorKind::InvalidSubject)
}

async fn tell(event: Event) {
    match event {
        Event::Connected => tracing::info!("the bus is connected"),
        Event::Disconnected => {
            tracing::warn!("the bus is gone; events wait in the log, orders where they are");
        }
        other => tracing::warn!(%other, "the bus's connection"),
    }
}
