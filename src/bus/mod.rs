//! NATS: events out, orders in.
//!
//! Every committed event of an order and every change of stock reaches `JetStream` at least once,
//! a shard's and a location's in the order of their commits.
//!
//! The logs are the outbox: the publisher reads each behind a cursor, so orders do not wait for the bus and whatever it missed is published later. `events::cloud_event` makes the message, `stream`
//! speaks `JetStream`, `publisher` moves the cursors, `lag` counts what waits. `memory` asks the bus
//! what it forgot, and `checkpoint` says to which places a log can then go back. `inbox` takes orders
//! that others publish, `checkup` looks before anything is started. Calls between nodes do not live here.
//!
//! Invariants: a cursor passes an event only after the bus has acknowledged it, or after it was
//! parked because the bus refuses it for good; of a log one message is in flight at a time, so a
//! lost one is never overtaken.
//!
//! More could not be kept in order: one that was refused for lack of room would be overtaken as soon
//! as there is room, and `JetStream` expects a predecessor by stream or by subject, which many logs
//! share. And as the stream has a log in order, one message vouches for all before it when the bus
//! is asked what it forgot.

mod checkpoint;
mod checkup;
mod inbox;
mod lag;
mod memory;
mod publisher;
mod stream;
mod track;

pub use checkup::{Seen, look};
pub use inbox::Inbox;
pub use publisher::Publisher;
pub use stream::{Bus, BusError};
