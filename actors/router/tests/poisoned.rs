//! Acceptance scenario 12: a poisoned feed. 10,000 statements of a marketplace, of which 7 cannot be read,
//! 12 repeat what was said and 3 are cancellations that come before their orders; on the way the cursor is
//! lost, and an hour of the feed is listed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::port::{
    CallError, Connector, Forged, Inbound, InboundOrder, Page, Poll, RawRequest, Statement,
};
use orderhub_domain::order::{ChannelFact, Stage};

use crate::router::Inlet;
use crate::testing::{Hall, Plan, channel, midnight, order_of};

const ORDERS: usize = 9_981;
const CANCELLED: usize = 3;
const MALFORMED: usize = 7;
const REPEATED: usize = 12;
const PAGE: usize = 200;

/// How much of the feed is an hour of it.
const HOUR: usize = 3_000;

/// A marketplace's feed. A statement is an id, with `!` before it once it is cancelled.
struct Feed {
    stated: Vec<String>,
    /// Where the cursor is lost, once.
    lost_at: Mutex<Option<usize>>,
    /// Statements that were listed, repeats and the lost hour among them.
    listed: Mutex<usize>,
}

impl Feed {
    /// Cancellations come first and their orders last, what cannot be read and what is said again stands
    /// all over it.
    fn poisoned() -> Self {
        let mut stated: Vec<String> = (0..ORDERS)
            .map(|number| {
                let mark = if number < CANCELLED { "!" } else { "" };
                format!("{mark}M-{number}")
            })
            .collect();
        for place in 0..REPEATED - CANCELLED {
            let said = stated[100 + place * 700].clone();
            stated.insert(900 + place * 1_000, said);
        }
        for place in 0..MALFORMED {
            stated.insert(55 + place * 1_300, format!("broken {place}"));
        }
        stated.extend((0..CANCELLED).map(|number| format!("M-{number}")));
        assert_eq!(stated.len(), 10_000);
        Self {
            stated,
            lost_at: Mutex::new(Some(7_000)),
            listed: Mutex::new(0),
        }
    }
}

impl Connector for Feed {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let stated = std::str::from_utf8(request.body).expect("text");
        if stated.starts_with("broken") {
            let reason = "total cannot be read".to_owned();
            return vec![Inbound::Unreadable { reason }];
        }
        let at = stated.starts_with('!').then(midnight);
        let mut order = order_of(stated.trim_start_matches('!'), "A", 1, "pm").submission;
        order.draft.cancelled_at = at;
        vec![Inbound::Order(Box::new(InboundOrder {
            submission: order,
            body_hash: stated.to_owned(),
            facts: at
                .map(|at| ChannelFact::Cancelled { at })
                .into_iter()
                .collect(),
            wanted: std::collections::BTreeMap::new(),
        }))]
    }

    fn is_live(&self) -> bool {
        true
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(self)
    }
}

#[async_trait]
impl Poll for Feed {
    fn every(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn page(&self, cursor: Option<&str>, _: Timestamp) -> Result<Page, CallError> {
        let mut from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("our own cursor"));
        let mut lost = self.lost_at.lock().expect("a lock");
        if lost.take_if(|at| from >= *at).is_some() {
            from -= HOUR;
        }
        let until = (from + PAGE).min(self.stated.len());
        let page = &self.stated[from..until];
        *self.listed.lock().expect("a lock") += page.len();
        let statement = |stated: &String| Statement {
            headers: BTreeMap::new(),
            raw: stated.as_bytes().to_vec(),
        };
        Ok(Page {
            statements: page.iter().map(statement).collect(),
            next: until.to_string(),
            more: until < self.stated.len(),
        })
    }
}

async fn open(feed: &Arc<Feed>) -> Hall {
    let inlet = Inlet {
        source: "sales/market".into(),
        slug: "market".into(),
        channel: Some(channel()),
        connector: feed.clone(),
        poll_every: None,
    };
    let plan = Plan {
        inlet: Some(inlet),
        ..Plan::default()
    };
    let hall = plan.open().await;
    hall.stock("BER1", "A", 20_000).await;
    hall
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_feed_gives_each_order_once_and_loses_nothing() {
    let feed = Arc::new(Feed::poisoned());
    let hall = open(&feed).await;
    let everything = feed.stated.len() + HOUR;
    for _ in 0..3_600 {
        if hall.shelf.noted().len() >= everything {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(*feed.listed.lock().expect("a lock"), everything);
    assert_eq!(hall.shelf.noted().len(), everything);

    let under_way = |stage: &Stage| !matches!(stage, Stage::Fulfilling | Stage::Cancelled);
    for _ in 0..3_600 {
        let orders = hall.twin.orders();
        if !orders.iter().any(|(_, stage, ..)| under_way(stage)) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let orders = hall.twin.orders();
    let ids: BTreeSet<_> = orders.iter().map(|(id, ..)| *id).collect();
    assert_eq!((orders.len(), ids.len()), (ORDERS, ORDERS));
    let count = |wanted| {
        orders
            .iter()
            .filter(|(_, stage, ..)| *stage == wanted)
            .count()
    };
    assert_eq!(count(Stage::Cancelled), CANCELLED, "cancelled on arrival");
    assert_eq!(count(Stage::Fulfilling), ORDERS - CANCELLED);
    let counters = hall.counters("BER1", "A");
    let units = i64::try_from(ORDERS - CANCELLED).expect("a number");
    assert_eq!(
        (counters.allocated, counters.reserved),
        (units, 0),
        "one unit an order"
    );

    let kept = hall.twin.kept();
    assert_eq!(kept.len(), MALFORMED);
    for message in kept {
        assert_eq!(message.reason, "dead: unreadable: total cannot be read");
    }
}
