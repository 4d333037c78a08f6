//! A desk: the hub's own core, with nothing around it, that takes what a connection reads about one sale.
//! It places the order once and tells it what is said later, exactly as the hub does.

use jiff::Timestamp;
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Sku, Slug};
use orderhub_domain::order::{
    ChannelFact, Context, Decided, Fact, Features, Input, InputBody, Location, Order, Placement,
    Places, Sightings, decide, place,
};
use orderhub_domain::policy::Policy;
use orderhub_domain::stock::Counters;
use uuid::Uuid;

use super::{Failed, Kit, fails};
use crate::port::{Inbound, InboundOrder};

/// A place that has plenty of everything and answers nothing: an order neither ends nor moves on but by
/// what its channel says.
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

/// What is decided at this time, at such a place and under the usual policy.
pub(crate) fn within<T>(now: Timestamp, of: impl FnOnce(&Context<'_>) -> T) -> T {
    let (policy, places) = (Policy::default(), Plenty::open());
    of(&Context {
        now,
        policy: &policy,
        places: &places,
        ship_to: None,
        channel_listens: &[],
    })
}

/// The order that comes of what a connection of this name has read, live or not.
pub(crate) fn placed(
    inbound: &InboundOrder,
    slug: &Slug,
    live_connection: bool,
    context: &Context<'_>,
) -> Order {
    let placement = Placement {
        id: OrderId::new(0, [7; 8], [0; 2]),
        channel: ChannelId(Uuid::nil()),
        channel_slug: slug.clone(),
        features: Features::of(&inbound.submission, &Sightings::NotNeeded),
        live_connection,
        body_hash: inbound.body_hash.clone(),
        draft: inbound.submission.draft.clone(),
        wanted: inbound.wanted.clone(),
    };
    place(placement, &format!("channel:{slug}"), None, context).1
}

/// Takes what is said, one after the other, and gives the order that comes of it, if any.
pub(super) fn taken(kit: &Kit<'_>, said: &[Inbound]) -> Result<Option<Order>, Failed> {
    within(kit.now, |context| taken_within(kit, said, context))
}

fn taken_within(
    kit: &Kit<'_>,
    said: &[Inbound],
    context: &Context<'_>,
) -> Result<Option<Order>, Failed> {
    let mut order: Option<Order> = None;
    for item in said {
        match (item, &order) {
            (Inbound::Order(inbound), None) => {
                let live = kit.connection.is_live();
                let new = placed(inbound, &kit.settings.slug, live, context);
                order = Some(told(new, inbound.besides(), context)?);
            }
            (Inbound::Order(inbound), Some(known)) => {
                let id = &inbound.submission.draft.external_id;
                if *id != known.draft.external_id {
                    return fails(format_args!("the same sale has a second id, {id}"));
                }
                order = Some(told(known.clone(), inbound.news(), context)?);
            }
            (Inbound::Unknown { .. }, _) => {}
            (other, _) => return fails(format_args!("it reads {other:?}")),
        }
    }
    Ok(order)
}

fn told(mut order: Order, said: Vec<ChannelFact>, context: &Context<'_>) -> Result<Order, Failed> {
    for fact in said {
        let input = Input {
            actor: "conformance".to_owned(),
            body: InputBody::Fact(Fact::Channel(fact)),
        };
        match decide(&order, &input, context) {
            Ok(Decided::Commit(_, after)) => order = *after,
            Ok(Decided::Nothing | Decided::Repeat(_)) => {}
            Err(refused) => return fails(format_args!("a fact is refused: {refused}")),
        }
    }
    Ok(order)
}
