//! A storm of repeats: 1,000 orders, each posted 20 times over 4 connections, while the hub is killed
//! every three seconds, now and then in the middle of a commit.

use std::cell::RefCell;

use jiff::{SignedDuration, Timestamp};

use super::super::super::gateway::State;
use super::super::super::hub::Took;
use super::super::super::world::Crash;
use super::*;
use crate::ids::CommandId;
use crate::order::{
    Asked, Command, Context, Decided, Input, InputBody, Order, REPLY_SCHEMA, Rejection, Request,
    evolve,
};

const ORDERS: usize = 1_000;
const POSTS: usize = 20;
const CONNECTIONS: usize = 4;
const KILL_EVERY: SignedDuration = SignedDuration::from_secs(3);
/// One post takes its time: the storm lasts a minute.
const POST: SignedDuration = SignedDuration::from_millis(3);
/// How many other posts lie between two of the same order, at most.
const SPREAD: usize = 3_000;

/// The hub's rules, and what they answered to the last repeat.
#[derive(Default)]
struct Listening {
    repeated: RefCell<Option<u64>>,
}

impl Core for Listening {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let decided = crate::order::decide(o, i, c);
        if let Ok(Decided::Repeat(answered)) = &decided {
            *self.repeated.borrow_mut() = Some(answered.version);
        }
        decided
    }
}

/// Four connections with 5,000 posts each, the posts of an order near each other.
fn connections(world: &World<'_>, dice: &mut Dice) -> Vec<Vec<Letter>> {
    let mut posts: Vec<(usize, usize)> = (0..ORDERS * POSTS)
        .map(|post| (post + dice.below(SPREAD), post / POSTS))
        .collect();
    posts.sort_unstable();
    let mut queues = vec![Vec::new(); CONNECTIONS];
    for (place, (_, number)) in posts.into_iter().enumerate().rev() {
        queues[place % CONNECTIONS].push(create(world, number, one_unit(number)));
    }
    queues
}

/// What the hub answers to a post: the order as it was at the version that the answer names.
fn reply(world: &World<'_>, id: OrderId, version: u64) -> String {
    let mut order = None;
    for recorded in &world.store.logs[&id] {
        if recorded.version <= version {
            order = Some(evolve(order, recorded).expect("the next event"));
        }
    }
    let order = serde_json::to_string(&order).expect("it can be written");
    format!("version {version}: {order}")
}

/// Starts the hub again, as it does after a kill: whatever is open is looked after.
fn start_again(world: &mut World<'_>) {
    let owner = world.owner;
    for id in world.audit.born.clone() {
        world.wake(owner, id);
    }
    world.lapse();
}

/// Somebody uses an order's key for another body.
fn with_another_body(world: &mut World<'_>, id: OrderId, external: &str) -> Took {
    let body_hash = "another".to_owned();
    let request = Request {
        command_id: CommandId::of_create(world.channels[QUIET].0, external),
        body_hash: body_hash.clone(),
        reply_schema: REPLY_SCHEMA,
    };
    let asked = Asked {
        command: Command::PlaceAgain { body_hash },
        request: Some(request),
        expected: None,
    };
    let actor = "channel:web".to_owned();
    let body = InputBody::Request(asked);
    world.advance(world.owner, id, &Input { actor, body })
}

#[test]
fn scenario_2_a_storm_of_repeats_and_kills_makes_each_order_and_each_answer_once() {
    let core = Listening::default();
    let mut world = calm(&core, [400, 300, 300]);
    for gateway in &mut world.gateways {
        gateway.verdict = Some(State::Authorized);
    }
    let mut dice = Dice::seeded(2);
    let mut queues = connections(&world, &mut dice);
    let mut replies: BTreeMap<OrderId, String> = BTreeMap::new();
    let (mut answers, mut retries, mut kills, mut refused) = (0, 0, 0, 0);
    let mut kill_at: Timestamp = world.now + KILL_EVERY;
    let mut life = world.nodes[world.owner].life;
    while queues.iter().any(|queue| !queue.is_empty()) {
        let connection = &mut queues[dice.below(CONNECTIONS)];
        let Some(letter) = connection.last().cloned() else {
            continue;
        };
        let Letter::Create { id, draft, .. } = &letter else {
            panic!("only orders are posted");
        };
        core.repeated.take();
        let first = !world.store.logs.contains_key(id);
        // What nobody answers is posted again.
        if world.receive(world.owner, &letter) {
            connection.pop();
            answers += 1;
            let version = core.repeated.take().unwrap_or_else(|| {
                assert!(first, "a repeat is answered as one");
                let order = world.audit.order(*id).expect("it is there");
                order.requests.front().expect("it was a request").version
            });
            let said = reply(&world, *id, version);
            let known = replies.entry(*id).or_insert_with(|| said.clone());
            assert!(*known == said, "{id} is answered by version {version} now");
        } else {
            retries += 1;
        }
        if dice.percent(5) && world.store.logs.contains_key(id) {
            let took = with_another_body(&mut world, *id, &draft.external_id);
            if took != Took::No {
                assert_eq!(took, Took::Refused(Rejection::KeyReused));
                refused += 1;
            }
        }
        for _ in 0..dice.below(4) {
            let next = dice.below(world.post.len());
            world.deliver(next, deliver::Way::Good, &mut dice);
        }
        world.pass(POST);
        if world.now >= kill_at {
            kill_at = world.now + KILL_EVERY;
            kills += 1;
            if kills % 2 == 0 {
                world.crash(world.owner);
            } else {
                let commit = world.commits + 1 + dice.below(4);
                let written = dice.percent(50);
                world.crash = Some(Crash { commit, written });
            }
        }
        if life != world.nodes[world.owner].life {
            life = world.nodes[world.owner].life;
            start_again(&mut world);
        }
        unbroken(&world);
    }
    while !world.post.is_empty() {
        world.deliver(0, deliver::Way::Good, &mut dice);
    }
    world.run_down();
    unbroken(&world);

    assert_eq!(answers, ORDERS * POSTS);
    assert!(kills >= 20, "{kills} kills");
    assert!(retries > 0, "no post was caught by a kill");
    assert!(refused > ORDERS / 2, "{refused} changed bodies");
    assert_eq!(world.audit.born.len(), ORDERS);
    assert_eq!(replies.len(), ORDERS);
    let payments = world.gateways.iter().flat_map(|gateway| &gateway.payments);
    assert_eq!(payments.count(), ORDERS);
    let logs = world.store.logs.values().flatten();
    let of = |kind: &str| logs.clone().filter(|r| r.event.kind() == kind).count();
    assert_eq!(of("order.received"), ORDERS);
    assert_eq!(of("payment.authorization_requested"), ORDERS);
    let shelves = world.store.shelves.values();
    let left = shelves.map(|shelf| shelf.stock.counters(&WANTED.into()).on_hand);
    assert_eq!(left.sum::<i64>(), 0, "each order has its unit");
}
