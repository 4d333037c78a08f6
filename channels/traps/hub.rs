//! The hub's own core, with nothing around it: what it makes of an order that a connection has read, in a world
//! that has plenty of everything.

use jiff::Timestamp;
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Sku};
use orderhub_domain::order::{
    Command, Context, Decided, Effect, Features, Input, InputBody, Location, Order, Placement,
    Places, Sightings, decide, place,
};
use orderhub_domain::policy::Policy;
use orderhub_domain::stock::Counters;
use uuid::Uuid;

use super::scene::noon;
use crate::port::InboundOrder;

struct Plenty(Vec<Location>);

impl Plenty {
    fn open() -> Self {
        let code = LocationCode("PLENTY".to_owned());
        Self(vec![Location::plain(code, "DE".to_owned())])
    }
}

impl Places for Plenty {
    fn locations(&self) -> &[Location] {
        &self.0
    }

    fn counters(&self, _: &LocationCode, _: &Sku) -> Counters {
        Counters {
            on_hand: 1_000_000,
            ..Counters::default()
        }
    }
}

fn within<T>(of: impl FnOnce(&Context<'_>) -> T) -> T {
    let (policy, places) = (Policy::default(), Plenty::open());
    let now: Timestamp = noon();
    of(&Context {
        now,
        policy: &policy,
        places: &places,
        ship_to: None,
        channel_listens: &[],
    })
}

/// The order that comes of it on a live connection.
pub(super) fn placed(order: &InboundOrder) -> Order {
    placed_on(order, true)
}

/// The order that comes of it.
pub(super) fn placed_on(order: &InboundOrder, live_connection: bool) -> Order {
    let placement = Placement {
        id: OrderId::new(0, [7; 8], [0; 2]),
        channel: ChannelId(Uuid::nil()),
        channel_slug: "own".into(),
        features: Features::of(&order.submission, &Sightings::NotNeeded),
        live_connection,
        body_hash: order.body_hash.clone(),
        draft: order.submission.draft.clone(),
    };
    within(|context| place(placement, "channel:own", None, context).1)
}

/// The order after what somebody asked for.
pub(super) fn asked(order: &Order, command: Command) -> Order {
    let input = Input {
        actor: "operator:ada".to_owned(),
        body: InputBody::Request(command.into()),
    };
    match within(|context| decide(order, &input, context)) {
        Ok(Decided::Commit(_, after)) => *after,
        other => panic!("it is not carried out: {other:?}"),
    }
}

/// The SKUs that are to be set aside for an order.
pub(super) fn set_aside(order: &Order) -> Vec<String> {
    let wanted = order.outstanding.values().map(|open| &open.effect);
    let lines = wanted.filter_map(|effect| match effect {
        Effect::ReserveStock { lines, .. } | Effect::AwaitStock { lines, .. } => Some(lines),
        _ => None,
    });
    let mut skus: Vec<_> = lines.flatten().map(|line| line.sku.0.clone()).collect();
    skus.sort();
    skus
}
