//! Reads `[policy.business_hours]`: when people work. Times are of the clock on the wall there.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use orderhub_domain::policy::{BusinessCalendar, MINUTES_OF_DAY, Opening};
use serde_json::{Map, Value, json};
use toml::Table;

use super::hours::DAYS;
use super::section::{Reading, Section};

/// The calendar, if there is one: without, people work round the clock.
pub(super) fn read_calendar(table: Table, reading: &mut Reading<'_>) -> Option<BusinessCalendar> {
    if table.is_empty() {
        return None;
    }
    let mut section = Section::new("policy.business_hours", table, reading);
    let name = section.required_text("timezone");
    let zone = TimeZone::get(&name).unwrap_or_else(|_| {
        if !name.is_empty() {
            section.refuse("timezone", "must be a name like Europe/Berlin");
        }
        TimeZone::UTC
    });
    let week = DAYS.map(|(day, _)| openings(day, &mut section));
    let holidays = holidays(&mut section);
    if week.iter().all(Vec::is_empty) {
        section.refuse("monday", "or another day must have hours, like 09:00-17:00");
    }
    section.finish();
    Some(BusinessCalendar {
        zone,
        week,
        holidays,
    })
}

/// The hours of a day; none where it is not named.
fn openings(day: &'static str, section: &mut Section<'_, '_>) -> Vec<Opening> {
    let mut openings = Vec::new();
    for text in section.texts(day).unwrap_or_default() {
        match opening(&text) {
            Some(opening) => openings.push(opening),
            None => section.refuse(
                day,
                format!("must be hours like 09:00-17:00 or 18:00-24:00, not \"{text}\""),
            ),
        }
    }
    openings.sort_unstable();
    let overlap = openings.windows(2).any(|two| two[1].from < two[0].until);
    if overlap {
        section.refuse(day, "must have hours that do not overlap");
    }
    openings
}

fn opening(text: &str) -> Option<Opening> {
    let (from, until) = text.split_once('-')?;
    let opening = Opening {
        from: minute(from.trim())?,
        until: minute(until.trim())?,
    };
    (opening.from < opening.until).then_some(opening)
}

/// Minutes since midnight. The end of the day is 24:00.
fn minute(text: &str) -> Option<u16> {
    if text == "24:00" {
        return Some(MINUTES_OF_DAY);
    }
    let time: Time = text.parse().ok()?;
    let whole = time.second() == 0 && time.subsec_nanosecond() == 0;
    let part = |part: i8| u16::from(part.unsigned_abs());
    whole.then(|| part(time.hour()) * 60 + part(time.minute()))
}

fn holidays(section: &mut Section<'_, '_>) -> BTreeSet<Date> {
    let mut holidays = BTreeSet::new();
    for text in section.texts("holidays").unwrap_or_default() {
        match text.parse() {
            Ok(day) => {
                holidays.insert(day);
            }
            Err(_) => section.refuse(
                "holidays",
                format!("must be days like 2026-12-25, not \"{text}\""),
            ),
        }
    }
    holidays
}

/// The calendar as an operator writes it.
pub(super) fn calendar_words(calendar: &BusinessCalendar) -> Value {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let mut shown = Map::new();
    shown.insert("timezone".into(), json!(calendar.zone.iana_name()));
    for ((day, _), openings) in DAYS.iter().zip(&calendar.week) {
        let hours = openings
            .iter()
            .map(|one| format!("{}-{}", clock(one.from), clock(one.until)));
        shown.insert((*day).into(), hours.collect());
    }
    let holidays = calendar.holidays.iter().map(Date::to_string);
    shown.insert("holidays".into(), holidays.collect());
    Value::Object(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_to_the_minute_and_to_the_end_of_the_day() {
        let read = |text| opening(text).map(|one| (one.from, one.until));
        assert_eq!(read("09:00-17:30"), Some((540, 1050)));
        assert_eq!(read("18:00 - 24:00"), Some((1080, 1440)));
        for odd in [
            "",
            "9-17",
            "17:00-09:00",
            "09:00-09:00",
            "09:00:30-10:00",
            "24:00-25:00",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
