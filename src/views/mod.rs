//! What the API shows: JSON projections of orders, logs and stock. Pure functions; nothing here
//! decides anything, and nothing here is ever stored as truth.

mod address;
mod channel;
pub mod claims;
pub mod edits;
mod exchanges;
pub mod explain;
pub mod feeds;
mod fulfilment;
pub mod imports;
pub mod location;
pub mod messages;
pub mod order;
pub mod payment;
pub mod person;
pub mod replies;
pub mod returns;
mod routing;
pub mod settlement;
pub mod sourcing;
pub mod status;
pub mod stock;
mod stuck;
pub mod timeline;
mod transfers;
