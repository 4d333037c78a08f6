//! Logs and metrics.
//!
//! Labels are enums or configured names, never an order, a SKU or anything a sender can make up.
//! Counters whose labels are known are born at zero: an increase from nothing to one would be
//! invisible to `increase()`.

mod catalogue;
mod payouts;
mod process;
mod standing;

use std::io::IsTerminal;
use std::time::Duration;

use metrics::gauge;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

pub use payouts::watch_payouts;
pub use standing::watch_orders;

/// The revision that this binary was built from, if the build said so.
pub const REVISION: &str = match option_env!("ORDERHUB_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// What is logged when `RUST_LOG` says nothing. ractor opens a span per live actor.
const USUAL_FILTER: &str = "info,ractor=warn,async_nats=warn";

/// How often histograms are folded and the process is measured.
const UPKEEP: Duration = Duration::from_secs(5);

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Starts logging to stderr. A second call changes nothing.
pub fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL_FILTER));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Installs the recorder; what is measured before is lost.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = builder()?.install_recorder()?;
    catalogue::describe();
    process::describe();
    catalogue::zero();
    process::measure();
    Ok(handle)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    // `set_buckets` would disable these, and without buckets histograms are rendered as summaries,
    // which cannot be added up over nodes.
    catalogue::HISTOGRAMS.iter().try_fold(
        PrometheusBuilder::new(),
        |builder, (name, buckets, _)| {
            builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)
        },
    )
}

/// Adds orders that were there before this process; commits move them from stage to stage.
pub fn count_orders(stage: &str, orders: i64) {
    let orders = u32::try_from(orders).unwrap_or(u32::MAX);
    gauge!("orderhub_orders", "stage" => stage.to_owned()).increment(f64::from(orders));
}

/// Folds histograms and measures the process until `stop`.
pub async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        handle.run_upkeep();
        process::measure();
    }
}

/// Lets the counters of configured connections be seen from the first scrape on.
pub fn announce_connections<'a>(
    channels: impl IntoIterator<Item = &'a str>,
    hooks: impl IntoIterator<Item = String>,
) {
    for channel in channels.into_iter().chain(["unknown"]) {
        catalogue::zero_channel(channel);
    }
    for source in hooks {
        catalogue::zero_source(&source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_are_rendered_with_buckets_and_zeros_are_there() {
        let recorder = builder().expect("buckets").build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            catalogue::describe();
            process::describe();
            catalogue::zero();
            process::measure();
            metrics::histogram!("http_server_request_duration_seconds").record(0.02);
            announce_connections(["web"], ["payments/stripe-eu".to_owned()]);
        });
        let text = handle.render();
        for line in [
            "http_server_request_duration_seconds_bucket{le=\"0.025\"} 1",
            "orderhub_inventory_oversold_units_total 0",
            "orderhub_orders_received_total{channel=\"web\",outcome=\"accepted\"} 0",
            "orderhub_webhooks_received_total{source=\"payments/stripe-eu\",outcome=\"stale\"} 0",
            "# TYPE process_resident_memory_bytes gauge",
            "# TYPE process_cpu_seconds_total",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }
}
