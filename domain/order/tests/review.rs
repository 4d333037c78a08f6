//! An order that screening holds back: what waits, who decides, and what happens when nobody does.

use jiff::SignedDuration;
use uuid::Uuid;

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::ids::*;
use crate::policy::{BusinessCalendar, Opening, Policy, ReviewDefault, ScreeningPolicy};

/// Rules under which a mark on the country alone is worth a look.
pub(super) fn wary() -> Policy {
    Policy {
        screening: ScreeningPolicy {
            country_mismatch_weight: 50,
            ..ScreeningPolicy::default()
        },
        ..Policy::default()
    }
}

/// A world whose order is billed to another country than it ships to, under these rules.
fn odd_order(terms: Terms, policy: Policy) -> World {
    let stock = [("BER1", "SKU-1", 5)];
    let draft = draft(vec![line(1, "SKU-1", 2, "19.99")], "4.99", terms);
    let mut world = World::place(draft.clone(), &stock);
    world.policy = policy;
    let nobody = Submission {
        draft: draft.clone(),
        private: PrivateDetails {
            ship_to: Some(home()),
            ..PrivateDetails::default()
        },
    };
    let channel = ChannelId(Uuid::from_u128(1));
    let placement = Placement {
        id: world.order.id,
        channel,
        channel_slug: "web".into(),
        features: Features {
            country_mismatch: Some(true),
            ..Features::of(&nobody, &Sightings::NotNeeded)
        },
        draft,
        wanted: std::collections::BTreeMap::new(),
        live_connection: true,
        body_hash: "00".into(),
    };
    let context = Context {
        ship_to: None,
        now: world.now,
        policy: &world.policy,
        places: &world.shelves,
        channel_listens: &PLAIN,
    };
    let (log, order) = place(placement, "channel:web", None, &context);
    world.log = log;
    world.order = order;
    world
}

pub(super) fn in_review(policy: Policy) -> World {
    odd_order(to_authorize(CaptureMode::Once), policy)
}

fn approve() -> Command {
    Command::Approve {
        reason: "called back".into(),
    }
}

fn reject() -> Command {
    Command::Reject {
        reason: "a known thief".into(),
    }
}

fn count(world: &World, kind: &str) -> usize {
    world.kinds().iter().filter(|k| **k == kind).count()
}

#[test]
fn an_order_in_review_waits_for_a_person_and_asks_the_world_for_nothing() {
    let world = in_review(wary());
    assert_eq!(world.order.stage, Stage::Screening);
    assert_eq!(world.kinds(), ["order.received", "order.screened"]);
    assert!(world.order.outstanding.is_empty());
    let why = explain(&world.order, &world.policy);
    let until = world.now + SignedDuration::from_hours(24);
    assert_eq!(why.waiting_for, "person");
    assert_eq!(why.since, world.now);
    assert_eq!(why.until, Some(until));
    assert_eq!(why.recommended, Some("reject"));
    assert_eq!(
        why.because,
        "A person has to review it: its score is 50 (country_mismatch +50). If nobody does, it is \
         rejected."
    );
    let allowed = why.actions.iter().filter(|a| a.why_not.is_none());
    let allowed: Vec<_> = allowed.map(|a| a.action).collect();
    let offered = [
        "approve",
        "reject",
        "cancel",
        "hold",
        "note",
        "change_address",
    ];
    assert_eq!(allowed, offered);
    assert_eq!(world.folded(), world.order);
}

#[test]
fn an_approved_order_goes_on_as_if_nothing_had_been() {
    let mut world = in_review(wary());
    world.command(approve()).expect("legal");
    assert_eq!(world.order.stage, Stage::Reserving);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(count(&world, "order.reviewed"), 1);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn a_rejected_order_ends_without_touching_stock_or_money() {
    let mut world = in_review(wary());
    world.command(reject()).expect("legal");
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some(REASON_FRAUD_REVIEW));
    let asked: Vec<_> = world
        .order
        .outstanding
        .values()
        .map(|o| o.effect.word())
        .collect();
    assert_eq!(asked, ["notify_channel"]);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn an_authorisation_from_elsewhere_is_voided_when_the_order_is_rejected() {
    let mut world = odd_order(
        Terms::Authorized {
            gateway: Some("stripe-eu".into()),
            reference: Some("pi_1".into()),
            expires_at: None,
            capture: CaptureMode::Once,
        },
        wary(),
    );
    assert_eq!(count(&world, "payment.void_requested"), 0);
    world.command(reject()).expect("legal");
    assert_eq!(count(&world, "payment.void_requested"), 1);
}

#[test]
fn when_nobody_comes_the_declared_default_fires_once() {
    for (review_default, kind, stage) in [
        (ReviewDefault::Reject, "order.rejected", Stage::Rejected),
        (ReviewDefault::Approve, "order.reviewed", Stage::Reserving),
    ] {
        let mut world = in_review(Policy {
            review_default,
            review_sla: SignedDuration::from_hours(2),
            ..wary()
        });
        let due = world.now + SignedDuration::from_hours(2);
        assert_eq!(wake_at(&world.order, &world.policy), Some(due));
        world.wait(2 * 3600 - 1);
        assert_eq!(world.order.stage, Stage::Screening, "not a second early");
        world.wait(1);
        assert_eq!(world.order.stage, stage);
        world.wait(0);
        world.wait(1);
        assert_eq!(count(&world, "order.reviewed"), 1);
        assert_eq!(count(&world, kind), 1);
        let reviewed = world
            .log
            .iter()
            .find(|r| r.event.kind() == "order.reviewed");
        let reviewed = reviewed.expect("it is in the log");
        assert_eq!(reviewed.actor, "system");
        assert_eq!(world.folded(), world.order);
    }
}

#[test]
fn people_who_work_by_day_have_their_working_time() {
    let by_day = Opening {
        from: 9 * 60,
        until: 17 * 60,
    };
    let mut week = [(); 7].map(|()| vec![by_day]);
    week[5].clear();
    week[6].clear();
    // It comes on a Thursday at seven to nine: eight hours that day, two the next.
    let mut world = in_review(Policy {
        review_sla: SignedDuration::from_hours(10),
        business_hours: Some(BusinessCalendar {
            zone: jiff::tz::TimeZone::UTC,
            week,
            holidays: std::collections::BTreeSet::new(),
        }),
        ..wary()
    });
    let due = "2025-10-10T11:00:00Z".parse().expect("a time");
    assert_eq!(wake_at(&world.order, &world.policy), Some(due));
    let left = due.duration_since(world.now).as_secs();
    world.wait(left - 1);
    assert_eq!(world.order.stage, Stage::Screening, "not a second early");
    world.wait(1);
    world.wait(1);
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(count(&world, "order.reviewed"), 1);
}

#[test]
fn a_calendar_in_which_nobody_ever_works_keeps_no_order_for_ever() {
    let world = in_review(Policy {
        business_hours: Some(BusinessCalendar {
            zone: jiff::tz::TimeZone::UTC,
            week: Default::default(),
            holidays: std::collections::BTreeSet::new(),
        }),
        ..wary()
    });
    let due = world.now + SignedDuration::from_hours(24);
    assert_eq!(wake_at(&world.order, &world.policy), Some(due));
}

#[test]
fn a_late_approval_is_refused_and_says_what_the_order_is_now() {
    let mut world = in_review(wary());
    world.wait(24 * 3600);
    let late = world.command(approve()).expect_err("too late");
    assert_eq!(
        late.to_string(),
        "an order that is rejected cannot be approved"
    );
    assert_eq!(count(&world, "order.reviewed"), 1);
}

/// Approve, reject and the timer at the same moment, in every order: the first decides, and nobody
/// decides twice.
#[test]
fn of_a_person_and_the_default_at_the_same_moment_the_first_decides() {
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        let mut world = in_review(wary());
        world.now += SignedDuration::from_hours(24);
        for step in order {
            match step {
                0 => drop(world.command(approve())),
                1 => drop(world.command(reject())),
                _ => world.wait(0),
            }
        }
        assert_eq!(count(&world, "order.reviewed"), 1, "{order:?}");
        let expected = if order[0] == 0 {
            Stage::Reserving
        } else {
            Stage::Rejected
        };
        assert_eq!(world.order.stage, expected, "{order:?}");
        assert_eq!(world.folded(), world.order);
        world.check();
    }
}

#[test]
fn the_time_limit_is_the_one_that_was_in_force_when_it_was_screened() {
    let mut world = in_review(wary());
    world.policy.review_sla = SignedDuration::from_mins(1);
    world.wait(3600);
    assert_eq!(world.order.stage, Stage::Screening);
    world.wait(23 * 3600);
    assert_eq!(world.order.stage, Stage::Rejected);
}

#[test]
fn holds_and_cancellations_work_in_review() {
    let mut world = in_review(wary());
    let hold = Command::Hold {
        scope: HoldScope::Order,
        blocks: vec![Edge::Reserve],
        reason: "asked the buyer".into(),
        until: None,
        on_expiry: OnExpiry::default(),
    };
    world.command(hold).expect("legal");
    world
        .command(approve())
        .expect("a hold blocks edges, not decisions");
    assert_eq!(world.order.stage, Stage::Reserving);
    assert!(
        world.order.outstanding.is_empty(),
        "the hold stops what follows"
    );
    let mut world = in_review(wary());
    let reason = "changed her mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.command(approve()).is_err());
    world.wait(48 * 3600);
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(count(&world, "order.reviewed"), 0);
}

#[test]
fn a_prepaid_order_in_review_is_booked_as_the_channel_says_and_nothing_else() {
    let mut world = odd_order(Terms::Prepaid { reference: None }, wary());
    assert_eq!(world.order.stage, Stage::Screening);
    assert_eq!(count(&world, "payment.settled_by_channel"), 1);
    world.command(approve()).expect("legal");
    assert_eq!(count(&world, "payment.settled_by_channel"), 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world.check();
}

#[test]
fn a_score_above_the_limit_is_refused_at_once() {
    let mut policy = wary();
    policy.screening.refuse_at = Some(50);
    let world = in_review(policy);
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some(REASON_FRAUD_SCORE));
    assert_eq!(
        world.kinds()[..4],
        [
            "order.received",
            "order.screened",
            "order.end_decided",
            "order.rejected"
        ]
    );
    assert_eq!(world.folded(), world.order);
}

#[test]
fn an_order_that_is_not_in_review_can_neither_be_approved_nor_rejected() {
    let mut world = in_review(Policy::default());
    assert_eq!(world.order.stage, Stage::Reserving);
    let refused = world.command(approve()).expect_err("nothing to approve");
    assert_eq!(refused.code(), "wrong_stage");
    assert_eq!(
        world
            .command(reject())
            .expect_err("nothing to reject")
            .to_string(),
        "an order that is reserving cannot be rejected"
    );
}

#[test]
fn what_screening_stands_on_is_in_the_event_and_older_events_load() {
    let world = in_review(wary());
    let body = world.log[1].event.body();
    assert_eq!(body["verdict"], "review");
    assert_eq!(body["score"], 50);
    assert_eq!(body["policy"], 1);
    assert_eq!(body["rules"], wary().screening.fingerprint());
    assert_eq!(body["features"]["country_mismatch"], true);
    assert_eq!(body["reasons"][0]["rule"], "country_mismatch");
    let again = Event::from_stored("order.screened", body);
    assert_eq!(again.as_ref(), Ok(&world.log[1].event));
    let old = serde_json::json!({ "verdict": "pass", "policy": 1 });
    let old = Event::from_stored("order.screened", old);
    let expected = Screened::bare(Verdict::Pass, 1);
    assert_eq!(old, Ok(Event::Screened(Box::new(expected))));
}
