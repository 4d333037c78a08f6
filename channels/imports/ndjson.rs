//! The hub's own form of an order, one a line: what `POST /v1/orders` takes, with the member `history`.

use orderhub_domain::canonical::Violation;

use super::{Fault, PastOrder, ReadOrder, Reading, without_mark};
use crate::sales::direct::{OrderError, parse_past};

/// Reads every line. Empty ones are none.
pub(super) fn orders(file: &[u8], first_row: u64, reading: &Reading) -> Vec<ReadOrder> {
    let lines = without_mark(file).split(|byte| *byte == b'\n');
    let numbered = (first_row..).zip(lines);
    let filled = numbered.filter(|(_, line)| !line.trim_ascii().is_empty());
    filled
        .map(|(row, line)| order(row, line, reading))
        .collect()
}

fn order(row: u64, line: &[u8], reading: &Reading) -> ReadOrder {
    let read = parse_past(line).map_err(|error| match error {
        OrderError::NotAnObject { code, detail } => vec![Violation::new("", code, detail)],
        OrderError::Invalid(violations) => violations,
    });
    let external_id = read
        .as_ref()
        .ok()
        .map(|(order, _)| order.submission.draft.external_id.clone());
    let order = read.and_then(|(parsed, history)| {
        let mut found = history.violations(&parsed.submission.draft, reading.now);
        if parsed.channel != reading.channel {
            let hint = format!("{}, the channel of this import", reading.channel);
            found.push(Violation::new("/channel", "other_channel", hint));
        }
        if !found.is_empty() {
            return Err(found);
        }
        Ok(PastOrder {
            submission: parsed.submission,
            history,
            body_hash: parsed.body_hash,
        })
    });
    let fault = |violation| Fault { row, violation };
    ReadOrder {
        row,
        last_row: row,
        external_id,
        order: order.map_err(|found| found.into_iter().map(fault).collect()),
    }
}
