//! Payout files and their lines, as the API shows them.

use serde_json::{Value, json};

use crate::settlement::{KeptLine, PayoutFile, Resolution, Unreconciled};

/// A payout file.
pub fn file(file: &PayoutFile) -> Value {
    json!({
        "id": file.id,
        "source": file.source.as_str(),
        "format": file.format,
        "sha256": file.sha256,
        "read_at": file.read_at,
        "read_by": file.read_by,
        "lines": file.lines,
        "totals": file.totals,
        "complete": file.complete,
    })
}

/// A line of a payout file and what came of it.
pub fn line(line: &KeptLine) -> Value {
    json!({
        "id": line.id,
        "source": line.source.as_str(),
        "line": line.line,
        "number": line.number,
        "kind": line.kind.word(),
        "currency": line.gross.currency().code(),
        "gross": line.gross.amount().to_string(),
        "fee": line.fee.amount().to_string(),
        "net": line.net.amount().to_string(),
        "at": line.at,
        "payout": line.payout,
        "order": line.order.map(|order| order.to_string()),
        "verdict": line.verdict,
        "reason": line.reason,
        "expected": line.expected.map(|expected| expected.amount().to_string()),
        "resolution": line.resolution.as_ref().map(resolution),
    })
}

/// A capture that no payout has named, or not all of it.
pub fn unreconciled(capture: &Unreconciled) -> Value {
    json!({
        "order": capture.place.order.to_string(),
        "tender": capture.place.tender,
        "gateway": capture.source.as_str(),
        "reference": capture.reference,
        "currency": capture.captured.currency().code(),
        "captured": capture.captured.amount().to_string(),
        "open": capture.open.amount().to_string(),
        "captured_at": capture.place.captured_at,
    })
}

fn resolution(resolution: &Resolution) -> Value {
    json!({
        "resolution": resolution.word,
        "at": resolution.at,
        "by": resolution.by,
        "reason": resolution.why,
    })
}
