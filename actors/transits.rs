//! What lanes take, in memory: read where a parcel is about to leave, and kept until a delivery of the lane
//! is written, at most for some minutes. Decisions look at it through the board.
//!
//! A store that does not answer in time keeps no parcel waiting: what was known before holds, else the
//! policy.

use std::collections::BTreeMap;
use std::sync::RwLock;
use std::time::Duration;

use orderhub_domain::order::{ShippingLane, Transit, TransitTime};
use tokio::time::{Instant, timeout};

use crate::ports::Journal;
use crate::{read, write};

/// How long a hand-over waits for what its lanes took.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long what was read is good for; other nodes may write deliveries of the same lane.
const FRESH: Duration = Duration::from_mins(10);

/// Lanes that are kept. A retailer has some hundreds.
const LANES_MOST: usize = 10_000;

/// What lanes take.
#[derive(Debug, Default)]
pub(crate) struct Transits(RwLock<BTreeMap<ShippingLane, Known>>);

#[derive(Debug)]
struct Known {
    /// Nothing where too few parcels were delivered.
    time: Option<TransitTime>,
    /// Until when it need not be read again; `None` when it must.
    fresh_until: Option<Instant>,
}

impl Transits {
    /// What the lane says, as last read.
    pub(crate) fn time(&self, lane: &ShippingLane) -> Option<TransitTime> {
        read(&self.0).get(lane).and_then(|known| known.time)
    }

    /// Reads what is not known, or old, about these lanes.
    pub(crate) async fn prepare(&self, lanes: &[ShippingLane], journal: &dyn Journal) {
        for lane in lanes.iter().filter(|lane| !self.is_fresh(lane)) {
            let why = match timeout(PATIENCE, journal.transits(lane)).await {
                Ok(Ok(took)) => {
                    self.learn(lane, TransitTime::of(&took));
                    continue;
                }
                Ok(Err(error)) => error.0,
                Err(_) => format!("no answer within {PATIENCE:?}"),
            };
            tracing::warn!(
                why,
                "a parcel leaves without news of what its lane takes; what was known holds, else the policy"
            );
        }
    }

    /// Deliveries were written: what is known of their lanes is old.
    pub(crate) fn outdate(&self, delivered: &[Transit]) {
        if delivered.is_empty() {
            return;
        }
        let mut lanes = write(&self.0);
        for transit in delivered {
            if let Some(known) = lanes.get_mut(&transit.lane) {
                known.fresh_until = None;
            }
        }
    }

    fn is_fresh(&self, lane: &ShippingLane) -> bool {
        let lanes = read(&self.0);
        let until = lanes.get(lane).and_then(|known| known.fresh_until);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn learn(&self, lane: &ShippingLane, time: Option<TransitTime>) {
        let mut lanes = write(&self.0);
        if lanes.len() >= LANES_MOST && !lanes.contains_key(lane) {
            // They are read again as their parcels leave.
            lanes.clear();
        }
        let fresh_until = Some(Instant::now() + FRESH);
        lanes.insert(lane.clone(), Known { time, fresh_until });
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn lane(destination: &str) -> ShippingLane {
        ShippingLane {
            account: "post".into(),
            carrier: "Post".to_owned(),
            service: None,
            origin: "DE".to_owned(),
            destination: destination.to_owned(),
        }
    }

    const TEN_HOURS: TransitTime = TransitTime {
        after: SignedDuration::from_hours(10),
        deliveries: 20,
    };

    #[tokio::test(start_paused = true)]
    async fn what_was_read_is_good_until_a_delivery_or_for_some_minutes() {
        let known = Transits::default();
        let (de, fr) = (lane("DE"), lane("FR"));
        assert!(!known.is_fresh(&de));
        known.learn(&de, Some(TEN_HOURS));
        known.learn(&fr, None);
        assert!(known.is_fresh(&de) && known.is_fresh(&fr));
        let delivery = Transit {
            fulfilment: 1,
            parcel: 1,
            lane: de.clone(),
            took: SignedDuration::from_hours(1),
            delivered_at: Timestamp::UNIX_EPOCH,
        };
        known.outdate(&[delivery]);
        assert!(!known.is_fresh(&de) && known.is_fresh(&fr));
        assert_eq!(known.time(&de), Some(TEN_HOURS), "better than nothing");
        tokio::time::advance(FRESH).await;
        assert!(!known.is_fresh(&fr));
        assert_eq!((known.time(&fr), known.time(&lane("IT"))), (None, None));
    }
}
