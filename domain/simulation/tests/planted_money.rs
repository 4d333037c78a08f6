//! Errors about money that a gateway takes back, planted in the rules: the world finds them.

use super::planted::must_find;
use super::*;
use crate::order::{
    Context, Decided, Fact, Input, InputBody, Order, PaymentEvidence, PaymentFact, Rejection,
};

/// What a fact says about a payment.
fn said(input: &Input) -> Option<&PaymentFact> {
    match &input.body {
        InputBody::Fact(Fact::Payment(fact)) => Some(fact),
        _ => None,
    }
}

struct KeepsWhatCameToNothing;

impl Core for KeepsWhatCameToNothing {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let lost = |fact: &PaymentFact| {
            let capture = &fact.evidence;
            matches!(
                capture,
                PaymentEvidence::CaptureFailed {
                    capture: Some(_),
                    ..
                }
            )
        };
        if said(i).is_some_and(lost) {
            return Ok(Decided::Nothing);
        }
        crate::order::decide(o, i, c)
    }
}

#[test]
fn a_capture_that_came_to_nothing_and_is_still_counted_is_found() {
    must_find(&KeepsWhatCameToNothing, "payouts_name_all");
}

struct TakesThemAsTheyArrive;

impl Core for TakesThemAsTheyArrive {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let Some(fact) = said(i) else {
            return crate::order::decide(o, i, c);
        };
        let mut now = fact.clone();
        now.occurred_at = Some(c.now);
        let body = InputBody::Fact(Fact::Payment(now));
        let actor = i.actor.clone();
        crate::order::decide(o, &Input { actor, body }, c)
    }
}

#[test]
fn words_that_count_as_they_arrive_and_not_as_they_were_said_are_found() {
    must_find(&TakesThemAsTheyArrive, "books_agree");
}
