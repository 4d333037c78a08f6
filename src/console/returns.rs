//! The returns of an order on its page: what each is, and what a person may do with it now.

use orderhub_domain::order::{Order, Return, ReturnDecision, ReturnStage};

use super::shown::Shown;

/// A return and its steps.
pub(super) struct Returned {
    pub(super) shown: Shown,
    pub(super) steps: Vec<Step>,
}

/// Something that a person may do with a return.
pub(super) struct Step {
    /// Its verb in the API.
    pub(super) verb: &'static str,
    pub(super) title: &'static str,
    pub(super) recommended: bool,
}

/// The returns, the newest first.
pub(super) fn returned(order: &Order, shown: &Shown, why: &Shown) -> Vec<Returned> {
    let recommended = why.text("/recommended");
    let pages = shown.list("/returns").into_iter().zip(&order.returns);
    let mut returns: Vec<Returned> = pages
        .map(|(shown, back)| Returned {
            shown,
            steps: steps(back, &recommended),
        })
        .collect();
    returns.reverse();
    returns
}

fn steps(back: &Return, recommended: &str) -> Vec<Step> {
    let stage = back.stage();
    let undecided = stage == ReturnStage::Review;
    let came = !back.parcels.is_empty();
    let inspects = back.decision != ReturnDecision::Declined && !back.is_inspected();
    let waits = !back.is_complete() && stage != ReturnStage::Cancelled;
    let coming = stage == ReturnStage::InTransit;
    let closes = !came && stage.is_open() && !coming || stage == ReturnStage::NoShow;
    let all = [
        ("approve", "Approve", undecided),
        ("decline", "Decline", undecided),
        ("receive", "It came", waits),
        ("inspect", "Inspected", inspects),
        ("close", "Close", closes),
    ];
    let allowed = all.into_iter().filter(|(.., allowed)| *allowed);
    allowed
        .map(|(verb, title, _)| Step {
            verb,
            title,
            recommended: recommended.strip_suffix("_return") == Some(verb),
        })
        .collect()
}
