//! One order: where it is and why, what may be done about it, what happened, and what it consists of.

use askama::Template;
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::order::{Order, Recorded, Stage};
use orderhub_domain::policy::Policy;
use serde_json::Value;

use super::returns::{self, Returned};
use super::shown::Shown;
use super::{Bar, render};
use crate::views;

/// An order and who looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// The bar above it.
    pub bar: &'a Bar,
    /// The order.
    pub order: &'a Order,
    /// Its log, oldest first.
    pub log: &'a [Recorded],
    /// What is known of the buyer.
    pub private: Option<&'a PrivateDetails>,
    /// Personal data may be shown.
    pub personal: bool,
    /// The rules in force.
    pub policy: &'a Policy,
    /// Why what was just asked for was not done; empty otherwise.
    pub problem: &'a str,
    /// Another one for each page: a form that is sent twice asks once.
    pub once: &'a str,
}

/// One stage of an order's way.
struct Step {
    word: String,
    /// `past`, `now`, `to come`, or `over` when the order ended there before its time.
    state: &'static str,
}

/// Something that a person may ask for, or may not.
struct Action {
    word: &'static str,
    title: String,
    /// The hold that it is about, if it is about one.
    hold: String,
    why_not: String,
    recommended: bool,
}

impl Action {
    /// Whether it changes one of the order's fulfilments.
    fn is_routing(&self) -> bool {
        matches!(self.word, "reroute" | "split" | "merge" | "schedule")
    }

    /// Whether it may bring an article that the order does not have.
    fn adds(&self) -> bool {
        matches!(self.word, "edit" | "open_exchange")
    }
}

#[derive(Template)]
#[template(path = "order.html", blocks = ["sheet"])]
struct Page<'a> {
    who: &'a str,
    q: &'a str,
    here: &'a str,
    live: String,
    order: Shown,
    why: Shown,
    steps: Vec<Step>,
    actions: Vec<Action>,
    returns: Vec<Returned>,
    timeline: Vec<Shown>,
    problem: &'a str,
    once: &'a str,
}

/// The whole page.
pub fn order(sheet: Sheet<'_>) -> String {
    render(&page(sheet))
}

/// The part of the page that is shown anew when there is news.
pub fn order_sheet(sheet: Sheet<'_>) -> String {
    render(&page(sheet).as_sheet())
}

fn page(sheet: Sheet<'_>) -> Page<'_> {
    let (order, why, timeline) = projections(sheet);
    Page {
        who: &sheet.bar.who,
        q: &sheet.bar.q,
        here: "false",
        live: format!("/console/live?order={}", sheet.order.id),
        steps: steps(sheet.order),
        actions: actions(&order, &why),
        returns: returns::returned(sheet.order, &order, &why),
        order,
        why,
        timeline,
        problem: sheet.problem,
        once: sheet.once,
    }
}

/// The order, why it is where it is, and its timeline, newest first.
fn projections(sheet: Sheet<'_>) -> (Shown, Shown, Vec<Shown>) {
    let Sheet { order, policy, .. } = sheet;
    let shown = views::order::order(order, sheet.private, sheet.personal, policy);
    let why = views::explain::explain(order, policy);
    let timeline = match views::timeline::timeline(sheet.log) {
        Value::Array(entries) => entries.into_iter().rev().map(Shown).collect(),
        _ => Vec::new(),
    };
    (Shown(shown), Shown(why), timeline)
}

/// The way of an order to its end, and where it left it.
fn steps(order: &Order) -> Vec<Step> {
    const WAY: [Stage; 8] = [
        Stage::Received,
        Stage::Screening,
        Stage::Reserving,
        Stage::Authorizing,
        Stage::Confirmed,
        Stage::Fulfilling,
        Stage::Completed,
        Stage::Closed,
    ];
    // Few orders are held back by screening; the others never hear of it.
    let way = WAY
        .iter()
        .filter(|stage| **stage != Stage::Screening || order.review.is_some());
    let reached = way.clone().position(|stage| *stage == order.stage);
    let mut steps: Vec<Step> = way
        .enumerate()
        .map(|(index, stage)| Step {
            word: stage.word().to_owned(),
            state: match reached {
                Some(reached) if index < reached => "past",
                Some(reached) if index == reached => "now",
                _ => "to come",
            },
        })
        .collect();
    if reached.is_none() {
        let off = matches!(
            order.stage,
            Stage::Rejected | Stage::Expired | Stage::Cancelled | Stage::Cancelling
        );
        steps.push(Step {
            word: order.stage.word().to_owned(),
            state: if off { "over" } else { "now" },
        });
    }
    steps
}

/// What people can ask for here, as `explain` judges it. A release is one per hold: none releases
/// another's.
fn actions(order: &Shown, why: &Shown) -> Vec<Action> {
    let recommended = why.text("/recommended");
    let judged = why.list("/actions");
    let mut actions = Vec::new();
    for (word, title) in [
        ("approve", "Approve"),
        ("reject", "Reject"),
        ("release", "Release"),
        ("hold", "Hold"),
        ("cancel", "Cancel"),
        ("refund", "Refund"),
        ("return", "Open a return"),
        ("note", "Note"),
        ("retry", "Try now"),
        ("dispute", "Answer the dispute"),
        ("reroute", "Reroute"),
        ("split", "Split"),
        ("merge", "Merge"),
        ("schedule", "Schedule"),
        ("edit", "Edit"),
        ("open_exchange", "Exchange"),
        ("change_address", "Change the address"),
    ] {
        let Some(judgement) = judged.iter().find(|one| one.text("/action") == word) else {
            continue;
        };
        // Of a review, a dispute and of work nobody needs to hear where there is none.
        let of_few = matches!(
            word,
            "approve"
                | "reject"
                | "retry"
                | "dispute"
                | "reroute"
                | "split"
                | "merge"
                | "schedule"
                | "edit"
                | "open_exchange"
                | "change_address"
        );
        if of_few && !judgement.flag("/allowed") {
            continue;
        }
        let action = |title: String, hold: String| Action {
            word,
            title,
            hold,
            why_not: judgement.text("/why_not"),
            recommended: recommended == word,
        };
        let holds = order.list("/holds");
        if word == "release" && !holds.is_empty() {
            for hold in holds {
                let id = hold.text("/id");
                actions.push(action(format!("{title} hold {id}"), id));
            }
        } else {
            actions.push(action(title.to_owned(), String::new()));
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offered(in_review: bool) -> Vec<(&'static str, bool)> {
        let judged = |action, allowed: bool| {
            let why_not = (!allowed).then_some("not now");
            json!({ "action": action, "allowed": allowed, "why_not": why_not })
        };
        let why = json!({
            "recommended": "reject",
            "actions": [
                judged("approve", in_review), judged("reject", in_review), judged("cancel", false),
            ],
        });
        let actions = actions(&Shown(json!({ "holds": [] })), &Shown(why));
        let offered = actions.iter();
        offered
            .map(|action| (action.word, action.recommended))
            .collect()
    }

    #[test]
    fn a_review_is_offered_where_there_is_one_and_not_spoken_of_elsewhere() {
        let decided = [("approve", false), ("reject", true), ("cancel", false)];
        assert_eq!(offered(true), decided);
        assert_eq!(offered(false), [("cancel", false)]);
    }
}
