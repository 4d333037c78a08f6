//! Things that webhooks only name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use orderhub_channels::port::{
    CallError, Connector, Forged, Inbound, LookUp, RawRequest, Resource, Statement,
};
use orderhub_domain::policy::Policy;
use tokio::sync::Notify;

use super::{delivery, snapshot};
use crate::api::{Delivery, HubApi, Received};
use crate::router::Inlet;
use crate::testing::{Hall, Plan, channel};

/// A shop that names its orders and states them when it is asked.
#[derive(Default)]
struct Shop {
    /// The orders that it has.
    orders: Mutex<Vec<String>>,
    /// So many questions are not answered first.
    failing: AtomicUsize,
    asked: AtomicUsize,
    /// An answer waits for this while it is held.
    held: Mutex<bool>,
    go_on: Notify,
}

impl Shop {
    fn sells(self: &Arc<Self>, order: &str) {
        self.orders.lock().expect("a lock").push(order.to_owned());
    }
}

impl Connector for Shop {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        assert_eq!(request.header("x-topic"), Some("order"));
        let id = std::str::from_utf8(request.body).expect("an id");
        vec![snapshot(id, "as stated", Vec::new())]
    }

    fn is_live(&self) -> bool {
        true
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }
}

#[async_trait]
impl LookUp for Shop {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let is_there = self.orders.lock().expect("a lock").contains(&resource.id);
        if *self.held.lock().expect("a lock") {
            self.go_on.notified().await;
        }
        let fails = |left: usize| left.checked_sub(1);
        if self
            .failing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails)
            .is_ok()
        {
            return Err(CallError::not_done("the partner cannot be reached"));
        }
        let statement = Statement {
            headers: BTreeMap::from([("x-topic".to_owned(), "order".to_owned())]),
            raw: resource.id.clone().into_bytes(),
        };
        Ok(is_there.then_some(statement).into_iter().collect())
    }
}

fn named(id: &str) -> Delivery {
    let resource = Resource {
        kind: "order".into(),
        id: id.into(),
    };
    delivery("sales/shop", id, vec![Inbound::Changed(resource)])
}

async fn open(shop: &Arc<Shop>) -> Hall {
    let policy = Policy {
        parked_patience: SignedDuration::from_mins(2),
        ..Policy::default()
    };
    let inlet = Inlet {
        source: "sales/shop".into(),
        slug: "shop".into(),
        channel: Some(channel()),
        connector: shop.clone(),
        poll_every: None,
    };
    let plan = Plan {
        policy,
        inlet: Some(inlet),
        ..Plan::default()
    };
    let hall = plan.open().await;
    hall.stock("BER1", "A", 50).await;
    hall
}

/// Until nothing waits to be looked up.
async fn settled(hall: &Hall) {
    for _ in 0..600 {
        if hall.twin.kept().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("still {:?}", hall.twin.kept());
}

/// How many orders of the channel's id there are: placing the same one again says whether it is.
async fn is_placed(hall: &Hall, id: &str) -> bool {
    let mut order = crate::testing::order_of(id, "A", 1, "pm");
    order.body_hash = "as stated".into();
    hall.hub.place(order).await.expect("placed").repeated
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_only_named_is_placed_as_the_shop_states_it() {
    let shop = Arc::new(Shop::default());
    shop.sells("T-1");
    let hall = open(&shop).await;
    let receipt = hall.hub.inbound(named("T-1")).await.expect("kept");
    assert_eq!(receipt.received, Received::Unmatched);
    assert_eq!(receipt.reason.as_deref(), Some("to_look_up"));
    settled(&hall).await;
    assert!(is_placed(&hall, "T-1").await);
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_cannot_be_asked_is_asked_again() {
    let shop = Arc::new(Shop::default());
    shop.sells("T-1");
    shop.failing.store(3, Ordering::SeqCst);
    let hall = open(&shop).await;
    hall.hub.inbound(named("T-1")).await.expect("kept");
    settled(&hall).await;
    assert_eq!(shop.asked.load(Ordering::SeqCst), 4);
    assert!(is_placed(&hall, "T-1").await);
}

#[tokio::test(start_paused = true)]
async fn what_the_shop_does_not_know_is_dropped() {
    let shop = Arc::new(Shop::default());
    let hall = open(&shop).await;
    hall.hub.inbound(named("invented")).await.expect("kept");
    settled(&hall).await;
    assert!(!is_placed(&hall, "invented").await);
}

#[tokio::test(start_paused = true)]
async fn what_is_named_during_the_call_is_looked_up_again() {
    let shop = Arc::new(Shop::default());
    *shop.held.lock().expect("a lock") = true;
    let hall = open(&shop).await;
    hall.hub.inbound(named("T-1")).await.expect("kept");
    while shop.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The shop was asked before it had the order, and names it in the same bytes once it has.
    shop.sells("T-1");
    hall.hub.inbound(named("T-1")).await.expect("kept");
    *shop.held.lock().expect("a lock") = false;
    shop.go_on.notify_waiters();
    settled(&hall).await;
    assert_eq!(shop.asked.load(Ordering::SeqCst), 2);
    assert!(is_placed(&hall, "T-1").await);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_up_for_too_long_is_dead_and_lives_again_by_a_replay() {
    let shop = Arc::new(Shop::default());
    shop.sells("T-1");
    shop.failing.store(usize::MAX, Ordering::SeqCst);
    let hall = open(&shop).await;
    hall.hub.inbound(named("T-1")).await.expect("kept");
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let kept = hall.twin.kept();
    let [dead] = kept.as_slice() else {
        panic!("one message, not {kept:?}");
    };
    assert_eq!(
        dead.reason,
        "dead: the partner cannot be reached after 120 s"
    );
    let asked = shop.asked.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert_eq!(shop.asked.load(Ordering::SeqCst), asked, "left alone");
    shop.failing.store(0, Ordering::SeqCst);
    hall.hub.inbound(named("T-1")).await.expect("kept");
    settled(&hall).await;
    assert!(is_placed(&hall, "T-1").await);
}
