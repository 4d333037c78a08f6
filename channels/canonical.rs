//! The canonical value of a JSON body: what two bodies have in common that say the same.
//!
//! Member order, white space, escapes and the spelling of numbers (`1`, `1.0`, `10e-1`) do not
//! matter, also where the contract writes decimals as text (`"quantity": "1.0"`); nothing else is
//! forgiven. Numbers are compared by their digits and never touch a float.

use sha2::{Digest, Sha256};

use crate::json::{Json, NotJson, parse};

/// Why a body has no canonical value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoCanonicalValue {
    /// The body is empty.
    #[error("the body is empty; send a JSON object")]
    Empty,
    /// The body is not JSON.
    #[error("the body is not JSON (byte {at}); send a JSON object")]
    NotJson {
        /// Offset of the first byte that does not fit.
        at: usize,
    },
    /// The body is nested deeper than 32 levels.
    #[error("the body is nested deeper than 32 levels; flatten it")]
    TooDeep,
    /// A member stands twice in one object, so the body has no one meaning.
    #[error("a member stands twice in one object; send it once")]
    RepeatedMember,
    /// A number's exponent is beyond all use.
    #[error("a number is out of range; write it without its exponent")]
    NumberOutOfRange,
}

impl From<NotJson> for NoCanonicalValue {
    fn from(error: NotJson) -> Self {
        match error {
            NotJson::Empty => Self::Empty,
            NotJson::Syntax { at } => Self::NotJson { at },
            NotJson::TooDeep => Self::TooDeep,
        }
    }
}

/// Hexadecimal SHA-256 of the canonical value of a JSON body.
pub fn canonical_hash(body: &[u8]) -> Result<String, NoCanonicalValue> {
    hash(&parse(body)?, Repeated::Refused)
}

/// What a repeated member means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// The body has no canonical value.
    Refused,
    /// The last one counts, as for most readers: vendors' bodies are taken as they come.
    LastWins,
}

pub(crate) fn hash(value: &Json<'_>, repeated: Repeated) -> Result<String, NoCanonicalValue> {
    let mut text = Vec::with_capacity(1024);
    write(value, repeated, &mut text)?;
    Ok(hex::encode(Sha256::digest(&text)))
}

/// Members that hold decimals as text, in the canonical order and in the bodies of requests.
const DECIMALS: [&str; 5] = ["amount", "quantity", "rate", "stated_total", "unit_price"];

/// A decimal without exponent, as the contract writes it.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

fn write(value: &Json<'_>, repeated: Repeated, out: &mut Vec<u8>) -> Result<(), NoCanonicalValue> {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Number(text) => {
            let number = normal_number(text).ok_or(NoCanonicalValue::NumberOutOfRange)?;
            out.extend_from_slice(number.as_bytes());
        }
        Json::Text(text) => write_text(text, out),
        Json::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, repeated, out)?;
            }
            out.push(b']');
        }
        Json::Object(members) => {
            // A stable sort keeps repeated members in the order of the text.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            out.push(b'{');
            let mut first = true;
            for (index, (name, member)) in sorted.iter().enumerate() {
                if sorted.get(index + 1).is_some_and(|next| next.0 == *name) {
                    if repeated == Repeated::Refused {
                        return Err(NoCanonicalValue::RepeatedMember);
                    }
                    continue;
                }
                if !first {
                    out.push(b',');
                }
                first = false;
                write_text(name, out);
                out.push(b':');
                match member {
                    Json::Text(text) if DECIMALS.contains(&&**name) && is_decimal(text) => {
                        let number = normal_number(text);
                        write_text(&number.ok_or(NoCanonicalValue::NumberOutOfRange)?, out);
                    }
                    _ => write(member, repeated, out)?,
                }
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// A text between quotes; only what would end it early is escaped.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A number's one spelling: sign, digits without zeros at either end, `e` and the power of ten;
/// zero is `0`. `None` when the exponent is beyond 18 digits.
pub(crate) fn normal_number(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    if power.len() > 18 {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    let trailing = i64::try_from(digits.len() - significant.len()).ok()?;
    let fraction = i64::try_from(fraction.len()).ok()?;
    let power: i64 = power.parse().ok()?;
    let power = power - fraction + trailing;
    Some(format!("{sign}{significant}e{power}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let hash = |text: &str| canonical_hash(text.as_bytes()).expect("a canonical value");
        hash(one) == hash(other)
    }

    #[test]
    fn spelling_does_not_matter() {
        assert!(same(
            r#"{"a":1,"b":[true,null]}"#,
            "{ \"b\" : [ true , null ] ,\n\"a\" : 1.0 }"
        ));
        assert!(same("[100]", "[1E2]"));
        assert!(same("[0.5]", "[5e-1]"));
        assert!(same("[0]", "[-0.00e7]"));
        assert!(same("[1200.50]", "[1.2005e3]"));
        assert!(same(r#"["\u00e9\/"]"#, "[\"é/\"]"));
    }

    #[test]
    fn decimals_written_as_text_are_numbers_and_other_texts_are_not() {
        assert!(same(r#"{"quantity":"1"}"#, r#"{"quantity":"1.0"}"#));
        assert!(same(
            r#"{"lines":[{"unit_price":"19.90"}]}"#,
            r#"{"lines":[{"unit_price":"19.9"}]}"#
        ));
        assert!(!same(r#"{"quantity":"1"}"#, r#"{"quantity":"1.01"}"#));
        assert!(!same(r#"{"quantity":"1"}"#, r#"{"quantity":"1."}"#));
        assert!(!same(r#"{"sku":"1"}"#, r#"{"sku":"1.0"}"#));
    }

    #[test]
    fn values_do_matter() {
        assert!(!same("[1]", "[\"1\"]"));
        assert!(!same("[1,2]", "[2,1]"));
        assert!(!same("[1]", "[-1]"));
        assert!(!same("[\"a\"]", "[\"A\"]"));
        assert!(!same("{\"a\":null}", "{}"));
        assert!(!same(r#"{"a":"\",\"b\":\""}"#, r#"{"a":"","b":""}"#));
        assert!(!same("[820982911946154508]", "[820982911946154500]"));
        assert!(!same("[0.10000000000000000001]", "[0.1]"));
    }

    #[test]
    fn the_hash_is_that_of_the_canonical_text() {
        let text = r#"{"a":[12e-1,"é"],"b":null}"#;
        let expected = hex::encode(Sha256::digest(text));
        let body = "{\"b\":null, \"a\":[1.20,\"\\u00e9\"]}";
        assert_eq!(canonical_hash(body.as_bytes()), Ok(expected));
    }

    #[test]
    fn a_repeated_member_has_no_canonical_value() {
        let body = b"{\"a\":1,\"b\":{\"c\":1,\"c\":1}}";
        assert_eq!(canonical_hash(body), Err(NoCanonicalValue::RepeatedMember));
        let lenient = hash(
            &parse(b"{\"a\":1,\"b\":0,\"a\":2}").expect("JSON"),
            Repeated::LastWins,
        );
        assert_eq!(lenient, canonical_hash(b"{\"a\":2,\"b\":0}"));
    }

    #[test]
    fn what_is_no_body_is_said_precisely() {
        assert_eq!(canonical_hash(b" \n"), Err(NoCanonicalValue::Empty));
        assert_eq!(
            canonical_hash(b"{\"a\":"),
            Err(NoCanonicalValue::NotJson { at: 5 })
        );
        let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
        assert_eq!(
            canonical_hash(deep.as_bytes()),
            Err(NoCanonicalValue::TooDeep)
        );
        let huge = b"[1e1234567890123456789]";
        assert_eq!(
            canonical_hash(huge),
            Err(NoCanonicalValue::NumberOutOfRange)
        );
    }
}
