//! Pieces of vendors' JSON that several connectors read: exact numbers, ids, and reasons that
//! name a place but never quote a payload.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::{self, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A number or a text, as its exact text: the same field is a string at one vendor, a number at
/// the next and both in one payload of a third. Never read through a float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exact(pub(crate) String);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw)
                .map(Self)
                .map_err(de::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw.to_owned())),
            _ => Err(de::Error::custom("neither a number nor a text")),
        }
    }
}

impl Exact {
    /// The decimal that it states, exactly.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        let text = self.0.trim();
        if text.contains(['e', 'E']) {
            // Only short mantissas: the conversion rounds beyond 28 digits.
            return (text.len() <= 28).then(|| Decimal::from_scientific(text).ok())?;
        }
        Decimal::from_str_exact(text).ok()
    }
}

/// A JSON number of exactly these digits. Never written through a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.normalize().to_string();
        let raw = RawValue::from_string(digits).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// The id of something that a vendor sends either as its id or, expanded, as an object with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference(pub(crate) String);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdOrObject;
        impl<'de> Visitor<'de> for IdOrObject {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object with one")
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Reference, E> {
                Ok(Reference(id.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Reference, A::Error> {
                #[derive(Deserialize)]
                struct Identified {
                    id: String,
                }
                let object = Identified::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Reference(object.id))
            }
        }
        deserializer.deserialize_any(IdOrObject)
    }
}

/// Why a verified body cannot be read: the place, never the content.
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    if let Some(member) = missing(&error.to_string()) {
        return format!("the body lacks {member} before line {line}, column {column}");
    }
    let what = if error.is_data() {
        "has another shape than documented"
    } else {
        "is not JSON"
    };
    format!("the body {what} at line {line}, column {column}")
}

/// The member that is needed and not there: its name is one that the hub reads, never the sender's word.
fn missing(error: &str) -> Option<String> {
    let name = error.strip_prefix("missing field `")?.split('`').next()?;
    code(name)
}

/// A vendor's error or decline code, fit for events and metrics: letters, digits, dots, dashes
/// and underscores, at most 64 of them. Anything else could be prose with personal data in it.
pub(crate) fn code(text: &str) -> Option<String> {
    let fits = !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    fits.then(|| text.to_owned())
}

/// A vendor's id, fit to stand in a URL's path as it is.
pub(crate) fn path_id(text: &str) -> Option<&str> {
    let fits = !text.is_empty()
        && text.len() <= 255
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        amount: Exact,
        charge: Option<Reference>,
    }

    #[test]
    fn numbers_and_texts_are_read_exactly() {
        for (json, decimal) in [
            ("\"388.00\"", "388.00"),
            ("199", "199"),
            ("0.1000000000000000000000001", "0.1000000000000000000000001"),
            ("1.5e2", "150"),
            ("-3", "-3"),
        ] {
            let body = format!("{{\"amount\":{json},\"charge\":null}}");
            let sample: Sample = serde_json::from_str(&body).expect("a sample");
            let expected: Decimal = decimal.parse().expect("a decimal");
            assert_eq!(sample.amount.decimal(), Some(expected), "{json}");
        }
        assert!(serde_json::from_str::<Sample>("{\"amount\":true}").is_err());
        assert!(serde_json::from_str::<Sample>("{\"amount\":{}}").is_err());
    }

    #[test]
    fn expanded_and_plain_references_are_the_same() {
        for charge in [
            "\"ch_1\"",
            "{\"object\":\"charge\",\"id\":\"ch_1\",\"paid\":true}",
        ] {
            let body = format!("{{\"amount\":1,\"charge\":{charge}}}");
            let sample: Sample = serde_json::from_str(&body).expect("a sample");
            assert_eq!(sample.charge, Some(Reference("ch_1".to_owned())));
        }
    }

    #[test]
    fn reasons_name_a_place_and_quote_nothing() {
        let body = "{\"amount\": [\"jane@example.com\"]}";
        let Err(error) = serde_json::from_str::<Sample>(body) else {
            panic!("it is not a sample");
        };
        assert!(!unreadable(&error).contains("jane"));
    }

    #[test]
    fn a_member_that_is_needed_and_not_there_is_named() {
        let Err(error) = serde_json::from_str::<Sample>("{\"charge\":null}") else {
            panic!("it is not a sample");
        };
        let reason = unreadable(&error);
        assert_eq!(reason, "the body lacks amount before line 1, column 15");
    }

    #[test]
    fn only_plain_words_are_codes_and_only_plain_ids_stand_in_paths() {
        assert_eq!(
            code("insufficient_funds").as_deref(),
            Some("insufficient_funds")
        );
        assert_eq!(code("Jane Doe has no money"), None);
        assert_eq!(path_id("pi_1"), Some("pi_1"));
        for unsafe_id in ["", "..", "pi_1/cancel", "pi_1?x=1", "pi%2f"] {
            assert_eq!(path_id(unsafe_id), None, "{unsafe_id}");
        }
    }
}
