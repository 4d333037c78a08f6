//! Who moves a parcel, however it is spelled: what one connection sold and another one saw is told to be the
//! same by its carrier and its number together, never by the number alone.

use super::super::{Order, Parcel};
use crate::order::Fulfilment;

/// Other spellings of carriers, and of their services that are tracked as one with them. DHL's companies
/// number their parcels apart: `dhl` is its parcel service in Germany.
const SPELLINGS: [(&str, &str); 7] = [
    ("dhlecs", "dhlecommerce"),
    ("dhlglobalmail", "dhlecommerce"),
    ("dhlgermany", "dhl"),
    ("fedexdefault", "fedex"),
    ("stampscom", "usps"),
    ("upsdap", "ups"),
    ("uspsreturns", "usps"),
];

/// A carrier's name as it is compared: its letters and digits, in one spelling.
pub fn carrier_word(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let word: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    let known = SPELLINGS.iter().find(|(other, _)| *other == word);
    known.map_or(word, |(_, one)| (*one).to_owned())
}

impl Order {
    /// The parcel with this number, of this carrier where that was said.
    pub(in crate::order) fn tracked(
        &self,
        number: &str,
        carrier: Option<&str>,
    ) -> Option<(&Fulfilment, &Parcel)> {
        self.parcels().find(|(_, parcel)| {
            parcel.label.as_ref().is_some_and(|label| {
                let by = carrier.is_none_or(|by| carrier_word(by) == carrier_word(&label.carrier));
                label.tracking_number == number && by
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carrier_is_the_same_however_it_is_spelled_and_dhl_is_several() {
        for (one, other) in [
            ("FedEx", "fedex"),
            ("Royal Mail", "royal-mail"),
            ("stamps_com", "USPS"),
            ("dhl", "dhl-germany"),
            ("DHLExpress", "dhl_express"),
        ] {
            assert_eq!(carrier_word(one), carrier_word(other), "{one}");
        }
        assert_ne!(carrier_word("dhl"), carrier_word("dhl_express"));
        let spellings = SPELLINGS.iter();
        for (other, one) in spellings {
            assert_eq!(carrier_word(other), *one);
            assert_eq!(carrier_word(one), *one, "one spelling is the last");
        }
    }
}
