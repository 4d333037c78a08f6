//! The member `history` of a canonical order that was over before the hub heard of it.

use orderhub_domain::canonical::OrderDraft;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{History, PastEnd};

use super::order::NAME;
use super::reader::{Part, Problems};
use crate::json::Json;

/// Where it stands.
const POINTER: &str = "/history";
const MEMBERS: [&str; 5] = ["end", "ended_at", "paid", "refunded", "unshipped"];
const MOST_LINES: usize = 1_000;

/// Takes the member out of an order; the last one, should it stand there twice.
pub(super) fn taken_out<'a>(order: &mut Json<'a>) -> Option<Json<'a>> {
    let Json::Object(members) = order else {
        return None;
    };
    let place = members.iter().rposition(|(name, _)| name == "history")?;
    Some(members.remove(place).1)
}

/// Reads how an order ended. What is not said is what its end suggests: a completed one was paid and
/// delivered, of a cancelled one nothing was, and of a refunded one all the money went back.
pub(super) fn read(
    stated: Option<&Json<'_>>,
    draft: Option<&OrderDraft>,
    problems: &mut Problems,
) -> Option<History> {
    let Some(stated) = stated.filter(|stated| **stated != Json::Null) else {
        let hint = "how it ended, e.g. {\"end\": \"completed\"}; an order that is not over yet is posted to \
                    /v1/orders, or pushed by its channel";
        problems.add(POINTER, "not_over", hint);
        return None;
    };
    problems.sweep(stated, POINTER);
    let part = Part::new(stated, POINTER, &MEMBERS, problems)?;
    part.need("end", "completed, cancelled or refunded", problems);
    let words = PastEnd::ALL.map(|end| (end.word(), end));
    let end = part.word_if("end", &words, problems);
    let ended_at = part.time_if("ended_at", problems);
    let currency: Option<Currency> = draft.map(|draft| draft.currency);
    let paid = part.money_if("paid", currency, problems);
    let refunded = part.money_if("refunded", currency, problems);
    let mut named = Vec::new();
    for (pointer, item) in part.list("unshipped", MOST_LINES, problems) {
        match item {
            Json::Text(id) if id.chars().count() <= NAME => named.push((pointer, id.to_string())),
            _ => problems.add(&pointer, "wrong_type", "the external_id of a line"),
        }
    }
    let (draft, end) = (draft?, end?);
    let zero = Money::zero(draft.currency);
    let paid = paid.unwrap_or(match end {
        PastEnd::Completed | PastEnd::Refunded => draft.stated_total,
        PastEnd::Cancelled => zero,
    });
    let refunded = refunded.unwrap_or(match end {
        PastEnd::Refunded => paid,
        PastEnd::Completed | PastEnd::Cancelled => zero,
    });
    let numbered = || (1_u16..).zip(&draft.lines);
    let mut unshipped = Vec::new();
    for (pointer, id) in named {
        match numbered().find(|(_, line)| line.external_id == id) {
            Some((number, _)) => unshipped.push(number),
            None => problems.add(&pointer, "no_such_line", "the external_id of a line"),
        }
    }
    if part.get("unshipped").is_none() && end == PastEnd::Cancelled {
        unshipped = numbered().map(|(number, _)| number).collect();
    }
    unshipped.sort_unstable();
    unshipped.dedup();
    Some(History {
        end,
        ended_at,
        paid,
        refunded,
        unshipped,
        format: "ndjson".to_owned(),
    })
}
