//! Reports about money and parcels come in any order, any number of times: one state.

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;

pub(super) fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

/// What is reported, each with the gateway's second.
type Reports = [(i64, PaymentEvidence); 6];

fn authorized() -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: "pi_1".into(),
        amount: eur("100.00"),
        expires_at: None,
    }
}

fn refunded(refund: &str, amount: &str) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: "pi_1".into(),
        amount: Reported::Part {
            reference: refund.into(),
            amount: eur(amount),
        },
    }
}

fn disputed() -> PaymentEvidence {
    PaymentEvidence::DisputeOpened {
        dispute: "d1".into(),
        amount: eur("30.00"),
        due: None,
    }
}

fn decided(won: bool) -> PaymentEvidence {
    PaymentEvidence::DisputeClosed {
        dispute: "d1".into(),
        won,
        amount: eur("30.00"),
    }
}

/// What comes of an order that hears this.
type Outcome = (
    Vec<Tender>,
    Stage,
    &'static str,
    Vec<(Account, Money)>,
    Vec<Hold>,
    Vec<Effect>,
);

/// How often each report comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    /// Twice, one after the other.
    Doubled,
    /// All of them once more when all have come.
    AllAgain,
}

fn outcome(reports: &[(i64, PaymentEvidence)], times: Times) -> Outcome {
    let lines = vec![line(1, "SKU-1", 1, "95.01")];
    let order = draft(lines, "4.99", to_authorize(CaptureMode::Many));
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    world.answer("reserve_stock");
    let fact =
        |(second, evidence): &(i64, PaymentEvidence)| payment_at(Some(*second), evidence.clone());
    for report in reports {
        world.fact(fact(report));
        if times == Times::Doubled {
            assert_eq!(world.fact(fact(report)), Decided::Nothing);
        }
    }
    if times == Times::AllAgain {
        for report in reports {
            assert_eq!(world.fact(fact(report)), Decided::Nothing, "{report:?}");
        }
    }
    world.check();
    assert_eq!(world.folded(), world.order);
    let (order, open) = (world.order.clone(), world.order.outstanding.values());
    let open = open.map(|open| open.effect.clone()).collect();
    // An account that something came to and left again is as one that nothing came to.
    let balances = order.ledger.iter().filter(|(_, sum)| !sum.is_zero());
    let balances = balances.map(|(account, sum)| (account.clone(), *sum));
    (
        order.tenders.clone(),
        order.stage,
        order.payment_status(),
        balances.collect(),
        order.holds.clone(),
        open,
    )
}

/// Whatever the order of arrival and however often: one outcome, which is answered.
fn converge(reports: &Reports) -> Outcome {
    let all = permutations(reports);
    assert_eq!(all.len(), 720);
    let straight = outcome(reports, Times::Once);
    for order_of_arrival in all {
        for times in [Times::Once, Times::Doubled, Times::AllAgain] {
            let came = outcome(&order_of_arrival, times);
            assert_eq!(came, straight, "{times:?}: {order_of_arrival:?}");
        }
    }
    straight
}

fn balance(outcome: &Outcome, wanted: &Account) -> Money {
    let mut balances = outcome.3.iter();
    let found = balances.find(|(account, _)| account == wanted);
    found.map_or(eur("0"), |(_, sum)| *sum)
}

fn cash() -> Account {
    Account::Cash("stripe-eu".into())
}

#[test]
fn six_reports_with_a_lost_dispute_converge_in_all_720_orders_also_with_repeats() {
    let came = converge(&[
        (1, authorized()),
        (2, made("c1", "40.00")),
        (3, made("c2", "60.00")),
        (4, refunded("r1", "10.00")),
        (5, disputed()),
        (6, decided(false)),
    ]);
    assert_eq!(came.2, "disputed");
    assert_eq!(balance(&came, &cash()), eur("60.00"));
    assert_eq!(balance(&came, &Account::Dispute), eur("30.00"));
}

#[test]
fn six_reports_with_a_capture_that_came_to_nothing_converge_in_all_720_orders_also_with_repeats() {
    let came = converge(&[
        (1, authorized()),
        (2, made("c1", "40.00")),
        (3, made("c2", "60.00")),
        (4, lost("c2")),
        (5, disputed()),
        (6, decided(true)),
    ]);
    assert_eq!(came.2, "part_captured");
    assert_eq!(balance(&came, &cash()), eur("40.00"));
    assert_eq!(came.4[0].reason, REASON_CAPTURE_FAILED);
}

#[test]
fn six_reports_with_all_instances_of_a_dispute_converge_in_all_720_orders_also_with_repeats() {
    let came = converge(&[
        (1, made("c1", "100.00")),
        (2, disputed()),
        (3, decided(false)),
        (4, decided(true)),
        (5, disputed()),
        (6, decided(true)),
    ]);
    assert_eq!(came.2, "captured");
    assert_eq!(balance(&came, &cash()), eur("100.00"));
    assert_eq!(balance(&came, &Account::Dispute), eur("0"));
}

#[test]
fn six_reports_with_a_capture_that_was_made_after_all_converge_in_all_720_orders_also_with_repeats()
{
    let came = converge(&[
        (1, authorized()),
        (2, made("c1", "100.00")),
        (3, lost("c1")),
        (4, made("c1", "100.00")),
        (5, disputed()),
        (6, decided(false)),
    ]);
    assert_eq!(balance(&came, &cash()), eur("70.00"));
    assert_eq!(came.4, [], "nobody has to look");
}

#[test]
fn sightings_converge_in_every_order() {
    use ParcelStatus::{Delivered, InTransit, LabelCreated, OutForDelivery, PickedUp};
    let sightings = [
        (1, LabelCreated),
        (2, PickedUp),
        (3, InTransit),
        (4, OutForDelivery),
        (5, Delivered),
    ];
    let mut outcome = None;
    for order_of_arrival in permutations(&sightings) {
        let lines = vec![line(1, "SKU-1", 2, "19.99")];
        let order = draft(lines, "4.99", to_authorize(CaptureMode::Once));
        let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
        world.settle();
        world
            .step(FulfilmentStep::Pick { lines: None })
            .expect("legal");
        world.step(FulfilmentStep::Pack).expect("legal");
        world.settle();
        for (second, status) in order_of_arrival {
            world.fact(seen(1, second, status));
            assert_eq!(world.fact(seen(1, second, status)), Decided::Nothing);
        }
        world.settle();
        world.check();
        let state = (
            world.order.stage,
            world.order.fulfilments[0].word(),
            world.captured(),
        );
        assert_eq!(state, (Stage::Completed, "delivered", eur("44.97")));
        match &outcome {
            None => outcome = Some(state),
            Some(first) => assert_eq!(*first, state),
        }
    }
}
