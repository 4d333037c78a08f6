//! A business calendar as data: when people work, by their own clock, and when work that takes so long is
//! due. Nothing here reads a clock.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes of a day.
pub const MINUTES_OF_DAY: u16 = 24 * 60;

/// How far ahead is looked. Work that is not done by then has no due time.
const DAYS_AHEAD: u16 = 3_660;

/// When people work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessCalendar {
    /// Whose clock the hours are of.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub zone: TimeZone,
    /// When they begin and end, from Monday to Sunday.
    pub week: [Vec<Opening>; 7],
    /// Days on which nobody works, whatever day of the week they are.
    pub holidays: BTreeSet<Date>,
}

/// A stretch of a day in which people work, in minutes since its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Opening {
    /// Its first minute.
    pub from: u16,
    /// The first minute after it; [`MINUTES_OF_DAY`] is the end of the day.
    pub until: u16,
}

/// When work that takes so much working time is due, if it begins now. Without a calendar people work
/// round the clock. `None` when that is not within ten years.
pub fn due_after(
    calendar: Option<&BusinessCalendar>,
    now: Timestamp,
    working: SignedDuration,
) -> Option<Timestamp> {
    let Some(calendar) = calendar else {
        return now.saturating_add(working).ok();
    };
    let mut left = working.max(SignedDuration::ZERO);
    let mut from = now;
    for day in calendar.days(now) {
        for (opens, closes) in calendar.openings(day) {
            from = from.max(opens);
            let open = closes.duration_since(from);
            if open < SignedDuration::ZERO {
                continue;
            }
            if left <= open {
                return from.saturating_add(left).ok();
            }
            left -= open;
            from = closes;
        }
    }
    None
}

impl BusinessCalendar {
    /// The day that it is there, and those after it.
    fn days(&self, now: Timestamp) -> impl Iterator<Item = Date> {
        let today = now.to_zoned(self.zone.clone()).date();
        today
            .series(jiff::Span::new().days(1))
            .take(DAYS_AHEAD.into())
    }

    /// When people work on a day, one stretch after the other. A minute that the clocks skip or repeat on
    /// that day is skipped or repeated here as well.
    fn openings(&self, day: Date) -> Vec<(Timestamp, Timestamp)> {
        if self.holidays.contains(&day) {
            return Vec::new();
        }
        let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        let mut openings = self.week.get(weekday).cloned().unwrap_or_default();
        openings.sort_unstable();
        let at = |minute: u16| {
            let (day, minute) = match minute {
                MINUTES_OF_DAY.. => (day.tomorrow().ok()?, 0),
                minute => (day, minute),
            };
            let hour = i8::try_from(minute / 60).ok()?;
            let minute = i8::try_from(minute % 60).ok()?;
            let local = day.at(hour, minute, 0, 0).to_zoned(self.zone.clone());
            Some(local.ok()?.timestamp())
        };
        let known = openings.into_iter();
        known
            .filter_map(|opening| Some((at(opening.from)?, at(opening.until)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn minutes(count: i64) -> SignedDuration {
        SignedDuration::from_mins(count)
    }

    /// Nine to five with an hour's break from Monday to Thursday, Friday till one; Christmas is free.
    fn office(zone: TimeZone) -> BusinessCalendar {
        let morning = Opening {
            from: 9 * 60,
            until: 12 * 60,
        };
        let afternoon = Opening {
            from: 13 * 60,
            until: 17 * 60,
        };
        let long = vec![morning, afternoon];
        let short = vec![Opening {
            from: 9 * 60,
            until: 13 * 60,
        }];
        BusinessCalendar {
            zone,
            week: [
                long.clone(),
                long.clone(),
                long.clone(),
                long,
                short,
                Vec::new(),
                Vec::new(),
            ],
            holidays: [Date::constant(2026, 12, 25)].into(),
        }
    }

    /// Clocks go forward on 2026-03-29 and back on 2026-10-25, as in Berlin.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone")
    }

    #[test]
    fn a_due_time_skips_nights_breaks_weekends_and_holidays() {
        let calendar = office(berlin());
        for (now, working, due) in [
            // A Monday in summer, two hours east.
            ("2026-07-06T08:00:00Z", 60, "2026-07-06T09:00:00Z"),
            ("2026-07-06T09:30:00Z", 60, "2026-07-06T11:30:00Z"),
            ("2026-07-06T02:00:00Z", 60, "2026-07-06T08:00:00Z"),
            ("2026-07-06T20:00:00Z", 7 * 60, "2026-07-07T15:00:00Z"),
            // A Friday at noon: an hour is left of the week.
            ("2026-07-03T10:00:00Z", 61, "2026-07-06T07:01:00Z"),
            // The Thursday before Christmas: the next day of work is Monday.
            ("2026-12-24T16:00:00Z", 1, "2026-12-28T08:01:00Z"),
        ] {
            let found = due_after(Some(&calendar), at(now), minutes(working));
            assert_eq!(found, Some(at(due)), "{now} and {working} minutes");
        }
    }

    #[test]
    fn the_hours_are_those_of_the_clock_on_the_wall() {
        let calendar = office(berlin());
        let opens = |now: &str| due_after(Some(&calendar), at(now), minutes(0));
        assert_eq!(
            opens("2026-03-27T13:00:00Z"),
            Some(at("2026-03-30T07:00:00Z"))
        );
        assert_eq!(
            opens("2026-10-23T13:00:00Z"),
            Some(at("2026-10-26T08:00:00Z"))
        );
        let mut nights = office(berlin());
        let all_day = Opening {
            from: 0,
            until: MINUTES_OF_DAY,
        };
        nights.week.fill(vec![all_day]);
        // A day of 23 hours, and one of 25.
        for (day, hours) in [("2026-03-28T23:00:00Z", 23), ("2026-10-24T22:00:00Z", 25)] {
            let whole = due_after(Some(&nights), at(day), minutes(hours * 60));
            assert_eq!(whole, Some(at(day) + minutes(hours * 60)));
        }
    }

    #[test]
    fn who_never_works_is_never_due() {
        let mut never = office(TimeZone::UTC);
        never.week = Default::default();
        let now = at("2026-07-06T08:00:00Z");
        assert_eq!(due_after(Some(&never), now, minutes(1)), None);
        assert_eq!(due_after(None, now, minutes(1)), Some(now + minutes(1)));
    }

    fn opening() -> impl Strategy<Value = Vec<Opening>> {
        // Up to three stretches that do not overlap.
        let bounds = prop::collection::btree_set(0_u16..=MINUTES_OF_DAY, 0..=6);
        bounds.prop_map(|bounds| {
            let bounds: Vec<u16> = bounds.into_iter().collect();
            let pairs = bounds.chunks_exact(2);
            pairs
                .map(|pair| Opening {
                    from: pair[0],
                    until: pair[1],
                })
                .collect()
        })
    }

    fn calendar() -> impl Strategy<Value = BusinessCalendar> {
        let week = prop::array::uniform7(opening());
        let holidays = prop::collection::btree_set(0_i64..40, 0..6);
        (week, holidays, any::<bool>()).prop_map(|(week, holidays, utc)| {
            let first = Date::constant(2026, 3, 15);
            let days = holidays.into_iter();
            let days = days.map(|ahead| first.saturating_add(jiff::Span::new().days(ahead)));
            BusinessCalendar {
                zone: if utc { TimeZone::UTC } else { berlin() },
                week,
                holidays: days.collect(),
            }
        })
    }

    /// Whether people work in the minute that begins then, as somebody says who looks at the wall.
    fn is_open(calendar: &BusinessCalendar, minute: Timestamp) -> bool {
        let local = minute.to_zoned(calendar.zone.clone());
        let weekday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        let part = |part: i8| u16::from(part.unsigned_abs());
        let of_day = part(local.hour()) * 60 + part(local.minute());
        let works = |opening: &Opening| opening.from <= of_day && of_day < opening.until;
        !calendar.holidays.contains(&local.date()) && calendar.week[weekday].iter().any(works)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Minute by minute, people have worked as long as was asked for, and not a minute longer.
        #[test]
        fn the_due_time_is_when_the_work_is_done(
            calendar in calendar(),
            begins in 0_i64..10 * 24 * 60,
            working in 1_i64..3 * 24 * 60,
        ) {
            // Away from the nights in which clocks change: there a minute has no name, or two.
            let now = at("2026-03-31T00:00:00Z") + minutes(begins);
            let Some(due) = due_after(Some(&calendar), now, minutes(working)) else {
                let open: usize = calendar.week.iter().map(Vec::len).sum();
                prop_assert_eq!(open, 0);
                return Ok(());
            };
            prop_assert!(due >= now + minutes(working));
            // Weeks with a minute of work are too long to count.
            if due <= now + minutes(120 * 24 * 60) {
                let mut worked = 0;
                let mut minute = now;
                while minute < due {
                    worked += i64::from(is_open(&calendar, minute));
                    minute += minutes(1);
                }
                prop_assert_eq!(worked, working);
                prop_assert!(is_open(&calendar, due - minutes(1)), "it ends while people work");
            }
        }

        #[test]
        fn who_begins_later_or_has_more_to_do_is_not_done_earlier(
            calendar in calendar(),
            (begins, later) in (0_i64..60 * 24 * 60, 0_i64..5_000),
            (working, more) in (1_i64..5_000, 0_i64..5_000),
        ) {
            let now = at("2026-03-15T00:00:00Z") + minutes(begins);
            let due = |from, working| due_after(Some(&calendar), from, minutes(working));
            let Some(first) = due(now, working) else {
                return Ok(());
            };
            if let Some(other) = due(now + minutes(later), working) {
                prop_assert!(other >= first);
            }
            // Work that is laid down and taken up again takes as long as in one piece.
            prop_assert_eq!(due(now, working + more), due(first, more).map(|last| if more == 0 { first } else { last }));
        }
    }
}
