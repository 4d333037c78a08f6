//! The connection to the NATS server. The first call that needs it opens it, so that a server that is away
//! keeps nobody from starting; then it connects again by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{ContextBuilder, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectError, ConnectErrorKind, Event};
use async_trait::async_trait;
use orderhub_domain::ids::{LocationCode, Slug};
use tokio::sync::OnceCell;

use super::access::Access;
use super::names::Names;
use super::streams;
use crate::outbound::install_crypto;
use crate::port::{CallError, Checkup};
use crate::settings::Settings;
use crate::warehouses::asking::Message;

/// Longest wait for a connection and for each answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A dead connection is noticed after two of these.
const PING: Duration = Duration::from_secs(10);

/// The connection.
pub(super) struct Link {
    slug: Slug,
    access: Access,
    names: Arc<Names>,
    open: OnceCell<Open>,
    /// Both streams were there, or were made, since the process started.
    looked: AtomicBool,
}

struct Open {
    client: Client,
    context: Context,
}

impl Link {
    /// Opens nothing yet.
    pub(super) fn new(settings: &Settings, access: Access, names: Arc<Names>) -> Self {
        Self {
            slug: settings.slug.clone(),
            access,
            names,
            open: OnceCell::new(),
            looked: AtomicBool::new(false),
        }
    }

    /// Publishes a request of a location, and waits until its stream has it.
    pub(super) async fn publish(
        &self,
        location: &LocationCode,
        message: Message,
    ) -> Result<(), CallError> {
        let Some(subject) = self.names.request_to(location) else {
            let reason = "the location's code cannot stand in a subject of NATS; it needs another code, \
                          or another kind of warehouse";
            return Err(CallError::not_now(reason));
        };
        let open = self.opened().await?;
        let name = self.names.requests();
        let publish = PublishMessage::build()
            .payload(message.body.into())
            .message_id(&message.id)
            .expected_stream(&name);
        let mut sent = send(&open.context, &subject, publish.clone()).await;
        if is_nowhere(&sent) {
            // Nobody has heard it: the stream is not there, or not any more.
            streams::there(&open.context, &name, &self.names.all_requests()).await?;
            sent = send(&open.context, &subject, publish).await;
        }
        sent.map_err(|error| unsent(&error, &name, &subject))
    }

    /// The stream of reports with its present state.
    pub(super) async fn reports(&self) -> Result<Stream, CallError> {
        let open = self.opened().await?;
        let (names, context) = (&self.names, &open.context);
        let stream = streams::there(context, &names.reports(), &names.all_reports()).await?;
        if !self.looked.load(Ordering::Relaxed) {
            // Not only when the first order needs it.
            streams::there(context, &names.requests(), &names.all_requests()).await?;
            self.looked.store(true, Ordering::Relaxed);
        }
        Ok(stream)
    }

    /// The connection, if there is one now. What is published over none would wait in the client, and
    /// nobody could say any more that it was not sent.
    async fn opened(&self) -> Result<&Open, CallError> {
        let open = self.open.get_or_try_init(|| self.connect()).await?;
        if open.client.connection_state() != State::Connected {
            return Err(CallError::not_done("the NATS server cannot be reached"));
        }
        Ok(open)
    }

    async fn connect(&self) -> Result<Open, CallError> {
        install_crypto();
        let Some(options) = self.access.options() else {
            return Err(CallError::not_done("the credentials cannot be read"));
        };
        let slug = self.slug.clone();
        let client = options
            .name(format!("orderhub warehouses/{slug}"))
            .ping_interval(PING)
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .event_callback(move |event| {
                tell(&slug, &event);
                std::future::ready(())
            })
            .connect(self.access.servers())
            .await
            .map_err(|error| unreachable(&error))?;
        let context = ContextBuilder::new()
            .timeout(PATIENCE)
            .build(client.clone());
        Ok(Open { client, context })
    }
}

#[async_trait]
impl Checkup for Link {
    async fn look(&self) -> Result<String, CallError> {
        let open = self.opened().await?;
        let info = open.client.try_server_info();
        let version = info.map(|info| info.version).unwrap_or_default();
        let mut missing = Vec::new();
        for name in [self.names.requests(), self.names.reports()] {
            if streams::look(&open.context, &name).await?.is_none() {
                missing.push(name);
            }
        }
        if missing.is_empty() {
            return Ok(format!("NATS {version} has both streams"));
        }
        let missing = missing.join(" and ");
        Ok(format!(
            "NATS {version}; {missing} is made at the start, if this user may"
        ))
    }
}

async fn send(
    context: &Context,
    subject: &str,
    publish: PublishMessage,
) -> Result<(), PublishError> {
    let acknowledged = context.send_publish(subject.to_owned(), publish).await?;
    acknowledged.await.map(|_| ())
}

fn is_nowhere(sent: &Result<(), PublishError>) -> bool {
    let error = sent.as_ref().err();
    error.is_some_and(|error| error.kind() == PublishErrorKind::StreamNotFound)
}

/// What it means that a request was not acknowledged.
fn unsent(error: &PublishError, stream: &str, subject: &str) -> CallError {
    use std::error::Error;

    match error.kind() {
        PublishErrorKind::StreamNotFound => CallError::not_done(format!(
            "no stream collects {subject}; add it to the subjects of {stream}"
        )),
        PublishErrorKind::MaxPayloadExceeded => CallError::not_now(
            "the request is larger than the NATS server takes; raise its max_payload",
        ),
        _ => {
            let source = error.source();
            match source.and_then(|source| source.downcast_ref::<jetstream::Error>()) {
                Some(told) => CallError::not_done(format!(
                    "the stream {stream} did not take the request ({told}); look at it: nats stream info {stream}"
                )),
                None => {
                    CallError::unknown("the NATS server did not acknowledge the request in time")
                }
            }
        }
    }
}

fn unreachable(error: &ConnectError) -> CallError {
    CallError::not_done(match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "the NATS server refuses our credentials; check credentials and user".to_owned()
        }
        ConnectErrorKind::Tls => {
            format!("no TLS with the NATS server ({error}); check its certificate and ca_file")
        }
        _ => format!("the NATS server cannot be reached ({error})"),
    })
}

fn tell(slug: &Slug, event: &Event) {
    let connection = slug.as_str();
    match event {
        Event::Connected => tracing::info!(connection, "the warehouse's NATS is connected"),
        Event::Disconnected => tracing::warn!(
            connection,
            "the warehouse's NATS is gone; requests to it wait, and it is connected again by itself"
        ),
        other => tracing::warn!(connection, event = %other, "the warehouse's NATS"),
    }
}
