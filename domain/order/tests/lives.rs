//! Random lives: ten thousand orders, each with at least fifty commands, reports and pauses.

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::ids::CommandId;
use crate::quantity::Quantity;

/// One choice: what happens next and a number that picks among the possibilities.
type Choice = (u8, u32);

fn orders() -> impl Strategy<Value = OrderDraft> {
    let mode = prop_oneof![Just(CaptureMode::Once), Just(CaptureMode::Many)];
    let lines = prop::collection::vec((1_u32..4, 1_u32..5000), 1..4);
    (mode, lines, 0_u8..8, any::<bool>()).prop_map(|(mode, lines, terms, digital)| {
        let lines: Vec<DraftLine> = lines
            .into_iter()
            .zip(1_u16..)
            .map(|((quantity, cents), number)| {
                let price = format!("{}.{:02}", cents / 100, cents % 100);
                let mut line = line(number, &format!("SKU-{}", number % 2), quantity, &price);
                if digital && number == 2 {
                    line.fulfilled_by = FulfilledBy::Nobody;
                }
                line
            })
            .collect();
        let terms = match terms {
            0 => Terms::Prepaid { reference: None },
            1 => Terms::Invoice,
            2 => Terms::Authorized {
                gateway: Some("stripe-eu".into()),
                reference: Some("pi_1".into()),
                expires_at: None,
                capture: mode,
            },
            _ => to_authorize(mode),
        };
        draft(lines, "4.99", terms)
    })
}

fn pick<T: Clone>(items: &[T], number: u32) -> Option<T> {
    (!items.is_empty()).then(|| items[number as usize % items.len()].clone())
}

fn random_evidence(world: &World, number: u32) -> PaymentEvidence {
    let tender = &world.order.tenders[0];
    let reference = "pi_1".to_owned();
    let half = crate::money::share_between(tender.amount, 0.into(), 1.into(), 2.into());
    let part = |n: u32| Reported::Part {
        reference: format!("m{}", n % 2),
        amount: half,
    };
    match number % 12 {
        0 | 1 => PaymentEvidence::Authorized {
            reference,
            amount: tender.amount,
            expires_at: None,
        },
        2 => PaymentEvidence::Declined {
            reference: None,
            code: "card_declined".into(),
        },
        3 => PaymentEvidence::ActionRequired { reference },
        4 => PaymentEvidence::Captured {
            reference,
            amount: Reported::Total {
                amount: tender.amount,
            },
        },
        5 => PaymentEvidence::Captured {
            reference,
            amount: part(number / 12),
        },
        6 => PaymentEvidence::CaptureFailed {
            capture: (number / 12)
                .is_multiple_of(2)
                .then(|| format!("m{}", number / 24 % 2)),
            code: "expired".into(),
        },
        7 => PaymentEvidence::Voided { reference },
        8 => PaymentEvidence::Refunded {
            reference,
            amount: part(number / 12),
        },
        9 => PaymentEvidence::RefundFailed {
            refund: None,
            code: "closed_account".into(),
        },
        10 => PaymentEvidence::DisputeOpened {
            dispute: "d1".into(),
            amount: half,
            due: None,
        },
        _ => PaymentEvidence::DisputeClosed {
            dispute: "d1".into(),
            won: number.is_multiple_of(5),
            amount: half,
        },
    }
}

fn random_command(world: &World, number: u32) -> Command {
    let fulfilment = u16::try_from(number % 4).unwrap_or(0) + 1;
    let step = match number / 4 % 12 {
        0 | 1 => FulfilmentStep::Accept,
        2 => FulfilmentStep::Reject {
            reason: ["not_in_stock", "damaged", "closed"][number as usize % 3].into(),
        },
        3..=5 => FulfilmentStep::Pick { lines: None },
        6 => FulfilmentStep::Pick {
            lines: Some(vec![("1".into(), Quantity::units(1))]),
        },
        7 => FulfilmentStep::PackInto {
            parcels: vec![StatedParcel::default(); 1 + number as usize / 48 % 3],
        },
        8 | 9 => FulfilmentStep::Pack,
        10 => FulfilmentStep::Ready,
        _ => FulfilmentStep::Collect,
    };
    match number % 23 {
        0 => Command::Cancel {
            reason: "changed mind".into(),
        },
        1 => Command::Hold {
            scope: HoldScope::Order,
            blocks: vec![Edge::ALL[number as usize / 23 % 5]],
            reason: "check".into(),
            until: Some(world.now + jiff::SignedDuration::from_secs(i64::from(number % 1000))),
            on_expiry: OnExpiry::default(),
        },
        2 => Command::Release {
            hold: number / 23 % 4 + 1,
            reason: "checked".into(),
        },
        3..=9 => Command::Fulfil {
            fulfilment,
            step: FulfilmentStep::HandOver,
        },
        _ => Command::Fulfil { fulfilment, step },
    }
}

fn random_scan(number: u32) -> Fact {
    const SEEN: [ParcelStatus; 8] = [
        ParcelStatus::LabelCreated,
        ParcelStatus::PickedUp,
        ParcelStatus::InTransit,
        ParcelStatus::Exception,
        ParcelStatus::Delivered,
        ParcelStatus::Unknown,
        ParcelStatus::Lost,
        ParcelStatus::Returned,
    ];
    let fulfilment = u16::try_from(number % 3).unwrap_or(0) + 1;
    seen(
        fulfilment,
        i64::from(number / 3 % 50),
        SEEN[number as usize / 150 % 8],
    )
}

fn live(world: &mut World, (what, number): Choice) {
    let open: Vec<_> = world.order.outstanding.keys().copied().collect();
    let fact = match what % 16 {
        // Most of the time somebody answers what was asked.
        0..=6 => pick(&open, number).and_then(|id| world.good_answer(id)),
        7 => pick(&open, number).map(|effect| {
            let postponement = Postponement {
                effect,
                reason: "no route".into(),
                not_before: None,
            };
            if number % 2 == 0 {
                Fact::Postponed(postponement)
            } else {
                Fact::Unknown(postponement)
            }
        }),
        8 => Some(payment(random_evidence(world, number))),
        9 => Some(random_scan(number)),
        10 => Some(Fact::Fulfilment(FulfilmentFact {
            fulfilment: u16::try_from(number % 3).unwrap_or(0) + 1,
            occurred_at: None,
            evidence: match number / 3 % 5 {
                0 => FulfilmentEvidence::CancelRefused,
                1 => FulfilmentEvidence::Rejected {
                    reason: "closed".into(),
                },
                2 => FulfilmentEvidence::HandedOver,
                3 => FulfilmentEvidence::Packed {
                    parcels: vec![PackedParcel::default(); 1 + number as usize / 15 % 3],
                },
                _ => FulfilmentEvidence::Accepted,
            },
        })),
        11 => Some(match number % 7 {
            0 => Fact::Channel(ChannelFact::Cancelled { at: world.now }),
            1 => Fact::Channel(ChannelFact::Paid { reference: None }),
            2 => Fact::Label(LabelFact {
                fulfilment: 1,
                parcel: 1,
                evidence: LabelEvidence::Failed {
                    reason: "no service".into(),
                },
            }),
            _ => label_of(
                u16::try_from(number % 3).unwrap_or(0) + 1,
                u16::try_from(number / 21 % 3).unwrap_or(0) + 1,
            ),
        }),
        12 => {
            world.wait(i64::from(number % 1200));
            None
        }
        _ => {
            let request = Request {
                command_id: CommandId(uuid::Uuid::from_u128(u128::from(world.order.version))),
                body_hash: number.to_string(),
                reply_schema: REPLY_SCHEMA,
            };
            let command = random_command(world, number);
            let body = InputBody::Request(Asked {
                command,
                request: Some(request),
                expected: None,
            });
            if let Ok(first) = world.input(body.clone()) {
                let again = world.input(body).expect("a repeat is not refused");
                assert!(
                    matches!(again, Decided::Repeat(_)),
                    "{first:?} then {again:?}"
                );
            }
            None
        }
    };
    let Some(fact) = fact else { return };
    world.fact(fact.clone());
    // A failed try is one more try; every other report is the same report again.
    if !matches!(fact, Fact::Postponed(_) | Fact::Unknown(_)) {
        assert_eq!(world.fact(fact.clone()), Decided::Nothing, "{fact:?} again");
    }
    assert_eq!(
        world.input(InputBody::Wake),
        Ok(Decided::Nothing),
        "waking settles"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000, max_shrink_iters: 20_000, failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_life_keeps_the_books(
        order in orders(),
        shelves in (0_i64..8, 0_i64..8),
        choices in prop::collection::vec((any::<u8>(), any::<u32>()), 50..80),
    ) {
        let stock = [
            ("BER1", "SKU-0", shelves.0), ("BER1", "SKU-1", shelves.1),
            ("HAM1", "SKU-0", shelves.1), ("HAM1", "SKU-1", shelves.0),
        ];
        let mut world = World::place(order, &stock);
        for choice in choices {
            live(&mut world, choice);
            world.check();
        }
        prop_assert_eq!(world.folded(), world.order);
    }

    #[test]
    fn when_everybody_answers_every_order_comes_to_rest(
        order in orders(),
        shelves in (0_i64..8, 0_i64..8),
        choices in prop::collection::vec((any::<u8>(), any::<u32>()), 0..30),
    ) {
        let stock = [
            ("BER1", "SKU-0", shelves.0), ("BER1", "SKU-1", shelves.1),
            ("HAM1", "SKU-0", shelves.1), ("HAM1", "SKU-1", shelves.0),
        ];
        let mut world = World::place(order, &stock);
        for choice in choices {
            live(&mut world, choice);
        }
        // From here on every call is answered well and time passes.
        for _ in 0..40 {
            world.settle();
            world.wait(1800);
        }
        world.check();
        let order = &world.order;
        prop_assert!(order.outstanding.is_empty());
        prop_assert!(
            order.ending.is_none() || !order.holds.is_empty(),
            "{:?} {:?}", order.ending, order.outstanding
        );
        prop_assert!(!matches!(order.stage, Stage::Received) , "{:?}", order.stage);
        let waits_for_a_person = !order.holds.is_empty()
            || matches!(order.stage, Stage::Fulfilling | Stage::Confirmed | Stage::Cancelling);
        let at_rest = order.stage.is_terminal() || order.stage == Stage::Completed;
        prop_assert!(at_rest || waits_for_a_person, "{:?} {:?}", order.stage, world.kinds());
        let now: Timestamp = world.now;
        prop_assert!(wake_at(order, &world.policy).is_none_or(|at| at > now));
    }
}
