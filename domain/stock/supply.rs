//! Supply: what was announced to come, and what came.

use jiff::Timestamp;

use super::draft::Draft;
use super::{Counters, LedgerRow, Taken};
use crate::ids::Sku;

/// Units that were announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// How many in all.
    pub quantity: i64,
    /// How many of them have come.
    pub received: i64,
    /// When the rest is expected, if anybody said.
    pub expected_at: Option<Timestamp>,
}

impl Inbound {
    /// Units that are still to come.
    pub fn open(&self) -> i64 {
        (self.quantity - self.received).max(0)
    }
}

impl Draft<'_> {
    /// Units are on their way under this name; said again, the number and the day are replaced.
    pub(super) fn announce(
        &mut self,
        sku: &Sku,
        reference: &str,
        quantity: i64,
        expected_at: Option<Timestamp>,
    ) {
        let before = self.inbound(sku, reference);
        let after = Inbound {
            quantity: quantity.max(0),
            received: before.as_ref().map_or(0, |known| known.received),
            expected_at,
        };
        if before.as_ref() == Some(&after) {
            self.taken = Taken::Repeated;
            return;
        }
        self.put_inbound(sku, reference, after);
    }

    /// Units came. The ledger knows a receipt by its name: the same one again changes nothing, and
    /// another number under it is refused.
    pub(super) fn receive(
        &mut self,
        sku: &Sku,
        reference: &str,
        quantity: i64,
        inbound: Option<&str>,
    ) {
        let name = (sku.clone(), reference.to_owned());
        if let Some(known) = self.stock.receipts.get(&name) {
            self.taken = if *known == quantity {
                Taken::Repeated
            } else {
                Taken::Conflicting
            };
            return;
        }
        self.book(sku, None, "receipt", (quantity, 0, 0));
        if let Some(LedgerRow { reference: row, .. }) = self.change.ledger.last_mut() {
            *row = Some(reference.to_owned());
        }
        if let Some(announced) = inbound
            && let Some(before) = self.inbound(sku, announced)
        {
            let received = before.received + quantity;
            self.put_inbound(sku, announced, Inbound { received, ..before });
        }
    }

    fn inbound(&self, sku: &Sku, reference: &str) -> Option<Inbound> {
        let name = (sku.clone(), reference.to_owned());
        self.stock.inbounds.get(&name).cloned()
    }

    /// Everything announced of a SKU, this decision's own included.
    pub(super) fn announced(&self, sku: &Sku) -> Vec<Inbound> {
        let changed = self.change.inbounds.iter().filter(|(s, ..)| s == sku);
        let is_changed = |reference: &String| {
            let mut names = self.change.inbounds.iter();
            names.any(|(s, name, _)| s == sku && name == reference)
        };
        let from = (sku.clone(), String::new());
        let known = self.stock.inbounds.range(from..);
        let known = known.take_while(|((s, _), _)| s == sku);
        known
            .filter(|((_, reference), _)| !is_changed(reference))
            .map(|(_, inbound)| inbound)
            .chain(changed.map(|(.., inbound)| inbound))
            .cloned()
            .collect()
    }

    fn put_inbound(&mut self, sku: &Sku, reference: &str, after: Inbound) {
        let before = self.inbound(sku, reference).map_or(0, |known| known.open());
        let counters = self.counters(sku);
        let counters = Counters {
            inbound: counters.inbound + after.open() - before,
            ..counters
        };
        self.change.counters.insert(sku.clone(), counters);
        let row = (sku.clone(), reference.to_owned(), after);
        self.change.inbounds.push(row);
    }
}
