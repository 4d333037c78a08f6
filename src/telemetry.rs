//! Logs and metrics.
//!
//! Labels are enums or configured names, never an order, a SKU or anything a sender can make up.
//! Counters whose labels are known are born at zero: an increase from nothing to one would be
//! invisible to `increase()`.

mod process;

use std::io::IsTerminal;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use orderhub_domain::order::ORDER_INVARIANTS;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// The revision that this binary was built from, if the build said so.
pub const REVISION: &str = match option_env!("ORDERHUB_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// What is logged when `RUST_LOG` says nothing. ractor opens a span per live actor.
const USUAL_FILTER: &str = "info,ractor=warn,async_nats=warn";

/// How often histograms are folded and the process is measured.
const UPKEEP: Duration = Duration::from_secs(5);

/// Requests and calls, in seconds.
const REQUEST: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// Commits and waits inside the hub, in seconds.
const COMMIT: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];
/// Flows across systems, in seconds.
const FLOW: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];
/// Stages of an order, in seconds.
const STAGE: &[f64] = &[
    1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0,
];
/// Orders per commit.
const BATCH: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Every histogram and its buckets.
const HISTOGRAMS: &[(&str, &[f64])] = &[
    ("http_server_request_duration_seconds", REQUEST),
    ("orderhub_payment_operation_duration_seconds", REQUEST),
    ("orderhub_carrier_operation_duration_seconds", REQUEST),
    ("orderhub_actor_handle_duration_seconds", REQUEST),
    ("orderhub_db_pool_wait_duration_seconds", REQUEST),
    ("orderhub_commit_duration_seconds", COMMIT),
    ("orderhub_lane_wait_seconds", COMMIT),
    ("orderhub_commit_batch_orders", BATCH),
    ("orderhub_commit_batch_changes", BATCH),
    ("orderhub_publish_delay_seconds", FLOW),
    ("orderhub_webhook_apply_delay_seconds", FLOW),
    ("orderhub_order_release_delay_seconds", FLOW),
    ("orderhub_order_stage_duration_seconds", STAGE),
];

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
    describe();
    zero();
    process::measure();
    Ok(handle)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    // `set_buckets` would disable these, and without buckets histograms are rendered as summaries,
    // which cannot be added up over nodes.
    HISTOGRAMS
        .iter()
        .try_fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
            builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)
        })
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

fn describe() {
    describe_histogram!(
        "http_server_request_duration_seconds",
        "Time from a request's head to its answer"
    );
    describe_gauge!(
        "http_server_active_requests",
        "Requests that are being answered"
    );
    describe_gauge!(
        "orderhub_build_info",
        "Version and revision of this binary; always 1"
    );
    describe_counter!(
        "orderhub_orders_received_total",
        "Orders that were sent, by what became of them"
    );
    describe_counter!(
        "orderhub_webhooks_received_total",
        "Webhooks that arrived, by what became of them"
    );
    describe_counter!(
        "orderhub_webhook_copies_dropped_total",
        "Copies of webhooks that could not be kept for people; what the webhooks said is not lost"
    );
    describe_counter!(
        "orderhub_messages_replayed_total",
        "Webhooks and parked messages that a person offered again, by what became of them"
    );
    describe_counter!(
        "orderhub_parked_applied_total",
        "Parked messages that found their order in the end"
    );
    describe_counter!(
        "orderhub_parked_discarded_total",
        "Parked messages that a person threw away"
    );
    describe_gauge!(
        "orderhub_parked_messages",
        "Parked messages by what becomes of them"
    );
    describe_counter!(
        "orderhub_dead_letters_total",
        "Messages that were declared dead: a person has to look at them"
    );
    describe_counter!(
        "orderhub_order_transitions_total",
        "Moves of orders between stages"
    );
    describe_counter!(
        "orderhub_inventory_reservations_total",
        "Answers of locations to requests for stock"
    );
    describe_counter!(
        "orderhub_inventory_oversold_units_total",
        "Units promised that were not there; must stay 0"
    );
    describe_counter!(
        "orderhub_invariant_violations_total",
        "Promises found broken; must stay 0"
    );
    describe_gauge!("orderhub_orders", "Open orders by stage");
    describe_gauge!("orderhub_actors", "Live actors by kind");
    describe_histogram!("orderhub_commit_batch_orders", "Orders per commit");
    describe_histogram!("orderhub_commit_duration_seconds", "Time of one commit");
    describe_histogram!(
        "orderhub_lane_wait_seconds",
        "Time an append waits for its commit to begin"
    );
    describe_gauge!(
        "orderhub_publish_lag_events",
        "Committed events that are not on the bus yet"
    );
    describe_histogram!(
        "orderhub_publish_delay_seconds",
        "Time from a commit to the bus's acknowledgement"
    );
    describe_counter!(
        "orderhub_publish_retries_total",
        "Messages that the bus did not acknowledge and that were sent again"
    );
    describe_counter!(
        "orderhub_publish_parked_total",
        "Events that the bus refuses for good"
    );
    describe_counter!(
        "orderhub_bus_regressions_total",
        "Shards whose events the bus had forgotten"
    );
    describe_gauge!(
        "orderhub_circuit_open",
        "1 while calls to a partner are suspended"
    );
    process::describe();
}

/// Lets the counters that must never move, and the build, be seen from the first scrape on.
fn zero() {
    counter!("orderhub_inventory_oversold_units_total").absolute(0);
    counter!("orderhub_webhook_copies_dropped_total").absolute(0);
    for invariant in ORDER_INVARIANTS.into_iter().chain(["stock_holds"]) {
        counter!("orderhub_invariant_violations_total", "invariant" => invariant).absolute(0);
    }
    gauge!("http_server_active_requests").set(0.0);
    let version = env!("CARGO_PKG_VERSION");
    gauge!("orderhub_build_info", "version" => version, "revision" => REVISION).set(1.0);
}

/// Lets the counters of configured connections be seen from the first scrape on.
pub fn announce_connections<'a>(
    channels: impl IntoIterator<Item = &'a str>,
    hooks: impl IntoIterator<Item = String>,
) {
    for channel in channels.into_iter().chain(["unknown"]) {
        for outcome in ["accepted", "duplicate", "rejected"] {
            let name = "orderhub_orders_received_total";
            counter!(name, "channel" => channel.to_owned(), "outcome" => outcome).absolute(0);
        }
    }
    for source in hooks {
        for outcome in [
            "applied",
            "duplicate",
            "ignored",
            "unmatched",
            "bad_signature",
            "stale",
            "invalid",
        ] {
            let name = "orderhub_webhooks_received_total";
            counter!(name, "source" => source.clone(), "outcome" => outcome).absolute(0);
        }
        counter!("orderhub_dead_letters_total", "source" => source).absolute(0);
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
            describe();
            zero();
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
