//! How far somebody has read: the place in every log, written as one opaque word.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use orderhub_domain::ids::{LocationCode, ShardId};

use super::Places;
use crate::store::Log;

/// The form of the word. Another form would begin with another number.
const FORM: u8 = 1;

/// How far somebody has read. A log that is not named was not read at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position(pub Places);

impl Position {
    /// The place in a log.
    pub fn place(&self, log: &Log) -> i64 {
        self.0.get(log).copied().unwrap_or_default()
    }

    /// The place of each of these logs, in the form in which they are read.
    pub fn places(&self, logs: &[Log]) -> Places {
        let place = |log: &Log| (log.clone(), self.place(log));
        logs.iter().map(place).collect()
    }

    /// Goes on to an entry. Never back.
    pub fn pass(&mut self, log: &Log, seq: i64) {
        let place = self.0.entry(log.clone()).or_default();
        *place = seq.max(*place);
    }

    /// One word of URL-safe characters.
    pub fn encode(&self) -> String {
        let mut bytes = vec![FORM];
        for (log, place) in self.0.iter().filter(|(_, place)| **place > 0) {
            match log {
                Log::Shard(shard) => bytes.extend([0, shard.0]),
                Log::Location(code) | Log::Logbook(code) => {
                    let name = code.as_str().as_bytes();
                    bytes.push(if matches!(log, Log::Location(_)) {
                        1
                    } else {
                        2
                    });
                    write(&mut bytes, name.len() as u64);
                    bytes.extend(name);
                }
            }
            write(&mut bytes, place.unsigned_abs());
        }
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Position::encode`] wrote; `None` for anything else.
    pub fn decode(word: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(word).ok()?;
        let (form, mut rest) = bytes.split_first()?;
        if *form != FORM {
            return None;
        }
        let mut places = BTreeMap::new();
        while let Some((kind, after)) = rest.split_first() {
            rest = after;
            let log = match kind {
                0 => {
                    let (shard, after) = rest.split_first()?;
                    rest = after;
                    Log::Shard(ShardId(*shard))
                }
                1 | 2 => {
                    let length = usize::try_from(read(&mut rest)?).ok()?;
                    let (name, after) = rest.split_at_checked(length)?;
                    rest = after;
                    let code = LocationCode(String::from_utf8(name.to_vec()).ok()?);
                    match kind {
                        1 => Log::Location(code),
                        _ => Log::Logbook(code),
                    }
                }
                _ => return None,
            };
            let place = i64::try_from(read(&mut rest)?).ok()?;
            if places.insert(log, place).is_some() {
                return None;
            }
        }
        Some(Self(places))
    }
}

/// A number as LEB128: seven bits a byte, the lowest first.
fn write(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = bytes.split_first()?;
        *bytes = after;
        let low = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && low > 1 {
            return None;
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(code: &str) -> Log {
        Log::Location(LocationCode(code.into()))
    }

    #[test]
    fn a_position_is_read_back_as_it_was_written() {
        let mut position = Position::default();
        assert_eq!(Position::decode(&position.encode()), Some(position.clone()));
        for (log, place) in [
            (Log::Shard(ShardId(0)), 1),
            (Log::Shard(ShardId(255)), 127),
            (Log::Shard(ShardId(7)), 128),
            (location("BER1"), i64::MAX),
            (location("Straße 5"), 300),
            (Log::Logbook(LocationCode("BER1".into())), 7),
        ] {
            position.pass(&log, place);
        }
        let word = position.encode();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(word.chars().all(plain), "{word}");
        assert_eq!(Position::decode(&word), Some(position));
    }

    #[test]
    fn all_shards_of_a_large_shop_fit_into_a_header() {
        let mut position = Position::default();
        for shard in ShardId::all() {
            position.pass(&Log::Shard(shard), 100_000_000);
        }
        assert!(position.encode().len() < 2_500);
    }

    #[test]
    fn anything_else_is_no_position() {
        let mut one = Position::default();
        one.pass(&location("BER1"), 300);
        let good = one.encode();
        for bad in [
            "",
            "!",
            "Ag",
            "AQI",
            "AQA",
            "AQAB",
            "AQEF",
            "AQABgICAgICAgICAgAM",
            &good[..good.len() - 1],
        ] {
            assert_eq!(Position::decode(bad), None, "{bad}");
        }
        let twice = BASE64_URL_SAFE_NO_PAD.encode([1, 0, 5, 1, 0, 5, 2]);
        assert_eq!(Position::decode(&twice), None);
    }

    #[test]
    fn nobody_goes_back() {
        let log = Log::Shard(ShardId(1));
        let mut position = Position::default();
        position.pass(&log, 9);
        position.pass(&log, 4);
        assert_eq!(position.place(&log), 9);
    }
}
