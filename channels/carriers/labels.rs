//! What the purchase of labels has in common, whoever sells them: which offer is taken, and what a
//! failure says of a label that may cost money.

use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::port::CallError;
use crate::wire::Exact;

/// A carrier's offer for a shipment.
pub(super) trait Offer {
    /// What it is called where it is bought.
    fn id(&self) -> &str;

    /// Who carries it.
    fn carrier(&self) -> Option<&str>;

    /// What it costs; none when that cannot be read.
    fn price(&self) -> Option<Decimal>;

    /// What the price is in, as stated.
    fn currency(&self) -> Option<&str>;
}

/// The cheapest offer; of equal ones the first by carrier and id, so that every try chooses alike.
/// Prices in several currencies cannot be compared: those in the currency of the first one count.
pub(super) fn cheapest<O: Offer>(offers: &[O]) -> Option<&O> {
    let priced = || {
        offers
            .iter()
            .filter_map(|offer| Some((offer.price()?, offer)))
            .filter(|(price, _)| !price.is_sign_negative())
    };
    let currency = priced().next()?.1.currency();
    priced()
        .filter(|(_, offer)| offer.currency() == currency)
        .min_by(|(one, a), (other, b)| {
            let by_price = one.cmp(other);
            by_price.then_with(|| (a.carrier(), a.id()).cmp(&(b.carrier(), b.id())))
        })
        .map(|(_, offer)| offer)
}

/// What a label cost, from the vendor's text of it; none when that is not money.
pub(super) fn cost(amount: Option<&Exact>, currency: Option<&str>) -> Option<Money> {
    // Some vendors write their currencies in small letters.
    let currency = Currency::from_code(&currency?.to_ascii_uppercase())?;
    Some(Money::rounded(amount?.decimal()?, currency))
}

/// What a parcel is called where its whole id does not fit: 33 capital letters and digits, the same for
/// every try and for no other parcel. The order's number in base 36, then the fulfilment's, then the
/// parcel's, each with its leading zeros.
pub(super) fn short_name(parcel: ParcelId) -> String {
    let order = parcel.fulfilment.order.uuid().as_u128();
    let mut name = in_base_36(order, 25);
    name.push_str(&in_base_36(u128::from(parcel.fulfilment.number), 4));
    name.push_str(&in_base_36(u128::from(parcel.number), 4));
    name
}

fn in_base_36(number: u128, width: usize) -> String {
    let mut rest = number;
    let mut digits = vec!['0'; width];
    for digit in digits.iter_mut().rev() {
        let value = u32::try_from(rest % 36).unwrap_or_default();
        *digit = char::from_digit(value, 36)
            .unwrap_or('0')
            .to_ascii_uppercase();
        rest /= 36;
    }
    digits.into_iter().collect()
}

/// The answer to a call that costs money says nothing.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the carrier's answer cannot be read; it may have been carried out")
}

/// The first line of an address, and all the others as the second.
pub(super) fn street(address: &Address) -> (Option<&str>, Option<String>) {
    let rest = address.lines.get(1..).unwrap_or_default();
    let second = (!rest.is_empty()).then(|| rest.join(", "));
    (address.lines.first().map(String::as_str), second)
}

/// At most so many lines of an address, the last of them with all that are left.
pub(super) fn street_lines(address: &Address, most: usize) -> Vec<String> {
    let alone = address.lines.len().min(most.saturating_sub(1));
    let (own, rest) = address.lines.split_at(alone);
    let mut lines = own.to_vec();
    if !rest.is_empty() {
        lines.push(rest.join(", "));
    }
    lines
}

/// Whether parcels from this country are weighed in pounds.
pub(super) fn weighs_in_pounds(country: Option<&str>) -> bool {
    matches!(country, Some("US" | "PR"))
}

/// A weight in kilograms or in pounds with one decimal, rounded up; never nothing, which would stop a
/// label.
pub(super) fn weight_in_tenths(grams: u32, pounds: bool) -> String {
    let grams = u64::from(grams.max(1));
    let tenths = if pounds {
        // A pound is 453.59237 grams.
        (grams * 1_000_000).div_ceil(45_359_237)
    } else {
        grams.div_ceil(100)
    };
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// An address with whatever parts there are, under the names that several vendors use.
#[derive(Serialize, Default)]
pub(super) struct AddressParts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

impl<'a> From<&'a Address> for AddressParts<'a> {
    fn from(address: &'a Address) -> Self {
        let (street1, street2) = street(address);
        Self {
            name: address.name.as_deref(),
            company: address.company.as_deref(),
            street1,
            street2,
            city: address.city.as_deref(),
            state: address.region.as_deref(),
            zip: address.postcode.as_deref(),
            country: address.country.as_deref(),
            phone: address.phone.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_the_parcels_own() {
        let named = |fulfilment: &str, number| {
            let fulfilment = fulfilment.parse().expect("a fulfilment id");
            short_name(ParcelId { fulfilment, number })
        };
        let highest = named("ful_ffffffffffffffffffffffffffffffff_65535", 65535);
        assert_eq!(highest, "F5LXX1ZZ5PNORYNQGLHZMSP331EKF1EKF");
        let own = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061";
        let mut all = vec![highest];
        for (fulfilment, number) in [(1, 1), (1, 2), (2, 1), (12, 1), (1, 36)] {
            let name = named(&format!("{own}_{fulfilment}"), number);
            assert_eq!(name.len(), 33);
            assert!(!all.contains(&name), "{name}");
            all.push(name);
        }
    }
}
