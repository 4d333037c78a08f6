//! What an order's own sales channel says and hears, for people.

use orderhub_domain::order::{Notice, NoticeEvidence, SourceEvent};

use super::timeline::{lines_of, plain};

/// What an order's own sales channel says of it after it was placed.
pub(super) fn stated(event: &SourceEvent) -> String {
    match event {
        SourceEvent::Restated { quantities, .. } if quantities.is_empty() => {
            "The sales channel states it anew, with the quantities that it came with.".to_owned()
        }
        SourceEvent::Restated { quantities, .. } => {
            let lines = quantities.iter();
            let lines = lines.map(|(line, units)| format!("{} of line {line}", units.value()));
            let lines: Vec<String> = lines.collect();
            format!("The sales channel states it anew: {}.", lines.join(", "))
        }
        SourceEvent::KeptBack { kept: true } => {
            "The sales channel keeps it from being shipped.".to_owned()
        }
        SourceEvent::KeptBack { kept: false } => "The sales channel has released it.".to_owned(),
        SourceEvent::CancelAsked { .. } => {
            "The buyer asks the sales channel for a cancellation.".to_owned()
        }
    }
}

/// What it answered to what it was told.
pub(super) fn answered(told: &Notice, answer: &NoticeEvidence) -> String {
    let what = match told {
        Notice::Accepted => "the order stands".to_owned(),
        Notice::Shipped { fulfilment } => format!("fulfilment {fulfilment} has shipped"),
        Notice::Cancelled => "nothing will be shipped".to_owned(),
        Notice::PartCancelled { lines, amount, .. } => {
            let lines = lines_of(lines.len());
            format!("{lines} will not be shipped, and {amount} goes back")
        }
        Notice::Refund { amount, .. } => format!("{amount} goes back"),
    };
    match answer {
        NoticeEvidence::Told => format!("The sales channel knows that {what}."),
        NoticeEvidence::Repaid { .. } => format!("The sales channel says that {what}: done."),
        NoticeEvidence::Refused { code } => {
            let why = plain(code);
            format!("The sales channel would not hear that {what}: {why}.")
        }
    }
}
