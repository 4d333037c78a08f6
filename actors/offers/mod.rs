//! What sales channels offer: each SKU's number of units that orders of the channel could have, told to
//! the channels that want to know, the newest only.
//!
//! Stock is announced here by its locations after every commit, as a mark on the SKU; what the number is
//! is looked up when it is told. Nothing is written down: a process that starts marks every SKU, and each
//! try looks first what the channel offers. How a channel takes a number is its connector's business
//! (`orderhub_channels::sales::StockWay`).

mod book;
mod pusher;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use orderhub_domain::ids::Sku;
use tokio::sync::Notify;

use crate::locked;

pub(crate) use pusher::Pusher;

/// SKUs whose number may have changed, of one channel.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    skus: Mutex<BTreeSet<Sku>>,
    news: Notify,
}

impl Marks {
    fn mark(&self, sku: &Sku) {
        if locked(&self.skus).insert(sku.clone()) {
            self.news.notify_one();
        }
    }

    fn take(&self) -> BTreeSet<Sku> {
        std::mem::take(&mut *locked(&self.skus))
    }
}

/// The marks of every channel that is told what it can offer.
#[derive(Debug, Default)]
pub(crate) struct Offers(Vec<Arc<Marks>>);

impl Offers {
    /// For so many channels; their marks, one each.
    pub(crate) fn of(channels: usize) -> (Self, Vec<Arc<Marks>>) {
        let marks: Vec<Arc<Marks>> = (0..channels).map(|_| Arc::default()).collect();
        (Self(marks.clone()), marks)
    }

    /// A SKU's number may have changed.
    pub(crate) fn mark(&self, sku: &Sku) {
        for marks in &self.0 {
            marks.mark(sku);
        }
    }

    /// Those of all these may have.
    pub(crate) fn mark_all(&self, skus: impl Fn() -> Vec<Sku>) {
        if !self.0.is_empty() {
            for sku in skus() {
                self.mark(&sku);
            }
        }
    }
}
