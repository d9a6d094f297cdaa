use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::clock::DAY;

/// Autumn to 22 January, spring from 22 February; National Day off with a Saturday made up for it.
fn year() -> Calendar {
    let terms = [(date(2026, 9, 1), date(2027, 1, 22)), (date(2027, 2, 22), date(2027, 7, 2))];
    let off = (1..=7).map(|day| (date(2026, 10, day), DayKind::Off));
    Calendar::new(terms, off.chain([(date(2026, 10, 10), DayKind::School)]))
}

fn at(day: Date, hour: i8) -> i64 {
    at_hour(day, hour)
}

#[test]
fn a_limit_ends_at_five_on_the_last_of_its_school_days() {
    let due = |calendar: &Calendar, days, from| calendar.due(Limit::SchoolDays(days), from);
    let year = year();
    // Wednesday: three school days are Thursday, Friday and Monday.
    assert_eq!(due(&year, 3, at(date(2026, 9, 9), 8)), at(date(2026, 9, 14), 17));
    // Late in the evening or at midnight, the day itself still does not count.
    assert_eq!(due(&year, 1, at(date(2026, 9, 9), 23)), at(date(2026, 9, 10), 17));
    // National Day: after Wednesday 30 September come Thursday 8, Friday 9 and the Saturday that is made up.
    assert_eq!(due(&year, 3, at(date(2026, 9, 30), 8)), at(date(2026, 10, 10), 17));
    // The winter holiday lies between the terms.
    assert_eq!(due(&year, 2, at(date(2027, 1, 21), 8)), at(date(2027, 2, 22), 17));
    // No school day at all to wait for: the next one all the same.
    assert_eq!(due(&year, 0, at(date(2026, 9, 9), 8)), at(date(2026, 9, 10), 17));
}

#[test]
fn a_limit_on_the_wall_clock_knows_no_holiday() {
    let from = at(date(2026, 10, 1), 3);
    assert_eq!(year().due(Limit::Clock(DAY), from), from + DAY);
    assert_eq!(year().due(Limit::Clock(i64::MAX), from), i64::MAX);
}

#[test]
fn a_calendar_without_terms_has_school_from_monday_to_friday() {
    let empty = Calendar::default();
    assert_eq!(empty.due(Limit::SchoolDays(5), at(date(2026, 7, 31), 9)), at(date(2026, 8, 7), 17));
    assert_eq!(empty.holiday(date(2026, 7, 31), 30), None);
}

#[test]
fn after_the_last_known_term_a_limit_still_ends() {
    // 2 July 2027 is a Friday and the last day; the next year stands in no calendar yet.
    assert_eq!(year().due(Limit::SchoolDays(1), at(date(2027, 7, 2), 9)), at(date(2027, 7, 5), 17));
    let all_off =
        Calendar::new([], date(2026, 1, 1).series(jiff::Span::new().days(1)).take(900).map(|d| (d, DayKind::Off)));
    let due = all_off.due(Limit::SchoolDays(1), at(date(2026, 1, 1), 9));
    assert_eq!(due, at(date(2027, 5, 16), 17));
}

#[test]
fn a_holiday_is_seven_days_or_more_and_is_known_before_and_while_it_lasts() {
    let year = year();
    let national = Some(Holiday { first: date(2026, 10, 1), last: Some(date(2026, 10, 7)) });
    assert_eq!(year.holiday(date(2026, 9, 23), 7), None);
    assert_eq!(year.holiday(date(2026, 9, 24), 7), national);
    assert_eq!(year.holiday(date(2026, 10, 7), 7), national);
    assert_eq!(year.holiday(date(2026, 10, 8), 7), None);
    // A weekend is none; the winter holiday starts on the Saturday after the last day.
    let winter = Some(Holiday { first: date(2027, 1, 23), last: Some(date(2027, 2, 21)) });
    assert_eq!(year.holiday(date(2027, 1, 20), 7), winter);
    assert_eq!(year.holiday(date(2027, 2, 21), 0), winter);
    // The end of the summer holiday is in no calendar yet.
    let summer = Some(Holiday { first: date(2027, 7, 3), last: None });
    assert_eq!(year.holiday(date(2027, 6, 28), 7), summer);
    assert_eq!(year.holiday(date(2027, 8, 1), 7), summer);
}

/// Some calendar: up to three terms and some marked days within two years.
fn calendars() -> impl Strategy<Value = Calendar> {
    let start = date(2026, 1, 1);
    let day = move |n: i64| start.checked_add(jiff::Span::new().days(n)).unwrap_or(start);
    let terms = proptest::collection::vec((0_i64..400, 0_i64..160), 0..3);
    let marks = proptest::collection::vec((0_i64..800, any::<bool>()), 0..60);
    (terms, marks).prop_map(move |(terms, marks)| {
        let kind = |school| if school { DayKind::School } else { DayKind::Off };
        Calendar::new(
            terms.into_iter().map(|(first, length)| (day(first), day(first + length))),
            marks.into_iter().map(|(n, school)| (day(n), kind(school))),
        )
    })
}

proptest! {
    #[test]
    fn a_limit_ends_after_exactly_so_many_school_days(calendar in calendars(), days in 1_u16..30, after in 0_i64..700 * 24) {
        let now = at(date(2026, 1, 1), 0) + after * HOUR;
        let due = calendar.due(Limit::SchoolDays(days), now);
        let (today, last) = (school_time(now).date(), school_time(due).date());
        prop_assert_eq!(due, evening(last));
        prop_assert!(due > now);
        let between = today.series(jiff::Span::new().days(1)).skip(1).take_while(|day| *day <= last);
        prop_assert_eq!(between.filter(|day| calendar.is_school_day(*day)).count(), usize::from(days));
        prop_assert!(calendar.is_school_day(last));
    }

    #[test]
    fn a_longer_limit_never_ends_earlier_and_a_later_start_neither(calendar in calendars(), days in 0_u16..30, after in 0_i64..700 * 24) {
        let now = at(date(2026, 1, 1), 0) + after * HOUR;
        let due = |days, now| calendar.due(Limit::SchoolDays(days), now);
        prop_assert!(due(days, now) <= due(days + 1, now));
        prop_assert!(due(days, now) <= due(days, now + HOUR));
    }

    #[test]
    fn a_holiday_holds_no_lesson_and_is_not_over(calendar in calendars(), n in 0_i64..700, within in 0_usize..30) {
        let today = date(2026, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
        if let Some(holiday) = calendar.holiday(today, within) {
            prop_assert!(holiday.last.is_none_or(|last| last >= today));
            prop_assert!(days_between(today, holiday.first) <= i64::try_from(within).unwrap());
            if let Some(last) = holiday.last {
                prop_assert!(days_between(holiday.first, last) + 1 >= HOLIDAY);
                let days = holiday.first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last);
                prop_assert!(days.into_iter().all(|day| !calendar.is_lesson(day)));
            }
        }
    }
}

#[test]
fn lines_are_read_as_they_stand_in_a_notice() {
    let text = "2027-01-01 休\n\n 2027-01-04\t班\n2026-10-01 至 2026-10-07，休\n2026-10-10　school";
    let expected = [
        (date(2027, 1, 1), date(2027, 1, 1), DayKind::Off),
        (date(2027, 1, 4), date(2027, 1, 4), DayKind::School),
        (date(2026, 10, 1), date(2026, 10, 7), DayKind::Off),
        (date(2026, 10, 10), date(2026, 10, 10), DayKind::School),
    ];
    assert_eq!(read_lines(text).unwrap(), expected);
    let wrong = "2027-01-01 休\n2027-02-30 休\n元旦 休\n2027-01-01\n2026-10-07 2026-10-01 休\n2026-01-01 2026-12-31 休\n2026-01-01 ?";
    assert_eq!(read_lines(wrong), Err(vec![2, 3, 4, 5, 6, 7]));
    assert_eq!(read_lines(" \n"), Ok(Vec::new()));
}

#[test]
fn days_that_follow_each_other_are_one_range() {
    let off = |from, to| (from..=to).map(|day| (date(2026, 10, day), DayKind::Off));
    let days: Vec<_> = off(1, 3).chain([(date(2026, 10, 4), DayKind::School)]).chain(off(6, 7)).collect();
    let expected = [
        (date(2026, 10, 1), date(2026, 10, 3), DayKind::Off),
        (date(2026, 10, 4), date(2026, 10, 4), DayKind::School),
        (date(2026, 10, 6), date(2026, 10, 7), DayKind::Off),
    ];
    assert_eq!(ranges(days), expected);
    assert!(ranges([]).is_empty());
}

proptest! {
    #[test]
    fn no_text_breaks_the_reading_of_lines(text in "[-0-9 休班\n\t至~x]{0,60}") {
        if let Ok(read) = read_lines(&text) {
            prop_assert!(read.iter().all(|(first, last, _)| first <= last));
        }
    }
}
