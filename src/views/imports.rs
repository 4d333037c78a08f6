//! What became of the orders of a file.

use serde_json::{Value, json};

use crate::imports::{Outcome, Verdict};

/// How many errors of one order are named.
const ERRORS_NAMED: usize = 20;

/// The verdicts of a file, or of a piece of one, with their sums.
pub fn verdicts(verdicts: &[Verdict], dry_run: bool) -> Value {
    let count = |word: &str| {
        let of_word = verdicts.iter().filter(|one| one.outcome.word() == word);
        of_word.count()
    };
    json!({
        "dry_run": dry_run,
        "orders": verdicts.len(),
        "would_import": count("would_import"),
        "imported": count("imported"),
        "exists": count("exists"),
        "refused": count("refused"),
        "data": verdicts.iter().map(verdict).collect::<Vec<_>>(),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    let order = match &verdict.outcome {
        Outcome::Imported(order) | Outcome::Exists(Some(order)) => Some(order.to_string()),
        Outcome::WouldImport | Outcome::Exists(None) | Outcome::Refused(_) => None,
    };
    let errors: Vec<Value> = match &verdict.outcome {
        Outcome::Refused(faults) => faults
            .iter()
            .take(ERRORS_NAMED)
            .map(|fault| {
                json!({
                    "row": fault.row,
                    "pointer": fault.violation.pointer,
                    "code": fault.violation.code,
                    "hint": fault.violation.hint,
                })
            })
            .collect(),
        _ => Vec::new(),
    };
    json!({
        "row": verdict.row,
        "last_row": verdict.last_row,
        "external_id": verdict.external_id,
        "verdict": verdict.outcome.word(),
        "order": order,
        "errors": errors,
    })
}
