//! Reads the parts of a canonical order and notes everything that is wrong with them. A part that
//! is wrong reads as `None`; reading goes on, so that one answer names every problem.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_domain::canonical::Violation;
use orderhub_domain::money::{Currency, Money, MoneyError};
use rust_decimal::Decimal;

use super::card::contains_card_number;
use crate::canonical::normal_number;
use crate::json::Json;

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems {
    pub(super) found: Vec<Violation>,
}

impl Problems {
    pub(super) fn add(&mut self, pointer: &str, code: &'static str, hint: &str) {
        self.found.push(Violation::new(pointer, code, hint));
    }

    /// Whether anything is wrong at or below this pointer.
    pub(super) fn any_below(&self, pointer: &str) -> bool {
        self.found.iter().any(|violation| {
            let rest = violation.pointer.strip_prefix(pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// What no part of a body may hold, wherever it stands: NUL characters, card numbers, members
    /// that stand twice.
    pub(super) fn sweep(&mut self, value: &Json<'_>, pointer: &str) {
        match value {
            Json::Text(text) => self.sweep_text(text, pointer),
            Json::Number(text) if contains_card_number(text) => self.card(pointer),
            Json::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.sweep(item, &format!("{pointer}/{index}"));
                }
            }
            Json::Object(members) => {
                let mut seen = BTreeSet::new();
                for (name, member) in members {
                    // A name that must not be repeated back is pointed at by its object.
                    let bad_name = name.contains('\0') || contains_card_number(name);
                    if bad_name {
                        self.sweep_text(name, pointer);
                    }
                    let at = if bad_name {
                        pointer.to_owned()
                    } else {
                        below(pointer, name)
                    };
                    if !seen.insert(name) {
                        self.add(&at, "duplicate_member", "send each member once");
                    }
                    self.sweep(member, &at);
                }
            }
            _ => {}
        }
    }

    fn sweep_text(&mut self, text: &str, pointer: &str) {
        if text.contains('\0') {
            self.add(pointer, "nul_character", "a text without NUL characters");
        }
        if contains_card_number(text) {
            self.card(pointer);
        }
    }

    fn card(&mut self, pointer: &str) {
        let hint = "never send card numbers; send the gateway's token";
        self.add(pointer, "card_data_not_allowed", hint);
    }
}

/// The pointer to a member.
pub(super) fn below(pointer: &str, name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// An object being read: its members, and where it stands.
pub(super) struct Part<'r, 'j> {
    members: &'r [(std::borrow::Cow<'j, str>, Json<'j>)],
    pub(super) pointer: String,
}

impl<'r, 'j> Part<'r, 'j> {
    /// The object at `pointer`; notes every member that is not in `known`.
    pub(super) fn new(
        value: &'r Json<'j>,
        pointer: &str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Json::Object(members) = value else {
            problems.add(pointer, "wrong_type", "an object");
            return None;
        };
        for (name, _) in members {
            if !known.contains(&name.as_ref()) && !contains_card_number(name) {
                let hint = format!("one of: {}", known.join(", "));
                problems.add(&below(pointer, name), "unknown_field", &hint);
            }
        }
        Some(Self {
            members,
            pointer: pointer.to_owned(),
        })
    }

    pub(super) fn at(&self, name: &str) -> String {
        below(&self.pointer, name)
    }

    /// A member; `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'r Json<'j>> {
        let member = self.members.iter().rev().find(|(known, _)| known == name);
        member
            .map(|(_, value)| value)
            .filter(|value| **value != Json::Null)
    }

    /// A member that must be there.
    pub(super) fn need(
        &self,
        name: &str,
        hint: &str,
        problems: &mut Problems,
    ) -> Option<&'r Json<'j>> {
        let found = self.get(name);
        if found.is_none() {
            problems.add(&self.at(name), "required", hint);
        }
        found
    }

    /// A text of at most `longest` characters, if it is there.
    pub(super) fn text_if(
        &self,
        name: &str,
        longest: usize,
        problems: &mut Problems,
    ) -> Option<String> {
        match self.get(name)? {
            Json::Text(text) if text.chars().count() > longest => {
                let hint = format!("at most {longest} characters");
                problems.add(&self.at(name), "too_long", &hint);
                None
            }
            Json::Text(text) => Some(text.clone().into_owned()),
            _ => {
                problems.add(&self.at(name), "wrong_type", "a text");
                None
            }
        }
    }

    /// A text that must be there and say something.
    pub(super) fn text(
        &self,
        name: &str,
        longest: usize,
        hint: &str,
        problems: &mut Problems,
    ) -> Option<String> {
        self.need(name, hint, problems)?;
        let text = self.text_if(name, longest, problems)?;
        if text.trim().is_empty() {
            problems.add(&self.at(name), "required", hint);
            return None;
        }
        Some(text)
    }

    /// A time with its offset.
    pub(super) fn time_if(&self, name: &str, problems: &mut Problems) -> Option<Timestamp> {
        let text = self.text_if(name, 64, problems)?;
        let time = text.parse::<Timestamp>().ok().filter(|time| {
            let seconds = time.as_second();
            // From 2000 to 2100: what is outside is a wrong unit or a wrong clock.
            (946_684_800..4_102_444_800).contains(&seconds)
        });
        if time.is_none() {
            let hint = "an RFC 3339 time with its offset, e.g. 2026-11-20T09:00:00Z";
            problems.add(&self.at(name), "bad_time", hint);
        }
        time
    }

    /// A decimal, sent as a text.
    pub(super) fn decimal_if(&self, name: &str, problems: &mut Problems) -> Option<Decimal> {
        let value = self.get(name)?;
        let pointer = self.at(name);
        let text = match value {
            Json::Text(text) => text,
            Json::Number(_) => {
                let hint = "a decimal as a text, e.g. \"19.99\"";
                problems.add(&pointer, "decimal_as_number", hint);
                return None;
            }
            _ => {
                problems.add(
                    &pointer,
                    "wrong_type",
                    "a decimal as a text, e.g. \"19.99\"",
                );
                return None;
            }
        };
        if !is_plain_decimal(text) {
            problems.add(&pointer, "bad_decimal", "digits, e.g. \"19.99\"");
            return None;
        }
        let decimal = Decimal::from_str_exact(text).ok();
        if decimal.is_none() {
            problems.add(&pointer, "out_of_range", "fewer digits");
        }
        decimal
    }

    /// An amount of zero or more at the currency's exponent; the currency may be unknown because
    /// it was wrong itself, then only the spelling is checked.
    pub(super) fn money_if(
        &self,
        name: &str,
        currency: Option<Currency>,
        problems: &mut Problems,
    ) -> Option<Money> {
        let amount = self.decimal_if(name, problems)?;
        let pointer = self.at(name);
        if amount.is_sign_negative() && !amount.is_zero() {
            problems.add(&pointer, "negative", "zero or more");
            return None;
        }
        let currency = currency?;
        // Also surplus zeros are digits that the currency does not have.
        let exponent = currency.exponent();
        if amount.scale() > exponent {
            let error = MoneyError::TooPrecise { currency, exponent };
            problems.add(&pointer, "wrong_exponent", &error.to_string());
            return None;
        }
        match Money::exact(amount, currency) {
            Ok(money) => Some(money),
            Err(error @ MoneyError::TooPrecise { .. }) => {
                problems.add(&pointer, "wrong_exponent", &error.to_string());
                None
            }
            Err(MoneyError::OutOfRange) => {
                problems.add(&pointer, "out_of_range", "a smaller amount");
                None
            }
        }
    }

    /// An amount that must be there.
    pub(super) fn money(
        &self,
        name: &str,
        currency: Option<Currency>,
        problems: &mut Problems,
    ) -> Option<Money> {
        self.need(name, "an amount, e.g. \"19.99\"", problems)?;
        self.money_if(name, currency, problems)
    }

    /// `true` or `false`, if it is there.
    pub(super) fn flag_if(&self, name: &str, problems: &mut Problems) -> Option<bool> {
        let value = self.get(name)?;
        if let Json::Bool(flag) = value {
            return Some(*flag);
        }
        problems.add(&self.at(name), "wrong_type", "true or false");
        None
    }

    /// A whole number up to `most`, sent as a JSON number, if it is there.
    pub(super) fn count_if(&self, name: &str, most: u32, problems: &mut Problems) -> Option<u32> {
        let count = match self.get(name)? {
            Json::Number(text) => whole(text).filter(|count| *count <= most),
            _ => None,
        };
        if count.is_none() {
            let hint = format!("a whole number from 0 to {most}");
            problems.add(&self.at(name), "not_a_count", &hint);
        }
        count
    }

    /// The items of a list of at most `most`, with their pointers; absent is empty.
    pub(super) fn list(
        &self,
        name: &str,
        most: usize,
        problems: &mut Problems,
    ) -> Vec<(String, &'r Json<'j>)> {
        match self.get(name) {
            None => Vec::new(),
            Some(Json::List(items)) if items.len() <= most => {
                let numbered = items.iter().enumerate();
                numbered
                    .map(|(index, item)| (format!("{}/{index}", self.at(name)), item))
                    .collect()
            }
            Some(Json::List(_)) => {
                problems.add(&self.at(name), "too_many", &format!("at most {most}"));
                Vec::new()
            }
            Some(_) => {
                problems.add(&self.at(name), "wrong_type", "a list");
                Vec::new()
            }
        }
    }

    /// One of some words, if it is there.
    pub(super) fn word_if<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let value = self.get(name)?;
        let found = match value {
            Json::Text(text) => words.iter().find(|(word, _)| text == word),
            _ => None,
        };
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let hint = format!("one of: {}", known.join(", "));
            problems.add(&self.at(name), "unknown_word", &hint);
        }
        found.map(|(_, meaning)| *meaning)
    }
}

fn is_plain_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 64 && digits(whole) && digits(fraction)
}

/// A whole number however it is spelled (`400`, `400.0`, `4e2`).
fn whole(text: &str) -> Option<u32> {
    let normal = normal_number(text)?;
    if normal == "0" {
        return Some(0);
    }
    let (digits, power) = normal.split_once('e')?;
    let power: u32 = power.parse().ok()?;
    let digits: u32 = digits.parse().ok()?;
    digits.checked_mul(10_u32.checked_pow(power)?)
}
