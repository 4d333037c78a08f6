//! Giving a part of an order back (OR28), and never twice.
//!
//! The vendor knows no idempotency keys, and a refund has no room for a word of ours. So the notice says which
//! refunds were known before it: what is alike and not among them is an earlier try's, or somebody's for the same.
//! Where it does not say so, those of before the first try are remembered; after a restart a refund that is alike
//! then stops the next one, and a person looks.

use orderhub_domain::order::{NoticeEvidence, Repayment};
use serde::Deserialize;

use super::back::{Back, Order};
use super::refund::Refund;
use super::rest::Changed;
use super::{given, wire};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::PartNotice;
use crate::sales::told::refused;
use crate::sales::tries::Since;
use crate::wire::path_id;

/// What the marketplace answers to a refund.
#[derive(Deserialize)]
struct Made {
    refunds: Vec<wire::Refund>,
}

impl Back {
    /// Gives money back for units that are not sent, or were.
    pub(super) async fn give_back(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(id) = path_id(&notice.external_id) else {
            return Ok(refused("not_a_mirakl_id"));
        };
        let Some(reason) = self.reason.as_deref() else {
            return Ok(refused("refund_reason_is_not_set"));
        };
        if notice.amount.is_zero() {
            return Ok(refused("units_cannot_be_cancelled_there"));
        }
        let Some(order) = self.order(id).await? else {
            return Ok(refused("order_not_found"));
        };
        if order.is_over() {
            return Ok(refused("order_is_cancelled"));
        }
        let there: Option<Vec<Repayment>> = order.given().map(|(_, made)| made).collect();
        let Some(there) = there else {
            return Ok(refused("amounts_cannot_be_read"));
        };
        let since = self.given.since(notice, there.iter());
        let answer = self.give_missing(notice, &order, reason, &since).await;
        if let Ok(evidence) = &answer {
            self.given.answered(&notice.key, evidence);
        }
        answer
    }

    async fn give_missing(
        &self,
        notice: &PartNotice,
        order: &Order,
        reason: &str,
        since: &Since<'_>,
    ) -> NoticeAnswer {
        // What an earlier try gave takes nothing away from what is to be given.
        let ours = |made: &Repayment| since.made(made);
        let wanted = match order.part(notice, reason, &ours) {
            Ok(wanted) => wanted,
            Err(code) => return Ok(refused(code)),
        };
        if wanted.is_empty() {
            return Ok(refused("no_units_are_named"));
        }
        let mut movements = Vec::new();
        let mut missing = Vec::new();
        for refund in wanted {
            let alike = order.alike(&refund);
            if since.may_have_made(&alike) {
                return Ok(refused("refund_alike_is_there"));
            }
            match alike.into_iter().find(ours) {
                Some(made) => movements.push(made),
                None => missing.push(refund),
            }
        }
        if missing.is_empty() {
            return Ok(NoticeEvidence::Repaid { movements });
        }
        let asked = order.asked(missing);
        let body = match self.rest.put("/api/orders/refund", Some(&asked)).await? {
            Changed::Made(body) => body,
            Changed::Refused(code) if movements.is_empty() => return Ok(refused(&code)),
            // What was given counts, and the rest is a person's.
            Changed::Refused(_) => return Ok(NoticeEvidence::Repaid { movements }),
        };
        let made: Option<Made> = serde_json::from_slice(&body).ok();
        let made = made.and_then(|made| order.named(&made.refunds, &asked.refunds));
        let made = made.filter(|made| !made.is_empty()).ok_or_else(|| {
            CallError::unknown("the marketplace's answer cannot be read; it may have given it back")
        })?;
        movements.extend(made);
        Ok(NoticeEvidence::Repaid { movements })
    }
}

impl Order {
    /// Its refunds with their lines; `None` for one that cannot be read.
    fn given(&self) -> impl Iterator<Item = (&str, Option<Repayment>)> {
        self.lines.iter().flat_map(|line| {
            let amounts = self.amounts();
            let refunds = line.refunds.iter().flatten();
            refunds.map(move |one| {
                let made = amounts
                    .as_ref()
                    .map(|amounts| given::repayment(one, amounts));
                (line.id.as_str(), made.and_then(Result::ok))
            })
        })
    }

    /// Refunds that were just made by their names, and what was asked for each: taxes that the marketplace works
    /// out itself may not be stated yet.
    fn named(&self, made: &[wire::Refund], asked: &[Refund<'_>]) -> Option<Vec<Repayment>> {
        let amounts = self.amounts()?;
        let named = made.iter().map(|one| {
            let line = one.order_line_id.as_deref();
            let of_it = asked.iter().find(|asked| Some(asked.order_line_id) == line);
            let mut made = given::repayment(one, &amounts).ok()?;
            if let Some(asked) = of_it {
                made.amount = asked.worth;
            }
            Some(made)
        });
        named.collect()
    }

    /// Its refunds of the same line that come to the same.
    fn alike(&self, wanted: &Refund<'_>) -> Vec<Repayment> {
        let of_line = self
            .given()
            .filter(|(line, _)| *line == wanted.order_line_id);
        let made = of_line.filter_map(|(_, made)| made);
        made.filter(|made| made.amount == wanted.worth).collect()
    }
}
