//! Columns of a file by their names, which vendors spell in more than one way.

use csv::StringRecord;
use jiff::Timestamp;
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::Unreadable;

/// Where each wanted column stands.
pub(super) struct Columns(Vec<(&'static str, Option<usize>)>);

/// A column by the name that the reader uses and those that files use.
pub(super) type Wanted = (&'static str, &'static [&'static str], bool);

impl Columns {
    /// Finds the columns in a heading; the last member says whether a column must be there.
    pub(super) fn find(heading: &StringRecord, wanted: &[Wanted]) -> Result<Self, Unreadable> {
        let place = |names: &[&str]| {
            heading.iter().position(|title| {
                names
                    .iter()
                    .any(|name| title.trim().eq_ignore_ascii_case(name))
            })
        };
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for (name, names, needed) in wanted {
            let at = place(names);
            if at.is_none() && *needed {
                missing.push(names.join(" or "));
            }
            found.push((*name, at));
        }
        if missing.is_empty() {
            Ok(Self(found))
        } else {
            let missing = missing.join(", ");
            Err(Unreadable::whole(format!("it has no column {missing}")))
        }
    }

    /// The text in a column; nothing when the column or the text is missing.
    pub(super) fn text<'r>(&self, row: &'r StringRecord, name: &str) -> Option<&'r str> {
        let (_, at) = self.0.iter().find(|(known, _)| *known == name)?;
        let text = row.get((*at)?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The text in a column that must have one.
    pub(super) fn needed<'r>(&self, row: &'r StringRecord, name: &str) -> Result<&'r str, String> {
        self.text(row, name)
            .ok_or_else(|| format!("{name} is empty"))
    }

    /// An amount in major units. A comma is a decimal point where there is no other.
    pub(super) fn amount(
        &self,
        row: &StringRecord,
        name: &str,
        currency: Currency,
    ) -> Result<Money, String> {
        let text = self.needed(row, name)?;
        let plain = if text.contains('.') {
            text.replace(',', "")
        } else {
            text.replace(',', ".")
        };
        let amount: Decimal = plain
            .parse()
            .map_err(|_| format!("{name} \"{text}\" is not an amount"))?;
        Money::exact(amount, currency)
            .map_err(|_| format!("{name} {text} is no amount in {currency}"))
    }

    /// A moment, where the file writes one that names its zone or says that it is in UTC.
    pub(super) fn moment(&self, row: &StringRecord, name: &str) -> Option<Timestamp> {
        let text = self.text(row, name)?;
        let utc = || format!("{}Z", text.trim_end_matches(" UTC").replace(' ', "T"));
        text.parse().or_else(|_| utc().parse()).ok()
    }
}

/// A currency by its code in any case.
pub(super) fn currency(text: &str) -> Result<Currency, String> {
    let code = text.to_ascii_uppercase();
    Currency::from_code(&code).ok_or_else(|| format!("currency \"{text}\" is not one"))
}
