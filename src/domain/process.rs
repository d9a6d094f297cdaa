//! Process figures: what a school did, counted exactly. Each one says why it may be exact; a figure about children goes through the gate.

use super::words::words;

words! {
    /// Something a school did, as an exact total.
    ProcessFigure {
        /// 家访总次数
        VisitsMade = "visits_made",
        /// 参加培训的教师人次
        StaffTrained = "staff_trained",
        /// 联席会议次数
        MeetingsHeld = "meetings_held",
    }
}

impl ProcessFigure {
    /// Why the exact total is no fact about a child. A figure without a good answer does not belong here.
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
        }
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
    fn half_of_the_quota_is_asked_for_after_half_of_the_year() {
        assert_eq!(visits_asked(1, 37, false), 19);
        assert_eq!(visits_asked(1, 37, true), 37);
        assert_eq!(visits_asked(2, 37, false), 37);
        assert_eq!(visits_asked(2, 0, true), 0);
    }
}
