//! Files of stock, as a marketplace reads them, and its report of the lines that it did not take.

use std::collections::BTreeMap;

use csv::{QuoteStyle, ReaderBuilder, WriterBuilder};
use orderhub_domain::ids::Sku;

use crate::port::CallError;

/// The columns of a file (STO01).
const COLUMNS: [&str; 4] = ["offer-sku", "quantity", "warehouse-code", "update-delete"];

/// A file of these units; `None` when it cannot be written.
pub(super) fn written<'a>(
    rows: impl Iterator<Item = (&'a Sku, i64)>,
    warehouse: &str,
) -> Option<String> {
    let mut file = WriterBuilder::new()
        .delimiter(b';')
        .quote_style(QuoteStyle::Always)
        .from_writer(Vec::new());
    file.write_record(COLUMNS).ok()?;
    for (sku, units) in rows {
        let units = units.to_string();
        file.write_record([sku.as_str(), &units, warehouse, "update"])
            .ok()?;
    }
    String::from_utf8(file.into_inner().ok()?).ok()
}

/// Which lines a marketplace did not take, by SKU, and its sentences for why. "The first column contains the line
/// number in error. The second column contains the error reason" (STO03); the file's own columns follow.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report(BTreeMap<String, String>);

impl Report {
    /// Reads one.
    pub(super) fn read(raw: &[u8]) -> Result<Self, CallError> {
        let unread = || CallError::not_done("the marketplace's report of errors cannot be read");
        let mut lines = ReaderBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .from_reader(raw);
        let columns = lines.byte_headers().map_err(|_| unread())?;
        let column = columns
            .iter()
            .position(|name| name == COLUMNS[0].as_bytes());
        let column = column.ok_or_else(unread)?;
        let mut reasons = BTreeMap::new();
        for line in lines.records() {
            let line = line.map_err(|_| unread())?;
            let sku = line.get(column).ok_or_else(unread)?;
            let reason = line.get(1).unwrap_or_default();
            reasons.insert(sku.to_owned(), reason.to_owned());
        }
        Ok(Self(reasons))
    }

    /// Why a SKU's number was not taken, without the SKU, so that the same reason reads the same.
    pub(super) fn reason(&self, sku: &Sku) -> Option<String> {
        let reason = self.0.get(sku.as_str())?;
        Some(reason.replace(sku.as_str(), ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_states_every_sku_as_it_is() {
        let skus: [Sku; 2] = ["MUG-1".into(), "a;\"b".into()];
        let written = written(skus.iter().zip([4, 0]), "").expect("a file");
        let expected = "\"offer-sku\";\"quantity\";\"warehouse-code\";\"update-delete\"\n\
            \"MUG-1\";\"4\";\"\";\"update\"\n\"a;\"\"b\";\"0\";\"\";\"update\"\n";
        assert_eq!(written, expected);
    }

    #[test]
    fn a_report_names_the_lines_that_failed() {
        let raw = "\"line-number\";\"error-message\";\"offer-sku\";\"quantity\"\n\
            \"3\";\"Offer with sku OWN;2 not found\";\"OWN;2\";\"4\"\n";
        let report = Report::read(raw.as_bytes()).expect("a report");
        let reason = report.reason(&"OWN;2".into());
        assert_eq!(reason.as_deref(), Some("Offer with sku  not found"));
        assert_eq!(report.reason(&"MUG-1".into()), None);
    }

    #[test]
    fn a_report_of_another_form_is_not_taken_for_success() {
        for raw in ["", "<html>", "line;reason\n3;no\n", "a;b;offer-sku\n3;no\n"] {
            assert!(Report::read(raw.as_bytes()).is_err(), "{raw}");
        }
    }
}
