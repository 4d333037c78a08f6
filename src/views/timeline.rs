//! An order's log, for people.

use orderhub_domain::ids::LocationCode;
use orderhub_domain::order::{
    Event, Granted, JudgedLine, MoneyEvent, Outcome, PaymentEvidence, Recorded, Reported,
    ReviewDecision, Screened, StockEvidence, StockRefusal, Verdict,
};
use orderhub_domain::settlement;
use serde_json::{Value, json};

use super::fulfilment;

/// Every event, oldest first, with one sentence each.
pub fn timeline(log: &[Recorded]) -> Value {
    log.iter().map(entry).collect()
}

/// What came of screening, and of what.
fn screening(screened: &Screened) -> String {
    let mut said = match screened.verdict {
        Verdict::Pass if screened.score == 0 => "Screened: nothing stands against it.".to_owned(),
        Verdict::Pass => "Screened: it may go on".to_owned(),
        Verdict::Review => "Screened: a person has to look".to_owned(),
        Verdict::Refuse => "Screened: it is refused".to_owned(),
    };
    if !said.ends_with('.') {
        let rules: Vec<_> = screened
            .reasons
            .iter()
            .map(|r| plain(r.rule.word()))
            .collect();
        let because = if rules.is_empty() {
            String::new()
        } else {
            format!(": {}", rules.join(", "))
        };
        said = format!("{said} (score {}{because}).", screened.score);
    }
    if !screened.degraded.is_empty() {
        let missing: Vec<_> = screened.degraded.iter().map(|one| one.word()).collect();
        said = format!("{said} It was done without {}.", missing.join(" and "));
    }
    said
}

fn entry(recorded: &Recorded) -> Value {
    json!({
        "version": recorded.version,
        "kind": recorded.event.kind(),
        "occurred_at": recorded.occurred_at.unwrap_or(recorded.recorded_at),
        "recorded_at": recorded.recorded_at,
        "actor": recorded.actor,
        "summary": summary(&recorded.event),
        "raw": recorded.event.body(),
    })
}

/// What happened, in one sentence without personal data.
pub fn summary(event: &Event) -> String {
    match event {
        Event::Received(received) => format!(
            "{} from {} with {}, {}.",
            if received.history.is_some() {
                "Imported as history"
            } else {
                "Received"
            },
            received.channel_slug,
            lines_of(received.draft.lines.len()),
            received.draft.stated_total,
        ),
        Event::Screened(screened) => screening(screened),
        Event::Reviewed { decision, reason } => reviewed(*decision, reason.as_deref()),
        Event::EffectOpened { effect } => format!("Asked for: {}.", plain(effect.effect.word())),
        Event::EffectPostponed { .. } => postponed(event),
        Event::EffectGivenUp { effect_kind, .. } => given_up(effect_kind),
        Event::NoteAdded { note } => format!("Noted: {note}"),
        Event::RetryRequested { effects, reason } => retried(effects.len(), reason),
        Event::StockAnswered {
            location,
            attempt,
            stock,
            ..
        } => at_location(location, *attempt, stock, event),
        Event::PaymentReported {
            tender, payment, ..
        } => match payment.amount() {
            Some(amount) => format!("Tender {tender}: {}, {amount}.", last_word(event)),
            None => format!("Tender {tender}: {}.", last_word(event)),
        },
        Event::SettledByChannel { tender, amount, .. } => {
            format!("Tender {tender}: the channel has the money, {amount}.")
        }
        Event::RefundGranted {
            refunds, reason, ..
        } => {
            format!("To be given back, {}: {reason}.", shares(refunds))
        }
        Event::PayoutLineJudged(judged) => payout_line(judged),
        Event::MismatchFound { tender, reason, .. } => misfit(*tender, reason),
        Event::Confirmed { .. } => "Stock and money are secured.".into(),
        Event::FulfilmentPlanned { .. } => fulfilment::planned(event),
        Event::FulfilmentReported { fulfilment, .. }
        | Event::FulfilmentUnanswered { fulfilment, .. } => {
            let into = fulfilment::packed_into(event);
            format!("Fulfilment {fulfilment}: {}{into}.", last_word(event))
        }
        Event::LabelReported {
            fulfilment, parcel, ..
        } => {
            let parcel = fulfilment::named(*fulfilment, *parcel);
            format!("{parcel}: {}.", last_word(event))
        }
        Event::Scanned {
            fulfilment,
            parcel,
            scan,
        } => {
            let parcel = fulfilment::named(*fulfilment, *parcel);
            format!("{parcel}: {} ({}).", last_word(event), scan.code)
        }
        Event::ChannelAnswered { told, answer, .. } => super::channel::answered(told, answer),
        Event::HoldPlaced { .. } | Event::HoldReleased { .. } | Event::HoldExpired { .. } => {
            held(event)
        }
        Event::CancelRequested { reason } => format!("Cancellation asked for: {reason}."),
        Event::EndDecided { outcome, reason } => {
            let outcome = match outcome {
                Outcome::Rejected => "rejected",
                Outcome::Expired => "expired",
                Outcome::Cancelled => "cancelled",
            };
            format!("It will end as {outcome}: {}.", plain(reason))
        }
        Event::CancelRefused { reason } => format!("Cancellation refused: {}.", plain(reason)),
        Event::LinesCancelled { lines, .. } => format!("Cancelled: {}.", lines_of(lines.len())),
        Event::Cancelled { .. }
        | Event::Rejected { .. }
        | Event::Expired { .. }
        | Event::Completed
        | Event::Closed { .. }
        | Event::Reopened { .. } => ended(event),
        Event::FactIgnored { fact, reason, .. } => {
            format!("A report ({fact}) was not applied: {reason}.")
        }
        Event::Requested { verb, .. } => format!("Asked to {verb}."),
        Event::Return(_) | Event::Claim(_) | Event::Parcel(_) => after_shipping(event),
        Event::Money(event) => money(event),
        Event::Routing(event) => super::routing::summary(event),
        Event::Edit(event) => super::edits::summary(event),
        Event::Address(event) => super::address::summary(event),
        Event::Exchange(event) => super::exchanges::summary(event),
        Event::Stuck(event) => super::stuck::summary(event),
        Event::Transfer(event) => super::transfers::summary(event),
        Event::Source(event) => super::channel::stated(event),
    }
}

/// What came of a review.
fn reviewed(decision: ReviewDecision, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("Review: {} ({reason}).", decision.word()),
        None => format!("Review: nobody came in time, so it is {}.", decision.word()),
    }
}

/// A hold was placed, or is over.
fn held(event: &Event) -> String {
    match event {
        Event::HoldPlaced { hold } => format!("Hold {} placed: {}.", hold.id, hold.reason),
        Event::HoldReleased { hold, reason } => format!("Hold {hold} released: {reason}."),
        Event::HoldExpired { hold } => format!("Hold {hold} ended by itself."),
        _ => last_word(event),
    }
}

/// An order came to an end, or was opened again after it.
fn ended(event: &Event) -> String {
    match event {
        Event::Cancelled { reason, .. } => format!("Cancelled: {reason}."),
        Event::Rejected { reason } => format!("Rejected: {}.", plain(reason)),
        Event::Expired { reason } => format!("Expired: {}.", plain(reason)),
        Event::Completed => "Everything open was delivered and paid.".into(),
        Event::Closed { reason } => format!("Closed: {}.", plain(reason)),
        Event::Reopened { reason } => format!("Opened again: {}.", plain(reason)),
        _ => last_word(event),
    }
}

/// What comes back, and what did not arrive.
fn after_shipping(event: &Event) -> String {
    match event {
        Event::Return(event) => super::returns::summary(event),
        Event::Claim(event) => super::claims::summary(event),
        Event::Parcel(event) => super::claims::noticed(event),
        _ => last_word(event),
    }
}

/// A call that nobody wants to be made any more.
fn given_up(effect_kind: &str) -> String {
    format!("Not wanted any more: {}.", plain(effect_kind))
}

/// Calls that a person wants to be made now.
fn retried(calls: usize, reason: &str) -> String {
    let word = if calls == 1 { "call" } else { "calls" };
    format!("{calls} {word} to be tried now: {reason}.")
}

/// A try that came to nothing.
fn postponed(event: &Event) -> String {
    let Event::EffectPostponed {
        effect_kind,
        attempt,
        next_try_at,
        reason,
        unknown,
        ..
    } = event
    else {
        return String::new();
    };
    let said = if *unknown { "got no answer" } else { "failed" };
    let kind = plain(effect_kind);
    format!("Try {attempt} of {kind} {said} ({reason}); next try at {next_try_at}.")
}

/// What was decided about money beside what gateways report.
fn money(event: &MoneyEvent) -> String {
    match event {
        MoneyEvent::AuthorizationExpired { tender } => {
            format!("Tender {tender}: the time of its authorisation is over.")
        }
        MoneyEvent::ReauthorizationRequested {
            tender,
            renewal,
            amount,
            because,
        } => {
            let why = plain(because.word());
            format!("Tender {tender}: {amount} are authorised anew as tender {renewal} ({why}).")
        }
        MoneyEvent::RefundRerouted { tender, code, to } if code == "needed_itself" => {
            format!(
                "Tender {tender} gave in place of others and has to give its own: {} instead.",
                shares(to)
            )
        }
        MoneyEvent::RefundRerouted { tender, code, to } => {
            format!(
                "Tender {tender} could not refund ({code}): {} instead.",
                shares(to)
            )
        }
        MoneyEvent::RefundNamed { tender, payment } => {
            let name = match payment {
                PaymentEvidence::Refunded {
                    amount: Reported::Part { reference, .. },
                    ..
                } => reference.as_str(),
                _ => "",
            };
            format!("Tender {tender}: the gateway calls the refund {name}.")
        }
        MoneyEvent::PayoutLineDecided {
            line,
            decision,
            reason,
            ..
        } => match decision {
            settlement::LineDecision::Resolved => {
                format!("The payout's line {line} is explained: {reason}.")
            }
            settlement::LineDecision::WrittenOff => {
                format!("The difference of the payout's line {line} is borne: {reason}.")
            }
        },
        MoneyEvent::StoreCreditIssued {
            reference, amount, ..
        } => format!("The buyer has credit of {amount}: {reference}."),
        MoneyEvent::DisputeAnswered {
            tender,
            dispute,
            answer,
            reason,
        } => match reason {
            Some(reason) => {
                format!(
                    "Tender {tender}: dispute {dispute} {}: {reason}.",
                    answer.word()
                )
            }
            None => format!("Tender {tender}: nobody answered dispute {dispute} in time."),
        },
    }
}

/// What each tender gives.
fn shares(refunds: &[Granted]) -> String {
    let share = |one: &Granted| format!("{} of tender {}", one.amount, one.tender);
    let shares: Vec<String> = refunds.iter().map(share).collect();
    shares.join(", ")
}

pub(super) fn lines_of(count: usize) -> String {
    match count {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    }
}

/// The event's own name, as words: `reservation confirmed`.
fn at_location(at: &LocationCode, attempt: u16, stock: &StockEvidence, event: &Event) -> String {
    match stock {
        StockEvidence::Reserved { expires_at }
            if matches!(event, Event::StockAnswered { extended: true, .. }) =>
        {
            format!("Location {at} holds the units on until {expires_at} (try {attempt}).")
        }
        StockEvidence::Dated {
            promise: Some(day), ..
        } => {
            let day = day.strftime("%Y-%m-%d");
            format!("Location {at} expects the units on {day}.")
        }
        StockEvidence::Dated { promise: None, .. } => {
            format!("Location {at} does not know when the units come.")
        }
        StockEvidence::Refused {
            reason: StockRefusal::Quota,
        } => format!(
            "Location {at} may promise no more of it through this channel: its quota is used up (try {attempt})."
        ),
        _ => format!("Location {at}: {} (try {attempt}).", last_word(event)),
    }
}

fn last_word(event: &Event) -> String {
    let kind = event.kind();
    plain(kind.split_once('.').map_or(kind, |(_, name)| name))
}

pub(super) fn plain(word: &str) -> String {
    word.replace('_', " ")
}

fn misfit(tender: u16, reason: &str) -> String {
    format!("Tender {tender}: a report does not fit: {reason}.")
}

/// What a payout file says of the order, and whether that fits.
fn payout_line(judged: &JudgedLine) -> String {
    let line = &judged.line;
    let kind = line.kind.word().replace('_', " ");
    match &judged.judged {
        settlement::Verdict::Matched => format!("Paid out: the {kind} of {}.", line.gross),
        settlement::Verdict::Variance(why) => {
            let expected = why
                .expected()
                .map(|expected| format!(", the order knows {expected}"));
            let expected = expected.unwrap_or_default();
            let why = why.word().replace('_', " ");
            format!(
                "A payout has a {kind} of {} that does not fit: {why}{expected}.",
                line.gross
            )
        }
    }
}
