//! Files as Shopify exports them, built after its documented columns, and lines of the hub's own form.

use std::io::Write as _;

use serde_json::Value;
use tempfile::NamedTempFile;

const COLUMNS: [(&str, &str); 24] = [
    ("Name", ""),
    ("Email", "grace@shop.example"),
    ("Financial Status", "paid"),
    ("Fulfillment Status", "fulfilled"),
    ("Fulfilled at", "2024-03-02 10:00:00 +0100"),
    ("Currency", "USD"),
    ("Subtotal", "25.00"),
    ("Shipping", "5.00"),
    ("Taxes", "0.00"),
    ("Total", "30.00"),
    ("Created at", "2024-03-01 10:00:00 +0100"),
    ("Lineitem quantity", "2"),
    ("Lineitem name", "A thing 😀"),
    ("Lineitem price", "12.50"),
    ("Lineitem sku", "PINK-8"),
    ("Shipping Name", "Grace Example"),
    ("Shipping Address1", "1 Harbor Street"),
    ("Shipping City", "Boston"),
    ("Shipping Zip", "'02110"),
    ("Shipping Country", "US"),
    ("Notes", "two\nlines, \"quoted\""),
    ("Cancelled at", ""),
    ("Refunded Amount", ""),
    ("Id", ""),
];

/// A file that is gone with this value.
pub(super) struct File(NamedTempFile);

impl File {
    pub(super) fn of(lines: &[String]) -> Self {
        let mut file = NamedTempFile::new().expect("a file");
        for line in lines {
            writeln!(file, "{line}").expect("written");
        }
        file.flush().expect("written");
        Self(file)
    }

    pub(super) fn path(&self) -> &str {
        self.0.path().to_str().expect("a path")
    }
}

/// The heading, with the mark that spreadsheets begin a file with.
pub(super) fn heading() -> String {
    let titles = COLUMNS.map(|(title, _)| title);
    format!("\u{feff}{}", titles.join(","))
}

/// A row: 30.00 USD, paid and delivered, but for these columns.
pub(super) fn row(but: &[(&str, &str)]) -> String {
    let texts = COLUMNS.map(|(title, usual)| {
        let other = but.iter().find(|(named, _)| *named == title);
        let text = other.map_or(usual, |(_, text)| *text);
        format!("\"{}\"", text.replace('"', "\"\""))
    });
    texts.join(",")
}

/// A whole file of so many orders.
pub(super) fn many(orders: usize) -> Vec<String> {
    let rows = (1..=orders).map(|number| {
        let id = (10_000_000 + number).to_string();
        let name = format!("#{number}");
        row(&[("Id", &id), ("Name", &name)])
    });
    std::iter::once(heading()).chain(rows).collect()
}

/// A line of the hub's own form, with how it ended.
pub(super) fn ndjson(order: &Value, history: &Value) -> String {
    let mut order = order.clone();
    order["history"] = history.clone();
    order.to_string()
}
