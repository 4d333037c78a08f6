//! What can happen in a world, and the list of what does: drawn from the seed before anything
//! moves, so that a list with parts taken out can be played again.

use super::dice::Dice;

/// What happens next. Which order, message or unit it happens to comes from the move's own number
/// and from what there is at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A buyer orders, or a channel sends an order again.
    Order,
    /// A message on its way arrives and its sender hears of it.
    Deliver,
    /// Somebody at a location takes a step.
    Work,
    /// A carrier takes a parcel off the dock, or sees one.
    Scan,
    /// Some seconds pass, in which a capture that a gateway told of may come to nothing.
    Tick,
    /// The buyer confirms a payment, or gives up.
    Confirm,
    /// An operator or a channel cancels.
    Cancel,
    /// An operator places a hold.
    Hold,
    /// An operator releases a hold.
    Release,
    /// An operator gives money back.
    Refund,
    /// Units come back, or are to, and people look at them.
    Return,
    /// An operator answers a dispute.
    AnswerDispute,
    /// Somebody counts a shelf or sets a quota, or a feed says what is on many.
    Count,
    /// Supply is announced, or its day changes.
    Announce,
    /// Supply comes, or its receipt comes again.
    Receive,
    /// Somebody changes who does the work, or cancels a part of an order.
    Route,
    /// Somebody changes what an order consists of, or wants other units for those that come back.
    Edit,
    /// Somebody wants an order sent elsewhere.
    Address,
    /// A location closes for a while, or works again.
    Pause,
    /// A message arrives, and a copy of it is still on its way.
    Repeat,
    /// A call is carried out and its answer is lost.
    LoseAnswer,
    /// A call is lost; whether it was carried out, nobody knows.
    Lose,
    /// A call is certainly not carried out.
    Refuse,
    /// A message is gone and nobody hears of it; webhooks and requests come again.
    Vanish,
    /// The next commit is written, and nobody hears so.
    WrittenUnheard,
    /// The next commit is not written, and nobody knows.
    UnwrittenUnheard,
    /// The next commit is certainly not written.
    NotStored,
    /// Somebody else writes to the order before the next commit.
    Elsewhere,
    /// The hub loses its memory.
    Crash,
    /// The hub loses its memory in the middle of one of its next commits.
    CrashInCommit,
    /// The other node takes the hub over; the one before does not know yet.
    TakeOver,
    /// The node that was superseded looks after an order.
    Stray,
    /// The clock jumps forward by minutes or days.
    Jump,
    /// A gateway refuses the next capture or refund.
    Rebuff,
    /// A buyer disputes a charge.
    Dispute,
    /// Everything that is on its way arrives.
    Calm,
}

/// Moves of a long walk between two calms.
const STRETCH: usize = 60;

/// Moves that are the ordinary course of things, with their weights.
const COURSE: [(Kind, usize); 19] = [
    (Kind::Order, 7),
    (Kind::Deliver, 44),
    (Kind::Work, 22),
    (Kind::Scan, 8),
    (Kind::Tick, 8),
    (Kind::Confirm, 2),
    (Kind::Cancel, 2),
    (Kind::Hold, 2),
    (Kind::Release, 2),
    (Kind::Refund, 2),
    (Kind::Return, 8),
    (Kind::AnswerDispute, 1),
    (Kind::Count, 2),
    (Kind::Announce, 2),
    (Kind::Receive, 2),
    (Kind::Route, 5),
    (Kind::Edit, 4),
    (Kind::Address, 1),
    (Kind::Pause, 1),
];

/// Moves that are faults. Each seed knows a few of them: a world in which everything fails at once
/// hides what single faults do.
const FAULTS: [(Kind, usize); 16] = [
    (Kind::Repeat, 8),
    (Kind::LoseAnswer, 6),
    (Kind::Lose, 5),
    (Kind::Refuse, 5),
    (Kind::Vanish, 5),
    (Kind::WrittenUnheard, 4),
    (Kind::UnwrittenUnheard, 3),
    (Kind::NotStored, 3),
    (Kind::Elsewhere, 4),
    (Kind::Crash, 2),
    (Kind::CrashInCommit, 2),
    (Kind::TakeOver, 2),
    (Kind::Stray, 4),
    (Kind::Jump, 2),
    (Kind::Rebuff, 2),
    (Kind::Dispute, 1),
];

/// A move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// Its place in the list that was drawn, from 1.
    pub(super) number: usize,
    pub(super) kind: Kind,
    /// Seeds everything that has to be chosen within the move.
    pub(super) roll: u64,
}

/// The moves of a seed.
pub(super) fn draw(dice: &mut Dice, steps: usize) -> Vec<Move> {
    let mut bag: Vec<(Kind, usize)> = COURSE.to_vec();
    let share = dice.between(10, 70);
    let share = usize::try_from(share).unwrap_or_default();
    bag.extend(FAULTS.iter().filter(|_| dice.percent(share)));
    from(&bag, dice, steps)
}

/// The moves of a long walk: everything there is, and so few orders and so much supply that each order
/// lives through much. Every [`STRETCH`] moves the post is carried out, or it would fill with what
/// crashes left over.
pub(super) fn walk(dice: &mut Dice, steps: usize) -> Vec<Move> {
    let other = |(kind, weight): (Kind, usize)| match kind {
        Kind::Receive => (kind, 6),
        Kind::Order => (kind, 3),
        Kind::Cancel | Kind::Hold | Kind::Count | Kind::Jump => (kind, 1),
        _ => (kind, weight),
    };
    let all = COURSE.into_iter().chain(FAULTS);
    let mut moves = from(&all.map(other).collect::<Vec<_>>(), dice, steps);
    for next in moves.iter_mut().skip(STRETCH).step_by(STRETCH) {
        next.kind = Kind::Calm;
    }
    moves
}

/// So many moves out of a bag.
fn from(bag: &[(Kind, usize)], dice: &mut Dice, steps: usize) -> Vec<Move> {
    let total: usize = bag.iter().map(|(_, weight)| weight).sum();
    let mut moves = Vec::with_capacity(steps);
    for number in 1..=steps {
        let mut drawn = dice.below(total);
        let mut kind = Kind::Tick;
        for (candidate, weight) in bag {
            if drawn < *weight {
                kind = *candidate;
                break;
            }
            drawn -= weight;
        }
        let roll = dice.roll();
        moves.push(Move { number, kind, roll });
    }
    moves
}
