//! What a carrier's connector must make of what it is told of parcels.

use orderhub_domain::order::ParcelStatus;

use super::{Failed, Finding, Kit, Tried, fails, finding, same};
use crate::port::Inbound;
use crate::specimen::{Seen, Sighting, Thing};

pub(super) fn tried(kit: &Kit<'_>) -> Vec<Finding> {
    vec![
        finding("a parcel", a_parcel(kit)),
        finding("duplicate", duplicate(kit)),
        finding("unknown enum", unknown_word(kit)),
    ]
}

/// A parcel is under way.
pub(super) fn plain(kit: &Kit<'_>) -> Sighting {
    let at = kit.now.round(jiff::Unit::Second);
    Sighting {
        tracking_number: "KIT0000004711".to_owned(),
        seen: Seen::InTransit,
        at: at.unwrap_or(kit.now),
    }
}

fn read(kit: &Kit<'_>, sighting: &Sighting) -> Result<Vec<Inbound>, Failed> {
    kit.read(&kit.stated(Thing::Sighting(sighting))?)
}

/// What was seen, of the parcel with this number.
fn seen(kit: &Kit<'_>, seen: Seen) -> Result<Vec<ParcelStatus>, Failed> {
    let sighting = Sighting { seen, ..plain(kit) };
    let mut found = Vec::new();
    for item in read(kit, &sighting)? {
        let Inbound::Scans {
            tracking_number,
            scans,
            ..
        } = item
        else {
            return fails(format_args!("it is read as {item:?}"));
        };
        same("its number", &tracking_number, &sighting.tracking_number)?;
        found.extend(scans.iter().map(|scan| scan.status));
    }
    Ok(found)
}

fn a_parcel(kit: &Kit<'_>) -> Tried {
    let found = seen(kit, Seen::InTransit)?;
    same("what was seen", &found, &vec![ParcelStatus::InTransit])?;
    let found = seen(kit, Seen::Delivered)?;
    same(
        "whether it is delivered",
        &found.contains(&ParcelStatus::Delivered),
        &true,
    )
}

fn duplicate(kit: &Kit<'_>) -> Tried {
    kit.delivered_twice(Thing::Sighting(&plain(kit))).map(drop)
}

/// A code that nobody knows moves no parcel.
fn unknown_word(kit: &Kit<'_>) -> Tried {
    let sighting = Sighting {
        seen: Seen::Odd,
        ..plain(kit)
    };
    for item in read(kit, &sighting)? {
        match item {
            Inbound::Unknown { .. } => {}
            Inbound::Scans { scans, .. }
                if scans.iter().all(|s| s.status == ParcelStatus::Unknown) => {}
            other => return fails(format_args!("it is read as {other:?}")),
        }
    }
    Ok(())
}
