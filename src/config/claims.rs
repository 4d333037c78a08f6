//! Reads `[policy.claims]`: what becomes of parcels that do not arrive.

use orderhub_domain::policy::{ClaimDefault, ClaimPolicy};
use toml::Table;

use super::section::{Reading, Section};

/// What becomes of a parcel without a person.
const DEFAULTS: [(&str, ClaimDefault); 3] = [
    (ClaimDefault::Review.word(), ClaimDefault::Review),
    (ClaimDefault::Refund.word(), ClaimDefault::Refund),
    (ClaimDefault::Reship.word(), ClaimDefault::Reship),
];

pub(super) fn read_claims(table: Table, reading: &mut Reading<'_>) -> ClaimPolicy {
    let usual = ClaimPolicy::default();
    let mut section = Section::new("policy.claims", table, reading);
    let policy = ClaimPolicy {
        lost: section.word("lost", &DEFAULTS, usual.lost),
        returned_to_sender: section.word("returned_to_sender", &DEFAULTS, usual.returned_to_sender),
        restock_returned: section.flag("restock_returned", usual.restock_returned),
        overdue_after: section.duration("overdue_after", usual.overdue_after),
    };
    section.finish();
    policy
}
