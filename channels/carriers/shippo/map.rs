//! What Shippo's tracks and transactions mean. Pure; the code tables are data, after the table of
//! docs.goshippo.com/docs/tracking/tracking.

use std::collections::BTreeSet;

use orderhub_domain::ids::Slug;
use orderhub_domain::order::{LabelEvidence, ParcelStatus, Scan};

use super::wire::{Declaration, DeclaredItem, Event, Message, Rate, Sighting, Track, Transaction};
use crate::carriers::LabelCall;
use crate::carriers::labels::cost;
use crate::carriers::sightings::{code_of, instant, meaning};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// A sighting's `status`. Whatever is not listed is `Unknown`: a new word never moves an order.
const STATUSES: [(&str, ParcelStatus); 6] = [
    ("DELIVERED", ParcelStatus::Delivered),
    ("FAILURE", ParcelStatus::Exception),
    ("PRE_TRANSIT", ParcelStatus::LabelCreated),
    // Shippo says it as soon as the way back begins, and nothing when it has ended.
    ("RETURNED", ParcelStatus::ReturnToSender),
    ("TRANSIT", ParcelStatus::InTransit),
    ("UNKNOWN", ParcelStatus::Unknown),
];

/// What the substatuses of `TRANSIT` say beyond it. Those that only name a place on the way
/// (`package_arrived`, `package_departed`, ...) say nothing more.
const TRANSIT: [(&str, ParcelStatus); 13] = [
    ("address_issue", ParcelStatus::Exception),
    ("contact_carrier", ParcelStatus::Exception),
    ("delayed", ParcelStatus::Delayed),
    ("delivery_attempted", ParcelStatus::AttemptFailed),
    ("delivery_rescheduled", ParcelStatus::Delayed),
    ("location_inaccessible", ParcelStatus::AttemptFailed),
    ("notice_left", ParcelStatus::AttemptFailed),
    ("out_for_delivery", ParcelStatus::OutForDelivery),
    ("package_accepted", ParcelStatus::PickedUp),
    ("package_damaged", ParcelStatus::Exception),
    ("package_held", ParcelStatus::OnHold),
    ("pickup_available", ParcelStatus::AvailableForPickup),
    ("reschedule_delivery", ParcelStatus::OnHold),
];

/// What the substatuses of `FAILURE` say beyond it.
const FAILURE: [(&str, ParcelStatus); 1] = [("package_lost", ParcelStatus::Lost)];

/// What the substatuses of `RETURNED` say beyond it: what nobody has fetched can still be fetched.
const RETURNED: [(&str, ParcelStatus); 1] = [("package_unclaimed", ParcelStatus::AttemptFailed)];

/// What a status with its substatus means. A substatus refines its own status only: published
/// messages have `DELIVERED` beside `information_received`.
pub(super) fn status_of(status: Option<&str>, substatus: Option<&str>) -> ParcelStatus {
    let base = meaning(&STATUSES, status).unwrap_or(ParcelStatus::Unknown);
    let refined = match base {
        ParcelStatus::InTransit => meaning(&TRANSIT, substatus),
        ParcelStatus::Exception => meaning(&FAILURE, substatus),
        ParcelStatus::ReturnToSender => meaning(&RETURNED, substatus),
        _ => None,
    };
    refined.unwrap_or(base)
}

fn scan_of(sighting: &Sighting) -> Option<Scan> {
    let status = sighting.status.as_deref();
    let substatus = sighting.substatus.as_ref();
    let substatus = substatus.and_then(|substatus| substatus.code.as_deref());
    Some(Scan {
        at: instant(sighting.status_date.as_deref()?)?,
        status: status_of(status, substatus),
        code: code_of([status, substatus]),
    })
}

/// What a verified webhook says.
pub(super) fn read(body: &[u8]) -> Inbound {
    let event: Event<'_> = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    if event.name != "track_updated" {
        let topic = code(&event.name);
        return Inbound::Unknown {
            topic: topic.unwrap_or_else(|| "an event without a plain name".to_owned()),
        };
    }
    let Some(data) = event.data else {
        return Inbound::Unreadable {
            reason: "the event comes without its track".to_owned(),
        };
    };
    let track: Track = match serde_json::from_str(data.get()) {
        Ok(track) => track,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    let history = track.history.as_deref().unwrap_or_default();
    let seen = || history.iter().chain(track.latest.as_ref());
    // One sighting without a readable time loses only itself.
    let scans: BTreeSet<Scan> = seen().filter_map(scan_of).collect();
    if scans.is_empty() {
        if seen().any(|sighting| sighting.status_date.is_some()) {
            return Inbound::Unreadable {
                reason: "the track has no sighting with a readable time".to_owned(),
            };
        }
        // So it is until the carrier knows of the parcel.
        return Inbound::Unknown {
            topic: "not_yet:track_updated".to_owned(),
        };
    }
    Inbound::Scans {
        tracking_number: track.number,
        carrier: None,
        test: event.test == Some(true),
        scans: scans.into_iter().collect(),
        proof: None,
    }
}

/// How a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The label is there, and ours to use.
    Bought,
    /// It was given back, or is being given back.
    GivenBack,
    /// Shippo is still at it, or says a word that is not known.
    Open,
    /// Nothing was bought.
    Failed,
}

/// How a transaction stands by its `status`. A refund that was rejected leaves the label as it was.
pub(super) fn standing(transaction: &Transaction) -> Standing {
    match transaction.status.as_str() {
        "SUCCESS" | "REFUNDREJECTED" => Standing::Bought,
        "REFUNDED" | "REFUNDPENDING" => Standing::GivenBack,
        "ERROR" => Standing::Failed,
        _ => Standing::Open,
    }
}

/// Whether a carrier had nothing to say because it did not answer Shippo in time.
pub(super) fn timed_out(messages: &[Message]) -> bool {
    let codes = messages
        .iter()
        .filter_map(|message| message.code.as_deref());
    codes.into_iter().any(|code| code == "carrier_timeout")
}

/// The first plain code of a carrier's messages.
pub(super) fn reason(messages: &[Message]) -> Option<String> {
    let mut codes = messages
        .iter()
        .filter_map(|message| message.code.as_deref());
    codes.find_map(code)
}

/// A rate that stands within a transaction, which may also only name it.
pub(super) fn rate_within(transaction: &Transaction) -> Option<Rate> {
    serde_json::from_str(transaction.rate.as_ref()?.get()).ok()
}

/// The id of a rate that a transaction only names.
pub(super) fn rate_named(transaction: &Transaction) -> Option<String> {
    serde_json::from_str(transaction.rate.as_ref()?.get()).ok()
}

/// The label that was bought by this transaction at this rate; none without a tracking number.
pub(super) fn label_of(
    transaction: &Transaction,
    rate: Option<&Rate>,
    account: &Slug,
) -> Option<LabelEvidence> {
    let tracking_number = transaction.tracking_number.clone()?;
    Some(LabelEvidence::Bought {
        account: account.clone(),
        carrier: rate
            .and_then(|rate| rate.provider.clone())
            .unwrap_or_else(|| "unknown".to_owned()),
        tracking_number,
        reference: transaction.object_id.clone(),
        label_url: transaction.label_url.clone(),
        cost: rate.and_then(|rate| cost(rate.amount.as_ref(), rate.currency.as_deref())),
        service: rate.and_then(|rate| rate.service().map(str::to_owned)),
    })
}

/// What is declared to customs: goods that were sold, which come back if nobody takes them.
pub(super) fn declaration(call: &LabelCall) -> Option<Declaration<'_>> {
    let items = call.declared()?.iter().map(|content| DeclaredItem {
        description: content.words(255),
        quantity: content.units,
        net_weight: content.grams().to_string(),
        mass_unit: "g",
        value_amount: content.value().amount().to_string(),
        value_currency: content.unit_value.currency().to_string(),
        origin_country: content.origin.as_deref(),
        tariff_number: content.hs_code.as_deref(),
        sku_code: content.sku.as_deref(),
    });
    Some(Declaration {
        contents_type: "MERCHANDISE",
        non_delivery_option: "RETURN",
        certify: true,
        certify_signer: call.sender().unwrap_or("Sender"),
        items: items.collect(),
    })
}
