//! Reads the lines of a feed into messages. A line that cannot be read is told, and loses nothing of
//! the others.
//!
//! A line says how many units a location has of a SKU. `sequence` and `as_of` hold from the line that
//! names them onwards: they stand in the query, in a line of their own, or in every line.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::canonical::Violation;
use orderhub_domain::ids::{LocationCode, Sku};
use orderhub_domain::stock::{FeedMark, FeedRow, Level};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::http::fields::Fields;
use crate::http::json::{body_hash, object};
use crate::http::problem::Problem;
use crate::http::routes::inventory::{LONGEST_SKU, MOST_UNITS};
use crate::stock_feeds::Message;

/// How far a source's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Longest code of a location, in characters.
const LONGEST_CODE: usize = 64;

/// Why a line is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Which, from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) why: Violation,
}

/// A message under way.
struct Open {
    sequence: i64,
    as_of: Option<Timestamp>,
    says: BTreeMap<LocationCode, Vec<FeedRow>>,
    named: BTreeSet<(LocationCode, Sku)>,
    rejected: usize,
    digest: Sha256,
}

/// The lines that were read so far.
pub(super) struct Reading<'l> {
    locations: &'l BTreeSet<LocationCode>,
    now: Timestamp,
    sequence: Option<i64>,
    as_of: Option<Timestamp>,
    messages: Vec<Open>,
    /// Lines that are not taken.
    pub(super) refused: Vec<Refused>,
    /// How many lines say something about stock.
    pub(super) rows: usize,
}

impl<'l> Reading<'l> {
    /// Of a source that may speak of these locations; with what the query names.
    pub(super) fn new(
        locations: &'l BTreeSet<LocationCode>,
        now: Timestamp,
        query: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Problem> {
        let mut named = serde_json::Map::new();
        for (name, value) in query {
            let value = match (name.as_str(), value.parse::<i64>()) {
                ("sequence", Ok(number)) => number.into(),
                ("sequence" | "as_of", _) => Value::String(value),
                _ => return Err(crate::http::pages::unknown("sequence and as_of")),
            };
            named.insert(name, value);
        }
        let mut reading = Self {
            locations,
            now,
            sequence: None,
            as_of: None,
            messages: Vec::new(),
            refused: Vec::new(),
            rows: 0,
        };
        let mut fields = Fields::new("", named);
        let (sequence, as_of) = reading.head(&mut fields);
        fields.finish()?;
        (reading.sequence, reading.as_of) = (sequence, as_of);
        Ok(reading)
    }

    /// How many messages there are so far.
    pub(super) fn messages(&self) -> usize {
        self.messages.len()
    }

    /// Reads the next line.
    pub(super) fn line(&mut self, line: usize, text: Result<&[u8], Problem>) {
        // What cannot be read and may have named a number ends the message before it: no change may be
        // booked under a number that is not its own.
        let numbers = text.as_ref().map_or(true, |text| names_a_number(text));
        let read = text.and_then(|text| Ok((text, object(text)?)));
        let (text, members) = match read {
            Ok((text, members)) => (text, members),
            Err(problem) => {
                self.rows += 1;
                self.refuse(line, &problem);
                self.sequence = self.sequence.filter(|_| !numbers);
                return;
            }
        };
        let row = ["location", "sku", "on_hand", "delta"];
        let is_row = row.iter().any(|name| members.contains_key(*name));
        let renumbered = members
            .get("sequence")
            .is_some_and(|named| !named.is_null());
        let mut fields = Fields::new("", members);
        let (sequence, as_of) = self.head(&mut fields);
        self.sequence = sequence.or(self.sequence.filter(|_| !renumbered));
        self.as_of = as_of.or(self.as_of);
        if !is_row {
            if let Err(problem) = fields.finish() {
                self.rows += 1;
                self.refuse(line, &problem);
            }
            return;
        }
        self.rows += 1;
        let row = self.row(fields);
        let Some(sequence) = self.sequence else {
            let hint = "the number of the message; in the query, in a line before, or here";
            self.refuse(line, &Problem::at("/sequence", "required", hint));
            return;
        };
        let as_of = self.as_of;
        let message = self.message(sequence, as_of);
        message
            .digest
            .update(body_hash(text).unwrap_or_default().as_bytes());
        let taken = row.and_then(|(location, row)| {
            if !message.named.insert((location.clone(), row.sku.clone())) {
                let hint = "a line before this one speaks of the SKU at this location already";
                return Err(Problem::at("/sku", "duplicate", hint));
            }
            message.says.entry(location).or_default().push(row);
            Ok(())
        });
        if let Err(problem) = taken {
            self.refuse(line, &problem);
        }
    }

    /// The messages, in their order. Lines with the same number, one after the other, are one message.
    pub(super) fn finish(self) -> Vec<Message> {
        let close = |open: Open| Message {
            mark: FeedMark {
                sequence: open.sequence,
                digest: hex::encode(open.digest.finalize()),
            },
            as_of: open.as_of,
            says: open.says,
            rejected: open.rejected,
        };
        self.messages.into_iter().map(close).collect()
    }

    /// What a line, or the query, says about the message itself.
    fn head(&self, fields: &mut Fields) -> (Option<i64>, Option<Timestamp>) {
        let sequence = fields.count("sequence", i64::MAX);
        let as_of = fields.timestamp("as_of");
        if as_of.is_some_and(|moment| moment > self.now + AHEAD) {
            fields.refuse("as_of", "bad_time", "a time that is not in the future");
        }
        (sequence, as_of)
    }

    fn row(&self, mut fields: Fields) -> Result<(LocationCode, FeedRow), Problem> {
        let location = LocationCode(fields.required_text("location", LONGEST_CODE));
        let sku = Sku(fields.required_text("sku", LONGEST_SKU));
        let on_hand = fields.count("on_hand", MOST_UNITS);
        let delta = fields.change("delta", MOST_UNITS);
        let says = match (on_hand, delta) {
            (Some(units), None) => Some(Level::OnHand(units)),
            (None, Some(units)) => Some(Level::Delta(units)),
            (Some(_), Some(_)) => {
                fields.refuse("delta", "invalid_value", "on_hand or delta, not both");
                None
            }
            (None, None) if fields.is_sound() => {
                fields.refuse("on_hand", "required", "a whole number, or delta");
                None
            }
            (None, None) => None,
        };
        if fields.is_sound() && !self.locations.contains(&location) {
            let hint = "the code of a location; orderhub config show lists them";
            fields.refuse("location", "unknown_location", hint);
        }
        fields.finish()?;
        // What was wrong has been told; nothing here is made up for it.
        let says = says.ok_or_else(|| Problem::at("/on_hand", "required", "a whole number"))?;
        Ok((location, FeedRow { sku, says }))
    }

    fn message(&mut self, sequence: i64, as_of: Option<Timestamp>) -> &mut Open {
        let is_new = |open: &Open| open.sequence != sequence;
        if self.messages.last().is_none_or(is_new) {
            self.messages.push(Open {
                sequence,
                as_of,
                says: BTreeMap::new(),
                named: BTreeSet::new(),
                rejected: 0,
                digest: Sha256::new(),
            });
        }
        let last = self.messages.len() - 1;
        let message = &mut self.messages[last];
        message.as_of = as_of;
        message
    }

    fn refuse(&mut self, line: usize, problem: &Problem) {
        if let Some(sequence) = self.sequence {
            let as_of = self.as_of;
            let message = self.message(sequence, as_of);
            message.rejected += 1;
            // Where it stands says nothing: the message may come again in another company.
            message.digest.update(b"\0");
        }
        let mut errors = problem.errors().to_vec();
        if errors.is_empty() {
            errors.push(Violation::new("", problem.code(), problem.detail()));
        }
        let refused = errors.into_iter().map(|why| Refused { line, why });
        self.refused.extend(refused);
    }
}

/// Whether a line may have named a message's number.
fn names_a_number(line: &[u8]) -> bool {
    let name = b"\"sequence\"";
    line.windows(name.len()).any(|part| part == name)
}
