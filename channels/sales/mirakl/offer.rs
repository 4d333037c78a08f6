//! The way of stock to a marketplace: files of units by SKU (STO01), one after the other and at most one a minute.
//!
//! A number waits until a file may go, and the file takes every number that waits: whoever has the turn sends it
//! for all of them, asks what became of it (STO02), and tells each its outcome. A file states whole numbers, so one
//! that comes twice changes nothing; one that arrives late is put right by the next. What a shop offers is not read
//! first: the marketplace asks not to be asked for one offer after the other (OF21).

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::rest::{Changed, Rest};
use super::stock_file::{self, Report};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Manner, Offered, StockWay};
use crate::wire::{Exact, path_id};

/// Where files go.
const FILES: &str = "/api/offers/stock/imports";

/// Largest number that a marketplace is told.
const MOST: i64 = 1_000_000_000;

/// How often a file is asked after before it is left alone.
const LOOKS: u32 = 40;

/// What is not known of a file's numbers.
const NO_WORD: &str = "the marketplace has not said yet what became of a file of stock";

/// How far apart things are done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long a file waits for more numbers.
    pub(super) gather: Duration,
    /// From one file to the next: "Maximum usage: Once per minute" (STO01).
    pub(super) between: Duration,
    /// From one question after a file to the next: "Maximum usage: Once every 15 seconds" (STO02).
    pub(super) look: Duration,
}

impl Pace {
    /// What the marketplaces ask for.
    pub(super) const ASKED: Self = Self {
        gather: Duration::from_secs(2),
        between: Duration::from_secs(61),
        look: Duration::from_secs(30),
    };
}

/// The offers of one shop.
pub(super) struct Offers {
    rest: Arc<Rest>,
    /// The warehouse whose units they are; without one they are the offer's as a whole.
    warehouse: Option<String>,
    pace: Pace,
    waiting: Mutex<Waiting>,
    /// When the last file went. Whoever holds it sends the next one for all that wait.
    turn: tokio::sync::Mutex<Option<Instant>>,
}

/// Numbers that wait for a file, the newest of each SKU.
type Waiting = BTreeMap<Sku, Number>;

struct Number {
    units: i64,
    told: oneshot::Sender<Outcome>,
}

type Outcome = Result<Offered, CallError>;

/// A file that was handed in.
#[derive(Deserialize)]
struct HandedIn {
    import_id: Exact,
}

/// What became of it.
#[derive(Deserialize)]
struct Status {
    status: String,
    #[serde(default)]
    has_error_report: bool,
}

/// What a shop offers.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    offers: Vec<Offer>,
}

#[derive(Deserialize)]
struct Offer {
    #[serde(default)]
    shop_sku: Option<String>,
}

impl Offers {
    /// Those of the shop behind this door.
    pub(super) fn new(rest: Arc<Rest>, warehouse: Option<String>, pace: Pace) -> Self {
        Self {
            rest,
            warehouse,
            pace,
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Sends a file of everything that waits, and tells each number what became of it.
    async fn tell(&self, last: &mut Option<Instant>) {
        sleep(self.pace.gather).await;
        if let Some(last) = *last {
            sleep_until(last + self.pace.between).await;
        }
        let mut numbers = mem::take(&mut *self.waiting());
        // Whoever asked has gone: a newer number may be on its way to us.
        numbers.retain(|_, number| !number.told.is_closed());
        if numbers.is_empty() {
            return;
        }
        *last = Some(Instant::now());
        let report = self.send(&numbers).await;
        let mut judged = BTreeMap::new();
        for (sku, number) in numbers {
            let outcome = match &report {
                Ok(report) => self.outcome(&sku, report, &mut judged).await,
                Err(failure) => Err(failure.clone()),
            };
            // Nobody may be waiting for it any more.
            number.told.send(outcome).ok();
        }
    }

    /// Hands in a file of these numbers and waits until the marketplace has read it.
    async fn send(&self, numbers: &Waiting) -> Result<Report, CallError> {
        let warehouse = self.warehouse.as_deref().unwrap_or_default();
        let rows = numbers.iter().map(|(sku, number)| (sku, number.units));
        let content = stock_file::written(rows, warehouse)
            .ok_or_else(|| CallError::not_now("the file of stock cannot be written"))?;
        let id = match self.rest.file(FILES, "stock.csv", &content).await? {
            Changed::Made(answer) => serde_json::from_slice::<HandedIn>(&answer).ok(),
            Changed::Refused(code) => {
                let reason = format!("the marketplace takes no file of stock ({code})");
                return Err(CallError::not_now(reason));
            }
        };
        let id = id.and_then(|file| path_id(&file.import_id.0).map(str::to_owned));
        let id = id.ok_or_else(|| CallError::unknown("the marketplace's answer cannot be read"))?;
        for _ in 0..LOOKS {
            sleep(self.pace.look).await;
            let asked = self
                .rest
                .look_up(&format!("{FILES}/{id}/status"), &[])
                .await;
            // A question that fails says nothing about the file.
            let Ok(Status {
                status,
                has_error_report,
            }) = asked
            else {
                continue;
            };
            match status.as_str() {
                "COMPLETE" if !has_error_report => return Ok(Report::default()),
                "COMPLETE" => {
                    let path = format!("{FILES}/{id}/error_report");
                    return Report::read(&self.rest.ask(&path, &[]).await?);
                }
                "FAILED" => {
                    let reason = "the marketplace could not work off a file of stock";
                    return Err(CallError::not_now(reason));
                }
                _ => {}
            }
        }
        Err(CallError::under_way(NO_WORD))
    }

    /// What became of one number. Lines that failed for the same reason are looked into once: what the shop does
    /// not offer is none of our business.
    async fn outcome(
        &self,
        sku: &Sku,
        report: &Report,
        judged: &mut BTreeMap<String, Offered>,
    ) -> Outcome {
        let Some(reason) = report.reason(sku) else {
            return Ok(Offered::Set);
        };
        if let Some(known) = judged.get(&reason) {
            return Ok(known.clone());
        }
        let query = [("sku", sku.as_str()), ("max", "100")];
        let listed: Listed = self.rest.look_up("/api/offers", &query).await?;
        let mut offers = listed.offers.iter();
        let offered = if offers.any(|offer| offer.shop_sku.as_deref() == Some(sku.as_str())) {
            not_offered("not_taken")
        } else {
            Offered::NotSold
        };
        judged.insert(reason, offered.clone());
        Ok(offered)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl StockWay for Offers {
    /// As many as fit into a file whose report of errors can still be read.
    fn manner(&self) -> Manner {
        Manner {
            at_once: 1000,
            patience: Duration::from_mins(45),
        }
    }

    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Outcome {
        let (told, mut outcome) = oneshot::channel();
        let units = units.clamp(0, MOST);
        self.waiting().insert(sku.clone(), Number { units, told });
        // Whoever had the turn and was stopped has told nobody.
        let unheard = |_: oneshot::error::RecvError| Err(CallError::under_way(NO_WORD));
        let mut last = tokio::select! {
            biased;
            outcome = &mut outcome => return outcome.unwrap_or_else(unheard),
            last = self.turn.lock() => last,
        };
        self.tell(&mut last).await;
        outcome.await.unwrap_or_else(unheard)
    }
}
