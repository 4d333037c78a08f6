//! The hub's own core, with nothing around it: what it makes of an order that a connection has read, in a world
//! that has plenty of everything.

use orderhub_domain::order::{
    ChannelFact, Command, Decided, Effect, Fact, Input, InputBody, Order, decide,
};

use super::scene::noon;
use crate::conformance::desk::{self, within};
use crate::port::InboundOrder;

/// The order that comes of it on a live connection.
pub(super) fn placed(order: &InboundOrder) -> Order {
    placed_on(order, true)
}

/// The order that comes of it.
pub(super) fn placed_on(order: &InboundOrder, live_connection: bool) -> Order {
    let slug = "own".into();
    within(noon(), |context| {
        desk::placed(order, &slug, live_connection, context)
    })
}

/// The order after what somebody asked for.
pub(super) fn asked(order: &Order, command: Command) -> Order {
    let input = Input {
        actor: "operator:ada".to_owned(),
        body: InputBody::Request(command.into()),
    };
    match within(noon(), |context| decide(order, &input, context)) {
        Ok(Decided::Commit(_, after)) => *after,
        other => panic!("it is not carried out: {other:?}"),
    }
}

/// The order after what its channel said.
pub(super) fn heard(order: &Order, said: Vec<ChannelFact>) -> Order {
    let after = |order: Order, fact: ChannelFact| {
        let input = Input {
            actor: "channel:own".to_owned(),
            body: InputBody::Fact(Fact::Channel(fact)),
        };
        match within(noon(), |context| decide(&order, &input, context)) {
            Ok(Decided::Commit(_, after)) => *after,
            Ok(_) => order,
            Err(refused) => panic!("a fact is refused: {refused}"),
        }
    };
    said.into_iter().fold(order.clone(), after)
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
