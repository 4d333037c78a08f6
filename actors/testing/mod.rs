//! What the crate's tests share: a whole node on the in-memory store, with partners that answer
//! at once or as told, and builders.

mod partners;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use orderhub_channels::port::Repeat;
use orderhub_domain::canonical::{
    Address, CaptureMode, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails,
    Submission, TaxMode, Terms,
};
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Sku, Slug};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{Location, Order, Places, Stage};
use orderhub_domain::policy::Policy;
use orderhub_domain::quantity::Quantity;
use orderhub_domain::stock::Counters;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::api::{Delivery, HubApi, NewOrder, Receipt};
use crate::locked;
use crate::node::{Connectors, LocationConfig, Node, NodeConfig, Stores, start};
use crate::ports::Parked;
use crate::router::{Hub, Inlet, Inlets};
use crate::shared::{Limits, Site};
use crate::twin::Twin;

use partners::{Agreeable, Post};
pub(crate) use partners::{Gateway, Mood};

pub(crate) fn midnight() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a time")
}

pub(crate) fn eur() -> Currency {
    Currency::from_code("EUR").expect("a currency")
}

pub(crate) fn euros(amount: &str) -> Money {
    Money::exact(amount.parse().expect("a number"), eur()).expect("an amount")
}

pub(crate) fn channel() -> ChannelId {
    ChannelId(Uuid::from_u128(7))
}

/// Reads kept messages from a shelf of deliveries, by body; its one connection is the vendor's that was
/// put there.
#[derive(Default)]
pub(crate) struct Shelf {
    deliveries: Mutex<Vec<Delivery>>,
    inlet: Option<Inlet>,
    noted: Mutex<Vec<Receipt>>,
}

impl Shelf {
    pub(crate) fn put(&self, delivery: &Delivery) {
        locked(&self.deliveries).push(delivery.clone());
    }

    /// What became of everything that was asked for, in its order.
    pub(crate) fn noted(&self) -> Vec<Receipt> {
        locked(&self.noted).clone()
    }
}

impl Inlets for Shelf {
    fn read(&self, message: &Parked) -> Option<Delivery> {
        let deliveries = locked(&self.deliveries);
        deliveries.iter().find(|d| d.body == message.body).cloned()
    }

    fn inlet(&self, source: &str) -> Option<Inlet> {
        let inlet = self.inlet.clone();
        inlet.filter(|inlet| inlet.source == source)
    }

    fn polled(&self) -> Vec<Inlet> {
        let inlet = self.inlet.clone();
        let polled = inlet.filter(|inlet| inlet.connector.poll().is_some());
        polled.into_iter().collect()
    }

    fn followed(&self) -> Vec<Inlet> {
        let inlet = self.inlet.clone();
        let followed = inlet.filter(|inlet| {
            let connector = &inlet.connector;
            connector.follow().is_some() || connector.enlist().is_some()
        });
        followed.into_iter().collect()
    }

    fn note(&self, _: &Delivery, receipt: &Receipt, _: Timestamp) {
        locked(&self.noted).push(receipt.clone());
    }
}

/// A whole hub.
pub(crate) struct Hall {
    pub(crate) twin: Twin,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) post: Arc<Post>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) node: Node,
    pub(crate) hub: Hub,
}

/// How a test wants its hub.
pub(crate) struct Plan {
    pub(crate) twin: Twin,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) locations: Vec<&'static str>,
    pub(crate) repeat: Repeat,
    /// The connection that is asked for things.
    pub(crate) inlet: Option<Inlet>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            twin: Twin::new(midnight()),
            policy: Policy::default(),
            limits: Limits::default(),
            locations: vec!["BER1"],
            repeat: Repeat::Keyed {
                valid_for: Duration::from_hours(24),
            },
            inlet: None,
        }
    }
}

impl Plan {
    pub(crate) async fn open(self) -> Hall {
        let gateway = Gateway::new(self.repeat);
        let post = Arc::new(Post::default());
        let kept = Arc::new(Shelf {
            inlet: self.inlet,
            ..Shelf::default()
        });
        let mut connectors = Connectors::default();
        connectors
            .payments
            .insert("stripe".into(), Arc::clone(&gateway) as _);
        connectors
            .carriers
            .insert("post".into(), Arc::clone(&post) as _);
        connectors
            .warehouses
            .insert("own".into(), Arc::new(Agreeable) as _);
        let locations = self.locations.iter().map(|code| LocationConfig {
            location: Location::plain((*code).into(), "DE".into()),
            site: Site {
                warehouse: "own".into(),
                carrier: Some("post".into()),
                address: Address {
                    country: Some("DE".into()),
                    ..Address::default()
                },
            },
        });
        let config = NodeConfig {
            policy: self.policy,
            limits: self.limits,
            locations: locations.collect(),
        };
        let stores = Stores {
            lanes: vec![self.twin.lane(), self.twin.lane()],
            stock_lane: self.twin.stock_lane(),
            journal: self.twin.journal(),
            stock_book: self.twin.stock_book(),
            ownership: self.twin.ownership("hub-1"),
        };
        let reader = Arc::clone(&kept) as Arc<dyn Inlets>;
        let node = start(config, stores, connectors, reader)
            .await
            .expect("the node starts");
        Hall {
            twin: self.twin,
            gateway,
            post,
            shelf: kept,
            hub: node.hub(),
            node,
        }
    }
}

impl Hall {
    pub(crate) async fn open() -> Self {
        Plan::default().open().await
    }

    pub(crate) async fn stock(&self, location: &str, sku: &str, on_hand: i64) {
        let counted = self
            .hub
            .count(location.into(), sku.into(), on_hand, None)
            .await;
        assert_eq!(counted.expect("counted").on_hand, on_hand);
    }

    pub(crate) async fn order(&self, order: OrderId) -> Order {
        let found = self.hub.order(order).await.expect("the store answers");
        found.expect("the order is there").0
    }

    pub(crate) async fn stage(&self, order: OrderId) -> Stage {
        self.order(order).await.stage
    }

    /// Waits until the order is in one of the stages.
    pub(crate) async fn until(&self, order: OrderId, stages: &[Stage]) -> Order {
        for _ in 0..6_000 {
            let now = self.order(order).await;
            if stages.contains(&now.stage) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still {:?}", self.order(order).await);
    }

    pub(crate) fn awake(&self) -> usize {
        self.hub.shared.awake.load(Ordering::Relaxed)
    }

    pub(crate) fn counters(&self, location: &str, sku: &str) -> Counters {
        let (location, sku) = (LocationCode::from(location), Sku::from(sku));
        self.hub.shared.board.counters(&location, &sku)
    }
}

/// An order of `quantity` units at 10 EUR each, to be authorised with `token`.
pub(crate) fn order_of(external_id: &str, sku: &str, quantity: u32, token: &str) -> NewOrder {
    let total = Money::exact(Decimal::from(10 * quantity), eur()).expect("an amount");
    let terms = Terms::ToAuthorize {
        gateway: "stripe".into(),
        token: token.into(),
        capture: CaptureMode::Many,
    };
    NewOrder {
        wanted: BTreeMap::new(),
        channel: channel(),
        channel_slug: Slug::from("web"),
        live_connection: true,
        submission: Submission {
            draft: OrderDraft {
                changed_at: None,
                awaits_release: false,
                point: None,
                external_id: external_id.into(),
                number: None,
                placed_at: midnight(),
                currency: eur(),
                tax_mode: TaxMode::Inclusive,
                test: false,
                cancelled_at: None,
                destination: Some("DE".into()),
                pickup_location: None,
                lines: vec![DraftLine {
                    customs: None,
                    part_of: None,
                    external_id: "1".into(),
                    sku: Some(sku.into()),
                    title: "A thing".into(),
                    quantity: Quantity::units(quantity),
                    unit_price: Decimal::from(10),
                    discounts: Vec::new(),
                    taxes: Vec::new(),
                    weight_g: None,
                    fulfilled_by: FulfilledBy::Us,
                }],
                shipping: Vec::new(),
                fees: Vec::new(),
                discounts: Vec::new(),
                tenders: vec![DraftTender {
                    amount: total,
                    terms,
                }],
                stated_total: total,
            },
            private: PrivateDetails::default(),
        },
        body_hash: format!("hash of {external_id}"),
        request: None,
        actor: "key:test".into(),
    }
}
