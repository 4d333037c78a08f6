//! One alarm clock for all orders that are awake or due soon.
//!
//! Only a convenience of this process: what must not be forgotten is `wake_at` in the database,
//! and the scan finds it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use tokio::sync::mpsc;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use crate::shared::Shared;

/// Nobody stays awake longer than this without being looked at.
const LONGEST: Duration = Duration::from_hours(24);

enum Order {
    Set(OrderId, Timestamp),
    Clear(OrderId),
}

/// A way to the alarm clock.
#[derive(Clone)]
pub(crate) struct Timers {
    orders: mpsc::UnboundedSender<Order>,
}

/// The alarm clock before it runs.
pub(crate) struct Alarms {
    orders: mpsc::UnboundedReceiver<Order>,
}

/// A new alarm clock.
pub(crate) fn timers() -> (Timers, Alarms) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Timers { orders: sender }, Alarms { orders: receiver })
}

impl Timers {
    /// Wakes the order then; an earlier setting is forgotten.
    pub(crate) fn set(&self, order: OrderId, at: Timestamp) {
        drop(self.orders.send(Order::Set(order, at)));
    }

    /// Does not wake the order.
    pub(crate) fn clear(&self, order: OrderId) {
        drop(self.orders.send(Order::Clear(order)));
    }
}

impl Alarms {
    /// Rings until the node ends.
    pub(crate) async fn ring(mut self, shared: Arc<Shared>) {
        let mut queue = DelayQueue::new();
        let mut keys: HashMap<OrderId, Key> = HashMap::new();
        loop {
            tokio::select! {
                () = shared.stop.cancelled() => return,
                change = self.orders.recv() => match change {
                    None => return,
                    Some(Order::Clear(order)) => {
                        if let Some(key) = keys.remove(&order) {
                            queue.try_remove(&key);
                        }
                    }
                    Some(Order::Set(order, at)) => {
                        let wait = shared.clock.until(at).min(LONGEST);
                        match keys.get(&order) {
                            Some(key) => queue.reset(key, wait),
                            None => {
                                keys.insert(order, queue.insert(order, wait));
                            }
                        }
                    }
                },
                Some(due) = queue.next(), if !queue.is_empty() => {
                    let order = due.into_inner();
                    keys.remove(&order);
                    shared.wake(order);
                }
            }
        }
    }
}
