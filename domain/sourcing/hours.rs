//! When a location works: how long an order that reaches it now lies there first.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// The hours of a location, by its own clock. What is not stated does not make anybody wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Its time zone: what "today" means there.
    pub zone: TimeZone,
    /// When work begins.
    pub opens: Time,
    /// What arrives later is worked on the next day.
    pub cut_off: Option<Time>,
    /// Days on which nobody works.
    pub closed: Vec<Weekday>,
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            opens: Time::midnight(),
            cut_off: None,
            closed: Vec::new(),
        }
    }
}

/// Days ahead that are looked at; a location that is closed every day never works.
const DAYS_AHEAD: i64 = 14;

impl Hours {
    /// The day there, counted from 1970-01-01.
    pub fn day(&self, now: Timestamp) -> i32 {
        let today = now.to_zoned(self.zone.clone()).date();
        let since = today.since(jiff::civil::Date::constant(1970, 1, 1));
        since.map_or(0, |span| span.get_days())
    }

    /// Whether anybody works on a day.
    pub fn works_on(&self, day: i32) -> bool {
        // 1970-01-01 was a Thursday.
        let weekday = Weekday::Thursday.wrapping_add(day);
        !self.closed.contains(&weekday)
    }

    /// The day on which somebody works on what arrives now.
    pub fn work_day(&self, now: Timestamp) -> i32 {
        let today = self.day(now);
        let local = now.to_zoned(self.zone.clone());
        let late = self.cut_off.is_some_and(|cut_off| local.time() >= cut_off);
        let first = today + i32::from(late);
        let mut days = first..first + 7;
        days.find(|day| self.works_on(*day)).unwrap_or(first)
    }

    /// Minutes until somebody works on what arrives now; `None` when that is not in sight.
    pub fn wait_minutes(&self, now: Timestamp) -> Option<u32> {
        let local = now.to_zoned(self.zone.clone());
        let works = |day: jiff::civil::Date| !self.closed.contains(&day.weekday());
        let late = self.cut_off.is_some_and(|cut_off| local.time() >= cut_off);
        let today = local.date();
        if works(today) && !late {
            let begins = today.to_datetime(self.opens);
            return Some(minutes(now, begins, &self.zone));
        }
        let mut days = (1..=DAYS_AHEAD).filter_map(|ahead| {
            let span = jiff::Span::new().try_days(ahead).ok()?;
            today.checked_add(span).ok()
        });
        let next = days.find(|day| works(*day))?;
        Some(minutes(now, next.to_datetime(self.opens), &self.zone))
    }
}

fn minutes(now: Timestamp, at: jiff::civil::DateTime, zone: &TimeZone) -> u32 {
    let Ok(at) = at.to_zoned(zone.clone()) else {
        return 0;
    };
    let seconds = at.timestamp().duration_since(now).as_secs().max(0);
    u32::try_from((seconds + 59) / 60).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn berlin() -> Hours {
        Hours {
            // Two hours east, as in a Berlin summer.
            zone: TimeZone::fixed(jiff::tz::offset(2)),
            opens: Time::constant(8, 0, 0, 0),
            cut_off: Some(Time::constant(15, 0, 0, 0)),
            closed: vec![Weekday::Saturday, Weekday::Sunday],
        }
    }

    #[test]
    fn before_the_cut_off_nothing_waits_and_after_it_until_the_next_working_day() {
        // A Friday.
        for (now, minutes) in [
            ("2026-07-03T04:00:00Z", 120),
            ("2026-07-03T12:59:00Z", 0),
            ("2026-07-03T13:00:00Z", 65 * 60),
            ("2026-07-04T10:00:00Z", 44 * 60),
            ("2026-07-05T22:30:00Z", 7 * 60 + 30),
        ] {
            assert_eq!(berlin().wait_minutes(at(now)), Some(minutes), "{now}");
        }
    }

    #[test]
    fn the_day_turns_by_the_clock_of_the_location() {
        let (before, after) = (at("2026-07-03T21:59:59Z"), at("2026-07-03T22:00:00Z"));
        assert_eq!(berlin().day(before) + 1, berlin().day(after));
        assert_eq!(Hours::default().day(before), Hours::default().day(after));
        assert_eq!(Hours::default().day(Timestamp::UNIX_EPOCH), 0);
    }

    #[test]
    fn what_arrives_after_the_cut_off_is_the_next_working_days_work() {
        let friday = berlin().day(at("2026-07-03T10:00:00Z"));
        for (now, ahead) in [
            ("2026-07-03T04:00:00Z", 0),
            ("2026-07-03T13:00:00Z", 3),
            ("2026-07-04T10:00:00Z", 3),
            ("2026-07-06T10:00:00Z", 3),
            ("2026-07-06T14:00:00Z", 4),
        ] {
            assert_eq!(berlin().work_day(at(now)), friday + ahead, "{now}");
        }
    }

    #[test]
    fn a_location_that_never_works_is_not_waited_for() {
        let closed = Weekday::Monday.cycle_forward().take(7).collect();
        let never = Hours {
            closed,
            ..Hours::default()
        };
        assert_eq!(never.wait_minutes(Timestamp::UNIX_EPOCH), None);
    }
}
