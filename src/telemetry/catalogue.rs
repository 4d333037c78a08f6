//! Every metric of the hub: what it says, its buckets, and the label sets that are known before
//! anything happens. What each means to an operator is told by `dashboards/`.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use orderhub_domain::order::{MOVES, Stage};

use super::REVISION;
use crate::audit::invariants;

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

/// Name, buckets, what is measured.
#[rustfmt::skip]
pub(super) const HISTOGRAMS: &[(&str, &[f64], &str)] = &[
    ("http_server_request_duration_seconds", REQUEST, "Time from a request's head to its answer"),
    ("orderhub_payment_operation_duration_seconds", REQUEST, "Calls to gateways, by what came of them"),
    ("orderhub_carrier_operation_duration_seconds", REQUEST, "Calls to carriers, by what came of them"),
    ("orderhub_channel_operation_duration_seconds", REQUEST, "Calls to shops, by what came of them"),
    ("orderhub_commit_duration_seconds", COMMIT, "Time of one commit"),
    ("orderhub_lane_wait_seconds", COMMIT, "Time an append waits for its commit to begin"),
    ("orderhub_commit_batch_orders", BATCH, "Orders per commit"),
    ("orderhub_commit_batch_changes", BATCH, "Changes of stock per commit"),
    ("orderhub_publish_delay_seconds", FLOW, "Time from a commit to the bus's acknowledgement"),
    ("orderhub_webhook_apply_delay_seconds", FLOW, "Time from a webhook's arrival until its order had it on disk"),
    ("orderhub_order_release_delay_seconds", FLOW, "Time from an order's arrival until a location was first asked; orders that were ever on hold are left out"),
    ("orderhub_order_stage_duration_seconds", STAGE, "Time an order spent in a stage, when it leaves it"),
];

#[rustfmt::skip]
const COUNTERS: &[(&str, &str)] = &[
    ("orderhub_actor_panics_total", "Processes that panicked and were started again"),
    ("orderhub_bus_regressions_total", "Logs whose entries the bus had forgotten"),
    ("orderhub_dead_letters_total", "Messages that were declared dead: a person has to look at them"),
    ("orderhub_fenced_writes_total", "Writes that were refused because another process owns the order now"),
    ("orderhub_inbox_messages_total", "Orders that came over the bus, by what became of them"),
    ("orderhub_inventory_feed_gaps_total", "Times that messages of a stock feed were missing when a later one came"),
    ("orderhub_inventory_feed_rows_total", "Lines of stock feeds, by whether they could be read"),
    ("orderhub_inventory_feeds_total", "Messages of stock feeds, by what became of them"),
    ("orderhub_inventory_oversold_units_total", "Units promised that were not there; must stay 0"),
    ("orderhub_inventory_reservations_total", "Answers of locations to requests for stock"),
    ("orderhub_invariant_violations_total", "What the auditor found to contradict itself, once per finding; must stay 0"),
    ("orderhub_messages_replayed_total", "Webhooks and parked messages that a person offered again, by what became of them"),
    ("orderhub_order_transitions_total", "Moves of orders between stages"),
    ("orderhub_order_value_total", "Stated totals of accepted orders, in whole units of the currency; test orders are left out"),
    ("orderhub_polls_total", "Times that a connection was asked what is new, by whether it answered"),
    ("orderhub_follows_total", "Times that a carrier was asked for parcels under way, or told of one, by what it answered"),
    ("orderhub_statements_total", "What vendors stated when they were asked, by what became of it"),
    ("orderhub_look_ups_total", "Things that webhooks named and that were looked up at the vendor, by whether it answered"),
    ("orderhub_orders_received_total", "Orders that were sent, by what became of them"),
    ("orderhub_parked_applied_total", "Parked messages that found their order in the end"),
    ("orderhub_parked_discarded_total", "Parked messages that a person threw away"),
    ("orderhub_parcels_overdue_total", "Parcels that nobody had seen for too long, by whose time was over: their lane's or the policy's"),
    ("orderhub_pg_errors_total", "Errors that Postgres answered, by SQLSTATE"),
    ("orderhub_poison_orders_total", "Orders that could not be woken several times in a row"),
    ("orderhub_publish_parked_total", "Events that the bus refuses for good"),
    ("orderhub_publish_retries_total", "Messages that the bus did not acknowledge and that were sent again"),
    ("orderhub_stock_offers_total", "Numbers of units that sales channels were told, by what became of them"),
    ("orderhub_stock_poison_total", "Changes of stock that the store refused again and again, and that were given up"),
    ("orderhub_webhook_copies_dropped_total", "Copies of webhooks that could not be kept for people; what the webhooks said is not lost"),
    ("orderhub_webhooks_received_total", "Webhooks that arrived, by what became of them"),
];

#[rustfmt::skip]
const GAUGES: &[(&str, &str)] = &[
    ("http_server_active_requests", "Requests that are being answered"),
    ("orderhub_actors", "Live actors by kind"),
    ("orderhub_audit_findings", "Findings of the auditor that have not healed"),
    ("orderhub_audit_last_round_timestamp_seconds", "When each walk of the auditor last came to its end, or the hub started"),
    ("orderhub_build_info", "Version and revision of this binary; always 1"),
    ("orderhub_circuit_open", "1 while calls to a partner are suspended"),
    ("orderhub_event_stream_clients", "Who listens to the stream of events, or has a page of the console open"),
    ("orderhub_inventory_feed_last_success_timestamp_seconds", "When the last message of each source of stock was taken"),
    ("orderhub_location_paused", "1 while a location takes no new work, 0 once it works again"),
    ("orderhub_order_oldest_age_seconds", "Age of the oldest order in a stage, since it was received; 0 when there is none"),
    ("orderhub_orders", "Orders by stage"),
    ("orderhub_orders_on_hold", "Orders with a hold in force, by reason; an order counts once per reason"),
    ("orderhub_orders_stuck", "Orders that wanted attention 2 minutes ago and still do, or whose calls have failed that long"),
    ("orderhub_parked_messages", "Parked messages by what becomes of them"),
    ("orderhub_payments_unreconciled", "Captures older than policy.payout_within that no payout file has named, up to 10,000 a gateway"),
    ("orderhub_publish_lag_events", "Committed entries that are not on the bus yet"),
    ("orderhub_publish_oldest_age_seconds", "Age of the oldest committed entry that is not on the bus yet; 0 when there is none"),
    ("orderhub_review_oldest_age_seconds", "Age of the oldest order that a person has to review, since it was received; 0 when there is none"),
    ("orderhub_review_time_used_ratio", "Of the time that people have to review an order, the largest share that is over; at 1 the policy's default decides"),
    ("orderhub_stock_offers_waiting", "SKUs of which a sales channel does not have the newest number yet"),
];

/// Counters without labels; each is born at zero.
const PLAIN: [&str; 10] = [
    "orderhub_actor_panics_total",
    "orderhub_bus_regressions_total",
    "orderhub_fenced_writes_total",
    "orderhub_inventory_oversold_units_total",
    "orderhub_parked_applied_total",
    "orderhub_poison_orders_total",
    "orderhub_publish_parked_total",
    "orderhub_publish_retries_total",
    "orderhub_stock_poison_total",
    "orderhub_webhook_copies_dropped_total",
];

/// Says what each metric is.
pub(super) fn describe() {
    for (name, _, help) in HISTOGRAMS {
        describe_histogram!(*name, *help);
    }
    for (name, help) in COUNTERS {
        describe_counter!(*name, *help);
    }
    for (name, help) in GAUGES {
        describe_gauge!(*name, *help);
    }
}

/// Lets whatever has known labels be seen from the first scrape on: the step from nothing to one
/// would be invisible to `increase()`. Of `orderhub_order_value_total` the currencies are not known,
/// so `increase()` does not see a channel's first order in a currency.
pub(super) fn zero() {
    for name in PLAIN {
        counter!(name).absolute(0);
    }
    for kind in ["api", "console"] {
        gauge!("orderhub_event_stream_clients", "kind" => kind).set(0.0);
    }
    for invariant in invariants() {
        counter!("orderhub_invariant_violations_total", "invariant" => invariant).absolute(0);
    }
    for result in [
        "reserved",
        "refused",
        "confirmed",
        "lost",
        "released",
        "consumed",
        "expired",
        "waiting",
        "supplied",
        "cut",
    ] {
        counter!("orderhub_inventory_reservations_total", "result" => result).absolute(0);
    }
    for outcome in [
        "accepted",
        "duplicate",
        "conflict",
        "rejected",
        "retried",
        "unacknowledged",
    ] {
        counter!("orderhub_inbox_messages_total", "outcome" => outcome).absolute(0);
    }
    let moves = MOVES.iter().flat_map(|(from, targets)| {
        let from = from.word();
        targets.iter().map(move |to| (from, to.word()))
    });
    for (from, to) in moves.chain([("none", Stage::Received.word())]) {
        counter!("orderhub_order_transitions_total", "from" => from, "to" => to).absolute(0);
    }
    for stage in Stage::ALL {
        drop(histogram!("orderhub_order_stage_duration_seconds", "stage" => stage.word()));
        gauge!("orderhub_orders", "stage" => stage.word()).increment(0.0);
    }
    gauge!("http_server_active_requests").set(0.0);
    let version = env!("CARGO_PKG_VERSION");
    gauge!("orderhub_build_info", "version" => version, "revision" => REVISION).set(1.0);
}

/// Lets what belongs to a sales channel be seen from the first scrape on.
pub(super) fn zero_channel(channel: &str) {
    for outcome in [
        "accepted",
        "duplicate",
        "rejected",
        "conflict",
        "overloaded",
        "unknown",
        "unavailable",
        "refused",
    ] {
        let name = "orderhub_orders_received_total";
        counter!(name, "channel" => channel.to_owned(), "outcome" => outcome).absolute(0);
    }
    drop(histogram!("orderhub_order_release_delay_seconds", "channel" => channel.to_owned()));
}

/// Lets what belongs to a source of webhooks be seen from the first scrape on.
pub(super) fn zero_source(source: &str) {
    for outcome in [
        "applied",
        "duplicate",
        "ignored",
        "unmatched",
        "bad_signature",
        "stale",
        "key_unavailable",
        "invalid",
    ] {
        let name = "orderhub_webhooks_received_total";
        counter!(name, "source" => source.to_owned(), "outcome" => outcome).absolute(0);
    }
    drop(histogram!("orderhub_webhook_apply_delay_seconds", "source" => source.to_owned()));
    counter!("orderhub_dead_letters_total", "source" => source.to_owned()).absolute(0);
}
