//! Orders that wait for units which others hold softly, by SKU, first come first woken.
//!
//! Only hints: an order that is not woken from here is woken by its own `wake_at`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use orderhub_domain::ids::{OrderId, Sku};

use crate::locked;

/// The queue in front of each SKU.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    inner: Mutex<Queues>,
}

#[derive(Debug, Default)]
struct Queues {
    next_ticket: u64,
    by_sku: HashMap<Sku, BTreeMap<u64, OrderId>>,
    tickets: HashMap<(OrderId, Sku), u64>,
}

impl Queues {
    fn leave(&mut self, order: OrderId, sku: &Sku) {
        let Some(ticket) = self.tickets.remove(&(order, sku.clone())) else {
            return;
        };
        if let Some(queue) = self.by_sku.get_mut(sku) {
            queue.remove(&ticket);
            if queue.is_empty() {
                self.by_sku.remove(sku);
            }
        }
    }
}

impl Waiters {
    /// Puts the order at the end of a SKU's queue; it keeps its place if it stands there already.
    pub(crate) fn join(&self, order: OrderId, sku: &Sku) {
        let mut queues = locked(&self.inner);
        if queues.tickets.contains_key(&(order, sku.clone())) {
            return;
        }
        queues.next_ticket += 1;
        let ticket = queues.next_ticket;
        queues.tickets.insert((order, sku.clone()), ticket);
        let queue = queues.by_sku.entry(sku.clone()).or_default();
        queue.insert(ticket, order);
    }

    /// Takes the order out of a SKU's queue.
    pub(crate) fn leave(&self, order: OrderId, sku: &Sku) {
        locked(&self.inner).leave(order, sku);
    }

    /// Takes the first `count` orders out of a SKU's queue, to be woken.
    pub(crate) fn call(&self, sku: &Sku, count: u64) -> Vec<OrderId> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut queues = locked(&self.inner);
        let queue = queues.by_sku.get(sku);
        let called: Vec<OrderId> =
            queue.map_or_else(Vec::new, |q| q.values().take(count).copied().collect());
        for order in &called {
            queues.leave(*order, sku);
        }
        called
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_first_who_came_are_called_first_and_once() {
        let waiters = Waiters::default();
        let sku = Sku::from("A");
        let order = |n: u128| OrderId::from_uuid(Uuid::from_u128(n));
        for n in [3, 1, 2, 3] {
            waiters.join(order(n), &sku);
        }
        assert_eq!(waiters.call(&sku, 2), [order(3), order(1)]);
        waiters.join(order(3), &sku);
        waiters.leave(order(2), &sku);
        assert_eq!(waiters.call(&sku, u64::MAX), [order(3)]);
        assert!(waiters.call(&sku, 1).is_empty());
    }
}
