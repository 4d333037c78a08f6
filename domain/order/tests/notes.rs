//! What a person writes down about an order.

use super::super::*;
use super::returns::delivered;
use super::routing::standing;
use super::world::*;
use crate::canonical::*;

/// What the order does next, and what it waits for.
fn course(world: &World) -> (Stage, String, Option<jiff::Timestamp>, usize) {
    let why = explain(&world.order, &world.policy);
    let next = next_wait(&world.order, &world.policy).map(|(_, at)| at);
    (
        world.order.stage,
        why.because,
        next,
        world.order.outstanding.len(),
    )
}

#[test]
fn a_note_stands_in_the_log_at_any_stage_and_changes_nothing_else() {
    let lines = vec![line(1, "SKU-1", 1, "10.00")];
    let asking = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let asking = World::place(asking, &[("BER1", "SKU-1", 5)]);
    let mut closed = delivered(CaptureMode::Once);
    closed.wait(60 * 24 * 3600);
    assert_eq!(closed.order.stage, Stage::Closed);
    for mut world in [asking, standing(), closed] {
        let (before, version) = (course(&world), world.order.version);
        let note = "the buyer has called about the colour".to_owned();
        world
            .command(Command::Note { note: note.clone() })
            .expect("a note is never refused");
        let written: Vec<&Event> = world.log.iter().map(|one| &one.event).collect();
        let last = written.last().expect("an event");
        assert_eq!(**last, Event::NoteAdded { note });
        assert!(world.order.version > version);
        assert_eq!(course(&world), before);
        world.check();
        assert_eq!(world.folded(), world.order);
    }
}
