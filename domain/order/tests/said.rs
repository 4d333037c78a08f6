//! What a channel says of one sale comes in any order, any number of times, and through the door that the hub
//! has: news that come before their order wait for it. One state.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::*;
use super::permutations::permutations;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::policy::CancelAsked;
use crate::quantity::Quantity;

const SHELVES: [(&str, &str, i64); 2] = [("BER1", "SKU-1", 60), ("BER1", "SKU-2", 60)];

/// What a channel sends.
#[derive(Debug, Clone)]
enum Said {
    /// The whole order, as it is at that time: it begins one that is not known.
    Order(Box<Restatement>),
    /// News alone.
    News(ChannelFact),
}

fn at(minutes: i64) -> Timestamp {
    beginning() + SignedDuration::from_mins(minutes)
}

/// The order as it is stated at that time: the units that are wanted of what was ordered, and what was added.
fn snapshot(minutes: i64, wanted: [u32; 2], added: u32, paid: bool) -> Restatement {
    let mut lines = vec![line(1, "SKU-1", 3, "20.00"), line(2, "SKU-2", 2, "5.00")];
    if added > 0 {
        lines.push(line(3, "SKU-2", added, "7.00"));
    }
    let terms = if paid {
        Terms::Prepaid { reference: None }
    } else {
        Terms::Invoice
    };
    let mut draft = draft(lines, "0", terms);
    draft.changed_at = Some(at(minutes));
    let named = ["1", "2"].map(str::to_owned).into_iter();
    let wanted: BTreeMap<_, _> = named.zip(wanted.map(Quantity::units)).collect();
    Restatement {
        draft,
        wanted,
        ship_to: None,
        paid,
    }
}

fn refunded(reference: &str, amount: &str) -> Said {
    Said::News(ChannelFact::Refunded {
        reference: reference.to_owned(),
        amount: eur(amount),
        at: Some(at(3)),
    })
}

/// The hub's door: it places what is new, tells what is known, and keeps what comes too early.
#[derive(Default)]
struct Door {
    world: Option<World>,
    early: Vec<ChannelFact>,
}

impl Door {
    fn take(&mut self, said: Said, policy: CancelAsked) {
        match (said, &mut self.world) {
            (Said::Order(said), None) => {
                let mut world = World::place_cut(said.draft, said.wanted, &SHELVES);
                world.policy.cancel_asked = policy;
                for fact in self.early.drain(..) {
                    tell(&mut world, fact);
                }
                self.world = Some(world);
            }
            (Said::Order(said), Some(world)) => {
                let paid = said.paid;
                tell(world, ChannelFact::Restated(said));
                if paid {
                    tell(world, ChannelFact::Paid { reference: None });
                }
            }
            (Said::News(fact), None) => self.early.push(fact),
            (Said::News(fact), Some(world)) => tell(world, fact),
        }
    }
}

fn tell(world: &mut World, fact: ChannelFact) {
    world.fact(Fact::Channel(fact));
    world.check();
}

/// What counts of an order in the end, however it came to be so.
#[derive(Debug, PartialEq)]
struct End {
    stage: Stage,
    open: BTreeMap<String, Quantity>,
    taken: Money,
    given: Money,
    due: Money,
    balances: Vec<Money>,
}

fn end(world: &World) -> End {
    let order = &world.order;
    let mut open: BTreeMap<String, Quantity> = BTreeMap::new();
    for number in order.line_numbers() {
        let name = order
            .line_at_channel(number)
            .expect("the channel's")
            .to_owned();
        let there = open.entry(name).or_default();
        *there = there.plus(order.open(number));
    }
    let currency = order.draft.currency;
    let sum = |of: fn(&Tender) -> Money| Money::sum(currency, order.tenders.iter().map(of));
    let accounts = [Account::Receivable, Account::Revenue, Account::Allowance];
    End {
        stage: order.stage,
        open,
        taken: sum(Tender::captured_sum),
        given: sum(Tender::refunded_sum),
        due: order.due_at_channel(),
        balances: accounts
            .iter()
            .map(|account| order.ledger.balance(account, currency))
            .collect(),
    }
}

/// Lets go of what keeps an order back and has all of it done. How far it was when it was kept back depends on what
/// came first, so that counts only then.
fn lift(world: &mut World) {
    let holds: Vec<u32> = world.order.holds.iter().map(|hold| hold.id).collect();
    for hold in holds {
        let reason = "somebody looked at it".to_owned();
        let released = world.command(Command::Release { hold, reason });
        released.expect("it can be lifted");
    }
    world.settle();
    world.check();
}

/// How all of it ends, in every order, each said once or twice, told at once or after all answers; and the holds that
/// a person had to lift in the end.
fn converge(said: &[Said; 6], policy: CancelAsked) -> (End, Vec<String>) {
    let mut seen: Option<(End, Vec<String>)> = None;
    let all = permutations(said);
    assert_eq!(all.len(), 720);
    for order_of_arrival in all {
        for (doubled, answered) in [(false, false), (true, false), (true, true)] {
            let mut door = Door::default();
            for said in &order_of_arrival {
                for _ in 0..=usize::from(doubled) {
                    door.take(said.clone(), policy);
                }
                if answered && let Some(world) = &mut door.world {
                    world.settle();
                }
            }
            let mut world = door.world.expect("the order came");
            world.settle();
            world.check();
            assert_eq!(world.folded(), world.order);
            let holds = world.order.holds.iter();
            let holds: Vec<_> = holds.map(|hold| hold.reason.clone()).collect();
            lift(&mut world);
            let end = (end(&world), holds);
            match &seen {
                None => seen = Some(end),
                Some(first) => {
                    let kinds = world.kinds();
                    assert_eq!(*first, end, "{answered} {order_of_arrival:?} {kinds:?}");
                }
            }
        }
    }
    seen.expect("an end")
}

fn order(minutes: i64, wanted: [u32; 2], added: u32, paid: bool) -> Said {
    Said::Order(Box::new(snapshot(minutes, wanted, added, paid)))
}

#[test]
fn six_statements_about_a_sale_converge_in_all_720_orders_also_doubled() {
    let reference = "wish-1".to_owned();
    let said = [
        order(0, [3, 2], 0, false),
        order(1, [3, 2], 0, true),
        order(2, [1, 2], 0, true),
        order(4, [1, 2], 1, true),
        refunded("r1", "40.00"),
        Said::News(ChannelFact::CancelAsked { reference }),
    ];
    let (end, holds) = converge(&said, CancelAsked::Hold);
    let open: Vec<_> = end.open.values().map(|units| units.value()).collect();
    assert_eq!(open, [1, 2, 1].map(rust_decimal::Decimal::from));
    assert_eq!((end.taken, end.given), (eur("77.00"), eur("40.00")));
    assert_eq!(end.due, eur("0"));
    assert_eq!(holds, [REASON_CANCEL_ASKED]);
    assert_eq!(end.stage, Stage::Fulfilling);
}

#[test]
fn a_sale_that_ends_at_its_channel_converges_in_all_720_orders_also_doubled() {
    let said = [
        order(0, [3, 2], 0, false),
        order(1, [3, 2], 0, true),
        order(2, [1, 2], 0, true),
        refunded("r1", "40.00"),
        refunded("r2", "30.00"),
        Said::News(ChannelFact::Cancelled { at: at(5) }),
    ];
    let (end, holds) = converge(&said, CancelAsked::Grant);
    assert_eq!(holds, Vec::<String>::new());
    assert_eq!(end.stage, Stage::Cancelled);
    assert_eq!((end.taken, end.given), (eur("70.00"), eur("70.00")));
    assert_eq!(end.due, eur("0"));
}
