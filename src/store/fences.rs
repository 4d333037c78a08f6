//! The epochs that this node writes under, shared by the claims that learn them and the lanes that
//! raise them.
//!
//! A lane that lost an answer re-claims its shards, which raises their epochs behind the backs of
//! the actors. So an append names the epoch of its claim and is sent under the current one: it is
//! admitted as long as no newer claim of this node has replaced the one it was decided under.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use orderhub_domain::ids::{LocationCode, SHARDS, ShardId};
use tokio::sync::Notify;

/// Epochs of what this node owns.
pub(super) struct Fences {
    shards: Vec<ShardFence>,
    locations: RwLock<BTreeMap<LocationCode, LocationFence>>,
    /// Shards that have committed events which the order list has not read.
    unlisted: Marks,
    /// Shards that have committed events which the publisher has not read.
    unpublished: Marks,
    /// Locations that have committed rows which the publisher has not read.
    moved: Mutex<BTreeSet<LocationCode>>,
    /// Shards that have committed events which the feed has not read.
    untold: Marks,
    /// Locations that have committed rows which the feed has not read.
    moved_untold: Mutex<BTreeSet<LocationCode>>,
    /// Wakes the publisher.
    grown: Notify,
}

/// One bit per shard.
#[derive(Default)]
struct Marks([AtomicU64; 4]);

#[derive(Default)]
struct ShardFence {
    claimed: AtomicI64,
    current: AtomicI64,
}

#[derive(Clone, Copy)]
struct LocationFence {
    claimed: i64,
    current: i64,
}

impl Fences {
    /// Owns nothing yet.
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| ShardFence::default()).collect(),
            locations: RwLock::default(),
            unlisted: Marks::default(),
            unpublished: Marks::default(),
            moved: Mutex::default(),
            untold: Marks::default(),
            moved_untold: Mutex::default(),
            grown: Notify::new(),
        }
    }

    /// A claim succeeded.
    pub(super) fn claim_shard(&self, shard: ShardId, epoch: i64) {
        let fence = &self.shards[usize::from(shard.0)];
        fence.current.fetch_max(epoch, Ordering::SeqCst);
        fence.claimed.fetch_max(epoch, Ordering::SeqCst);
    }

    /// A lane re-claimed what it owns.
    pub(super) fn raise_shard(&self, shard: ShardId, epoch: i64) {
        let fence = &self.shards[usize::from(shard.0)];
        fence.current.fetch_max(epoch, Ordering::SeqCst);
    }

    /// The claim that a lane's knowledge of a shard belongs to; 0 when it is not owned.
    pub(super) fn claim_of(&self, shard: ShardId) -> i64 {
        self.shards[usize::from(shard.0)]
            .claimed
            .load(Ordering::SeqCst)
    }

    /// The epoch that this node last heard of.
    pub(super) fn epoch_of(&self, shard: ShardId) -> i64 {
        self.shards[usize::from(shard.0)]
            .current
            .load(Ordering::SeqCst)
    }

    /// The epoch to write under, or `None` when the claim it was decided under is gone.
    pub(super) fn admit_shard(&self, shard: ShardId, epoch: i64) -> Option<i64> {
        let fence = &self.shards[usize::from(shard.0)];
        let claimed = fence.claimed.load(Ordering::SeqCst);
        let current = fence.current.load(Ordering::SeqCst);
        (claimed > 0 && (claimed..=current).contains(&epoch)).then_some(current)
    }

    /// A claim succeeded.
    pub(super) fn claim_location(&self, location: LocationCode, epoch: i64) {
        let fence = LocationFence {
            claimed: epoch,
            current: epoch,
        };
        self.write().insert(location, fence);
    }

    /// The stock lane re-claimed what it owns.
    pub(super) fn raise_location(&self, location: &LocationCode, epoch: i64) {
        if let Some(fence) = self.write().get_mut(location) {
            fence.current = fence.current.max(epoch);
        }
    }

    /// The epoch that this node last heard of; 0 when it is not owned.
    pub(super) fn epoch_at(&self, location: &LocationCode) -> i64 {
        let locations = self.read();
        locations.get(location).map_or(0, |fence| fence.current)
    }

    /// The epoch to write under, or `None` when the claim it was decided under is gone.
    pub(super) fn admit_location(&self, location: &LocationCode, epoch: i64) -> Option<i64> {
        let fence = *self.read().get(location)?;
        (fence.claimed..=fence.current)
            .contains(&epoch)
            .then_some(fence.current)
    }

    /// Says that a shard's log has grown.
    pub(super) fn note_commit(&self, shard: ShardId) {
        self.unlisted.set(shard);
        self.unpublished.set(shard);
        self.untold.set(shard);
        self.grown.notify_one();
    }

    /// Says that a location's ledger has grown.
    pub(super) fn note_stock(&self, location: &LocationCode) {
        for readers in [&self.moved, &self.moved_untold] {
            let mut moved = readers.lock().unwrap_or_else(PoisonError::into_inner);
            if !moved.contains(location) {
                moved.insert(location.clone());
            }
        }
        self.grown.notify_one();
    }

    /// The shards whose log has grown since the last call; for the order list.
    pub(super) fn take_fresh(&self) -> Vec<i16> {
        self.unlisted.take()
    }

    /// The shards whose log has grown since the last call; for the publisher.
    pub(super) fn take_unpublished(&self) -> Vec<i16> {
        self.unpublished.take()
    }

    /// The locations whose ledger has grown since the last call; for the publisher.
    pub(super) fn take_moved(&self) -> BTreeSet<LocationCode> {
        take(&self.moved)
    }

    /// The shards and locations whose log has grown since the last call; for the feed.
    pub(super) fn take_untold(&self) -> (Vec<i16>, BTreeSet<LocationCode>) {
        (self.untold.take(), take(&self.moved_untold))
    }

    /// The locations that this node has claimed.
    pub(super) fn claimed_locations(&self) -> Vec<LocationCode> {
        self.read().keys().cloned().collect()
    }

    /// Waits until a log has grown since the last call.
    pub(super) async fn grown(&self) {
        self.grown.notified().await;
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<LocationCode, LocationFence>> {
        self.locations
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<LocationCode, LocationFence>> {
        self.locations
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(moved: &Mutex<BTreeSet<LocationCode>>) -> BTreeSet<LocationCode> {
    let mut moved = moved.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut moved)
}

impl Marks {
    fn set(&self, shard: ShardId) {
        let word = &self.0[usize::from(shard.0 / 64)];
        word.fetch_or(1 << (shard.0 % 64), Ordering::Relaxed);
    }

    fn take(&self) -> Vec<i16> {
        let mut shards = Vec::new();
        for (index, word) in self.0.iter().enumerate() {
            let bits = word.swap(0, Ordering::Relaxed);
            let first = i16::try_from(index * 64).unwrap_or_default();
            shards.extend(
                (0..64_i16)
                    .filter(|bit| bits & (1 << bit) != 0)
                    .map(|bit| first + bit),
            );
        }
        shards
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_append_of_this_claim_is_sent_under_the_raised_epoch() {
        let fences = Fences::new();
        let shard = ShardId(9);
        assert_eq!(fences.admit_shard(shard, 1), None, "not owned");
        fences.claim_shard(shard, 4);
        fences.raise_shard(shard, 6);
        assert_eq!(fences.admit_shard(shard, 4), Some(6));
        assert_eq!(fences.admit_shard(shard, 3), None, "an older claim");
        assert_eq!(fences.admit_shard(shard, 7), None, "nobody's");
        fences.claim_shard(shard, 8);
        assert_eq!(fences.admit_shard(shard, 6), None, "claimed again since");
    }

    #[test]
    fn every_shard_that_grew_is_named_once() {
        let fences = Fences::new();
        for shard in [0, 63, 64, 255, 255] {
            fences.note_commit(ShardId(shard));
        }
        assert_eq!(fences.take_fresh(), vec![0, 63, 64, 255]);
        assert!(fences.take_fresh().is_empty());
        // Each reader has its own marks.
        assert_eq!(fences.take_unpublished(), vec![0, 63, 64, 255]);
        assert_eq!(fences.take_untold().0, vec![0, 63, 64, 255]);
    }

    #[test]
    fn every_location_whose_stock_moved_is_named_once() {
        let fences = Fences::new();
        let location = LocationCode("BER1".into());
        for _ in 0..2 {
            fences.note_stock(&location);
        }
        assert!(fences.claimed_locations().is_empty(), "moved is not owned");
        assert_eq!(fences.take_moved(), [location.clone()].into());
        assert_eq!(fences.take_untold().1, [location].into());
        assert!(fences.take_moved().is_empty());
    }
}
