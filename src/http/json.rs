//! Strict JSON: what every body of the API must be before anything reads a field of it.
//!
//! Refused: an empty body, syntax errors, anything but an object, more than 32 levels, members
//! that stand twice, NUL characters. Everything but the first four is reported with its pointer.

use std::cell::RefCell;
use std::fmt;

use orderhub_channels::canonical::canonical_hash;
use orderhub_domain::canonical::Violation;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::{ERRORS_LISTED, Problem};

/// Objects and lists may be nested so deep; the outermost object is the first level.
pub const DEEPEST: usize = 32;

/// Reads a body as one strict JSON object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new("empty_body", "The body is empty."));
    }
    let reading = RefCell::new(Reading::default());
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let seed = Strict {
        reading: &reading,
        depth: 1,
    };
    let value = seed
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    let reading = reading.into_inner();
    if reading.too_deep {
        let detail = format!("The body is nested more than {DEEPEST} levels deep.");
        return Err(Problem::new("too_deep", detail));
    }
    let value = value.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        // serde's own words may repeat what was sent; the place is enough.
        let detail = format!("The body is not JSON: line {line}, column {column}.");
        Problem::new("malformed_json", detail)
    })?;
    let Value::Object(fields) = value else {
        return Err(Problem::new(
            "not_an_object",
            "The body is not a JSON object.",
        ));
    };
    if reading.found.is_empty() {
        Ok(fields)
    } else {
        Err(Problem::invalid(reading.found))
    }
}

/// Hexadecimal SHA-256 of the canonical value of a body: member order, white space and the way a
/// number is written do not matter.
pub fn body_hash(body: &[u8]) -> Result<String, Problem> {
    canonical_hash(body).map_err(|error| Problem::new("malformed_json", error.to_string()))
}

#[derive(Default)]
struct Reading {
    pointer: String,
    found: Vec<Violation>,
    too_deep: bool,
}

impl Reading {
    fn report(&mut self, code: &'static str, hint: &str) {
        if self.found.len() < ERRORS_LISTED {
            self.found
                .push(Violation::new(self.pointer.clone(), code, hint));
        }
    }

    fn check_text(&mut self, text: &str) {
        if text.contains('\0') {
            self.report("nul_character", "text without NUL characters");
        }
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    reading: &'a RefCell<Reading>,
    depth: usize,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth > DEEPEST {
            self.reading.borrow_mut().too_deep = true;
            return Err(E::custom("too deep"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Does `read` with `step` appended to the pointer; `/` and `~` are escaped (RFC 6901).
    fn within<T>(self, step: &str, read: impl FnOnce() -> T) -> T {
        let before = self.reading.borrow().pointer.len();
        {
            let pointer = &mut self.reading.borrow_mut().pointer;
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        let result = read();
        self.reading.borrow_mut().pointer.truncate(before);
        result
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        self.reading.borrow_mut().check_text(text);
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        loop {
            let step = list.len().to_string();
            match self.within(&step, || items.next_element_seed(inner))? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut fields = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = self.within(&name, || {
                let mut reading = self.reading.borrow_mut();
                reading.check_text(&name);
                if fields.contains_key(&name) {
                    reading.report("duplicate_member", "each member once");
                }
                drop(reading);
                members.next_value_seed(inner)
            })?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> Problem {
        object(body.as_bytes()).expect_err("a refusal")
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for (body, code) in [
            ("", "empty_body"),
            (" \n", "empty_body"),
            ("[]", "not_an_object"),
            ("null", "not_an_object"),
            ("{", "malformed_json"),
            ("{} {}", "malformed_json"),
            ("{\"a\":NaN}", "malformed_json"),
            ("{\"a\":1E400}", "malformed_json"),
            ("{\"a\":\"\\ud800\"}", "malformed_json"),
            ("\u{feff}{}", "malformed_json"),
        ] {
            let problem = refusal(body);
            assert_eq!(
                (problem.code(), problem.status().as_u16()),
                (code, 400),
                "{body}"
            );
        }
    }

    #[test]
    fn thirty_two_levels_pass_and_thirty_three_do_not() {
        let nested = |levels: usize| {
            let lists = levels - 1;
            format!("{{\"a\":{}{}}}", "[".repeat(lists), "]".repeat(lists))
        };
        assert!(object(nested(DEEPEST).as_bytes()).is_ok());
        assert_eq!(refusal(&nested(DEEPEST + 1)).code(), "too_deep");
        assert_eq!(refusal(&nested(100_000)).code(), "too_deep");
    }

    #[test]
    fn doubled_members_and_nul_are_named_by_pointer() {
        let problem = refusal("{\"a\":[{\"b/c\":1,\"b/c\":2}],\"d\":\"x\\u0000\"}");
        let found: Vec<_> = problem
            .errors()
            .iter()
            .map(|e| (e.pointer.as_str(), e.code))
            .collect();
        assert_eq!(
            found,
            [("/a/0/b~1c", "duplicate_member"), ("/d", "nul_character")]
        );
        assert_eq!(problem.status(), 422);
    }
}
