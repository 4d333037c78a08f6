//! Reads the actions about claims: what arrived damaged, and how a claim ends.

use orderhub_domain::ids::{FulfilmentId, OrderId};
use orderhub_domain::order::{ClaimCommand, Command, Resolution};

use super::fulfilments::read_lines;
use crate::http::fields::Fields;

/// Largest number of a claim or a parcel.
const LARGEST_NUMBER: i64 = u16::MAX as i64;

/// Units that arrived damaged, or a parcel that nobody finds.
pub(super) fn open(order: OrderId, fields: &mut Fields, reason: String) -> Command {
    let id = fields.required_text("fulfilment", 80);
    let parcel = fields.count("parcel", LARGEST_NUMBER);
    let lines = read_lines(fields);
    let fulfilment = match id.parse::<FulfilmentId>() {
        Ok(fulfilment) if fulfilment.order == order => fulfilment.number,
        _ => {
            let hint = "the id of one of the order's fulfilments";
            fields.refuse("fulfilment", "invalid_value", hint);
            0
        }
    };
    Command::Claim(ClaimCommand::Open {
        fulfilment,
        parcel: parcel.and_then(|number| u16::try_from(number).ok()),
        lines,
        reason,
    })
}

/// How a claim ends.
pub(super) fn resolve(fields: &mut Fields, reason: String) -> Command {
    let number = fields.required_count("claim", LARGEST_NUMBER);
    let word = fields.required_text("resolution", 20);
    let known = Resolution::ALL.into_iter().find(|one| one.word() == word);
    if known.is_none() {
        fields.refuse("resolution", "invalid_value", "reship, refund or deny");
    }
    let lines = read_lines(fields);
    Command::Claim(ClaimCommand::Resolve {
        number: u16::try_from(number).unwrap_or_default(),
        resolution: known.unwrap_or(Resolution::Deny),
        lines,
        reason,
    })
}
