//! The balance transactions of the double of Stripe, as its dashboard exports them.

use std::fmt::Write as _;

use super::stripe_account::{Account, Applied};

const HEADING: &str =
    "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),payment_intent_id,Transfer";

impl Account {
    /// Everything that changed the balance, and one payout of all of it.
    pub(crate) fn balance_csv(&self) -> String {
        let mut file = format!("{HEADING}\n");
        let mut balance = 0;
        for (number, entry) in self.book.iter().enumerate() {
            let (kind, source, cents, fee) = match entry.applied {
                Applied::Captured => ("charge", "ch", entry.amount, entry.amount * 14 / 1000 + 25),
                Applied::Refunded => ("refund", "re", -entry.amount, 0),
                Applied::Authorized | Applied::Declined | Applied::Canceled => continue,
            };
            let intent = &entry.intent;
            let currency = self
                .intents
                .get(intent)
                .map_or("eur", |i| i.currency.as_str());
            balance += cents - fee;
            // Writing to a string does not fail.
            writeln!(
                file,
                "txn_{number},{kind},{source}_{number},{},{},{},{currency},2026-11-20 09:00,{intent},po_1",
                major(cents),
                major(fee),
                major(cents - fee)
            )
            .ok();
        }
        writeln!(
            file,
            "txn_po,payout,po_1,{},0.00,{},eur,2026-11-21 09:00,,",
            major(-balance),
            major(-balance)
        )
        .ok();
        file
    }
}

fn major(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}
