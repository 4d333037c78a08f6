//! Traps of mapping: where vendors' messages look like one thing and mean another. Each has a number in the
//! design of the canonical model and a test here under it, for every vendor that it concerns. What is tried
//! are the connections as they are configured, with messages in the vendors' own formats.
//!
//! Not here: what every connector must do of every message, which is the conformance kit's.

mod answers;
mod bytes;
mod fulfilment;
mod hub;
mod ids;
mod kits;
mod marks;
mod minor_units;
mod odd;
mod people;
mod posts;
mod refunds;
mod scene;
mod shapes;
mod taxes;
mod times;
mod totals;
mod waiting;
