//! Why an order is where it is: what it waits for, until when, and what a person may do about it.

use jiff::Timestamp;

use super::stuck::{about_a_failing_call, offered};
use super::{
    Command, Edge, Fulfilment, FulfilmentStage, Hold, Order, Outcome, REASON_REAUTHORIZING,
    Rejection, ReservationState, Review, Rule, ScreeningReason, Stage, Tender, next_wait,
    waits_for_stock,
};
use crate::policy::{Policy, ReviewDefault};
use crate::quantity::Quantity;

/// Why an order is where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What it waits for, as a stable word: `stock`, `gateway`, `location`, `carrier`,
    /// `channel`, `time`, `person`, `nothing`.
    pub waiting_for: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// Until when at the latest something happens by itself.
    pub until: Option<Timestamp>,
    /// What that is.
    pub then: Option<&'static str>,
    /// One sentence for an operator.
    pub because: String,
    /// What may be asked, and why the rest may not.
    pub actions: Vec<Action>,
    /// The action that fits best, if one is needed; always one that is allowed.
    pub recommended: Option<&'static str>,
}

/// Something that may be asked of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its word in the API.
    pub action: &'static str,
    /// `None` when it is allowed, otherwise why not.
    pub why_not: Option<String>,
}

/// Explains an order.
pub fn explain(order: &Order, policy: &Policy) -> Explanation {
    let (waiting_for, since, because, recommended) = reason(order, policy);
    let next = next_wait(order, policy);
    let mut actions = actions(order);
    if order.is_past() {
        let no = |action: &&mut Action| action.action != "note";
        for action in actions.iter_mut().filter(no) {
            action.why_not = Some(Rejection::Past.to_string());
        }
    }
    Explanation {
        waiting_for,
        since,
        until: next.map(|(_, at)| at),
        then: next.map(|(wait, _)| wait.exit()),
        because,
        recommended: offered(recommended, &actions),
        actions,
    }
}

pub(super) type Reason = (&'static str, Timestamp, String, Option<&'static str>);

fn reason(order: &Order, policy: &Policy) -> Reason {
    if let Some(history) = &order.history {
        let because = format!(
            "Imported as history ({}, from {}); nothing is done about it any more.",
            history.end.word(),
            history.format
        );
        return ("nothing", order.stage_since, because, None);
    }
    if let Some(review) = order
        .review
        .as_ref()
        .filter(|_| order.review_until().is_some())
    {
        return in_review(order, review, policy);
    }
    // That one waits for the gateway, not for a person.
    let by_itself = |hold: &&Hold| hold.reason != REASON_REAUTHORIZING;
    if let Some(hold) = order.holds.iter().find(by_itself) {
        let (because, action) = order.why_held(hold);
        return (
            "person",
            hold.since,
            format!("Hold {}: {because}", hold.id),
            Some(action),
        );
    }
    if let Some(waits) = order.edit_waits() {
        return waits;
    }
    if let Some(open) = order.outstanding.values().min_by_key(|open| open.opened_at) {
        let whom = match () {
            () if open.effect.stock().is_some() => "stock",
            () if open.effect.tender().is_some() => "gateway",
            () if matches!(open.effect.word(), "buy_label" | "void_label") => "carrier",
            () if open.effect.word() == "notify_channel" => "channel",
            () => "location",
        };
        let tries = match (open.attempts, open.unknown) {
            (0, _) => "is under way; there is no answer yet".to_owned(),
            (n, true) => format!("got no answer {}; it may have been done", times(n)),
            (n, false) => format!("failed {}; it is tried again", times(n)),
        };
        let because = format!("{} {tries}.", open.effect.gerund());
        let action = about_a_failing_call(open);
        return (whom, open.opened_at, because, action);
    }
    let overdrawn = |tender: &&Tender| tender.overdrawn_since.is_some();
    if let Some(tender) = order.tenders.iter().find(overdrawn) {
        let since = tender.overdrawn_since.unwrap_or(order.updated_at);
        let (refunded, captured) = (tender.refunded_sum(), tender.captured_sum());
        let because = format!(
            "The gateway reported {refunded} refunded and {captured} captured; a report is missing."
        );
        return ("gateway", since, because, None);
    }
    if let Some(ending) = &order.ending {
        let how = match ending.outcome {
            Outcome::Rejected => "is being refused",
            Outcome::Expired => "is being given up",
            Outcome::Cancelled => "is being cancelled",
        };
        let because = format!("The order {how} ({}).", ending.reason);
        return ("nothing", ending.since, because, None);
    }
    if let Some(waits) = order.claim_for_a_person() {
        return waits;
    }
    // A return that waits for the dispute says so itself.
    let disputed_alone = order.open_dispute().is_some() && !order.has_open_return();
    if order.stage == Stage::Completed && disputed_alone {
        return disputed(order);
    }
    if let Some(waits) = order.after_delivery(policy) {
        return waits;
    }
    if let Some(waits) = order.outran_its_cancellation() {
        return waits;
    }
    by_stage(order, policy)
}

/// A person has to look, and what speaks against the order.
fn in_review(order: &Order, review: &Review, policy: &Policy) -> Reason {
    let reasons = review.reasons.iter();
    let reasons: Vec<String> = reasons
        .map(|reason| format!("{} +{}", reason.rule.word(), reason.points))
        .collect();
    let missing: Vec<&str> = review.degraded.iter().map(|one| one.word()).collect();
    let some = |any: bool, text: String| if any { text } else { String::new() };
    let because = format!(
        "A person has to review it: its score is {}{}.{} If nobody does, it is {}.",
        review.score,
        some(!reasons.is_empty(), format!(" ({})", reasons.join(", "))),
        some(
            !missing.is_empty(),
            format!(" It was screened without {}.", missing.join(" and "))
        ),
        match policy.review_default {
            ReviewDefault::Reject => "rejected",
            ReviewDefault::Approve => "approved",
        }
    );
    // Nothing spoke against it but that it could not be looked at, or an address that is another by now.
    let about_it = |one: &ScreeningReason| one.rule == Rule::ImplausibleAddress;
    let recommended = match (review.reasons.iter().all(about_it), order.address) {
        _ if reasons.is_empty() => "approve",
        (true, 0) => "change_address",
        (true, _) => "approve",
        (false, _) => "reject",
    };
    ("person", order.stage_since, because, Some(recommended))
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

fn by_stage(order: &Order, policy: &Policy) -> Reason {
    let since = order.stage_since;
    let ended = order.reason.clone().unwrap_or_default();
    match order.stage {
        _ if order.is_waiting() => in_line(order),
        _ if !waits_for_stock(order).is_empty() => {
            let because = "Other orders hold the last units; one may come back.".to_owned();
            ("stock", since, because, None)
        }
        Stage::Authorizing if order.tenders.iter().any(|tender| tender.action_required) => {
            let because = "The buyer has to confirm the payment.".to_owned();
            ("gateway", since, because, None)
        }
        Stage::Confirmed | Stage::Fulfilling => working(order, policy),
        Stage::Completed => {
            let because = "Delivered and paid; it closes by itself.".to_owned();
            ("time", since, because, None)
        }
        Stage::Closed => ("nothing", since, format!("Closed ({ended})."), None),
        Stage::Rejected => ("nothing", since, format!("Refused ({ended})."), None),
        Stage::Expired => (
            "nothing",
            since,
            format!("Nobody answered in time ({ended})."),
            None,
        ),
        Stage::Cancelled => ("nothing", since, format!("Cancelled ({ended})."), None),
        stage => (
            "nothing",
            since,
            format!("The order is {}.", stage.word()),
            None,
        ),
    }
}

/// The buyer disputes a charge, and the retailer can still answer.
fn disputed(order: &Order) -> Reason {
    let Some((_, reference, dispute)) = order.open_dispute() else {
        return ("nothing", order.stage_since, String::new(), None);
    };
    let until = dispute.due.map(|at| format!(" until {at}"));
    let because = format!(
        "The buyer disputes {} ({reference}); it can be answered{}.",
        dispute.amount,
        until.unwrap_or_default()
    );
    ("person", order.stage_since, because, Some("dispute"))
}

/// How many units stand in line, and when they are expected.
fn in_line(order: &Order) -> Reason {
    let waiting = order.reservations.values();
    let waiting = waiting.filter(|hold| hold.state == ReservationState::Waiting);
    let (units, promises): (Vec<_>, Vec<_>) =
        waiting.map(|hold| (hold.quantity, hold.promise)).unzip();
    let units = Quantity::sum(units);
    let promise = promises.into_iter().collect::<Option<Vec<_>>>();
    let expected = match promise.and_then(|days| days.into_iter().max()) {
        Some(day) => format!("expected on {}", day.strftime("%Y-%m-%d")),
        None => "nobody has said when they come".to_owned(),
    };
    let because = format!("{units} units stand in line for supply; {expected}.");
    ("stock", order.stage_since, because, None)
}

fn working(order: &Order, policy: &Policy) -> Reason {
    let retried = order
        .tenders
        .iter()
        .find(|tender| tender.capture_failed.is_some());
    if let Some(code) = retried.and_then(|tender| tender.capture_failed.as_deref()) {
        let because = format!("The gateway refused a capture ({code}); it is tried again.");
        return ("gateway", order.updated_at, because, None);
    }
    if order.is_held_for(REASON_REAUTHORIZING) {
        let because = "The payment is being authorised anew; nothing ships meanwhile.".to_owned();
        return ("gateway", order.updated_at, because, None);
    }
    // What waits at the store for the rest of its order has nothing to do.
    let gathers = order.is_gathered();
    let waits = |f: &Fulfilment| gathers && f.pickup && f.stage == FulfilmentStage::Packed;
    let unshipped = order
        .fulfilments
        .iter()
        .find(|f| !f.is_off() && !f.has_left() && !waits(f));
    if let Some(work) = unshipped {
        let next = match work.stage {
            FulfilmentStage::Planned | FulfilmentStage::Requested => "to accept",
            FulfilmentStage::Accepted | FulfilmentStage::Picking => "to pick and pack",
            FulfilmentStage::ReadyForPickup => "the buyer to collect it",
            FulfilmentStage::CancelRequested => "to say whether it stops",
            _ => "to hand over",
        };
        let because = format!(
            "Location {} has {next} fulfilment {}.",
            work.location, work.number
        );
        return ("location", work.since, because, None);
    }
    if let Some(waits) = order.on_its_way(policy) {
        return waits;
    }
    (
        "nothing",
        order.stage_since,
        format!("The order is {}.", order.stage.word()),
        None,
    )
}

fn actions(order: &Order) -> Vec<Action> {
    let cancel = order
        .can_cancel()
        .err()
        .map(|rejection| rejection.to_string());
    let terminal = order.stage.is_terminal();
    let hold = terminal.then(|| format!("an order that is {} cannot be held", order.stage.word()));
    let release = order
        .holds
        .is_empty()
        .then(|| "there is no hold".to_owned());
    let refund = order.refundable().is_zero();
    let refund = refund.then(|| Rejection::NothingToRefund.to_string());
    let dispute = order.open_dispute().is_none();
    let dispute = dispute.then(|| Rejection::NoOpenDispute.to_string());
    let word = |command: Command| command.word();
    let review = |verb| order.can_be_reviewed(verb).err().map(|why| why.to_string());
    let mut actions = vec![
        Action {
            action: "approve",
            why_not: review("approved"),
        },
        Action {
            action: "reject",
            why_not: review("rejected"),
        },
        Action {
            action: word(Command::Cancel {
                reason: String::new(),
            }),
            why_not: cancel,
        },
        Action {
            action: "hold",
            why_not: hold,
        },
        Action {
            action: "release",
            why_not: release,
        },
        Action {
            action: "refund",
            why_not: refund,
        },
        Action {
            action: "note",
            why_not: None,
        },
        Action {
            action: "retry",
            why_not: order.why_not_retry(),
        },
        Action {
            action: "dispute",
            why_not: dispute,
        },
    ];
    actions.extend(order.return_actions());
    actions.extend(order.claim_actions());
    actions.extend(order.routing_actions());
    actions.extend(order.edit_actions());
    actions.extend(order.exchange_actions());
    actions.extend(order.address_actions());
    actions
}

/// The words for edges, as the API spells them.
impl Edge {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Ship => "ship",
            Self::Refund => "refund",
        }
    }
}
