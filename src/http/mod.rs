//! The HTTP edge: two addresses, one table of routes, warp filters over the hub's front door.
//!
//! What lives here: framing, limits, keys, bodies, problems, statuses. What does not: any decision
//! about an order. No answer that says "recorded" is given before the hub has said so, and no
//! webhook is read before it is verified.

pub mod asked;
pub mod auth;
pub mod catalogue;
pub mod copies;
pub mod edge;
pub mod fields;
pub mod front;
pub mod hooks;
pub mod html;
pub mod json;
pub mod keys;
pub mod limits;
pub mod listener;
pub mod listing;
pub mod messages;
pub mod pages;
pub mod problem;
pub mod requests;
pub mod routes;
pub mod session;
mod socket;
pub mod streams;
pub mod table;
#[cfg(test)]
mod tests;

pub use copies::{WebhookCopies, WebhookCopy};
pub use edge::{Edge, Rooms};
pub use front::Front;
pub use hooks::{Hooks, KeptWebhook};
pub use limits::Limits;
pub use listener::Listener;
pub use table::Side;
