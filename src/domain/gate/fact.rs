//! Facts: what is counted of one child. Each family of cells has a row of its own, under an id of its own: no row says more
//! than its cells need, and none points to another.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::menu::{Cell, Visit};
use crate::domain::record::{Circumstance, Standing};
use crate::domain::warning::{Severity, Stage};
use crate::domain::words::{GroupTag, Sex};

/// The length of every fact.
pub const LENGTH: usize = 16;

/// In so many groups a child counts at most: one in more would stand out.
pub const GROUPS: u32 = 4;

/// What is counted of one child in one family of cells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// The groups a child counts in, with entry cohort and sex.
    Groups {
        /// The groups.
        tags: Tags,
        /// Entry cohort.
        cohort: i64,
        /// Sex.
        sex: Sex,
    },
    /// The groups of a child, and from when on nobody helps.
    Unaided {
        /// The groups.
        tags: Tags,
        /// The first report on which the child counts as without a helper, the first day of a month; none: on every one.
        from: Option<Date>,
    },
    /// The level of the warning that runs.
    Risk {
        /// The level.
        level: Severity,
        /// Entry cohort.
        cohort: i64,
    },
    /// How far the warning that runs has come.
    Step(Stage),
    /// The last home visit of a child whose family is to be visited once a term; none yet.
    Visit(Option<Date>),
}

/// Groups, one bit each in the order of [`GroupTag::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Tags(u16);

impl Tags {
    /// The groups themselves.
    pub fn each(self) -> impl Iterator<Item = GroupTag> {
        GroupTag::ALL.iter().copied().filter(move |tag| self.has(*tag))
    }

    /// Whether this group is among them.
    #[must_use]
    pub const fn has(self, tag: GroupTag) -> bool {
        self.0 >> tag.index() & 1 == 1
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<GroupTag> for Tags {
    fn from_iter<I: IntoIterator<Item = GroupTag>>(tags: I) -> Self {
        Self(tags.into_iter().fold(0, |bits, tag| bits | 1 << tag.index()))
    }
}

/// The groups that a child counts in, and those that were verified while it counted in [`GROUPS`] already: none of these moves
/// up when another ends, or one thing that ends would change the cells of two groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counted {
    /// Counted.
    #[serde(rename = "c")]
    pub tags: Tags,
    /// Verified, and not counted.
    #[serde(default, rename = "o")]
    over: Tags,
}

impl Counted {
    /// What counts after a decision: what counted before and still stands, and what is new as long as there is room, the
    /// earliest first.
    #[must_use]
    pub fn after(self, circumstances: &[Circumstance]) -> Self {
        let stands: Vec<&Circumstance> = circumstances.iter().filter(|c| c.standing == Standing::Verified).collect();
        let verified: Tags = stands.iter().map(|c| c.tag).collect();
        let (mut tags, mut over) = (Tags(self.tags.0 & verified.0), Tags(self.over.0 & verified.0));
        let mut new: Vec<_> = stands.into_iter().filter(|c| !tags.has(c.tag) && !over.has(c.tag)).collect();
        new.sort_by_key(|c| (c.at, c.tag));
        for circumstance in new {
            let place = if tags.count() < GROUPS { &mut tags } else { &mut over };
            place.0 |= 1 << circumstance.tag.index();
        }
        Self { tags, over }
    }
}

/// The first report on which a child whose helper's last day is `ends` counts as without a helper.
#[must_use]
pub fn unaided_from(ends: Date) -> Date {
    let after = ends.saturating_add(1.day());
    if after.day() == 1 { after } else { after.first_of_month().saturating_add(1.month()) }
}

impl Fact {
    /// The cells in which it counts on the day of a report, in a term that began on `term`.
    pub fn cells(&self, day: Date, term: Date) -> impl Iterator<Item = Cell> {
        let mut cells = Vec::with_capacity(16);
        match *self {
            Self::Groups { tags, cohort, sex } => {
                for tag in tags.each() {
                    cells.extend([Cell::Group(tag), Cell::GroupCohort(tag, cohort), Cell::GroupSex(tag, sex)]);
                }
            }
            Self::Unaided { tags, from } => {
                if from.is_none_or(|from| from <= day) {
                    cells.extend(tags.each().map(Cell::Unaided));
                }
            }
            Self::Risk { level, cohort } => cells.extend([Cell::Risk(level), Cell::RiskCohort(level, cohort)]),
            Self::Step(stage) => cells.push(Cell::Step(stage)),
            Self::Visit(last) => {
                let done = last.is_some_and(|last| last >= term);
                cells.push(Cell::Visit(if done { Visit::Done } else { Visit::Open }));
            }
        }
        cells.into_iter()
    }

    /// The fact as bytes, to be sealed: all are equally long.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let (family, tags, cohort, word, day) = match *self {
            Self::Groups { tags, cohort, sex } => (1, tags, cohort, sex.index(), None),
            Self::Unaided { tags, from } => (2, tags, 0, 0, from),
            Self::Risk { level, cohort } => (3, Tags::default(), cohort, level.index(), None),
            Self::Step(stage) => (4, Tags::default(), 0, stage.index(), None),
            Self::Visit(last) => (5, Tags::default(), 0, 0, last),
        };
        let mut bytes = [0; LENGTH];
        bytes[0] = family;
        bytes[1] = u8::try_from(word).unwrap_or(u8::MAX);
        bytes[2..4].copy_from_slice(&tags.0.to_be_bytes());
        bytes[4..8].copy_from_slice(&i32::try_from(cohort).unwrap_or(0).to_be_bytes());
        if let Some(day) = day {
            bytes[8..10].copy_from_slice(&day.year().to_be_bytes());
            bytes[10] = day.month().unsigned_abs();
            bytes[11] = day.day().unsigned_abs();
        }
        bytes
    }

    /// Reads what [`Fact::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; LENGTH]) -> Option<Self> {
        let [family, word, t0, t1, c0, c1, c2, c3, y0, y1, month, day, ..] = *bytes;
        let word = usize::from(word);
        let tags = Tags(u16::from_be_bytes([t0, t1]));
        let cohort = i64::from(i32::from_be_bytes([c0, c1, c2, c3]));
        let small = |n: u8| i8::try_from(n).ok();
        let day = match (month, day) {
            (0, 0) => None,
            (month, day) => Some(Date::new(i16::from_be_bytes([y0, y1]), small(month)?, small(day)?).ok()?),
        };
        Some(match family {
            1 => Self::Groups { tags, cohort, sex: *Sex::ALL.get(word)? },
            2 => Self::Unaided { tags, from: day },
            3 => Self::Risk { level: *Severity::ALL.get(word)?, cohort },
            4 => Self::Step(*Stage::ALL.get(word)?),
            5 => Self::Visit(day),
            _ => return None,
        })
    }
}

crate::domain::unprintable::unprintable!(Fact);

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::PersonId;

    fn verified(tags: &[(GroupTag, i64)]) -> Vec<Circumstance> {
        let one = |(tag, at): &(GroupTag, i64)| Circumstance {
            tag: *tag,
            basis: "b".to_owned(),
            since: None,
            until: None,
            standing: Standing::Verified,
            by: PersonId(Uuid::nil()),
            at: *at,
        };
        tags.iter().map(one).collect()
    }

    #[test]
    fn every_fact_comes_back_from_its_bytes() {
        let tags: Tags = [GroupTag::LeftBehind, GroupTag::Behaviour].into_iter().collect();
        let mut facts = vec![
            Fact::Groups { tags, cohort: 2024, sex: Sex::Female },
            Fact::Unaided { tags, from: None },
            Fact::Unaided { tags, from: Some(date(2027, 1, 1)) },
            Fact::Visit(None),
            Fact::Visit(Some(date(2026, 11, 23))),
        ];
        facts.extend(Severity::ALL.iter().map(|level| Fact::Risk { level: *level, cohort: 2019 }));
        facts.extend(Stage::ALL.iter().map(|stage| Fact::Step(*stage)));
        for fact in &facts {
            assert!(Fact::from_bytes(&fact.to_bytes()) == Some(*fact));
        }
        let mut distinct: Vec<_> = facts.iter().map(Fact::to_bytes).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), facts.len());
        assert!(Fact::from_bytes(&[9; LENGTH]).is_none());
    }

    #[test]
    fn a_helper_until_the_end_of_a_month_leaves_the_child_alone_at_the_next_report() {
        assert_eq!(unaided_from(date(2026, 11, 30)), date(2026, 12, 1));
        assert_eq!(unaided_from(date(2026, 12, 1)), date(2027, 1, 1));
        assert_eq!(unaided_from(date(2026, 12, 30)), date(2027, 1, 1));
    }

    #[test]
    fn a_fifth_group_does_not_count_and_does_not_move_up() {
        use GroupTag::{Behaviour, Disabled, Emotional, LeftBehind, Poor};
        let four = [(Poor, 1), (Emotional, 2), (Disabled, 3), (Behaviour, 4)];
        let counted = Counted::default().after(&verified(&four));
        assert_eq!(counted.tags.each().collect::<Vec<_>>(), [Disabled, Poor, Emotional, Behaviour]);
        let five = verified(&[four[0], four[1], four[2], four[3], (LeftBehind, 5)]);
        let fifth = counted.after(&five);
        assert_eq!(fifth.tags, counted.tags);
        let ended = fifth.after(&verified(&[four[0], four[2], four[3], (LeftBehind, 5)]));
        assert_eq!(ended.tags.each().collect::<Vec<_>>(), [Disabled, Poor, Behaviour]);
        let again = ended.after(&verified(&[four[0], four[2], four[3], (LeftBehind, 5), (Emotional, 6)]));
        assert_eq!(again.tags, counted.tags, "what is verified anew finds room");
        assert_eq!(Counted::default().after(&five).tags, counted.tags, "the earliest count");
    }

    #[test]
    fn a_fact_counts_in_its_cells_and_no_other() {
        let (day, term) = (date(2026, 12, 1), date(2026, 9, 1));
        let tags: Tags = [GroupTag::Orphan].into_iter().collect();
        let names = |fact: Fact| fact.cells(day, term).map(Cell::name).collect::<Vec<_>>();
        assert_eq!(
            names(Fact::Groups { tags, cohort: 2024, sex: Sex::Male }),
            ["group|tag=orphan", "group_cohort|cohort=2024,tag=orphan", "group_sex|sex=male,tag=orphan"]
        );
        assert_eq!(names(Fact::Unaided { tags, from: None }), ["unaided|tag=orphan"]);
        assert_eq!(names(Fact::Unaided { tags, from: Some(day) }), ["unaided|tag=orphan"]);
        assert!(names(Fact::Unaided { tags, from: Some(date(2027, 1, 1)) }).is_empty());
        assert_eq!(
            names(Fact::Risk { level: Severity::High, cohort: 2024 }),
            ["risk|level=high", "risk_cohort|cohort=2024,level=high"]
        );
        assert_eq!(names(Fact::Step(Stage::Acting)), ["step|step=acting"]);
        assert_eq!(names(Fact::Visit(Some(term))), ["visit|visit=done"]);
        assert_eq!(names(Fact::Visit(Some(date(2026, 8, 31)))), ["visit|visit=open"]);
        assert_eq!(names(Fact::Visit(None)), ["visit|visit=open"]);
    }
}
