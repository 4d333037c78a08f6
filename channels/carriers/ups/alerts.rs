//! Track Alert: one scan per message, pushed for fourteen days after it was asked for
//! (github.com/UPS-API/api-documentation, `UPSTrackAlert.yaml`).
//!
//! Nothing is signed: UPS shows, in the header `credential`, the word that it was told when the alerts were
//! asked for. A new word counts for parcels that are asked for after it; so the older ones stay in force
//! until their alerts have ended.

use orderhub_domain::order::ParcelStatus;
use secrecy::SecretString;

use super::map::{self, is_test, moment, scan};
use super::wire::Alert;
use super::{NUMBER, STATED};
use crate::carriers::shared_words::is_any;
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::wire::{path_id, unreadable};

/// Whether an alert shows one of the words in force.
pub(super) fn verify(words: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    let shown = request.headers.get("credential").ok_or(Forged::Missing)?;
    if is_any(words, shown.as_bytes()) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// What an alert says. What came before it is lost where an alert was: so a delivery, and an alert without
/// a readable time, are looked up.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let alert: Alert = match serde_json::from_slice(body) {
        Ok(alert) => alert,
        // An answer of the tracking, sent on.
        Err(_) if map::parcels(body).is_ok() => return map::read(body),
        Err(error) => {
            return vec![Inbound::Unreadable {
                reason: unreadable(&error),
            }];
        }
    };
    // UPS's own example has a space before the number.
    let Some(number) = path_id(alert.tracking_number.trim()) else {
        return vec![Inbound::Unreadable {
            reason: "the alert names no parcel".to_owned(),
        }];
    };
    let changed = || {
        Inbound::Changed(Resource {
            kind: NUMBER.to_owned(),
            id: number.to_owned(),
        })
    };
    let date = alert.gmt_activity_date.as_deref();
    let Some(at) = moment(date, alert.gmt_activity_time.as_deref()) else {
        return vec![changed()];
    };
    let seen = scan(at, &alert.activity_status);
    let delivered = seen.status == ParcelStatus::Delivered;
    let mut said = vec![Inbound::Scans {
        tracking_number: number.to_owned(),
        carrier: None,
        test: is_test(number),
        scans: vec![seen],
        proof: None,
    }];
    if delivered {
        said.push(changed());
    }
    said
}
