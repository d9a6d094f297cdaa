//! The class mood log 心理晴雨表: what stands on a day, and the rules that make a signal of it (`forms.md` §2.6).
//!
//! The rules look at days on which the log was kept. A day without a log neither breaks a run nor counts in it; more than a
//! week without one begins anew, because after a holiday nobody knows what was between.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ids::StudentId;
use super::unprintable::unprintable;
use super::warning::Rule;
use super::words::words;

words! {
    /// How a student was on a day, as the homeroom teacher saw it.
    Mood {
        /// 平静: what holds where nothing is ticked
        Calm = "calm",
        /// 低落
        Low = "low",
        /// 焦躁
        Restless = "restless",
        /// 缺勤原因不明
        Missing = "missing",
    }
}

/// The log of one class on one day. Who is not named was calm. Sealed.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sheet {
    /// Those who were not calm.
    pub marks: BTreeMap<StudentId, Mood>,
}

unprintable!(Sheet);

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fired {
    /// About whom; none where it is about the log of the class.
    pub student: Option<StudentId>,
    /// The rule.
    pub rule: Rule,
    /// The days of the run, up to the one that completed it. The first names the run: one signal for each rule and run.
    pub days: Vec<Date>,
}

/// Days without a log after which a run begins anew.
const GAP: i32 = 7;
/// Logged days that the rules need to see: the longest run, on both sides of the day that was saved.
pub const SEEN: i64 = 40;

/// The rules about one student that low days fire, with how many days running.
const LOW: [(Rule, usize); 3] = [(Rule::LowTwoDays, 2), (Rule::LowThreeDays, 3), (Rule::LowSevenDays, 7)];
const MISSING: [(Rule, usize); 1] = [(Rule::AbsentThreeDays, 3)];
const EVEN: [(Rule, usize); 1] = [(Rule::EvenFifteenDays, 15)];

/// The rules that the log of `saved` completes, among these days in order. A run that was complete before does not fire again,
/// but for one whose earlier day was saved once more: the caller knows those by rule, student and first day.
#[must_use]
pub fn fired(days: &[(Date, Sheet)], saved: Date) -> Vec<Fired> {
    let Some(at) = days.iter().position(|(day, _)| *day == saved) else { return Vec::new() };
    let mut found = Vec::new();
    for (student, mood) in &days[at].1.marks {
        let (rules, alike): (&[_], &[Mood]) = match mood {
            Mood::Calm => continue,
            Mood::Low | Mood::Restless => (&LOW, &[Mood::Low, Mood::Restless]),
            Mood::Missing => (&MISSING, &[Mood::Missing]),
        };
        let holds = |sheet: &Sheet| sheet.marks.get(student).is_some_and(|mood| alike.contains(mood));
        found.extend(completed(days, at, rules, holds).map(|(rule, days)| Fired {
            student: Some(*student),
            rule,
            days,
        }));
    }
    if days[at].1.marks.is_empty() {
        let even = completed(days, at, &EVEN, |sheet| sheet.marks.is_empty());
        found.extend(even.map(|(rule, days)| Fired { student: None, rule, days }));
    }
    found.sort_unstable();
    found
}

/// The rules whose number of days the run around one day reaches on that day, or on a later one that was saved before it.
fn completed<'a>(
    days: &'a [(Date, Sheet)],
    at: usize,
    rules: &'a [(Rule, usize)],
    holds: impl Fn(&Sheet) -> bool,
) -> impl Iterator<Item = (Rule, Vec<Date>)> + 'a {
    let near = |a: usize, b: usize| (days[b].0 - days[a].0).get_days() <= GAP;
    let mut first = at;
    while first > 0 && near(first - 1, first) && holds(&days[first - 1].1) {
        first -= 1;
    }
    let mut last = at;
    while last + 1 < days.len() && near(last, last + 1) && holds(&days[last + 1].1) {
        last += 1;
    }
    let reached = at - first + 1..=last - first + 1;
    let complete = rules.iter().filter(move |(_, length)| reached.contains(length));
    complete.map(move |(rule, length)| (*rule, days[first..first + length].iter().map(|(day, _)| *day).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    const CHILD: StudentId = StudentId(Uuid::from_u128(7));

    fn sheet(mood: Mood) -> Sheet {
        let marks = (mood != Mood::Calm).then_some((CHILD, mood));
        Sheet { marks: marks.into_iter().collect() }
    }

    /// One log a day from the first of the month on.
    fn log(moods: &[Mood]) -> Vec<(Date, Sheet)> {
        let day = |n: usize| date(2026, 9, 1).saturating_add(i64::try_from(n).unwrap().days());
        moods.iter().enumerate().map(|(n, mood)| (day(n), sheet(*mood))).collect()
    }

    /// Every rule that fired while the days were saved one after the other.
    fn in_order(days: &[(Date, Sheet)]) -> Vec<Fired> {
        (1..=days.len()).flat_map(|n| fired(&days[..n], days[n - 1].0)).collect()
    }

    fn rules(fired: &[Fired]) -> Vec<Rule> {
        fired.iter().map(|fired| fired.rule).collect()
    }

    #[test]
    fn two_three_and_seven_low_days_running_fire_once_each() {
        let days = log(&[Mood::Low; 9]);
        let found = in_order(&days);
        assert_eq!(rules(&found), [Rule::LowTwoDays, Rule::LowThreeDays, Rule::LowSevenDays]);
        assert!(found.iter().all(|fired| fired.student == Some(CHILD) && fired.days[0] == date(2026, 9, 1)));
        assert_eq!(found.iter().map(|fired| fired.days.len()).collect::<Vec<_>>(), [2, 3, 7]);
    }

    #[test]
    fn low_and_restless_are_one_run_and_a_calm_day_ends_it() {
        assert_eq!(rules(&in_order(&log(&[Mood::Low, Mood::Restless]))), [Rule::LowTwoDays]);
        assert!(in_order(&log(&[Mood::Low, Mood::Calm, Mood::Low])).is_empty());
        assert!(in_order(&log(&[Mood::Low, Mood::Missing, Mood::Low])).is_empty());
        assert_eq!(rules(&in_order(&log(&[Mood::Missing; 4]))), [Rule::AbsentThreeDays]);
    }

    #[test]
    fn a_weekend_does_not_break_a_run_and_a_holiday_does() {
        let friday_monday = [(date(2026, 9, 4), sheet(Mood::Low)), (date(2026, 9, 7), sheet(Mood::Low))];
        assert_eq!(rules(&in_order(&friday_monday)), [Rule::LowTwoDays]);
        let around_a_holiday = [(date(2026, 9, 29), sheet(Mood::Low)), (date(2026, 10, 9), sheet(Mood::Low))];
        assert!(in_order(&around_a_holiday).is_empty());
    }

    #[test]
    fn fifteen_days_without_any_mark_are_about_the_log_and_not_about_a_child() {
        let found = in_order(&log(&[Mood::Calm; 20]));
        assert_eq!(rules(&found), [Rule::EvenFifteenDays]);
        assert_eq!((found[0].student, found[0].days.len()), (None, 15));
        let mut moods = [Mood::Calm; 20];
        moods[7] = Mood::Low;
        assert!(in_order(&log(&moods)).is_empty());
    }

    #[test]
    fn a_day_filled_in_later_completes_the_run_around_it() {
        let days = log(&[Mood::Low, Mood::Low, Mood::Low]);
        let without = [days[0].clone(), days[2].clone()];
        assert_eq!(rules(&fired(&without, days[2].0)), [Rule::LowTwoDays], "a day without a log breaks nothing");
        assert_eq!(rules(&fired(&days, days[1].0)), [Rule::LowTwoDays, Rule::LowThreeDays]);
        assert!(fired(&days, date(2026, 8, 1)).is_empty(), "a day that is not there");
    }

    fn mood() -> impl Strategy<Value = Mood> {
        prop::sample::select(Mood::ALL)
    }

    proptest! {
        /// Counted another way: the runs of the whole log, by their length.
        #[test]
        fn each_run_fires_each_rule_that_it_is_long_enough_for_exactly_once(moods in prop::collection::vec(mood(), 0..60)) {
            let low = |mood: Mood| matches!(mood, Mood::Low | Mood::Restless);
            let runs = |holds: &dyn Fn(Mood) -> bool| -> Vec<usize> {
                moods.split(|mood| !holds(*mood)).map(<[Mood]>::len).collect()
            };
            let found = rules(&in_order(&log(&moods)));
            for (rule, length, runs) in [
                (Rule::LowTwoDays, 2, runs(&low)),
                (Rule::LowThreeDays, 3, runs(&low)),
                (Rule::LowSevenDays, 7, runs(&low)),
                (Rule::AbsentThreeDays, 3, runs(&|mood| mood == Mood::Missing)),
                (Rule::EvenFifteenDays, 15, runs(&|mood| mood == Mood::Calm)),
            ] {
                let expected = runs.iter().filter(|run| **run >= length).count();
                prop_assert_eq!(found.iter().filter(|fired| **fired == rule).count(), expected, "{}", rule);
            }
        }

        /// In whatever order the days are saved: every run of the finished log has fired every rule it is long enough for.
        #[test]
        fn no_order_of_saving_loses_a_signal(moods in prop::collection::vec(mood(), 1..12), order in any::<u64>()) {
            let whole = log(&moods);
            let mut left: Vec<usize> = (0..whole.len()).collect();
            let (mut saved, mut found, mut order) = (Vec::new(), BTreeSet::new(), order);
            while !left.is_empty() {
                let pick = usize::try_from(order % left.len() as u64).unwrap();
                order = order.rotate_right(7) ^ 0x9e37;
                let newest = left.remove(pick);
                saved.push(newest);
                saved.sort_unstable();
                let now: Vec<(Date, Sheet)> = saved.iter().map(|n| whole[*n].clone()).collect();
                found.extend(fired(&now, whole[newest].0).into_iter().map(|fired| fired.rule));
            }
            let expected: BTreeSet<Rule> = in_order(&whole).into_iter().map(|fired| fired.rule).collect();
            prop_assert!(expected.is_subset(&found));
        }
    }
}
