//! Whether an address can be right, by its looks alone: nobody is asked.
//!
//! Postcodes are judged for the countries below and no others. Their forms are the Universal Postal
//! Union's (postal addressing systems, one sheet a country), written with 9 for a digit and A for a
//! letter, without blanks and hyphens.

use serde::{Deserialize, Serialize};

use crate::canonical::Address;
use crate::places::is_country;

/// Forms of postcodes by country, in alphabetical order.
const POSTCODES: [(&str, &[&str]); 22] = [
    ("AT", &["9999"]),
    ("AU", &["9999"]),
    ("BE", &["9999"]),
    ("BR", &["99999999"]),
    ("CA", &["A9A9A9"]),
    ("CH", &["9999"]),
    ("CN", &["999999"]),
    ("CZ", &["99999"]),
    ("DE", &["99999"]),
    ("DK", &["9999"]),
    ("ES", &["99999"]),
    ("FR", &["99999"]),
    (
        "GB",
        &["A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA"],
    ),
    ("IN", &["999999"]),
    ("IT", &["99999"]),
    ("JP", &["9999999"]),
    ("MX", &["99999"]),
    ("NL", &["9999AA"]),
    ("PL", &["99999"]),
    ("PT", &["9999999"]),
    ("SE", &["99999"]),
    ("US", &["99999", "999999999"]),
];

/// What an address looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "looks", content = "faults")]
pub enum AddressCheck {
    /// There is none that names a place: it is collected, nothing is sent, or nobody has said it yet.
    #[default]
    Absent,
    /// Nothing speaks against it.
    Plausible,
    /// It cannot be right.
    Implausible(Vec<AddressFault>),
    /// It names no country, so it cannot be judged.
    NotChecked,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressFault {
    /// Its country is not one of ISO 3166.
    UnknownCountry,
    /// It has no street.
    StreetMissing,
    /// It has no city.
    CityMissing,
    /// It has no postcode, and its country has them.
    PostcodeMissing,
    /// Its postcode is none of its country.
    PostcodeForm,
}

impl AddressFault {
    /// The part of the address that it is about, as a JSON pointer within it.
    pub const fn part(self) -> &'static str {
        match self {
            Self::UnknownCountry => "/country",
            Self::StreetMissing => "/lines",
            Self::CityMissing => "/city",
            Self::PostcodeMissing | Self::PostcodeForm => "/postcode",
        }
    }

    /// What is wrong, as a part of a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::UnknownCountry => "there is no such country",
            Self::StreetMissing => "it has no street",
            Self::CityMissing => "it has no city",
            Self::PostcodeMissing => "it has no postcode",
            Self::PostcodeForm => "its postcode is none of its country",
        }
    }
}

impl AddressCheck {
    /// Looks at an address.
    pub fn of(address: &Address) -> Self {
        let Some(country) = address.country.as_deref() else {
            return Self::NotChecked;
        };
        let empty = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
        let mut faults = Vec::new();
        if !is_country(country) {
            faults.push(AddressFault::UnknownCountry);
        }
        if address.lines.iter().all(|line| line.trim().is_empty()) {
            faults.push(AddressFault::StreetMissing);
        }
        if empty(address.city.as_deref()) {
            faults.push(AddressFault::CityMissing);
        }
        let forms = POSTCODES.iter().find(|(code, _)| *code == country);
        if let Some((_, forms)) = forms {
            let postcode = address.postcode.as_deref();
            if empty(postcode) {
                faults.push(AddressFault::PostcodeMissing);
            } else if !forms.contains(&form_of(postcode.unwrap_or_default()).as_str()) {
                faults.push(AddressFault::PostcodeForm);
            }
        }
        if faults.is_empty() {
            Self::Plausible
        } else {
            Self::Implausible(faults)
        }
    }

    /// Whether it cannot be right.
    pub const fn is_implausible(&self) -> bool {
        matches!(self, Self::Implausible(_))
    }
}

/// The form of a postcode: each digit a 9, each letter an A.
fn form_of(postcode: &str) -> String {
    let parts = postcode.trim().chars().filter(|c| !matches!(c, ' ' | '-'));
    parts
        .map(|c| match c {
            c if c.is_ascii_digit() => '9',
            c if c.is_ascii_alphabetic() => 'A',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(country: &str, postcode: &str) -> Address {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Address {
            lines: vec!["Main Street 1".into()],
            city: some("Town"),
            postcode: some(postcode),
            country: some(country),
            ..Address::default()
        }
    }

    #[test]
    fn the_table_is_sorted_and_names_countries() {
        assert!(POSTCODES.is_sorted());
        assert!(POSTCODES.iter().all(|(country, _)| is_country(country)));
    }

    #[test]
    fn good_postcodes_are_plausible_however_they_are_typed() {
        for (country, postcode) in [
            ("DE", "10115"),
            ("US", "94105"),
            ("US", "94105-1234"),
            ("GB", "SW1A 1AA"),
            ("GB", "m1 1ae"),
            ("NL", "1012 AB"),
            ("JP", "100-0001"),
            ("CA", "K1A 0B1"),
            ("PL", "00-950"),
            ("SE", "114 55"),
            ("BR", "01310-100"),
            // Hong Kong has no postcodes, and Ireland's are not in the table.
            ("HK", ""),
            ("IE", "D02 AF30"),
        ] {
            let check = AddressCheck::of(&address(country, postcode));
            assert_eq!(check, AddressCheck::Plausible, "{country} {postcode}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_named() {
        use AddressFault::*;
        let faults = |address: &Address| match AddressCheck::of(address) {
            AddressCheck::Implausible(faults) => faults,
            _ => Vec::new(),
        };
        assert_eq!(faults(&address("DE", "1011")), [PostcodeForm]);
        assert_eq!(faults(&address("DE", "1O115")), [PostcodeForm]);
        assert_eq!(faults(&address("US", "")), [PostcodeMissing]);
        assert_eq!(faults(&address("XX", "1")), [UnknownCountry]);
        let bare = Address {
            country: Some("DE".into()),
            lines: vec![" ".into()],
            ..Address::default()
        };
        assert_eq!(faults(&bare), [StreetMissing, CityMissing, PostcodeMissing]);
    }

    #[test]
    fn an_address_without_a_country_is_not_checked() {
        let check = AddressCheck::of(&address("", "10115"));
        assert_eq!(check, AddressCheck::NotChecked);
    }
}
