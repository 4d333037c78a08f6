//! Who does which part of an order's work, in one sentence for each event.

use orderhub_domain::order::Routing;

use super::timeline::{lines_of, plain};

/// What happened, in one sentence without personal data.
pub(super) fn summary(routing: &Routing) -> String {
    match routing {
        Routing::Sourced(sourced) => format!("Locations chosen: {}.", sourced.sentence()),
        Routing::Split {
            fulfilment, child, ..
        } => format!("Fulfilment {child} was split off fulfilment {fulfilment}."),
        Routing::Merged {
            fulfilment, from, ..
        } => format!("Fulfilment {from} was merged into fulfilment {fulfilment}."),
        Routing::Moved {
            fulfilment,
            to: Some(to),
            reason,
        } => format!("Fulfilment {fulfilment} moves to {to}: {}.", plain(reason)),
        Routing::Moved {
            fulfilment, reason, ..
        } => format!(
            "Fulfilment {fulfilment} moves elsewhere: {}.",
            plain(reason)
        ),
        Routing::Scheduled {
            fulfilment,
            not_before,
            reason,
            ..
        } => format!("Fulfilment {fulfilment} is not asked for before {not_before}: {reason}."),
        Routing::ShortPicked {
            fulfilment,
            child,
            lines,
            reason,
            ..
        } => format!(
            "Fulfilment {fulfilment} was picked short by {} ({}); the rest is fulfilment {child}.",
            lines_of(lines.len()),
            plain(reason)
        ),
        Routing::PickupExpired { fulfilment } => {
            format!("Nobody collected fulfilment {fulfilment} in time.")
        }
        Routing::PartCancelRequested { lines, reason } => {
            format!(
                "Cancellation of {} asked for: {}.",
                lines_of(lines.len()),
                plain(reason)
            )
        }
        Routing::PartWithdrawn { fulfilment, .. } => {
            format!("A part of fulfilment {fulfilment} is not wanted any more.")
        }
        Routing::RestKept { fulfilment, .. } => {
            format!("The rest of fulfilment {fulfilment} stays at its location.")
        }
        Routing::PartCancelRefused { lines, reason } => {
            format!(
                "{} could not be cancelled: {reason}.",
                lines_of(lines.len())
            )
        }
    }
}
