//! What becomes of a part of an order: units that are cancelled, and money that goes back for units that were
//! shipped.
//!
//! A cancellation has no room for a word of ours, so what was cancelled before the first try is remembered; a
//! refund is found again by its comment. Where neither tells, a person looks: nothing is done twice. Walmart
//! charges at the shipment, so what is cancelled before costs the buyer nothing, and is booked as given back.

use std::collections::BTreeMap;

use orderhub_domain::order::{NoticeEvidence, Repayment};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::amounts;
use super::back::{Back, cancelled_line, told};
use super::rest::Changed;
use super::wire::{Line, Order};
use super::{given, refund};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::taken::digits;
use crate::sales::told::{is_refused, refused};
use crate::sales::{PartNotice, Why, by_line};

impl Back {
    /// Cancels units that were not shipped.
    pub(super) async fn cancel_part(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_a_walmart_id"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let missing = match self.uncancelled(notice, &order) {
            Ok(lines) => lines,
            Err(code) => {
                self.cancelled.answered(&notice.key);
                return Ok(refused(code));
            }
        };
        let mut answer = NoticeEvidence::Told;
        if !missing.is_empty() {
            let lines = json!({ "orderLines": { "orderLine": missing } });
            let path = format!("/v3/orders/{id}/cancel");
            let cancellation = json!({ "orderCancellation": lines });
            answer = told(self.rest.post(&path, Some(&cancellation)).await?);
        }
        self.cancelled.answered(&notice.key);
        if is_refused(&answer) || notice.amount.is_zero() {
            return Ok(answer);
        }
        Ok(NoticeEvidence::Repaid {
            movements: vec![Repayment {
                reference: format!("cancelled:{}", notice.key),
                amount: notice.amount,
            }],
        })
    }

    /// The lines of a notice whose units no earlier try has cancelled. What cannot be is the error.
    fn uncancelled(&self, notice: &PartNotice, order: &Order) -> Result<Vec<Value>, &'static str> {
        let mut now = BTreeMap::new();
        let mut wanted = Vec::new();
        for (number, units) in by_line(&notice.lines) {
            let line = order.line(number).ok_or("line_not_found")?;
            let tally = line.tally().map_err(|_| "line_in_an_unknown_state")?;
            now.insert(number.to_owned(), tally.cancelled);
            wanted.push((line, number, Decimal::from(units), tally));
        }
        if wanted.is_empty() {
            return Err("no_units_are_named");
        }
        let (before, is_first) = self.cancelled.before(&notice.key, now);
        let mut missing = Vec::new();
        for (line, number, units, tally) in wanted {
            let before = before.get(number).copied().unwrap_or_default();
            if !is_first && tally.cancelled - before >= units {
                continue;
            }
            // Nobody remembers whose cancellation that was.
            if is_first && tally.cancelled >= units {
                return Err("units_may_be_cancelled");
            }
            if tally.open() < units {
                return Err("line_is_shipped");
            }
            missing.push(cancelled_line(line, units, Why::Other));
        }
        Ok(missing)
    }

    /// Gives money back for units that were shipped.
    pub(super) async fn give_back(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_a_walmart_id"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let comment = format!("orderhub {}", notice.key);
        let there = order.given_as(&comment);
        if !there.is_empty() {
            return Ok(NoticeEvidence::Repaid { movements: there });
        }
        let refund = match refund::of(&order, notice, &comment) {
            Ok(refund) => refund,
            Err(code) => return Ok(refused(code)),
        };
        let path = format!("/v3/orders/{id}/refund");
        if let Changed::Refused(code) = self.rest.post(&path, Some(&refund)).await? {
            return Ok(refused(&code));
        }
        let unread =
            |_| CallError::unknown("it is given back; how Walmart calls it could not be asked");
        let order = self.order(&id).await.map_err(unread)?;
        let movements = order.map(|order| order.given_as(&comment));
        Ok(match movements.filter(|movements| !movements.is_empty()) {
            Some(movements) => NoticeEvidence::Repaid { movements },
            // It says so later, as of any refund.
            None => NoticeEvidence::Told,
        })
    }
}

impl Order {
    pub(super) fn line(&self, number: &str) -> Option<&Line> {
        self.lines.all.iter().find(|line| line.number.0 == number)
    }

    /// What was given back under this comment.
    fn given_as(&self, comment: &str) -> Vec<Repayment> {
        let Ok(currency) = amounts::currency(self) else {
            return Vec::new();
        };
        let lines = self.lines.all.iter();
        let given = lines.filter_map(|line| given::of(line, currency).ok());
        let ours = given
            .flatten()
            .filter(|given| given.comment.as_deref() == Some(comment));
        ours.map(|given| given.made).collect()
    }
}
