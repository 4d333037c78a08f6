//! What a claim waits for, and what may be asked about claims.

use jiff::Timestamp;

use super::super::{Action, Order};
use super::{Claim, ClaimKind};

impl Order {
    /// The claim that a person has to end, in a sentence, if one is open.
    pub(in crate::order) fn claim_for_a_person(
        &self,
    ) -> Option<(&'static str, Timestamp, String, Option<&'static str>)> {
        let claim = self.claims.iter().find(|claim| claim.is_open())?;
        let Claim {
            number, fulfilment, ..
        } = claim;
        let work = self.fulfilment(*fulfilment);
        let parcel = match work.filter(|_| claim.is_whole()) {
            Some(work) => work.parcel_name(claim.parcel),
            None => format!("parcel of fulfilment {fulfilment}"),
        };
        let what = match claim.kind {
            ClaimKind::Lost => "the carrier has lost it",
            ClaimKind::ReturnedToSender => "it could not be delivered and goes back",
            ClaimKind::Damaged => "units of it arrived damaged",
        };
        let unknown = match self.claimed_units(claim) {
            Some(_) => "",
            None => " Nobody has said what was in it: give its lines.",
        };
        let because =
            format!("Claim {number} about the {parcel}: {what}. Reship, refund or deny.{unknown}");
        Some(("person", claim.opened_at, because, Some("resolve_claim")))
    }

    /// What may be asked about claims, and why the rest may not.
    pub(in crate::order) fn claim_actions(&self) -> Vec<Action> {
        let delivered = self
            .parcels()
            .any(|(work, parcel)| work.has_arrived(parcel) || parcel.overdue_at.is_some());
        let open = self.claims.iter().any(Claim::is_open);
        let action = |action, allowed: bool, else_say: &str| Action {
            action,
            why_not: (!allowed).then(|| else_say.to_owned()),
        };
        vec![
            action(
                "claim",
                delivered,
                "nothing was delivered, and no parcel is overdue",
            ),
            action("resolve_claim", open, "no claim is open"),
        ]
    }
}
