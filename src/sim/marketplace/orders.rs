//! What is done with an order, line by line: it is acknowledged, shipped and cancelled. The marketplace
//! recognises no repeats: a line that is shipped is not shipped again, and that is an error.

use std::io;

use serde_json::Value;

use super::{refused, wire};
use crate::sim::ledger::{Ledger, Parcel, Sale};
use crate::sim::server::Reply;

const NOT_FOUND: &str = "CONTENT_NOT_FOUND.GMP_ORDER_API";
const INVALID: &str = "INVALID_REQUEST_CONTENT.GMP_ORDER_API";

fn find(ledger: &Ledger, id: &str) -> Option<Sale> {
    ledger.find(id.parse().ok()?)
}

fn shown(sale: &Sale) -> Reply {
    Reply::new(200, serde_json::json!({ "order": wire::order(sale) }))
}

/// An order as it is now.
pub(super) fn show(ledger: &Ledger, id: &str) -> Reply {
    find(ledger, id).map_or_else(|| refused(404, NOT_FOUND), |sale| shown(&sale))
}

/// The seller has the order. It may say so as often as it likes.
pub(super) fn acknowledge(ledger: &mut Ledger, id: &str) -> io::Result<Reply> {
    match find(ledger, id) {
        None => return Ok(refused(404, NOT_FOUND)),
        Some(sale) if sale.cancelled.is_some() => return Ok(refused(400, INVALID)),
        Some(sale) if sale.acknowledged => {}
        Some(sale) => ledger.acknowledge(sale)?,
    }
    Ok(show(ledger, id))
}

/// What a request says of each line: its place, the status and the word's object.
fn stated<'a>(lines: &'a Value, word: &str) -> Option<Vec<(u64, u64, &'a Value)>> {
    let lines = lines["orderLine"].as_array()?.iter();
    let lines: Option<Vec<_>> = lines
        .map(|line| {
            let place: u64 = line["lineNumber"].as_str()?.parse().ok()?;
            // Sellers here send what is in one parcel at a time.
            let statuses = line["orderLineStatuses"]["orderLineStatus"].as_array()?;
            let [status] = statuses.as_slice() else {
                return None;
            };
            let units = status["statusQuantity"]["amount"].as_str()?.parse().ok()?;
            (status["status"] == word).then_some((place, units, status))
        })
        .collect();
    lines.filter(|lines| !lines.is_empty())
}

/// Whether so many units of the line at this place are still to be sent.
fn is_open(sale: &Sale, place: u64, units: u64) -> bool {
    let line = wire::line(sale, place);
    let gone = sale.shipped(place) + sale.taken_out(place);
    line.is_some_and(|line| units > 0 && gone + units <= line.quantity)
}

/// What left, with its tracking number. Only what was acknowledged can be shipped.
pub(super) fn ship(ledger: &mut Ledger, id: &str, body: &Value) -> io::Result<Reply> {
    let Some(sale) = find(ledger, id) else {
        return Ok(refused(404, NOT_FOUND));
    };
    let told = stated(&body["orderShipment"]["orderLines"], "Shipped");
    let told = told.filter(|_| sale.acknowledged && sale.cancelled.is_none());
    let told = told.filter(|all| {
        all.iter()
            .all(|(place, units, _)| is_open(&sale, *place, *units))
    });
    let Some(told) = told else {
        return Ok(refused(400, INVALID));
    };
    let tracked = &told[0].2["trackingInfo"];
    let carrier = &tracked["carrierName"];
    let carrier = carrier["carrier"]
        .as_str()
        .or(carrier["otherCarrier"].as_str());
    let (Some(carrier), Some(tracking)) = (carrier, tracked["trackingNumber"].as_str()) else {
        return Ok(refused(400, INVALID));
    };
    let parcel = Parcel {
        carrier: carrier.to_owned(),
        tracking: tracking.to_owned(),
        units: told
            .iter()
            .map(|(place, units, _)| (*place, *units))
            .collect(),
    };
    if !ledger.ship(sale, parcel)? {
        return Ok(refused(400, INVALID));
    }
    Ok(show(ledger, id))
}

/// What will not be sent. All that is open has to be named: the marketplace's sellers cancel as a whole here.
pub(super) fn cancel(ledger: &mut Ledger, id: &str, body: &Value) -> io::Result<Reply> {
    let Some(sale) = find(ledger, id) else {
        return Ok(refused(404, NOT_FOUND));
    };
    let told = stated(&body["orderCancellation"]["orderLines"], "Cancelled");
    let told = told.filter(|_| sale.cancelled.is_none());
    let told = told.filter(|all| {
        all.iter()
            .all(|(place, units, _)| is_open(&sale, *place, *units))
    });
    let Some(told) = told else {
        return Ok(refused(400, INVALID));
    };
    let named: u64 = told.iter().map(|(_, units, _)| units).sum();
    let ordered: u64 = sale.lines.iter().map(|line| line.quantity).sum();
    let taken_out = sale.taken_out.map_or(0, |place| sale.taken_out(place));
    let sent = sale.parcels.iter().flat_map(|parcel| &parcel.units);
    let sent: u64 = sent.map(|(_, units)| units).sum();
    let Some(reason) = told[0].2["cancellationReason"].as_str() else {
        return Ok(refused(400, INVALID));
    };
    if named + sent + taken_out != ordered {
        return Ok(refused(400, INVALID));
    }
    let reason = reason.to_owned();
    ledger.cancel(sale, &reason)?;
    Ok(show(ledger, id))
}
