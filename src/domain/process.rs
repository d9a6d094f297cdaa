//! Process figures: what a school did, exactly. Each one says why it may be exact; a figure about children goes through the gate.

use super::words::words;

words! {
    /// A number of the work of a school.
    ProcessFigure {
        /// 家访总次数
        VisitsMade = "visits_made",
        /// 参加培训的教师人次
        StaffTrained = "staff_trained",
        /// 联席会议次数
        MeetingsHeld = "meetings_held",
        /// 按时完成的任务, in whole percent
        DeadlinesMet = "deadlines_met",
    }
}

/// From so many due times on their share is said.
pub const DEADLINES_FROM: i64 = 100;

impl ProcessFigure {
    /// Why it is no fact about a child. A figure without a good answer does not belong here.
    #[must_use]
    pub const fn why_exact(self) -> &'static str {
        match self {
            Self::VisitsMade => {
                "it counts acts of teachers over the whole school and half year, for whichever child and reason; every child \
                 is to be visited at least once a year, so being visited sets none apart, and neither class, day, reason nor \
                 child stands in the table"
            }
            Self::StaffTrained => "it is about staff: how many sat in a training that the whole school knows of",
            Self::MeetingsHeld => "it is about meetings of offices, in which no child is named",
            Self::DeadlinesMet => {
                "one of a hundred and more moves the share by less than it is rounded, and a due time is of a task, not of \
                 what a child has"
            }
        }
    }
}

/// A number of the work, as it stands in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Which.
    pub figure: ProcessFigure,
    /// The number; none where it would be of too few.
    pub value: Option<i64>,
}

impl Process {
    /// All of them: the totals, and due times met of all that were due.
    #[must_use]
    pub fn of(total: impl Fn(ProcessFigure) -> i64, met: i64, due: i64) -> Vec<Self> {
        let share = (due >= DEADLINES_FROM).then(|| (met * 100 + due / 2) / due);
        let value = |figure| if figure == ProcessFigure::DeadlinesMet { share } else { Some(total(figure)) };
        ProcessFigure::ALL.iter().map(|figure| Self { figure: *figure, value: value(*figure) }).collect()
    }
}

/// How many visits a school is asked for until the end of a half year: the quota per student and school year, half of it after
/// the first half.
#[must_use]
pub const fn visits_asked(quota: i64, roll: i64, second_half: bool) -> i64 {
    let year = quota * roll;
    if second_half { year } else { (year + 1) / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_says_why_it_may_be_exact() {
        for figure in ProcessFigure::ALL {
            assert!(figure.why_exact().len() > 40, "{figure}");
        }
    }

    #[test]
    fn a_share_is_said_of_a_hundred_and_more_only() {
        let all = |met, due| Process::of(|figure| if figure == ProcessFigure::VisitsMade { 3 } else { 0 }, met, due);
        let share = |met, due| all(met, due)[3].value;
        assert_eq!(all(0, 0).iter().map(|one| one.value).collect::<Vec<_>>(), [Some(3), Some(0), Some(0), None]);
        assert_eq!(share(99, 99), None);
        assert_eq!(share(95, 100), Some(95));
        assert_eq!(share(199, 200), Some(100));
    }

    #[test]
    fn half_of_the_quota_is_asked_for_after_half_of_the_year() {
        assert_eq!(visits_asked(1, 37, false), 19);
        assert_eq!(visits_asked(1, 37, true), 37);
        assert_eq!(visits_asked(2, 37, false), 37);
        assert_eq!(visits_asked(2, 0, true), 0);
    }
}
