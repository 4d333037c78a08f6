//! What becomes of what is found: written down, counted and said once; and said again when it holds
//! again. Nothing here looks for anything.

use std::collections::{BTreeMap, BTreeSet};

use metrics::{counter, gauge};
use orderhub_domain::drift::Drift;
use orderhub_domain::order::{ORDER_INVARIANTS, STORED_ORDER_INVARIANTS};
use orderhub_domain::stock::{STOCK_INVARIANTS, STOCK_QUOTAS};

use crate::store::{AuditBook, LOG_CURSORS, OpenFinding, StoreError};

/// Findings of one look that get a line of their own in the log. The table has them all.
const TOLD: usize = 20;

/// Every rule that the auditor can find broken, as metrics name it.
pub fn invariants() -> impl Iterator<Item = &'static str> {
    ORDER_INVARIANTS
        .into_iter()
        .chain(STORED_ORDER_INVARIANTS)
        .chain(STOCK_INVARIANTS)
        .chain([LOG_CURSORS])
}

/// Whether a rule is about one order.
pub(super) fn is_about_an_order(invariant: &str) -> bool {
    ORDER_INVARIANTS.contains(&invariant) || STORED_ORDER_INVARIANTS.contains(&invariant)
}

/// The findings that have not healed, as they stand in the store.
#[derive(Default)]
pub(super) struct Findings {
    open: BTreeSet<OpenFinding>,
}

impl Findings {
    /// Reads them again: a process that ran before, or another one, may have written some.
    pub(super) async fn reload(&mut self, book: &mut AuditBook) -> Result<(), StoreError> {
        self.open = book.open_findings().await?.into_iter().collect();
        self.show();
        Ok(())
    }

    /// Whether it is written down already.
    pub(super) fn know(&self, drift: &Drift) -> bool {
        self.open.contains(&key(drift))
    }

    /// Subjects of open findings about orders.
    pub(super) fn orders(&self) -> impl Iterator<Item = &str> {
        let about_orders = self.open.iter().filter(|(rule, _)| is_about_an_order(rule));
        about_orders.map(|(_, subject)| subject.as_str())
    }

    /// Takes in what a look has found. Open findings that it `covered` and did not find have healed.
    pub(super) async fn settle(
        &mut self,
        book: &mut AuditBook,
        found: &[Drift],
        covered: impl Fn(&str, &str) -> bool,
    ) -> Result<(), StoreError> {
        let news: Vec<Drift> = found
            .iter()
            .filter(|drift| !self.know(drift))
            .cloned()
            .collect();
        if !news.is_empty() {
            let noted: BTreeSet<OpenFinding> = book.note(&news).await?.into_iter().collect();
            let ours: Vec<&Drift> = news
                .iter()
                .filter(|drift| noted.contains(&key(drift)))
                .collect();
            tell(&ours);
            self.open.extend(news.iter().map(key));
        }
        let still: BTreeSet<OpenFinding> = found.iter().map(key).collect();
        let gone: Vec<OpenFinding> = self
            .open
            .iter()
            .filter(|(rule, subject)| covered(rule, subject))
            .filter(|open| !still.contains(*open))
            .cloned()
            .collect();
        if !gone.is_empty() {
            for (invariant, subject) in book.heal(&gone).await?.into_iter().take(TOLD) {
                tracing::info!(invariant, subject, "holds again");
            }
            for healed in &gone {
                self.open.remove(healed);
            }
        }
        if !(news.is_empty() && gone.is_empty()) {
            self.show();
        }
        Ok(())
    }

    fn show(&self) {
        let mut open: BTreeMap<&str, u32> = BTreeMap::new();
        for (invariant, _) in &self.open {
            *open.entry(invariant).or_default() += 1;
        }
        for invariant in invariants() {
            let findings = open.get(invariant).copied().unwrap_or_default();
            gauge!("orderhub_audit_findings", "invariant" => invariant).set(f64::from(findings));
        }
    }
}

fn key(drift: &Drift) -> OpenFinding {
    (drift.invariant.to_owned(), drift.subject.clone())
}

fn tell(news: &[&Drift]) {
    for drift in news {
        counter!("orderhub_invariant_violations_total", "invariant" => drift.invariant)
            .increment(1);
    }
    for Drift {
        invariant,
        subject,
        detail,
    } in news.iter().take(TOLD)
    {
        let next = next_step(invariant);
        tracing::error!(invariant, subject, next, "{subject}: {detail}");
    }
    if let Some(more) = news.len().checked_sub(TOLD).filter(|more| *more > 0) {
        tracing::error!(more, "and more: select * from orderhub_check.findings");
    }
}

/// What a person does about it first. The auditor itself repairs nothing.
fn next_step(invariant: &str) -> &'static str {
    if is_about_an_order(invariant) {
        "put the order on hold and compare its timeline with the gateway and the warehouse"
    } else if invariant == LOG_CURSORS {
        "was an older backup restored? the log must be put back before its readers go on"
    } else if invariant == STOCK_QUOTAS {
        "take the channel's quota away and set it again: it then counts what is promised, and what has left no more"
    } else {
        "count the SKU as 0 until its rows in orderhub_check.stock_ledger and reservations are settled"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invariant_has_a_name_of_its_own_and_a_next_step() {
        let names: BTreeSet<&str> = invariants().collect();
        assert_eq!(names.len(), invariants().count());
        assert_ne!(next_step("order_row"), next_step("stock_counters"));
        assert_ne!(next_step(LOG_CURSORS), next_step("stock_ledger"));
        assert_ne!(next_step(STOCK_QUOTAS), next_step("stock_ledger"));
    }
}
