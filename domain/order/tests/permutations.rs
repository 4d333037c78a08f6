//! Reports about money and parcels come in any order, any number of times: one state.

use super::super::*;
use super::world::*;
use crate::canonical::*;

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

fn part(reference: &str, amount: &str) -> Reported {
    Reported::Part {
        reference: reference.into(),
        amount: eur(amount),
    }
}

#[test]
fn payment_reports_converge_in_all_120_orders_also_doubled() {
    let reference = || "pi_1".to_owned();
    let facts = [
        PaymentEvidence::Authorized {
            reference: reference(),
            amount: eur("100.00"),
            expires_at: None,
        },
        PaymentEvidence::Captured {
            reference: reference(),
            amount: part("c1", "40.00"),
        },
        PaymentEvidence::Captured {
            reference: reference(),
            amount: part("c2", "60.00"),
        },
        PaymentEvidence::Refunded {
            reference: reference(),
            amount: part("r1", "10.00"),
        },
        PaymentEvidence::DisputeOpened {
            dispute: "d1".into(),
            amount: eur("30.00"),
            due: None,
        },
    ];
    let mut seen = None;
    let all = permutations(&facts);
    assert_eq!(all.len(), 120);
    for order_of_arrival in all {
        for doubled in [false, true] {
            let lines = vec![line(1, "SKU-1", 1, "95.01")];
            let order = draft(lines, "4.99", to_authorize(CaptureMode::Many));
            let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
            world.answer("reserve_stock");
            for evidence in &order_of_arrival {
                world.pay(evidence.clone());
                if doubled {
                    assert_eq!(world.pay(evidence.clone()), Decided::Nothing);
                }
            }
            world.check();
            let order = world.order;
            let state = (
                order.tenders.clone(),
                order.stage,
                order.payment_status(),
                order.ledger.clone(),
                order.holds.clone(),
                order
                    .outstanding
                    .values()
                    .map(|o| o.effect.clone())
                    .collect::<Vec<_>>(),
            );
            match &seen {
                None => seen = Some(state),
                Some(first) => assert_eq!(*first, state, "{order_of_arrival:?}"),
            }
        }
    }
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
