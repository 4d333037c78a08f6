//! What the order's own sales channel is told, and how often.

use super::super::*;
use super::world::*;
use crate::canonical::*;

fn placed(on_hand: i64) -> World {
    let lines = vec![line(1, "SKU-1", 2, "19.99")];
    let order = draft(lines, "4.99", to_authorize(CaptureMode::Once));
    World::place(order, &[("BER1", "SKU-1", on_hand)])
}

fn asked(world: &World) -> Vec<Notice> {
    let opened = world
        .log
        .iter()
        .filter_map(|recorded| recorded.event.opens());
    opened
        .filter_map(|opened| match &opened.effect {
            Effect::NotifyChannel { notice } => Some(notice.clone()),
            _ => None,
        })
        .collect()
}

fn hand_over(world: &mut World) {
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
}

#[test]
fn a_shipment_is_told_once_and_does_not_keep_the_order_from_its_end() {
    let mut world = placed(5);
    world.settle();
    assert_eq!(asked(&world), []);
    hand_over(&mut world);
    assert_eq!(asked(&world), [Notice::Shipped { fulfilment: 1 }]);
    let notice = world.outstanding("notify_channel").expect("asked");
    // Everybody but the shop answers.
    for _ in 0..10 {
        let open: Vec<_> = world.order.outstanding.keys().copied().collect();
        for id in open.into_iter().filter(|id| *id != notice) {
            if let Some(fact) = world.good_answer(id) {
                world.fact(fact);
            }
        }
    }
    world.fact(seen(1, 1, ParcelStatus::Delivered));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.outstanding("notify_channel"), Some(notice));
    let explained = explain(&world.order, &world.policy);
    assert_eq!(explained.waiting_for, "channel");
    let told = world.good_answer(notice).expect("an answer");
    world.fact(told.clone());
    assert_eq!(world.fact(told), Decided::Nothing, "said again");
    assert_eq!(world.order.outstanding.len(), 0);
    world.wait(1);
    assert_eq!(asked(&world).len(), 1);
    assert!(world.kinds().contains(&"order.channel_notified"));
}

#[test]
fn a_refusal_is_final_and_stands_in_the_log() {
    let mut world = placed(0);
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(asked(&world), [Notice::Cancelled]);
    world.fact(Fact::Notice(NoticeFact {
        notice: Notice::Cancelled,
        evidence: NoticeEvidence::Refused {
            code: "order_not_found".into(),
        },
    }));
    world.wait(60);
    assert_eq!(asked(&world).len(), 1);
    let last = world.kinds().last().copied();
    assert_eq!(last, Some("order.channel_notice_refused"));
}

#[test]
fn what_the_channel_said_itself_is_no_news_to_it() {
    let mut world = placed(5);
    world.settle();
    let at = world.now;
    world.fact(Fact::Channel(ChannelFact::Cancelled { at }));
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(asked(&world), []);
    let mut ours = placed(5);
    ours.settle();
    let reason = "changed her mind".to_owned();
    ours.command(Command::Cancel { reason }).expect("legal");
    ours.settle();
    assert_eq!(asked(&ours), [Notice::Cancelled]);
}
