//! What a warehouse's connector must make of what it is told of work.

use orderhub_domain::ids::{FulfilmentId, OrderId};
use orderhub_domain::order::{FulfilmentEvidence, WorkSaid};

use super::{Failed, Finding, Kit, Tried, fails, finding, same};
use crate::port::Inbound;
use crate::specimen::{Labour, Thing, Work};

pub(super) fn tried(kit: &Kit<'_>) -> Vec<Finding> {
    vec![
        finding("work", work(kit)),
        finding("duplicate", duplicate(kit)),
        finding("unknown enum", unknown_word(kit)),
    ]
}

fn fulfilment() -> FulfilmentId {
    FulfilmentId {
        order: OrderId::new(1_760_000_000_000, [7; 8], [1, 2]),
        number: 3,
    }
}

/// Work was accepted.
pub(super) fn plain(kit: &Kit<'_>) -> Work {
    let at = kit.now.round(jiff::Unit::Second);
    Work {
        fulfilment: fulfilment().to_string(),
        location: "BER1".to_owned(),
        done: Labour::Accepted,
        at: at.unwrap_or(kit.now),
    }
}

fn read(kit: &Kit<'_>, work: &Work) -> Result<Inbound, Failed> {
    kit.read_one(&kit.stated(Thing::Work(work))?)
}

/// Everything that is done is read as what it is, of this work at this location.
fn work(kit: &Kit<'_>) -> Tried {
    let rejected = FulfilmentEvidence::Rejected {
        reason: "not_in_stock".to_owned(),
    };
    let packed = FulfilmentEvidence::Packed {
        parcels: Vec::new(),
    };
    for (done, wanted) in [
        (Labour::Accepted, FulfilmentEvidence::Accepted),
        (Labour::Rejected, rejected),
        (Labour::Packed, packed),
        (Labour::HandedOver, FulfilmentEvidence::HandedOver),
    ] {
        let work = Work { done, ..plain(kit) };
        let read = read(kit, &work)?;
        let Inbound::Work {
            fulfilment: of,
            location,
            occurred_at,
            said,
        } = read
        else {
            return fails(format_args!("it is read as {read:?}"));
        };
        same("what was done", &said, &WorkSaid::Evidence(wanted))?;
        same("the work", &of, &fulfilment())?;
        same("its location", &location.0, &work.location)?;
        same("when it was done", &occurred_at, &Some(work.at))?;
    }
    Ok(())
}

fn duplicate(kit: &Kit<'_>) -> Tried {
    kit.delivered_twice(Thing::Work(&plain(kit))).map(drop)
}

/// A word that nobody knows moves no work.
fn unknown_word(kit: &Kit<'_>) -> Tried {
    let done = Labour::Odd;
    match read(kit, &Work { done, ..plain(kit) })? {
        Inbound::Unknown { .. } => Ok(()),
        other => fails(format_args!("it is read as {other:?}")),
    }
}
