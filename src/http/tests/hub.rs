//! A hub in memory: one lock, no effects, but the real domain decides.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::api::{
    Delivery, Done, HubApi, HubError, NewOrder, Placed, Receipt, Received, Said,
};
use orderhub_actors::past::{self, NewPast, PastSource};
use orderhub_actors::ports::{
    Journal, Loaded, OrderRef, Parked, ParkedState, Pause, Seen, Unavailable, Whose,
};
use orderhub_channels::port::{Inbound, UnderWay};
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::ids::{ChannelId, CommandId, LocationCode, OrderId, ShardId, Sku};
use orderhub_domain::order::{
    Asked, Command, Context, Decided, Fact, Features, Input, InputBody, Location, Mark, Order,
    PastPlacement, Placement, Places, Recorded, Rejection, RememberedRequest, ShippingLane,
    Sightings, Stage, decide, place, place_past,
};
use orderhub_domain::policy::Policy;
use orderhub_domain::stock::{Counters, LocationStock, StockCommand};
use tokio::sync::watch;
use uuid::Uuid;

use super::notes::Notes;
use crate::http::listing::OrderList;
use crate::store::{OrderFilter, OrderListing, OrderPage};

type Log = (Order, Vec<Recorded>);

/// The hub.
#[derive(Default)]
pub(super) struct Hub {
    orders: Mutex<BTreeMap<OrderId, Log>>,
    private: Mutex<BTreeMap<OrderId, PrivateDetails>>,
    stock: Mutex<Option<LocationStock>>,
    paused: Mutex<Option<Pause>>,
    pub(super) deliveries: Mutex<Vec<Delivery>>,
    /// What stands beside it.
    pub(super) notes: Arc<Notes>,
    pub(super) failures: Mutex<VecDeque<HubError>>,
    pub(super) not_ready: AtomicBool,
    /// How long recording an order takes.
    pub(super) slowness: Mutex<Duration>,
    /// Marks changes of the list.
    pub(super) listed: watch::Sender<()>,
}

impl Hub {
    pub(super) fn fail_next(&self, error: HubError) {
        self.failures.lock().expect("a lock").push_back(error);
    }

    pub(super) fn count_orders(&self) -> usize {
        self.orders.lock().expect("a lock").len()
    }

    fn failure(&self) -> Result<(), HubError> {
        self.failures
            .lock()
            .expect("a lock")
            .pop_front()
            .map_or(Ok(()), Err)
    }
}

/// One location with plenty of everything.
struct Plenty(Vec<Location>);

impl Places for Plenty {
    fn locations(&self) -> &[Location] {
        &self.0
    }

    fn counters(&self, _: &LocationCode, _: &Sku) -> Counters {
        Counters {
            on_hand: 1_000,
            ..Counters::default()
        }
    }
}

fn plenty() -> Plenty {
    Plenty(vec![Location::plain(
        LocationCode("BER1".into()),
        "DE".into(),
    )])
}

fn context<'a>(policy: &'a Policy, places: &'a Plenty) -> Context<'a> {
    Context {
        ship_to: None,
        now: Timestamp::now(),
        policy,
        places,
        channel_listens: &[],
    }
}

#[async_trait]
impl HubApi for Hub {
    fn ready(&self) -> bool {
        !self.not_ready.load(Ordering::Relaxed)
    }

    async fn place(&self, order: NewOrder) -> Result<Placed, HubError> {
        self.failure()?;
        let slowness = *self.slowness.lock().expect("a lock");
        tokio::time::sleep(slowness).await;
        let mut orders = self.orders.lock().expect("a lock");
        let external_id = &order.submission.draft.external_id;
        let known = orders.values_mut().find(|(known, _)| {
            known.channel == order.channel && known.draft.external_id == *external_id
        });
        if let Some((known, log)) = known {
            return place_again(known, log, order);
        }
        let now = Timestamp::now().as_millisecond();
        let now = u64::try_from(now).expect("after 1970");
        let count = orders.len() as u64;
        let id = OrderId::new(now, count.to_be_bytes(), order.channel.hash16(external_id));
        let features = Features::of(&order.submission, &Sightings::NotNeeded);
        let placement = Placement {
            features,
            id,
            channel: order.channel,
            channel_slug: order.channel_slug,
            draft: order.submission.draft,
            wanted: order.wanted,
            live_connection: order.live_connection,
            body_hash: order.body_hash,
        };
        let policy = Policy::default();
        let (log, state) = place(
            placement,
            &order.actor,
            order.request,
            &context(&policy, &plenty()),
        );
        let received = log[0].clone();
        orders.insert(id, (state, log));
        let private = order.submission.private;
        self.private.lock().expect("a lock").insert(id, private);
        Ok(Placed {
            order: id,
            repeated: false,
            replayed: false,
            received,
        })
    }

    async fn import(
        &self,
        source: PastSource,
        orders: Vec<NewPast>,
    ) -> Result<Vec<past::Recorded>, HubError> {
        self.failure()?;
        let mut stored = self.orders.lock().expect("a lock");
        let mut recorded = Vec::new();
        for (count, order) in (1_u64..).zip(orders) {
            let draft = order.submission.draft;
            let known = stored.values().map(|(order, _)| order);
            let mut known = known.filter(|known| known.draft.external_id == draft.external_id);
            if let Some(known) = known.next() {
                recorded.push(past::Recorded::There(known.id));
                continue;
            }
            let random = (stored.len() as u64 + count).to_be_bytes();
            let past = PastPlacement {
                id: OrderId::new(
                    1_760_000_000_000,
                    random,
                    source.channel.hash16(&draft.external_id),
                ),
                channel: source.channel,
                channel_slug: source.slug.clone(),
                live_connection: source.live,
                body_hash: order.body_hash,
                draft,
                history: order.history,
            };
            let (event, order) = place_past(past, &source.actor, Timestamp::now());
            recorded.push(past::Recorded::New(order.id));
            stored.insert(order.id, (order, vec![event]));
        }
        Ok(recorded)
    }

    async fn command(&self, order: OrderId, asked: Asked, actor: String) -> Result<Done, HubError> {
        self.failure()?;
        let mut orders = self.orders.lock().expect("a lock");
        let (state, log) = orders.get_mut(&order).ok_or(HubError::NotFound("order"))?;
        let input = Input {
            actor,
            body: InputBody::Request(asked),
        };
        let policy = Policy::default();
        let (version, repeated) = match decide(state, &input, &context(&policy, &plenty()))? {
            Decided::Commit(events, after) => {
                log.extend(events);
                *state = *after;
                (state.version, false)
            }
            Decided::Nothing => (state.version, false),
            Decided::Repeat(remembered) => (remembered.version, true),
        };
        Ok(Done {
            order,
            version,
            repeated,
        })
    }

    async fn report(&self, order: OrderId, actor: &str, fact: Fact) -> Result<(), HubError> {
        self.failure()?;
        let mut orders = self.orders.lock().expect("a lock");
        let (state, log) = orders.get_mut(&order).ok_or(HubError::NotFound("order"))?;
        let input = Input {
            actor: actor.to_owned(),
            body: InputBody::Fact(fact),
        };
        let policy = Policy::default();
        let decided = decide(state, &input, &context(&policy, &plenty()))?;
        if let Decided::Commit(events, next) = decided {
            log.extend(events);
            *state = *next;
        }
        Ok(())
    }

    async fn inbound(&self, delivery: Delivery) -> Result<Receipt, HubError> {
        self.failure()?;
        let (received, reason) = match delivery.items.first() {
            None => (Received::Unmatched, Some("no_order".to_owned())),
            Some(Inbound::Unreadable { reason }) => (Received::Invalid, Some(reason.clone())),
            Some(_) => (Received::Applied, None),
        };
        let applied = (!received.is_parked()).then(|| self.notes.id_of(&delivery.body));
        self.deliveries.lock().expect("a lock").push(delivery);
        Ok(Receipt {
            received,
            reason,
            order: None,
            applied: applied.flatten().into_iter().collect(),
        })
    }

    async fn order(&self, order: OrderId) -> Result<Option<Log>, HubError> {
        Ok(self.orders.lock().expect("a lock").get(&order).cloned())
    }

    async fn tell_stock(
        &self,
        location: LocationCode,
        command: StockCommand,
    ) -> Result<Said, HubError> {
        if location.as_str() != "BER1" {
            return Err(HubError::NotFound("location"));
        }
        let mut stock = self.stock.lock().expect("a lock");
        let stock = stock.get_or_insert_with(|| LocationStock::empty(location));
        let decision = stock.decide(&command, None, Timestamp::UNIX_EPOCH);
        stock.apply(&decision.change);
        let said = decision.change.counters.values().next();
        let counters = said.copied().unwrap_or_default();
        let taken = decision.taken;
        Ok(Said { counters, taken })
    }

    async fn pause(
        &self,
        location: LocationCode,
        paused: bool,
        change: Pause,
    ) -> Result<bool, HubError> {
        self.failure()?;
        if location != LocationCode::from("BER1") {
            return Err(HubError::NotFound("location"));
        }
        let mut known = self.paused.lock().expect("a lock");
        let news = known.is_some() != paused;
        if news {
            *known = paused.then_some(change);
        }
        Ok(news)
    }

    fn pause_of(&self, _: &LocationCode) -> Option<Pause> {
        self.paused.lock().expect("a lock").clone()
    }

    fn places(&self) -> Arc<dyn Places + Send + Sync> {
        Arc::new(plenty())
    }

    async fn stock(&self, sku: Sku) -> Result<Vec<(LocationCode, Counters)>, HubError> {
        let stock = self.stock.lock().expect("a lock");
        let found = stock.iter().filter_map(|stock| {
            let counters = stock.counters.get(&sku)?;
            Some((stock.location.clone(), *counters))
        });
        Ok(found.collect())
    }
}

#[async_trait]
impl Journal for Hub {
    async fn now(&self) -> Result<Timestamp, Unavailable> {
        Ok(Timestamp::now())
    }

    async fn seen(&self, _: &[Mark], _: Timestamp) -> Result<Vec<Seen>, Unavailable> {
        Ok(Vec::new())
    }

    async fn under_way(
        &self,
        _: &str,
        _: Whose,
        _: &str,
        _: u32,
    ) -> Result<Vec<UnderWay>, Unavailable> {
        Ok(Vec::new())
    }

    async fn transits(&self, _: &ShippingLane) -> Result<Vec<i64>, Unavailable> {
        Ok(Vec::new())
    }

    async fn cursor(&self, _: &str) -> Result<Option<String>, Unavailable> {
        Ok(None)
    }

    async fn move_cursor(&self, _: &str, _: &str) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn load(&self, _: &[OrderId]) -> Result<Vec<Loaded>, Unavailable> {
        Ok(Vec::new())
    }

    async fn find(
        &self,
        channel: ChannelId,
        external_id: &str,
    ) -> Result<Option<OrderId>, Unavailable> {
        let orders = self.orders.lock().expect("a lock");
        let named =
            |(order, _): &&Log| order.channel == channel && order.draft.external_id == external_id;
        Ok(orders.values().find(named).map(|(order, _)| order.id))
    }

    async fn resolve(&self, _: &OrderRef) -> Result<Option<OrderId>, Unavailable> {
        Ok(None)
    }

    async fn request(
        &self,
        _: OrderId,
        _: CommandId,
    ) -> Result<Option<RememberedRequest>, Unavailable> {
        Ok(None)
    }

    async fn due(
        &self,
        _: ShardId,
        _: Option<(Timestamp, OrderId)>,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<(Timestamp, OrderId)>, Unavailable> {
        Ok(Vec::new())
    }

    async fn private(&self, order: OrderId) -> Result<Option<PrivateDetails>, Unavailable> {
        Ok(self.private.lock().expect("a lock").get(&order).cloned())
    }

    async fn park(&self, _: &Parked) -> Result<bool, Unavailable> {
        Ok(false)
    }

    async fn parked(
        &self,
        _: &OrderRef,
        _: Option<(Timestamp, Uuid)>,
        _: u32,
    ) -> Result<Vec<Parked>, Unavailable> {
        Ok(Vec::new())
    }

    async fn awaited(&self, _: Option<&OrderRef>, _: u32) -> Result<Vec<OrderRef>, Unavailable> {
        Ok(Vec::new())
    }

    async fn bury(&self, _: Uuid, _: &str, _: Timestamp) -> Result<bool, Unavailable> {
        Ok(false)
    }

    async fn unpark(&self, id: Uuid) -> Result<bool, Unavailable> {
        Ok(self.notes.unpark(id))
    }

    async fn count_parked(&self) -> Result<BTreeMap<ParkedState, u64>, Unavailable> {
        Ok(BTreeMap::new())
    }
}

#[async_trait]
impl OrderList for Hub {
    async fn list(&self, query: &OrderFilter) -> Result<OrderPage, Unavailable> {
        let orders = self.orders.lock().expect("a lock");
        let found = orders
            .values()
            .rev()
            .map(|(order, _)| order)
            .filter(|order| {
                query.before.is_none_or(|before| order.id < before)
                    && query.channel.is_none_or(|channel| channel == order.channel)
                    && query.stage.is_none_or(|stage| stage == order.stage)
            });
        let limit = usize::from(query.limit);
        let mut listed: Vec<_> = found
            .take(limit + 1)
            .map(|order| OrderListing {
                order: order.id,
                channel: order.channel_slug.clone(),
                external_id: order.draft.external_id.clone(),
                number: None,
                version: order.version,
                stage: order.stage,
                test: false,
                placed_at: order.draft.placed_at,
                received_at: order.received_at,
                updated_at: order.updated_at,
                total: order.totals.grand,
                holds: std::collections::BTreeMap::new(),
            })
            .collect();
        let more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().filter(|_| more).map(|last| last.order);
        Ok(OrderPage {
            orders: listed,
            next,
        })
    }

    async fn in_hand(&self, channel: Option<ChannelId>) -> Result<Vec<(Stage, u64)>, Unavailable> {
        let orders = self.orders.lock().expect("a lock");
        let visible = |order: &Order| channel.is_none_or(|channel| channel == order.channel);
        let stages = orders
            .values()
            .map(|(order, _)| order)
            .filter(|order| visible(order));
        let stages: Vec<Stage> = stages.map(|order| order.stage).collect();
        let count = |stage| stages.iter().filter(|one| **one == stage).count() as u64;
        let in_hand = Stage::ALL.into_iter().filter(|stage| stage.is_in_hand());
        Ok(in_hand.map(|stage| (stage, count(stage))).collect())
    }

    fn changes(&self) -> watch::Receiver<()> {
        self.listed.subscribe()
    }
}

/// The answer to an order that is there; a new key is remembered.
fn place_again(
    known: &mut Order,
    log: &mut Vec<Recorded>,
    order: NewOrder,
) -> Result<Placed, HubError> {
    let keyed = order.request.is_some();
    let body_hash = order.body_hash;
    let input = Input {
        actor: order.actor,
        body: InputBody::Request(Asked {
            command: Command::PlaceAgain { body_hash },
            request: order.request,
            expected: None,
        }),
    };
    let policy = Policy::default();
    let replayed = match decide(known, &input, &context(&policy, &plenty())) {
        Ok(Decided::Commit(events, after)) => {
            log.extend(events);
            *known = *after;
            false
        }
        Ok(Decided::Nothing) => false,
        Ok(Decided::Repeat(_)) => keyed,
        Err(Rejection::KeyReused) => return Err(HubError::KeyReused),
        Err(_) => return Err(HubError::ExternalIdConflict { existing: known.id }),
    };
    Ok(Placed {
        order: known.id,
        repeated: true,
        replayed,
        received: log[0].clone(),
    })
}
