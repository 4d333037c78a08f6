//! Exact JSON: a tree whose numbers are the text that was sent, so that no amount and no long id
//! passes through a float.
//!
//! Nesting is bounded while parsing, repeated members are kept (the reader decides what they mean)
//! and everything that RFC 8259 does not allow is refused.

use std::borrow::Cow;

/// Deepest nesting that is read; the outermost value counts as one.
pub(crate) const DEEPEST: usize = 32;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A text, unescaped.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// Members in the order of the text, repeated ones included.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Why bytes are not read as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotJson {
    /// Nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// Not JSON from this byte on.
    #[error("the body is not JSON (byte {at})")]
    Syntax {
        /// Offset of the first byte that does not fit.
        at: usize,
    },
    /// Nested deeper than [`DEEPEST`].
    #[error("the body is nested deeper than 32 levels")]
    TooDeep,
}

/// Reads one JSON value; nothing but white space may follow it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json<'_>, NotJson> {
    let text = std::str::from_utf8(bytes).map_err(|error| NotJson::Syntax {
        at: error.valid_up_to(),
    })?;
    let mut parser = Parser { text, at: 0 };
    parser.skip_space();
    if parser.peek().is_none() {
        return Err(NotJson::Empty);
    }
    let value = parser.value(1)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.wrong()),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn wrong(&self) -> NotJson {
        NotJson::Syntax { at: self.at }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.peek() != Some(byte) {
            return Err(self.wrong());
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, NotJson> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong());
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, NotJson> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.wrong()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, NotJson> {
        if depth > DEEPEST {
            return Err(NotJson::TooDeep);
        }
        self.expect(b'{')?;
        let mut members = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            members.push((name, self.value(depth + 1)?));
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(members));
                }
                _ => return Err(self.wrong()),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, NotJson> {
        if depth > DEEPEST {
            return Err(NotJson::TooDeep);
        }
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::List(items));
                }
                _ => return Err(self.wrong()),
            }
        }
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.wrong());
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<&'a str, NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        self.expect(b'"')?;
        let mut owned: Option<String> = None;
        let mut start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let rest = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(rest),
                        Some(mut text) => {
                            text.push_str(rest);
                            Cow::Owned(text)
                        }
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    let character = self.escaped()?;
                    owned.get_or_insert_default().push(character);
                    start = self.at;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, NotJson> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.code_point();
            }
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(character)
    }

    /// After `\u`: one code unit, or two that make a pair.
    fn code_point(&mut self) -> Result<char, NotJson> {
        let first = self.code_unit()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.wrong());
        }
        self.expect(b'\\')?;
        self.expect(b'u')?;
        let second = self.code_unit()?;
        if first >= 0xdc00 || !(0xdc00..0xe000).contains(&second) {
            return Err(self.wrong());
        }
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).ok_or_else(|| self.wrong())
    }

    fn code_unit(&mut self) -> Result<u32, NotJson> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or_else(|| self.wrong())?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        let parsed = parse(b"[1.10, 820982911946154508, -0, 1e400]").expect("JSON");
        let texts = ["1.10", "820982911946154508", "-0", "1e400"];
        assert_eq!(
            parsed,
            Json::List(texts.into_iter().map(Json::Number).collect())
        );
    }

    #[test]
    fn the_same_texts_are_json_here_and_for_everyone_else() {
        for text in [
            "null",
            " true ",
            "[]",
            "{}",
            "[1,2]",
            "{\"a\":{\"b\":[null]}}",
            "\"\\u00e9\\n\"",
            "\"\\ud83d\\ude00\"",
            "",
            " ",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "'a'",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "tru",
            "[1 2]",
            "\"\n\"",
            "\"\\x\"",
            "\"\\ud83d\"",
            "\"\\udc00\\ud800\"",
            "1 2",
            "[",
            "{\"a\"}",
            "\u{feff}{}",
            "NaN",
            "[1]]",
            "\"\\u12\"",
            "/*c*/1",
            "1E+2",
            "-0.0e-1",
        ] {
            let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(parse(text.as_bytes()).is_ok(), theirs, "{text:?}");
        }
    }

    #[test]
    fn texts_are_unescaped() {
        let text = br#""a\u00e9\ud83d\ude00\"\\\/\b\f\n\r\tz""#;
        let expected: String = serde_json::from_slice(text).expect("JSON");
        assert_eq!(parse(text), Ok(Json::Text(expected.into())));
    }

    #[test]
    fn thirty_two_levels_are_read_and_no_more() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert_eq!(parse(nested(33).as_bytes()), Err(NotJson::TooDeep));
        assert_eq!(
            parse("{\"a\":".repeat(100_000).as_bytes()),
            Err(NotJson::TooDeep)
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_not_json() {
        assert_eq!(parse(b"\"a\xff\""), Err(NotJson::Syntax { at: 2 }));
    }
}
