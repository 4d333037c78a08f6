//! Customs: what goods have to say of themselves where a parcel crosses a border, and which borders those are.
//! What a carrier wants to have written down of it, its connector knows.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::canonical::OrderDraft;
use crate::money::Money;

/// What a line says of its goods to customs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customs {
    /// Their number in the Harmonized System: six digits that all countries share, and up to eight more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hs_code: Option<String>,
    /// Where they were made: ISO 3166 two-letter country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// Countries between which goods move without customs: the European Union's with Monaco, and smaller unions.
/// Parts of a country that are outside (the Canary Islands, Northern Ireland) are not told apart.
const UNIONS: [&[&str]; 4] = [
    &[
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IT", "LT", "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ],
    &["CH", "LI"],
    &["GB", "IM"],
    &["PR", "US"],
];

/// Whether a parcel from one country to another meets customs. Of a country that nobody has said it is not
/// known, and it does not.
pub fn meets_customs(from: Option<&str>, to: Option<&str>) -> bool {
    let (Some(from), Some(to)) = (from, to) else {
        return false;
    };
    let mut unions = UNIONS.iter();
    from != to && !unions.any(|union| union.contains(&from) && union.contains(&to))
}

/// Whether a text is a number of the Harmonized System.
pub fn is_hs_code(text: &str) -> bool {
    (6..=14).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What one unit of a line was sold for, its discounts taken off; of a kit's component its even share of the
/// kit.
pub fn unit_value(draft: &OrderDraft, number: u16) -> Option<Money> {
    let line_at = |number: u16| draft.lines.get(usize::from(number).checked_sub(1)?);
    let line = line_at(number)?;
    let (sold, units) = match line.part_of {
        None => (line, line.quantity.value()),
        Some(part) => {
            let of_it = draft.lines.iter().filter(|other| {
                let kit = other.part_of.map(|part| part.line);
                kit == Some(part.line)
            });
            let units: Decimal = of_it.map(|other| other.quantity.value()).sum();
            (line_at(part.line)?, units)
        }
    };
    let net = sold.net(draft.currency).amount();
    Some(Money::rounded(net.checked_div(units)?, draft.currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_borders_of_a_union_are_none() {
        let meets = |from, to| meets_customs(Some(from), Some(to));
        assert!(!meets("DE", "DE") && !meets("DE", "FR") && !meets("MC", "PL"));
        assert!(!meets("US", "PR") && !meets("CH", "LI"));
        assert!(meets("DE", "CH") && meets("GB", "IE") && meets("FR", "GB") && meets("US", "CA"));
        assert!(!meets_customs(None, Some("CH")) && !meets_customs(Some("DE"), None));
        for union in UNIONS {
            assert!(union.is_sorted());
        }
    }

    #[test]
    fn a_number_of_the_harmonized_system_has_six_digits_or_more() {
        assert!(is_hs_code("691200") && is_hs_code("6912002300"));
        for other in ["", "6912", "6912.00", "69120O", "123456789012345"] {
            assert!(!is_hs_code(other), "{other}");
        }
    }
}
