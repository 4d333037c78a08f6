//! Processes and supervision: the node, its shards and their live orders, locations, partners and
//! commit lanes.
//!
//! Actors carry; they decide nothing. What an order or a location does with a message is
//! `orderhub-domain`'s business, what a partner's wire looks like is `orderhub-channels`', what
//! SQL says is the store's.

pub mod api;
pub mod node;
pub mod past;
pub mod ports;
pub mod router;
pub mod twin;

mod clock;
mod follows;
mod health;
mod lanes;
mod location;
mod offers;
mod order;
mod partner;
mod polls;
mod shard;
mod shared;
#[cfg(test)]
mod testing;
mod transits;
mod turnover;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use health::Health;
pub use router::{Inlet, Inlets, header_map};
pub use shared::{Limits, Site};

/// Locks. A panic elsewhere does not spoil plain data: every critical section here is a few
/// assignments.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
