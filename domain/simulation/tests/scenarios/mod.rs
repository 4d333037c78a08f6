//! Acceptance scenarios at their full size, in the simulated world: crowds, storms of repeats, and
//! partners that lie. Each says how many of everything there are, and counts at the end.
//!
//! What does not live here: the real binary's answer to the same (`tests/live`), and scenarios about
//! one order (`order/tests`).

mod cancel_races_dock;
mod last_hundred;
mod lying_gateway;
mod retry_storm;

use super::super::world::{Letter, World};
use super::matrix::basket;
use super::*;
use crate::canonical::OrderDraft;
use crate::ids::OrderId;
use crate::policy::Policy;

/// The channel that hears nothing of its orders.
const QUIET: usize = 0;
/// What everybody wants.
const WANTED: &str = "LAST";

/// A world under the usual policy in which nothing goes wrong by itself, with so many units at each
/// of three locations.
fn calm(core: &dyn Core, units: [i64; 3]) -> World<'_> {
    let mut worlds = (0..).map(|setting| World::new(setting, core, false));
    let mut world = worlds
        .find(|world| world.places().len() == 3)
        .expect("a setting with three locations");
    world.policy = Policy::default();
    world.smooth = true;
    for (code, on_hand) in world.places().into_iter().zip(units) {
        world.count(&code, &WANTED.into(), on_hand);
    }
    world
}

/// One wanted unit, as the buyer with this number orders it.
fn one_unit(number: usize) -> OrderDraft {
    let mut draft = basket(&[WANTED]);
    draft.external_id = format!("B-{number}");
    draft
}

/// The order on its way.
fn create(world: &World<'_>, number: usize, draft: OrderDraft) -> Letter {
    let hash = world.channels[QUIET].0.hash16(&draft.external_id);
    let millis = u64::try_from(world.now.as_millisecond()).expect("a time");
    let number = u64::try_from(number).expect("a number");
    Letter::Create {
        id: OrderId::new(millis, number.to_be_bytes(), hash),
        channel: QUIET,
        draft: Box::new(draft),
    }
}

/// Nothing has fallen so far.
#[track_caller]
fn unbroken(world: &World<'_>) {
    assert_eq!(world.broken, None);
}

/// How many orders are where.
fn stages(world: &World<'_>) -> BTreeMap<&'static str, usize> {
    let mut stages = BTreeMap::new();
    for order in world.audit.orders() {
        *stages.entry(order.stage.word()).or_default() += 1;
    }
    stages
}
