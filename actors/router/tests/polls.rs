//! Connections that are asked what is new.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::port::{
    CallError, Connector, Forged, Inbound, Page, Poll, RawRequest, Statement,
};

use super::snapshot;
use crate::api::{HubApi, Received};
use crate::router::Inlet;
use crate::testing::{Hall, Plan, channel, order_of};

/// A marketplace with a list of orders, three on a page. A cursor is a place in the list.
#[derive(Default)]
struct Market {
    listed: Vec<&'static str>,
    asked: Mutex<Vec<Option<String>>>,
    /// So many questions are not answered first.
    failing: Mutex<u32>,
    /// The next question breaks the connector itself.
    breaks: Mutex<bool>,
    /// It is asked every second.
    urgent: bool,
}

impl Market {
    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().expect("a lock").clone()
    }
}

impl Connector for Market {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let id = std::str::from_utf8(request.body).expect("an id");
        if id == "broken" {
            let reason = "the body is not JSON at line 1, column 1".into();
            return vec![Inbound::Unreadable { reason }];
        }
        vec![snapshot(id, "as listed", Vec::new())]
    }

    fn is_live(&self) -> bool {
        true
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(self)
    }
}

#[async_trait]
impl Poll for Market {
    fn every(&self) -> Duration {
        if self.urgent {
            return Duration::from_secs(1);
        }
        Duration::from_mins(2)
    }

    async fn page(&self, cursor: Option<&str>, _: Timestamp) -> Result<Page, CallError> {
        let cursor = cursor.map(str::to_owned);
        self.asked.lock().expect("a lock").push(cursor.clone());
        let breaks = std::mem::take(&mut *self.breaks.lock().expect("a lock"));
        assert!(!breaks, "inside");
        let mut failing = self.failing.lock().expect("a lock");
        if *failing > 0 {
            *failing -= 1;
            return Err(CallError::not_done("the partner cannot be reached"));
        }
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("our own cursor"));
        let page: Vec<_> = self.listed[from..].iter().take(3).collect();
        let next = from + page.len();
        let state = |id: &&&str| Statement {
            headers: BTreeMap::new(),
            raw: (**id).as_bytes().to_vec(),
        };
        Ok(Page {
            statements: page.iter().map(state).collect(),
            next: next.to_string(),
            more: next < self.listed.len(),
        })
    }
}

async fn open(market: &Arc<Market>) -> Hall {
    asked_every(market, None).await
}

async fn asked_every(market: &Arc<Market>, poll_every: Option<Duration>) -> Hall {
    let inlet = Inlet {
        source: "sales/market".into(),
        slug: "market".into(),
        channel: Some(channel()),
        connector: market.clone(),
        poll_every,
    };
    let plan = Plan {
        inlet: Some(inlet),
        ..Plan::default()
    };
    let hall = plan.open().await;
    hall.stock("BER1", "A", 50).await;
    hall
}

/// Until everything on the list was taken once.
async fn taken(hall: &Hall, market: &Market) -> Vec<Received> {
    for _ in 0..600 {
        let noted = hall.shelf.noted();
        if noted.len() >= market.listed.len() {
            return noted.iter().map(|receipt| receipt.received).collect();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("only {:?}", hall.shelf.noted());
}

async fn is_placed(hall: &Hall, id: &str) -> bool {
    let mut order = order_of(id, "A", 1, "pm");
    order.body_hash = "as listed".into();
    hall.hub.place(order).await.expect("placed").repeated
}

#[tokio::test(start_paused = true)]
async fn pages_are_taken_to_their_end_and_what_cannot_be_read_holds_up_nothing() {
    let market = Arc::new(Market {
        listed: vec!["M-1", "broken", "M-2", "M-1", "M-3"],
        ..Market::default()
    });
    let hall = open(&market).await;
    let fared = taken(&hall, &market).await;
    let [applied, invalid] = [Received::Applied, Received::Invalid];
    assert_eq!(fared, [applied, invalid, applied, applied, applied]);
    for id in ["M-1", "M-2", "M-3"] {
        assert!(is_placed(&hall, id).await, "{id}");
    }
    let kept = hall.twin.kept();
    let reasons: Vec<_> = kept.iter().map(|kept| kept.reason.as_str()).collect();
    let reason = "dead: unreadable: the body is not JSON at line 1, column 1";
    assert_eq!(reasons, [reason]);
    assert_eq!(market.asked(), [None, Some("3".to_owned())]);
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(market.asked().last(), Some(&Some("5".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_market_that_cannot_be_asked_is_asked_again_for_the_same() {
    let market = Arc::new(Market {
        listed: vec!["M-1"],
        failing: Mutex::new(3),
        ..Market::default()
    });
    let hall = open(&market).await;
    taken(&hall, &market).await;
    assert_eq!(market.asked(), [None, None, None, None]);
    assert!(is_placed(&hall, "M-1").await);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_every_second_is_not_left_alone_for_minutes() {
    let market = Arc::new(Market {
        listed: vec!["M-1"],
        failing: Mutex::new(12),
        urgent: true,
        ..Market::default()
    });
    let hall = open(&market).await;
    // Within ten minutes; doubled without end, the pauses would be an hour.
    taken(&hall, &market).await;
    assert!(is_placed(&hall, "M-1").await);
}

#[tokio::test(start_paused = true)]
async fn while_nothing_can_be_stored_the_cursor_stays() {
    let market = Arc::new(Market {
        listed: vec!["M-1", "M-2"],
        failing: Mutex::new(1),
        ..Market::default()
    });
    let hall = open(&market).await;
    hall.twin.fail_reads(6);
    taken(&hall, &market).await;
    let asked = market.asked();
    assert!(asked.iter().all(Option::is_none), "{asked:?}");
    assert!(is_placed(&hall, "M-2").await);
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_breaks_inside_is_asked_again() {
    let market = Arc::new(Market {
        listed: vec!["M-1"],
        breaks: Mutex::new(true),
        ..Market::default()
    });
    let hall = open(&market).await;
    taken(&hall, &market).await;
    assert_eq!(market.asked(), [None, None]);
    assert!(is_placed(&hall, "M-1").await);
}

#[tokio::test(start_paused = true)]
async fn a_market_is_asked_as_often_as_it_is_configured() {
    let market = Arc::new(Market {
        listed: vec!["M-1"],
        ..Market::default()
    });
    let hall = asked_every(&market, Some(Duration::from_secs(10))).await;
    taken(&hall, &market).await;
    let before = market.asked().len();
    tokio::time::sleep(Duration::from_mins(1)).await;
    // By itself it would have been asked after two minutes.
    let asked = market.asked().len() - before;
    assert!((5..=6).contains(&asked), "{asked}");
}
