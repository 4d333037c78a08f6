//! What reports of sightings have in common, whoever sends them. What a word means is each carrier's
//! own table: the same letters mean delivered here and an exception there.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use orderhub_domain::order::{DeliveryProof, ParcelStatus, Scan};

use crate::port::{CallError, LookUp, Resource, Statement};
use crate::wire::code;

/// Longest address of a page that is kept.
const LONGEST_PAGE: usize = 500;

/// What was seen of parcels, asked for one after the other.
pub(super) async fn each(
    by: &dyn LookUp,
    kind: &str,
    numbers: &[String],
) -> Result<Vec<Statement>, CallError> {
    let mut seen = Vec::new();
    for number in numbers {
        let parcel = Resource {
            kind: kind.to_owned(),
            id: number.clone(),
        };
        seen.extend(by.look_up(&parcel).await?);
    }
    Ok(seen)
}

/// What a word means by this table; none for a word that is not in it, so that a new one never moves
/// an order.
pub(super) fn meaning(table: &[(&str, ParcelStatus)], word: Option<&str>) -> Option<ParcelStatus> {
    let word = word?;
    table
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, status)| *status)
}

/// A scan's code of the vendor's own words, joined by dots; `none` when not one of them is plain.
/// Never prose: it may name a person.
pub(super) fn code_of<'a>(words: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let words = words.into_iter().flatten();
    let words: Vec<_> = words.filter_map(|word| code(word.trim())).collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(".")
    }
}

/// An instant; a time without a zone is read as UTC.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let civil: DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// The proof of a delivery that somebody signed for, with the page that shows it, if that is one.
/// None while no sighting says that it was delivered.
pub(super) fn signed(scans: &[Scan], page: Option<&str>) -> Option<DeliveryProof> {
    let delivered = |scan: &&Scan| scan.status == ParcelStatus::Delivered;
    let delivered = scans.iter().rev().find(delivered)?;
    let page = page.filter(|page| {
        page.starts_with("https://")
            && page.len() <= LONGEST_PAGE
            && !page.contains(char::is_whitespace)
    });
    Some(DeliveryProof {
        at: delivered.at,
        signed: true,
        reference: page.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_read_as_utc_and_what_is_no_time_is_none() {
        let read = |text: &str| instant(text).map(|at| at.to_string());
        let expected = Some("2026-03-02T07:30:00Z".to_owned());
        for same in [
            "2026-03-02T07:30:00Z",
            "2026-03-02T08:30:00+01:00",
            "2026-03-02T07:30:00",
            " 2026-03-02 07:30:00 ",
        ] {
            assert_eq!(read(same), expected, "{same}");
        }
        for none in ["", "yesterday", "07:30", "2026-13-02T07:30:00"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn prose_never_becomes_a_code() {
        assert_eq!(
            code_of([Some("TRANSIT"), Some("delayed")]),
            "TRANSIT.delayed"
        );
        assert_eq!(
            code_of([Some("DELIVERED"), Some("left with Jane")]),
            "DELIVERED"
        );
        assert_eq!(code_of([None, Some("  ")]), "none");
    }
}
