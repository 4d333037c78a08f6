//! The last hundred units: 50, 30 and 20 at three locations, 5,000 buyers, 64 of them at a time, four
//! cards in ten declined, all within ten seconds.

use jiff::SignedDuration;

use super::super::super::gateway::State;
use super::*;
use crate::order::{Event, Order, StockEvidence};

const UNITS: [i64; 3] = [50, 30, 20];
const BUYERS: usize = 5_000;
const CLIENTS: usize = 64;
const DECLINED_PERCENT: usize = 40;
/// Answers that pass between two ticks of the clock, and how long a tick is: ten seconds in all.
const ANSWERS: usize = 25;
const TICK: SignedDuration = SignedDuration::from_millis(50);

/// Every client sends one order after the other; whatever is on its way arrives in any order.
fn rush(world: &mut World<'_>, dice: &mut Dice) {
    let (mut sent, mut asking, mut answered) = (0, 0, 0);
    while sent < BUYERS || !world.post.is_empty() {
        while sent < BUYERS && asking < CLIENTS {
            let letter = create(world, sent, one_unit(sent));
            world.post.push(letter);
            sent += 1;
            asking += 1;
        }
        let next = dice.below(world.post.len());
        let asks = matches!(world.post[next], Letter::Create { .. });
        let declined = dice.percent(DECLINED_PERCENT);
        for gateway in &mut world.gateways {
            gateway.verdict = Some(if declined {
                State::Declined
            } else {
                State::Authorized
            });
        }
        world.deliver(next, deliver::Way::Good, dice);
        promised_within(world);
        if asks {
            asking -= 1;
            answered += 1;
            if answered % ANSWERS == 0 {
                world.elapse(TICK);
            }
        }
    }
}

/// At no moment is a number negative, or more promised than there is.
fn promised_within(world: &World<'_>) {
    unbroken(world);
    for (shelf, units) in world.store.shelves.values().zip(UNITS) {
        let counters = shelf.stock.counters(&WANTED.into());
        let all = [counters.on_hand, counters.reserved, counters.allocated];
        assert!(all.iter().all(|units| *units >= 0), "{counters:?}");
        assert!(counters.reserved + counters.allocated <= units);
    }
}

/// How often a location gave a unit to somebody, and how often it got one back.
fn given_and_taken_back(world: &World<'_>) -> BTreeMap<String, (i64, i64)> {
    let mut counts: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for recorded in world.store.logs.values().flatten() {
        if let Event::StockAnswered {
            location, stock, ..
        } = &recorded.event
        {
            let count = counts.entry(location.to_string()).or_default();
            match stock {
                StockEvidence::Reserved { .. } => count.0 += 1,
                StockEvidence::Released => count.1 += 1,
                _ => {}
            }
        }
    }
    counts
}

#[test]
fn scenario_1_the_last_100_units_are_sold_100_times_and_every_declined_one_again() {
    let mut world = calm(&Hub, UNITS);
    assert_eq!(
        world.policy.reservation_ttl,
        SignedDuration::from_mins(15),
        "soft holds outlive the rush"
    );
    let mut dice = Dice::seeded(1);
    let began = world.now;
    rush(&mut world, &mut dice);
    assert_eq!(world.now.duration_since(began).as_secs(), 10);
    // Who still waits for a unit that may come back gives up, or gets it.
    while !world.post.is_empty() || world.now.duration_since(began).as_secs() < 16 * 60 {
        world.elapse(SignedDuration::from_secs(5));
        rush_is_over(&mut world, &mut dice);
    }

    let stages = stages(&world);
    assert_eq!(world.audit.born.len(), BUYERS);
    assert_eq!(stages.get("fulfilling"), Some(&100), "{stages:?}");
    assert_eq!(stages.get("rejected"), Some(&(BUYERS - 100)), "{stages:?}");
    let ended = |reason: &str| {
        let why = |order: &&Order| order.reason.as_deref() == Some(reason);
        world.audit.orders().filter(why).count()
    };
    let declined = ended("payment_declined");
    assert_eq!(ended("out_of_stock"), BUYERS - 100 - declined);
    let payments = world.gateways.iter().flat_map(|gateway| &gateway.payments);
    let refused = payments.clone().filter(|p| p.state == State::Declined);
    assert_eq!(refused.count(), declined);
    assert!(
        declined >= 50,
        "{declined} are too few to have resold anything"
    );
    assert_eq!(payments.filter(|p| p.is_open()).count(), 100);

    // Each unit that a decliner gave back went to somebody else from the same shelf.
    let counts = given_and_taken_back(&world);
    let mut back = 0;
    for ((code, shelf), units) in world.store.shelves.iter().zip(UNITS) {
        let counters = shelf.stock.counters(&WANTED.into());
        let now = (counters.on_hand, counters.reserved, counters.allocated);
        assert_eq!(now, (units, 0, units), "{code}");
        assert_eq!(shelf.sums[&WANTED.into()], now, "the ledger of {code}");
        let (given, taken_back) = counts[code.as_str()];
        assert_eq!(given - taken_back, units, "{code}");
        back += taken_back;
    }
    assert_eq!(usize::try_from(back), Ok(declined));
}

/// Nobody orders any more; everything arrives.
fn rush_is_over(world: &mut World<'_>, dice: &mut Dice) {
    while !world.post.is_empty() {
        world.deliver(0, deliver::Way::Good, dice);
        promised_within(world);
    }
}
