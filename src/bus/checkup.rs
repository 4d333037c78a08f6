//! A look at a bus before a hub uses it. Changes nothing.

use std::time::Duration;

use async_nats::{ConnectOptions, jetstream};

use super::BusError;

/// Longest wait for each answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The version of the server at this address, if it has `JetStream` for us.
pub async fn look(url: &str) -> Result<String, BusError> {
    let connecting = ConnectOptions::new()
        .name("orderhub doctor")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .connect(url);
    let client = tokio::time::timeout(PATIENCE, connecting).await;
    let client = client
        .map_err(|_| BusError::Silent("it did not answer in time".to_owned()))?
        .map_err(|error| BusError::Silent(error.to_string()))?;
    let version = client.try_server_info().map(|info| info.version);
    let context = jetstream::new(client);
    let account = tokio::time::timeout(PATIENCE, context.query_account()).await;
    let account = account.map_err(|_| BusError::NoJetStream("no answer".to_owned()))?;
    account.map_err(|error| BusError::NoJetStream(error.to_string()))?;
    Ok(version.unwrap_or_default())
}
