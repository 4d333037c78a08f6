//! The hub from outside: the real binary, a real Postgres, doubles of the vendors. Every scenario
//! has its own database, its own doubles and its own hub. Modules `store_*` test the store alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, and says where"
)]

#[path = "../contract/mod.rs"]
mod contract;
#[path = "../support/mod.rs"]
mod support;

use support::postgres;

mod address;
mod asked;
mod audit;
mod auditor;
mod bad_input;
mod bounds;
mod bus;
mod bus_bench;
mod channels;
mod cli;
mod console;
mod crashes;
mod dashboards;
mod dashboards_live;
mod dev;
mod disputes;
mod dock;
mod doctor;
mod doubles;
mod edits;
mod events;
mod exchanges;
mod feeds;
mod forgotten;
mod imports;
mod inbox;
mod keys;
mod last_hundred;
mod lies;
mod life;
mod localstripe;
mod logbook;
mod marathon;
mod messages;
mod metrics;
mod offers;
mod order_files;
mod outages;
mod overload;
mod parcels;
mod parking;
mod partners;
mod pausing;
mod payout_files;
mod proxy;
mod quotas;
mod readme;
mod refunds;
mod repeats;
mod returns;
mod routing;
mod scenarios;
mod screening;
mod search_bench;
mod senders;
mod settlements;
mod shopify;
mod sims;
mod soak;
mod store_bench;
mod store_contract;
mod store_failures;
mod store_lane;
mod store_lists;
mod store_money;
mod store_registry;
mod store_retention;
mod store_standing;
mod store_unknown;
mod store_unreconciled;
mod store_views;
mod stuck;
mod supply;
mod tail;
mod takeover;
mod tampering;
mod thin;
mod transfers;
mod warehouse_nats;
mod way_back;
mod world;
