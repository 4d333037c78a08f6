//! Reads when a location works: its time zone, its hours, its cut-off and the days on which it is
//! closed.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use orderhub_domain::sourcing::Hours;

use super::section::Section;

/// The days as an operator writes them.
pub(super) const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

pub(super) fn read_hours(section: &mut Section<'_, '_>) -> Hours {
    let usual = Hours::default();
    let zone = match section.text("timezone").map(|name| TimeZone::get(&name)) {
        None => usual.zone,
        Some(Ok(zone)) => zone,
        Some(Err(_)) => {
            section.refuse("timezone", "must be a name like Europe/Berlin");
            usual.zone
        }
    };
    let opens = time("opens", section).unwrap_or(usual.opens);
    let cut_off = time("cut_off", section);
    let closed = closed(section);
    if cut_off.is_some_and(|cut_off| cut_off <= opens) {
        section.refuse("cut_off", "must be later than opens");
    }
    if closed.len() == DAYS.len() {
        section.refuse("closed", "must leave a day on which somebody works");
    }
    Hours {
        zone,
        opens,
        cut_off,
        closed,
    }
}

fn time(key: &'static str, section: &mut Section<'_, '_>) -> Option<Time> {
    section.parsed::<Time>(key, "a time of the day like 15:00")
}

fn closed(section: &mut Section<'_, '_>) -> Vec<Weekday> {
    let mut closed = Vec::new();
    let Some(value) = section.take("closed") else {
        return closed;
    };
    let words = value.as_array().cloned().unwrap_or_else(|| vec![value]);
    for word in words {
        let day = DAYS.iter().find(|(name, _)| Some(*name) == word.as_str());
        match day {
            Some((_, day)) if !closed.contains(day) => closed.push(*day),
            Some(_) => {}
            None => section.refuse("closed", "must be a list of days like [\"saturday\"]"),
        }
    }
    closed
}

/// The words of the days on which a location is closed.
pub(super) fn closed_words(hours: &Hours) -> Vec<&'static str> {
    let named = DAYS.iter().filter(|(_, day)| hours.closed.contains(day));
    named.map(|(name, _)| *name).collect()
}
