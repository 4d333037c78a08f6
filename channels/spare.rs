//! Members that an order, a payment or a parcel can do without: names, notes, addresses, references.
//!
//! Vendors' shops are full of plugins, and a postcode is a number in one of them and an empty list in the
//! next. What such a member states in another shape than documented counts as not stated, so that it costs
//! nobody an order. What decides over money, goods or states is never read through here: it is as documented,
//! or the whole is put away for a person to look at.

use std::ops::Deref;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::wire::Exact;

/// A text that can be done without. A number is taken by its digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stated = Spare::<Exact>::deserialize(deserializer)?;
        Ok(Self(stated.0.map(|text| text.0)))
    }
}

impl Deref for Text {
    type Target = Option<String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A part that can be done without: one of another shape than documented is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spare<T>(Option<T>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).ok()))
    }
}

impl<T> Deref for Spare<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A list that is empty where it is `null`. What it holds is as documented.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    or_default(deserializer)
}

/// A member that says nothing where it is `null`, as where it is missing. Else it is as documented.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let stated = Option::<T>::deserialize(deserializer)?;
    Ok(stated.unwrap_or_default())
}

/// An id that is a text at one shop and a number at the next, by its digits.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Exact::deserialize(deserializer).map(|id| id.0)
}

/// A yes or no that a shop writes as `true`, `1`, `"true"` or `"1"`, or as none of these.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    use serde_json::Value;
    let stated = Value::deserialize(deserializer)?;
    let word = match &stated {
        Value::Null => return Ok(None),
        Value::Bool(flag) => return Ok(Some(*flag)),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Array(_) | Value::Object(_) => String::new(),
    };
    match word.as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(serde::de::Error::custom("neither yes nor no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Postal {
        zip: String,
    }

    #[derive(Deserialize)]
    struct Sample {
        #[serde(deserialize_with = "id")]
        id: String,
        #[serde(default)]
        note: Text,
        #[serde(default)]
        address: Spare<Postal>,
        #[serde(default, deserialize_with = "list")]
        lines: Vec<u32>,
        #[serde(default, deserialize_with = "or_default")]
        count: u32,
        #[serde(default, deserialize_with = "flag")]
        paid: Option<bool>,
    }

    fn read(members: &str) -> Result<Sample, serde_json::Error> {
        serde_json::from_str(&format!("{{\"id\":9007199254740993,{members}}}"))
    }

    #[test]
    fn a_text_that_is_none_is_not_stated_and_a_number_is_its_digits() {
        for (json, text) in [
            ("\"by the door\"", Some("by the door")),
            ("\"\"", Some("")),
            ("78768", Some("78768")),
            ("9007199254740993", Some("9007199254740993")),
            ("null", None),
            ("true", None),
            ("[]", None),
            ("{\"text\":\"by the door\"}", None),
        ] {
            let sample = read(&format!("\"note\":{json}")).expect("a sample");
            assert_eq!(sample.note.as_deref(), text, "{json}");
            assert_eq!(sample.id, "9007199254740993");
        }
    }

    #[test]
    fn a_part_of_another_shape_is_not_stated() {
        let zip = |json: &str| {
            let sample = read(&format!("\"address\":{json}")).expect("a sample");
            sample.address.as_ref().map(|address| address.zip.clone())
        };
        assert_eq!(zip("{\"zip\":\"01067\"}").as_deref(), Some("01067"));
        for odd in ["null", "[]", "\"\"", "{\"zip\":[]}", "{}"] {
            assert_eq!(zip(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_list_may_be_null_but_what_it_holds_is_as_documented() {
        let lines = |json: &str| read(&format!("\"lines\":{json}")).map(|sample| sample.lines);
        assert_eq!(lines("null").expect("none"), Vec::<u32>::new());
        assert_eq!(lines("[1,2]").expect("two"), [1, 2]);
        assert!(lines("[1,\"two\"]").is_err());
        assert!(lines("{}").is_err());
    }

    #[test]
    fn a_member_that_may_be_missing_may_be_null_and_is_else_as_documented() {
        let count = |members: &str| read(members).map(|sample| sample.count);
        assert_eq!(count("\"count\":null").expect("nothing"), 0);
        assert_eq!(count("\"note\":null").expect("nothing"), 0);
        assert_eq!(count("\"count\":3").expect("three"), 3);
        assert!(count("\"count\":\"three\"").is_err());
    }

    #[test]
    fn a_yes_or_no_is_read_as_it_is_written_and_never_guessed() {
        let paid = |json: &str| read(&format!("\"paid\":{json}")).map(|sample| sample.paid);
        for yes in ["true", "1", "\"1\"", "\"true\"", "\"True\""] {
            assert_eq!(paid(yes).expect("yes"), Some(true), "{yes}");
        }
        for no in ["false", "0", "\"0\"", "\"false\""] {
            assert_eq!(paid(no).expect("no"), Some(false), "{no}");
        }
        assert_eq!(paid("null").expect("nothing"), None);
        for odd in ["2", "\"yes\"", "\"\"", "[]", "{}"] {
            assert!(paid(odd).is_err(), "{odd}");
        }
    }
}
