//! Sources of stock feeds, as the API shows them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::stock_feeds::{Gap, Source};

/// A source and how long ago its last message was taken, in seconds.
pub fn source(source: &Source, now: Timestamp) -> Value {
    let age = now.duration_since(source.applied_at).as_secs();
    json!({
        "source": source.source.as_str(),
        "sequence": source.mark.sequence,
        "as_of": source.as_of,
        "applied_at": source.applied_at,
        "age_seconds": age.max(0),
        "rows": source.rows,
        "rejected": source.rejected,
        "gaps": source.gaps,
        "missing": i64::try_from(source.missing).unwrap_or(i64::MAX),
        "newest_gaps": source.newest_gaps.iter().map(gap).collect::<Vec<_>>(),
    })
}

fn gap(gap: &Gap) -> Value {
    json!({ "first": gap.first, "last": gap.last, "found_at": gap.found_at })
}
