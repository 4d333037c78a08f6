//! Reads the members of a small body one by one, collecting everything that is wrong with it.

use jiff::Timestamp;
use orderhub_domain::canonical::Violation;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::problem::Problem;

/// Longest text a person may give as a reason.
pub const LONGEST_REASON: usize = 500;

/// An object that is being read. What nobody asked for is unknown and refused at the end.
#[derive(Debug)]
pub struct Fields {
    at: String,
    rest: Map<String, Value>,
    known: Vec<&'static str>,
    found: Vec<Violation>,
}

impl Fields {
    /// Starts reading an object that stands at the pointer `at`.
    pub fn new(at: impl Into<String>, fields: Map<String, Value>) -> Self {
        Self {
            at: at.into(),
            rest: fields,
            known: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The pointer at which the object stands.
    pub fn place(&self) -> &str {
        &self.at
    }

    /// Reports that a member is not as it should be.
    pub fn refuse(&mut self, name: &str, code: &'static str, hint: impl Into<String>) {
        let pointer = format!("{}/{name}", self.at);
        self.found.push(Violation::new(pointer, code, hint));
    }

    /// Whether a member of this name was sent.
    pub fn has(&self, name: &str) -> bool {
        self.rest.contains_key(name)
    }

    /// Takes over what another reader found wrong with a member.
    pub fn refuse_all(&mut self, mut found: Vec<Violation>) {
        self.found.append(&mut found);
    }

    /// Takes a member as it is; `null` counts as absent.
    pub fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    /// A text of at most `longest` characters.
    pub fn text(&mut self, name: &'static str, longest: usize) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.chars().count() > longest => {
                self.refuse(name, "too_long", format!("at most {longest} characters"));
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.refuse(name, "wrong_type", "a text");
                None
            }
        }
    }

    /// A text that must be there and not be blank.
    pub fn required_text(&mut self, name: &'static str, longest: usize) -> String {
        let reported = self.found.len();
        let text = self.text(name, longest).unwrap_or_default();
        if text.trim().is_empty() && self.found.len() == reported {
            self.refuse(name, "required", "a text that is not blank");
        }
        text
    }

    /// `true` or `false`; absent is `false`.
    pub fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.refuse(name, "wrong_type", "true or false");
                false
            }
        }
    }

    /// A whole number between zero and `largest`.
    pub fn count(&mut self, name: &'static str, largest: i64) -> Option<i64> {
        let value = self.take(name)?;
        let Some(number) = value.as_i64() else {
            // A number beyond 64 bits is too large; a fraction or a text is no count at all.
            if value.as_u64().is_some() {
                self.refuse(name, "out_of_range", format!("at most {largest}"));
            } else {
                self.refuse(name, "not_a_count", "a whole number without quotes");
            }
            return None;
        };
        if number < 0 {
            self.refuse(name, "negative", "zero or more");
            return None;
        }
        if number > largest {
            self.refuse(name, "out_of_range", format!("at most {largest}"));
            return None;
        }
        Some(number)
    }

    /// Whether nothing wrong was found so far.
    pub const fn is_sound(&self) -> bool {
        self.found.is_empty()
    }

    /// A whole number up or down, at most this far.
    pub fn change(&mut self, name: &'static str, largest: i64) -> Option<i64> {
        let value = self.take(name)?;
        let Some(number) = value.as_i64() else {
            self.refuse(name, "not_a_count", "a whole number without quotes");
            return None;
        };
        if !(-largest..=largest).contains(&number) {
            self.refuse(
                name,
                "out_of_range",
                format!("at most {largest} up or down"),
            );
            return None;
        }
        Some(number)
    }

    /// A whole number that must be there.
    pub fn required_count(&mut self, name: &'static str, largest: i64) -> i64 {
        let reported = self.found.len();
        let count = self.count(name, largest);
        if count.is_none() && self.found.len() == reported {
            self.refuse(name, "required", "a whole number");
        }
        count.unwrap_or_default()
    }

    /// A moment in RFC 3339.
    pub fn timestamp(&mut self, name: &'static str) -> Option<Timestamp> {
        let value = self.take(name)?;
        let moment = value.as_str().and_then(|text| text.parse().ok());
        if moment.is_none() {
            self.refuse(name, "bad_time", "a time like 2026-11-20T09:00:00Z");
        }
        moment
    }

    /// A quantity above zero, as a decimal string.
    pub fn required_quantity(&mut self, name: &'static str) -> Quantity {
        let Some(value) = self.take(name) else {
            self.refuse(name, "required", "a quantity like \"2\"");
            return Quantity::ZERO;
        };
        let Value::String(text) = value else {
            self.refuse(name, "decimal_as_number", "a decimal string like \"2\"");
            return Quantity::ZERO;
        };
        let quantity = plain_decimal(&text).and_then(Quantity::new);
        match quantity {
            Some(quantity) if !quantity.is_zero() => quantity,
            Some(_) => {
                self.refuse(name, "not_positive", "more than zero");
                Quantity::ZERO
            }
            None => {
                self.refuse(
                    name,
                    "bad_decimal",
                    "a positive number with at most 6 decimals",
                );
                Quantity::ZERO
            }
        }
    }

    /// An amount, as a decimal string; whether a currency has it is for others to say.
    pub fn decimal(&mut self, name: &'static str) -> Option<Decimal> {
        let Value::String(text) = self.take(name)? else {
            self.refuse(name, "decimal_as_number", "a decimal string like \"9.99\"");
            return None;
        };
        let amount = plain_decimal(&text);
        if amount.is_none() {
            self.refuse(name, "bad_decimal", "a decimal string like \"9.99\"");
        }
        amount
    }

    /// A list.
    pub fn list(&mut self, name: &'static str) -> Option<Vec<Value>> {
        let value = self.take(name)?;
        if let Value::Array(items) = value {
            return Some(items);
        }
        self.refuse(name, "wrong_type", "a list");
        None
    }

    /// Reads each object of a list by its own fields; their errors become this one's.
    pub fn each(&mut self, name: &str, items: Vec<Value>, mut read: impl FnMut(&mut Self)) {
        for (index, item) in items.into_iter().enumerate() {
            let Value::Object(item) = item else {
                self.refuse(&format!("{name}/{index}"), "wrong_type", "an object");
                continue;
            };
            let mut one = Self::new(format!("{}/{name}/{index}", self.at), item);
            read(&mut one);
            one.merge_into(self);
        }
    }

    /// Ends the reading of an object within another one: its errors become the outer one's.
    pub fn merge_into(mut self, outer: &mut Self) {
        self.refuse_unknown();
        outer.found.append(&mut self.found);
    }

    /// Ends the reading: everything that was wrong, or nothing.
    pub fn finish(mut self) -> Result<(), Problem> {
        self.refuse_unknown();
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.found))
        }
    }

    fn refuse_unknown(&mut self) {
        for name in std::mem::take(&mut self.rest).keys() {
            let hint = nearest(name, &self.known).map_or_else(
                || format!("one of: {}", self.known.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            let pointer = format!("{}/{}", self.at, name.replace('~', "~0").replace('/', "~1"));
            self.found
                .push(Violation::new(pointer, "unknown_field", hint));
        }
    }
}

/// A decimal written with digits and at most one point: no exponent, no sign but a minus.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    plain.then(|| Decimal::from_str_exact(text).ok()).flatten()
}

/// The known word that is at most two typing mistakes away.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (typing_distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 2.min(candidate.len() / 2))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace to get from one word to the other (Levenshtein).
fn typing_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *candidate);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reading(value: Value) -> Fields {
        match value {
            Value::Object(fields) => Fields::new("", fields),
            _ => panic!("an object"),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut fields = reading(json!({ "on_hand": "3", "resaon": "x", "quantity": 2 }));
        fields.required_count("on_hand", 10);
        fields.required_text("reason", 10);
        fields.required_quantity("quantity");
        let problem = fields.finish().expect_err("errors");
        let codes: Vec<_> = problem.errors().iter().map(|e| e.code).collect();
        assert_eq!(
            codes,
            [
                "not_a_count",
                "required",
                "decimal_as_number",
                "unknown_field"
            ]
        );
        assert_eq!(problem.errors()[3].hint, "did you mean reason?");
    }

    #[test]
    fn counts_keep_to_their_range() {
        for (value, code) in [
            (json!(-1), "negative"),
            (json!(11), "out_of_range"),
            (json!(u64::MAX), "out_of_range"),
            (json!(1.5), "not_a_count"),
        ] {
            let mut fields = reading(json!({ "n": value }));
            fields.count("n", 10);
            assert_eq!(fields.finish().expect_err("an error").code(), code);
        }
    }

    #[test]
    fn quantities_are_plain_decimals_above_zero() {
        for text in ["0", "-1", "1e3", "+1", "1.1234567", "", "2147483648000"] {
            let mut fields = reading(json!({ "q": text }));
            fields.required_quantity("q");
            assert!(fields.finish().is_err(), "{text}");
        }
        let mut fields = reading(json!({ "q": "2.50" }));
        assert_eq!(fields.required_quantity("q").to_string(), "2.5");
        assert!(fields.finish().is_ok());
    }
}
