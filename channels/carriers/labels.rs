//! What the purchase of labels has in common, whoever sells them: which offer is taken, and what a
//! failure says of a label that may cost money.

use orderhub_domain::canonical::Address;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
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

/// Whether a carrier's answer is a no.
pub(super) const fn is_refusal(evidence: &LabelEvidence) -> bool {
    matches!(
        evidence,
        LabelEvidence::Failed { .. } | LabelEvidence::VoidRefused { .. }
    )
}

/// The answer to a call that costs money says nothing.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the carrier's answer cannot be read; it may have been carried out")
}

/// The same failure of a step that buys nothing.
pub(super) fn nothing_bought(error: CallError) -> CallError {
    match error {
        CallError::Unknown { reason, .. } => CallError::not_done(reason),
        not_done @ CallError::NotDone { .. } => not_done,
    }
}

/// The first line of an address, and all the others as the second.
pub(super) fn street(address: &Address) -> (Option<&str>, Option<String>) {
    let rest = address.lines.get(1..).unwrap_or_default();
    let second = (!rest.is_empty()).then(|| rest.join(", "));
    (address.lines.first().map(String::as_str), second)
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
