//! Orders of the past: they begin at their end, and nothing that reaches them has anything done.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::ids::*;
use crate::policy::Policy;

fn prepaid() -> Terms {
    Terms::Prepaid { reference: None }
}

fn past_draft() -> OrderDraft {
    let lines = vec![
        line(1, "SKU-1", 2, "19.99"),
        line(2, "SKU-2", 1, "5.00"),
        DraftLine {
            fulfilled_by: FulfilledBy::Nobody,
            ..line(3, "GIFT", 1, "10.00")
        },
    ];
    draft(lines, "4.99", prepaid())
}

fn history(end: PastEnd, unshipped: &[u16]) -> History {
    let total = past_draft().stated_total;
    History {
        end,
        ended_at: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(48)),
        paid: total,
        refunded: match end {
            PastEnd::Refunded => total,
            _ => eur("0"),
        },
        unshipped: unshipped.to_vec(),
        format: "shopify-csv".to_owned(),
    }
}

fn past(history: History) -> (Recorded, Order) {
    let draft = past_draft();
    let channel = ChannelId(Uuid::from_u128(1));
    let past = PastPlacement {
        id: OrderId::new(
            1_760_000_000_000,
            [9; 8],
            channel.hash16(&draft.external_id),
        ),
        channel,
        channel_slug: "shop-de".into(),
        live_connection: true,
        body_hash: "00".into(),
        draft,
        history,
    };
    place_past(past, "operator:anna", beginning())
}

/// Gives an order of the past something, a day later, where there is stock for all of it.
fn give(order: &Order, body: InputBody) -> Result<Decided, Rejection> {
    let policy = Policy::default();
    let shelves = Shelves::stocked(&[("BER1", "SKU-1", 9), ("BER1", "SKU-2", 9)]);
    let context = Context {
        now: beginning() + SignedDuration::from_hours(24),
        policy: &policy,
        places: &shelves,
        ship_to: None,
        channel_listens: &PLAIN,
    };
    let actor = "operator:anna".to_owned();
    decide(order, &Input { actor, body }, &context)
}

#[test]
fn an_order_is_over_once_it_was_cancelled_refunded_or_shipped_and_paid() {
    use PaidThen as Paid;
    use ShippedThen as Shipped;
    let said = |cancelled, paid, shipped| {
        let stated = StatedEnd {
            cancelled,
            paid,
            shipped,
        };
        stated.end().map_err(|open| open.lacks)
    };
    let table = [
        (false, Paid::Paid, Shipped::All, Ok(PastEnd::Completed)),
        (
            false,
            Paid::PartlyRefunded,
            Shipped::All,
            Ok(PastEnd::Completed),
        ),
        (false, Paid::Refunded, Shipped::All, Ok(PastEnd::Refunded)),
        (
            false,
            Paid::Refunded,
            Shipped::Nothing,
            Ok(PastEnd::Refunded),
        ),
        (
            false,
            Paid::Voided,
            Shipped::Nothing,
            Ok(PastEnd::Cancelled),
        ),
        (true, Paid::Open, Shipped::Nothing, Ok(PastEnd::Cancelled)),
        (true, Paid::Refunded, Shipped::Some, Ok(PastEnd::Cancelled)),
        (false, Paid::Paid, Shipped::Some, Err("shipped")),
        (false, Paid::Paid, Shipped::Nothing, Err("shipped")),
        (
            false,
            Paid::PartlyRefunded,
            Shipped::Nothing,
            Err("shipped"),
        ),
        (false, Paid::Open, Shipped::All, Err("paid")),
        (false, Paid::Open, Shipped::Nothing, Err("paid")),
        (false, Paid::Voided, Shipped::All, Err("paid")),
    ];
    for (cancelled, paid, shipped, expected) in table {
        let found = said(cancelled, paid, shipped);
        assert_eq!(found, expected, "{cancelled} {paid:?} {shipped:?}");
    }
}

#[test]
fn an_order_of_the_past_begins_at_its_end_and_wants_nothing() {
    for end in PastEnd::ALL {
        let (first, order) = past(history(end, &[]));
        assert_eq!(first.event.kind(), "order.imported");
        assert_eq!(first.occurred_at, Some(Timestamp::UNIX_EPOCH));
        assert_eq!((order.version, order.received_at), (1, beginning()));
        assert!(order.stage.is_terminal(), "{end:?}");
        assert!(order.outstanding.is_empty() && order.reservations.is_empty());
        assert_eq!(wake_at(&order, &Policy::default()), None);
        assert_eq!(order.violations(), Vec::new());
        let told = explain(&order, &Policy::default());
        assert!(
            told.because.contains("Imported as history"),
            "{}",
            told.because
        );
        let allowed = told.actions.iter().filter(|one| one.why_not.is_none());
        assert_eq!(allowed.map(|one| one.action).collect::<Vec<_>>(), ["note"]);
        assert_eq!((told.recommended, told.until), (None, None));
    }
}

#[test]
fn its_event_is_read_back_as_it_was_stored() {
    let (first, order) = past(history(PastEnd::Completed, &[2]));
    let stored = first.event.body();
    let event = Event::from_stored("order.imported", stored.clone()).expect("it reads");
    assert_eq!(event, first.event);
    let again = Recorded { event, ..first };
    assert_eq!(evolve(None, &again), Ok(order));
    // A hub that does not know imports leaves the order alone instead of working on it.
    assert!(Event::from_stored("order.received", stored).is_err());
}

#[test]
fn what_shipped_is_with_the_buyer_and_the_rest_was_cancelled() {
    let (_, order) = past(history(PastEnd::Completed, &[2]));
    let of = |number| order.quantities(number);
    let two = crate::quantity::Quantity::units(2);
    assert_eq!((of(1).shipped, of(1).delivered), (two, two));
    assert_eq!(of(2).cancelled, of(2).ordered);
    assert!(of(2).delivered.is_zero() && of(2).unallocated.is_zero());
    assert_eq!(of(3).not_stocked, of(3).ordered);
    assert_eq!(order.violations(), Vec::new());
    let (_, order) = past(history(PastEnd::Cancelled, &[1, 2, 3]));
    let cancelled = |number| order.quantities(number).cancelled == order.quantities(number).ordered;
    assert!(order.line_numbers().all(cancelled));
    assert_eq!(order.stage, Stage::Cancelled);
    assert_eq!(order.violations(), Vec::new());
}

#[test]
fn what_no_order_of_the_past_may_say_is_pointed_at() {
    let now = beginning();
    let found = |history: &History, draft: &OrderDraft| {
        let found = history.violations(draft, now);
        found
            .into_iter()
            .map(|one| format!("{} {}", one.pointer, one.code))
            .collect::<Vec<_>>()
    };
    let good = history(PastEnd::Completed, &[]);
    assert_eq!(found(&good, &past_draft()), Vec::<String>::new());
    let mut draft = past_draft();
    draft.placed_at = now + SignedDuration::from_secs(1);
    assert_eq!(found(&good, &draft), ["/placed_at in_the_future"]);
    let mut draft = past_draft();
    draft.tenders[0].terms = to_authorize(CaptureMode::Once);
    assert_eq!(found(&good, &draft), ["/payment/terms not_allowed"]);
    let much = History {
        refunded: eur("9999"),
        ..good.clone()
    };
    assert_eq!(found(&much, &past_draft()), ["/history/refunded too_large"]);
    let later = History {
        ended_at: Some(now + SignedDuration::from_hours(1)),
        ..good
    };
    assert_eq!(
        found(&later, &past_draft()),
        ["/history/ended_at in_the_future"]
    );
}

#[test]
fn the_same_sale_that_its_channel_pushes_adds_nothing() {
    for end in PastEnd::ALL {
        let (_, order) = past(history(end, &[]));
        let paid = Fact::Channel(ChannelFact::Paid { reference: None });
        assert_eq!(
            give(&order, InputBody::Fact(paid)),
            Ok(Decided::Nothing),
            "{end:?}"
        );
    }
    let (_, order) = past(history(PastEnd::Cancelled, &[1, 2, 3]));
    let cancelled = Fact::Channel(ChannelFact::Cancelled { at: beginning() });
    assert_eq!(
        give(&order, InputBody::Fact(cancelled)),
        Ok(Decided::Nothing)
    );
}

#[test]
fn a_report_that_says_otherwise_is_kept_once_and_not_applied() {
    let (_, order) = past(history(PastEnd::Completed, &[]));
    let cancelled = || InputBody::Fact(Fact::Channel(ChannelFact::Cancelled { at: beginning() }));
    let Ok(Decided::Commit(events, next)) = give(&order, cancelled()) else {
        panic!("it is recorded");
    };
    let kinds: Vec<_> = events.iter().map(|one| one.event.kind()).collect();
    assert_eq!(kinds, ["order.fact_ignored"]);
    assert_eq!(next.stage, Stage::Closed);
    assert_eq!(give(&next, cancelled()), Ok(Decided::Nothing));
}

#[test]
fn whoever_sent_the_same_body_is_recognised_and_another_is_refused() {
    let (_, order) = past(history(PastEnd::Completed, &[]));
    let again = |hash: &str| {
        let body_hash = hash.to_owned();
        let body = InputBody::Request(Command::PlaceAgain { body_hash }.into());
        give(&order, body)
    };
    assert_eq!(again("00"), Ok(Decided::Nothing));
    assert_eq!(again("11"), Err(Rejection::OtherBody));
}

/// One of everything that may be asked of an order or told about it, chosen by a number.
fn anything(number: u32) -> InputBody {
    let reason = || "because".to_owned();
    let reference = || "pi_1".to_owned();
    let commands = [
        Command::Cancel { reason: reason() },
        Command::Approve { reason: reason() },
        Command::Reject { reason: reason() },
        Command::Retry { reason: reason() },
        Command::Refund {
            amount: None,
            as_credit: number.is_multiple_of(2),
            reason: reason(),
        },
        Command::Hold {
            scope: HoldScope::Order,
            blocks: vec![Edge::Ship],
            reason: reason(),
            until: Some(beginning() + SignedDuration::from_hours(48)),
            on_expiry: OnExpiry::Cancel,
        },
        Command::Fulfil {
            fulfilment: 1,
            step: FulfilmentStep::HandOver,
        },
        Command::Note { note: reason() },
    ];
    let facts = [
        payment(PaymentEvidence::Captured {
            reference: reference(),
            amount: Reported::Total { amount: eur("5") },
        }),
        payment(PaymentEvidence::Refunded {
            reference: reference(),
            amount: Reported::Total { amount: eur("5") },
        }),
        payment(PaymentEvidence::Authorized {
            reference: reference(),
            amount: eur("5"),
            expires_at: Some(beginning()),
        }),
        payment(PaymentEvidence::DisputeOpened {
            dispute: "dp_1".to_owned(),
            amount: eur("5"),
            due: Some(beginning() + SignedDuration::from_hours(72)),
        }),
        Fact::Channel(ChannelFact::Cancelled { at: beginning() }),
        Fact::Channel(ChannelFact::Paid { reference: None }),
        Fact::Fulfilment(FulfilmentFact {
            fulfilment: 1,
            occurred_at: None,
            evidence: FulfilmentEvidence::Accepted,
        }),
        Fact::Stock(StockFact {
            location: "BER1".into(),
            attempt: 1,
            effect: None,
            evidence: StockEvidence::Waiting,
        }),
        Fact::Scan(ScanFact {
            tracking_number: "T1".to_owned(),
            carrier: None,
            scan: Scan {
                at: beginning(),
                status: ParcelStatus::ReturnToSender,
                code: "RTS".to_owned(),
            },
        }),
        Fact::Paused("BER1".into()),
    ];
    let number = usize::try_from(number).unwrap_or(0);
    match number % (commands.len() + facts.len() + 1) {
        0 => InputBody::Wake,
        chosen if chosen <= commands.len() => {
            InputBody::Request(commands[chosen - 1].clone().into())
        }
        chosen => InputBody::Fact(facts[chosen - 1 - commands.len()].clone()),
    }
}

proptest! {
    #[test]
    fn whatever_reaches_history_nothing_is_done_about_it(
        end in 0..3_usize,
        inputs in proptest::collection::vec(any::<u32>(), 1..30),
    ) {
        let (_, first) = past(history(PastEnd::ALL[end], &[]));
        let mut order = first.clone();
        for number in inputs {
            let body = anything(number);
            let note = matches!(
                &body,
                InputBody::Request(Asked { command: Command::Note { .. }, .. })
            );
            match give(&order, body.clone()) {
                Ok(Decided::Commit(events, next)) => {
                    for recorded in &events {
                        let kind = recorded.event.kind();
                        prop_assert!(
                            ["order.note_added", "order.fact_ignored"].contains(&kind),
                            "{kind} after {body:?}"
                        );
                    }
                    order = *next;
                }
                Ok(_) => {}
                Err(refused) => prop_assert_eq!(refused, Rejection::Past),
            }
            prop_assert!(!note || order.version > 1);
            prop_assert!(order.outstanding.is_empty() && order.reservations.is_empty());
            prop_assert!(order.holds.is_empty() && order.fulfilments.is_empty());
            prop_assert_eq!(wake_at(&order, &Policy::default()), None);
            prop_assert_eq!(&order.tenders, &first.tenders);
            prop_assert_eq!(&order.ledger, &first.ledger);
            prop_assert_eq!((order.stage, &order.history), (first.stage, &first.history));
            prop_assert_eq!(order.violations(), Vec::new());
        }
    }
}
