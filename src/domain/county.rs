//! What passes between the schools and their district: halves of a school year, joint meetings, supervision. Nothing of it is about
//! one child.

use std::fmt;

use jiff::civil::Date;

use super::warning::LetterKind;
use super::words::words;

/// Half of a school year, the same for all schools: `2026-1` is August 2026 to January 2027, `2026-2` the half year after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HalfYear {
    /// The year in which the school year begins.
    pub year: i16,
    /// Whether it is the second half.
    pub second: bool,
}

impl HalfYear {
    /// The half year in which a day lies.
    #[must_use]
    pub fn of(day: Date) -> Self {
        match day.month() {
            8.. => Self { year: day.year(), second: false },
            1 => Self { year: day.year() - 1, second: false },
            _ => Self { year: day.year() - 1, second: true },
        }
    }

    /// The half year with this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let (year, half) = code.split_once('-')?;
        let year = year.parse().ok().filter(|year| (2000..2100).contains(year))?;
        match half {
            "1" => Some(Self { year, second: false }),
            "2" => Some(Self { year, second: true }),
            _ => None,
        }
    }

    /// The half year before it.
    #[must_use]
    pub const fn before(self) -> Self {
        if self.second { Self { second: false, ..self } } else { Self { year: self.year - 1, second: true } }
    }

    /// Both halves of its school year.
    #[must_use]
    pub const fn year_of(self) -> [Self; 2] {
        [Self { second: false, ..self }, Self { second: true, ..self }]
    }
}

impl fmt::Display for HalfYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.year, if self.second { 2 } else { 1 })
    }
}

impl TryFrom<String> for HalfYear {
    type Error = super::words::UnknownWord;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code).ok_or(super::words::UnknownWord { words: "HalfYear" })
    }
}

words! {
    /// What somebody wrote for a meeting or a supervision.
    Part {
        /// 议题
        Agenda = "agenda",
        /// 会议纪要
        Minutes = "minutes",
        /// a decision 决议
        Decision = "decision",
        /// the de-identified experience of a school 经验交流
        Experience = "experience",
        /// what the district looks at
        Note = "note",
        /// the answer of a school
        Answer = "answer",
        /// what is to be put right 整改要求
        Rectify = "rectify",
    }
}

impl Part {
    /// What a copy of it is, and with that who may open one.
    #[must_use]
    pub const fn letter(self) -> LetterKind {
        match self {
            Self::Agenda | Self::Minutes | Self::Decision | Self::Experience => LetterKind::Meeting,
            Self::Note | Self::Answer | Self::Rectify => LetterKind::Supervision,
        }
    }
}

words! {
    /// How far a decision of a joint meeting came 落实情况.
    DecisionState {
        /// 未开始
        Open = "open",
        /// 落实中
        UnderWay = "under_way",
        /// 已落实
        Done = "done",
    }
}

words! {
    /// What a supervision looks at: process, and never a child.
    Topic {
        /// 家访开展
        Visits = "visits",
        /// 一人一册复核
        FileReviews = "file_reviews",
        /// 联席会议与总结会
        Meetings = "meetings",
        /// 教师培训
        Training = "training",
        /// 按时办理
        Deadlines = "deadlines",
        /// 结对帮扶制度
        Helping = "helping",
        /// 心理辅导室与值班
        Counselling = "counselling",
        /// 个人信息保护自查
        Privacy = "privacy",
    }
}

impl Topic {
    /// The figure that the system itself counts for this topic: nobody types it in.
    #[must_use]
    pub const fn figure(self) -> Option<super::process::ProcessFigure> {
        match self {
            Self::Visits => Some(super::process::ProcessFigure::VisitsMade),
            Self::Meetings => Some(super::process::ProcessFigure::MeetingsHeld),
            Self::Training => Some(super::process::ProcessFigure::StaffTrained),
            _ => None,
        }
    }
}

words! {
    /// How far the answer of a school to one topic came.
    AnswerState {
        /// 未答复
        Open = "open",
        /// 进行中
        UnderWay = "under_way",
        /// 学校已完成
        Done = "done",
        /// 限期整改
        Rectify = "rectify",
        /// 教育局已认可
        Accepted = "accepted",
    }
}

impl AnswerState {
    /// What a school can say of itself.
    pub const BY_SCHOOL: &'static [Self] = &[Self::UnderWay, Self::Done];

    /// Whether the school still has something to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::UnderWay | Self::Rectify)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_half_year_is_found_by_any_of_its_days_and_reads_back() {
        for (day, code) in [
            (date(2026, 8, 1), "2026-1"),
            (date(2026, 12, 31), "2026-1"),
            (date(2027, 1, 31), "2026-1"),
            (date(2027, 2, 1), "2026-2"),
            (date(2027, 7, 31), "2026-2"),
        ] {
            let half = HalfYear::of(day);
            assert_eq!(half.to_string(), code);
            assert_eq!(HalfYear::parse(code), Some(half));
        }
        assert_eq!(HalfYear::of(date(2026, 9, 1)).before(), HalfYear::of(date(2026, 3, 1)));
        assert_eq!(HalfYear::of(date(2027, 3, 1)).before(), HalfYear::of(date(2026, 10, 1)));
        for wrong in ["", "2026", "2026-3", "26-1", "2026-1 "] {
            assert_eq!(HalfYear::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn everything_written_for_a_meeting_is_read_as_a_meeting_and_the_rest_as_supervision() {
        use crate::domain::words::Kind;
        for part in Part::ALL {
            let meeting = matches!(part, Part::Agenda | Part::Minutes | Part::Decision | Part::Experience);
            let kind = if meeting { Kind::Meeting } else { Kind::Supervision };
            assert_eq!(part.letter().kind(), kind, "{part}");
            assert!(!part.letter().kind().is_of_a_child());
        }
    }
}
