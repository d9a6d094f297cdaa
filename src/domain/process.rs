//! Numbers of the work that leadership sees exactly. Each stands here with the reason why it tells nothing about a child.

use super::words::words;

words! {
    /// A number of the work.
    Figure {
        /// Home visits written down this term. Visits, not children: several can go to one family, and a visit says nothing of why.
        Visits = "visits",
        /// Due times met in time this term, in percent, rounded to whole ones, over a hundred and more: one of them moves it by
        /// less than it is rounded, and a due time is of a task, not of what a child has.
        Deadlines = "deadlines",
    }
}

/// From so many due times on their share is said.
pub const DEADLINES_FROM: i64 = 100;

/// A number of the work, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Which.
    pub figure: Figure,
    /// The number; none where it would be of too few.
    pub value: Option<i64>,
}

impl Process {
    /// The numbers of a term: home visits, and due times met of all that were due.
    #[must_use]
    pub fn of(visits: i64, met: i64, due: i64) -> Vec<Self> {
        let share = (due >= DEADLINES_FROM).then(|| (met * 100 + due / 2) / due);
        vec![Self { figure: Figure::Visits, value: Some(visits) }, Self { figure: Figure::Deadlines, value: share }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_said_of_a_hundred_and_more_only() {
        let share = |met, due| Process::of(3, met, due)[1].value;
        assert_eq!(Process::of(3, 0, 0)[0].value, Some(3));
        assert_eq!(share(99, 99), None);
        assert_eq!(share(95, 100), Some(95));
        assert_eq!(share(199, 200), Some(100));
    }
}
