//! What every seller does: waits for the hub, sells at a rate, stops when it is told to.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::faults::{Faults, Trouble};
use super::goods::Line;
use super::ledger::{Ledger, Manner};
use super::locked;
use super::place::{HubUrl, LocalAddress};

/// Nobody sells any more while so many letters wait for the hub.
pub(super) const PATIENCE: usize = 1_000;

/// What a channel that is asked for its orders is started with, whatever its vendor.
#[derive(Debug)]
pub struct Stall {
    /// The hub.
    pub hub: HubUrl,
    /// The sales connection there.
    pub slug: String,
    /// Where the channel's API listens.
    pub address: LocalAddress,
    /// What it sells: at least one.
    pub skus: Vec<String>,
    /// Orders a second; more than none.
    pub rate: Decimal,
    /// What its chances depend on.
    pub seed: u64,
    /// How much goes wrong.
    pub faults: Faults,
    /// Its book; without one it forgets with its process.
    pub book: Option<PathBuf>,
}

impl Stall {
    /// Where its webhooks go.
    pub(super) fn hook(&self) -> HubUrl {
        self.hub.path(&["v1", "hooks", "sales", &self.slug])
    }

    /// What goes wrong with those who ask it.
    pub(super) const fn trouble(&self) -> Trouble {
        Trouble::new(self.faults, self.seed)
    }
}

/// Calls `sell` at this rate until `stop`.
pub(super) async fn at_rate(rate: Decimal, stop: &CancellationToken, mut sell: impl FnMut()) {
    let mut ticks = interval(pause(rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        sell();
    }
}

/// Sells into a ledger while it is `open`, says what was `sold`, and lets buyers have second thoughts.
pub(super) async fn sell(
    stall: &Stall,
    ledger: &Mutex<Ledger>,
    manner: Manner,
    open: impl Fn() -> bool,
    sold: impl Fn(&[Line]),
    stop: &CancellationToken,
) {
    let selling = at_rate(stall.rate, stop, || {
        let mut ledger = locked(ledger);
        if !open() || ledger.outbox().len() >= PATIENCE {
            return;
        }
        match ledger.sell(stall.seed, &stall.skus, manner) {
            Ok(lines) => sold(&lines),
            Err(error) => {
                tracing::error!(%error, "the book takes no line; nothing is sold");
            }
        }
    });
    let regretting = at_rate(Decimal::ONE, stop, || {
        if let Err(error) = locked(ledger).regret(Timestamp::now()) {
            tracing::error!(%error, "the book takes no line; nobody thinks again");
        }
    });
    tokio::join!(selling, regretting);
}

/// The time between two orders.
fn pause(rate: Decimal) -> Duration {
    let millis = Decimal::from(1_000).checked_div(rate);
    let millis = millis.and_then(|millis| millis.to_u64());
    Duration::from_millis(millis.unwrap_or(1_000).max(1))
}
