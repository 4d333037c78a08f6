//! A projection of the API, as templates read it: by JSON pointer, as text.

use askama::filters::{Html, escape};
use jiff::Timestamp;
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

    /// Where the units of a line are: `1 shipped, 1 delivered`.
    pub(super) fn whereabouts(&self) -> String {
        let places = [
            "unallocated",
            "backordered",
            "soft",
            "hard",
            "picked",
            "shipped",
            "delivered",
            "lost",
            "returned",
            "cancelled",
            "not_stocked",
        ];
        let mut said = Vec::new();
        for place in places {
            let units = self.text(&format!("/quantities/{place}"));
            if !units.is_empty() && units != "0" {
                let word = match place {
                    "soft" => "reserved",
                    "hard" => "allocated",
                    "not_stocked" => "not stocked here",
                    other => other,
                };
                said.push(format!("{units} {word}"));
            }
        }
        said.join(", ")
    }
}
