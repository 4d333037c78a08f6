//! A projection of the API, as templates read it: by JSON pointer, as text.

use askama::filters::{Html, escape};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

/// A part of what the API shows.
#[derive(Debug, Clone)]
pub(super) struct Shown(pub(super) Value);

impl Shown {
    /// The text at a place; nothing where nothing is.
    pub(super) fn text(&self, pointer: &str) -> String {
        match self.0.pointer(pointer) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// A stable word as words: `part_captured` as `part captured`.
    pub(super) fn words(&self, pointer: &str) -> String {
        self.text(pointer).replace('_', " ")
    }

    /// Whether there is something.
    pub(super) fn has(&self, pointer: &str) -> bool {
        self.0
            .pointer(pointer)
            .is_some_and(|value| !value.is_null())
    }

    /// Whether it says yes.
    pub(super) fn flag(&self, pointer: &str) -> bool {
        self.0.pointer(pointer) == Some(&Value::Bool(true))
    }

    /// The parts of a list.
    pub(super) fn list(&self, pointer: &str) -> Vec<Self> {
        let parts = self.0.pointer(pointer).and_then(Value::as_array);
        parts.into_iter().flatten().cloned().map(Self).collect()
    }

    /// A list of texts in one line.
    pub(super) fn joined(&self, pointer: &str) -> String {
        let texts: Vec<String> = self.list(pointer).iter().map(|one| one.text("")).collect();
        texts.join(", ")
    }

    /// The JSON at a place, for people who want all of it.
    pub(super) fn pretty(&self, pointer: &str) -> String {
        let value = self.0.pointer(pointer).unwrap_or(&Value::Null);
        serde_json::to_string_pretty(value).unwrap_or_default()
    }

    /// A time as HTML, in UTC.
    pub(super) fn time(&self, pointer: &str) -> String {
        let text = self.text(pointer);
        let Ok(time) = text.parse::<Timestamp>() else {
            return escape(text, Html)
                .map(|safe| safe.to_string())
                .unwrap_or_default();
        };
        let (day, second) = (time.strftime("%Y-%m-%d"), time.strftime("%H:%M:%S"));
        format!("<time datetime=\"{time}\">{day} {second}</time>")
    }

    /// What people call an order: its number, or else its id at the channel.
    pub(super) fn name(&self) -> String {
        let number = self.text("/number");
        if number.is_empty() {
            self.text("/external_id")
        } else {
            number
        }
    }

    /// Where the units of a line are: `1 shipped, 2 delivered`. What was shipped is told by where it
    /// is now, so that each unit is told once.
    pub(super) fn whereabouts(&self) -> String {
        let units = |place: &str| -> Decimal {
            let stated = self.text(&format!("/quantities/{place}"));
            stated.parse().unwrap_or_default()
        };
        let arrived = units("delivered") + units("lost") + units("returned");
        let places = [
            ("not held yet", units("unallocated")),
            ("on backorder", units("backordered")),
            ("reserved", units("soft")),
            ("allocated", units("hard")),
            ("picked", units("picked")),
            ("under way", units("shipped") - arrived),
            ("delivered", units("delivered")),
            ("lost", units("lost")),
            ("returned", units("returned")),
            ("cancelled", units("cancelled")),
            ("not stocked here", units("not_stocked")),
        ];
        let told = places
            .into_iter()
            .filter(|(_, units)| *units > Decimal::ZERO);
        let told: Vec<String> = told
            .map(|(place, units)| format!("{} {place}", units.normalize()))
            .collect();
        told.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_unit_is_told_once_by_where_it_is_now() {
        let quantities = json!({
            "ordered": "6", "cancelled": "1", "hard": "1", "shipped": "4", "delivered": "2",
            "lost": "1", "soft": "0", "returned": "0",
        });
        let line = Shown(json!({ "quantities": quantities }));
        let told = "1 allocated, 1 under way, 2 delivered, 1 lost, 1 cancelled";
        assert_eq!(line.whereabouts(), told);
    }

    #[test]
    fn what_is_not_there_is_nothing_and_what_is_no_time_is_text() {
        let shown = Shown(json!({ "a": null, "b": 7, "t": "<now>", "c": ["x", "y"] }));
        assert_eq!(
            (shown.text("/a"), shown.text("/b")),
            (String::new(), "7".to_owned())
        );
        assert!(!shown.has("/a") && !shown.has("/z"));
        assert_eq!(shown.joined("/c"), "x, y");
        assert!(!shown.time("/t").contains('<'), "{}", shown.time("/t"));
    }
}
