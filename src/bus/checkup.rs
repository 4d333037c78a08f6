//! A look at a bus before a hub uses it. Changes nothing.

use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, ErrorCode};

use super::BusError;
use super::stream::STREAM;

/// Longest wait for each answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// A bus that answers, with `JetStream`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The server's version.
    pub version: String,
    /// How many events the stream has; `None` before there is one.
    pub events: Option<u64>,
}

/// Looks at the server at this address.
pub async fn look(url: &str) -> Result<Seen, BusError> {
    let connecting = ConnectOptions::new()
        .name("orderhub doctor")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .connect(url);
    let client = tokio::time::timeout(PATIENCE, connecting).await;
    let client = client
        .map_err(|_| BusError::Silent("it did not answer in time".to_owned()))?
        .map_err(|error| BusError::Silent(error.to_string()))?;
    let info = client.try_server_info();
    let version = info.map(|info| info.version).unwrap_or_default();
    let mut context = jetstream::new(client);
    context.set_timeout(PATIENCE);
    // The account's own limits are told in a form that differs between servers; a stream's are not.
    let events = match context.get_stream(STREAM).await {
        Ok(stream) => Some(stream.cached_info().state.messages),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(told)
                if told.error_code() == ErrorCode::STREAM_NOT_FOUND =>
            {
                None
            }
            _ => return Err(BusError::NoJetStream(error.to_string())),
        },
    };
    Ok(Seen { version, events })
}
