//! The menu: every cell that is ever published, as code. A version never changes; a new epoch begins with the latest.

use std::fmt::Write as _;

use super::noise::Scale;
use super::{ALL_FROM, REPORTS, TOTALS_FROM};
use crate::domain::warning::{Severity, Stage};
use crate::domain::words::{GroupTag, Sex, words};

words! {
    /// How much noise an installation has.
    Profile {
        /// the scales of the method
        Standard = "standard",
        /// a third more
        Strict = "strict",
    }
}

words! {
    /// What of a school is shown, decided once per epoch by its roll.
    Tier {
        /// totals and breakdowns
        All = "all",
        /// totals
        Totals = "totals",
        /// nothing: the school is in the sum of the county only
        Nothing = "nothing",
    }
}

impl Tier {
    /// What is shown of a school or county with this roll.
    #[must_use]
    pub const fn of_roll(roll: u32) -> Self {
        match roll {
            ALL_FROM.. => Self::All,
            TOTALS_FROM.. => Self::Totals,
            _ => Self::Nothing,
        }
    }
}

words! {
    /// A table of the menu.
    Table {
        /// open files by group
        Group = "group",
        /// open files by group without a helper
        Unaided = "unaided",
        /// open files by group and entry cohort
        GroupCohort = "group_cohort",
        /// open files by group and sex
        GroupSex = "group_sex",
        /// children with a running warning by level
        Risk = "risk",
        /// the same by entry cohort
        RiskCohort = "risk_cohort",
        /// children with a running warning by how far it has come
        Step = "step",
        /// open files by whether the family was visited this term
        Visit = "visit",
    }
}

impl Table {
    /// The scale of the noise of a cell of a school.
    #[must_use]
    pub const fn scale(self, profile: Profile) -> Scale {
        let (total, unaided, broken_down) = match profile {
            Profile::Standard => (6, 7, 12),
            Profile::Strict => (8, 10, 16),
        };
        Scale::halves(match self {
            Self::Group | Self::Risk | Self::Step | Self::Visit => total,
            Self::Unaided => unaided,
            Self::GroupCohort | Self::GroupSex | Self::RiskCohort => broken_down,
        })
    }

    /// Whether it is a breakdown, shown only where the roll is large enough.
    #[must_use]
    pub const fn is_breakdown(self) -> bool {
        matches!(self, Self::GroupCohort | Self::GroupSex | Self::RiskCohort)
    }
}

words! {
    /// Whether a family was visited this term.
    Visit {
        /// 已家访
        Done = "done",
        /// 待家访
        Open = "open",
    }
}

/// The levels that are counted.
pub const LEVELS: [Severity; 4] = [Severity::Watch, Severity::Moderate, Severity::High, Severity::Critical];
/// The stages of a warning that runs.
pub const STEPS: [Stage; 4] = [Stage::Acknowledged, Stage::Assessing, Stage::Acting, Stage::Watching];

/// One cell: a number that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// Files of a group.
    Group(GroupTag),
    /// Files of a group without a helper.
    Unaided(GroupTag),
    /// Files of a group in an entry cohort.
    GroupCohort(GroupTag, i64),
    /// Files of a group by sex.
    GroupSex(GroupTag, Sex),
    /// Children at a level.
    Risk(Severity),
    /// Children at a level in an entry cohort.
    RiskCohort(Severity, i64),
    /// Children whose warning stands here.
    Step(Stage),
    /// Files by whether the family was visited.
    Visit(Visit),
}

impl Cell {
    /// The table it stands in.
    #[must_use]
    pub const fn table(self) -> Table {
        match self {
            Self::Group(_) => Table::Group,
            Self::Unaided(_) => Table::Unaided,
            Self::GroupCohort(..) => Table::GroupCohort,
            Self::GroupSex(..) => Table::GroupSex,
            Self::Risk(_) => Table::Risk,
            Self::RiskCohort(..) => Table::RiskCohort,
            Self::Step(_) => Table::Step,
            Self::Visit(_) => Table::Visit,
        }
    }

    /// Its name: `table|dimension=value,…`, the dimensions in alphabetical order.
    #[must_use]
    pub fn name(self) -> String {
        let table = self.table();
        match self {
            Self::Group(tag) | Self::Unaided(tag) => format!("{table}|tag={tag}"),
            Self::GroupCohort(tag, cohort) => format!("{table}|cohort={cohort},tag={tag}"),
            Self::GroupSex(tag, sex) => format!("{table}|sex={sex},tag={tag}"),
            Self::Risk(level) => format!("{table}|level={level}"),
            Self::RiskCohort(level, cohort) => format!("{table}|cohort={cohort},level={level}"),
            Self::Step(stage) => format!("{table}|step={stage}"),
            Self::Visit(visit) => format!("{table}|visit={visit}"),
        }
    }

    /// The label of its noise in a scope, which is the id of a school or the county.
    #[must_use]
    pub fn label(self, scope: &str) -> String {
        format!("{scope}|{}", self.name())
    }

    /// The cell with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (table, dimensions) = name.split_once('|')?;
        let value = |dimension: &str| {
            let mut parts = dimensions.split(',').filter_map(|part| part.split_once('='));
            parts.find_map(|(name, value)| (name == dimension).then_some(value))
        };
        let tag = || GroupTag::parse(value("tag")?);
        let cohort = || value("cohort")?.parse().ok();
        let level = || Severity::parse(value("level")?);
        let cell = match Table::parse(table)? {
            Table::Group => Self::Group(tag()?),
            Table::Unaided => Self::Unaided(tag()?),
            Table::GroupCohort => Self::GroupCohort(tag()?, cohort()?),
            Table::GroupSex => Self::GroupSex(tag()?, Sex::parse(value("sex")?)?),
            Table::Risk => Self::Risk(level()?),
            Table::RiskCohort => Self::RiskCohort(level()?, cohort()?),
            Table::Step => Self::Step(Stage::parse(value("step")?)?),
            Table::Visit => Self::Visit(Visit::parse(value("visit")?)?),
        };
        (cell.name() == name).then_some(cell)
    }
}

/// The version with which a new epoch begins.
pub const LATEST: i64 = 2;

/// A version of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Menu {
    /// The version.
    pub version: i64,
    /// How much noise.
    pub profile: Profile,
    /// Its tables.
    pub tables: &'static [Table],
}

impl Menu {
    /// The menu of a version: 1 is without home visits, 2 with.
    #[must_use]
    pub fn of(version: i64, profile: Profile) -> Option<Self> {
        let tables = match version {
            1 => &Table::ALL[..7],
            2 => Table::ALL,
            _ => return None,
        };
        Some(Self { version, profile, tables })
    }

    /// The cells of a scope, in the order in which they are published. Cells in which nobody counts are among them.
    #[must_use]
    pub fn cells(&self, tier: Tier, cohorts: &[i64]) -> Vec<Cell> {
        let is_shown = |table: &&Table| match tier {
            Tier::All => true,
            Tier::Totals => !table.is_breakdown(),
            Tier::Nothing => false,
        };
        self.tables.iter().filter(is_shown).flat_map(|table| cells_of(*table, cohorts)).collect()
    }

    /// All of it as text, to be hashed into every release: tables, values and scales.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("yice menu {}\nprofile {}\nreports {REPORTS}\ngrid 20\n", self.version, self.profile);
        let _ = write!(text, "totals from {TOTALS_FROM}\nall from {ALL_FROM}\ncounty twice\n");
        for table in self.tables {
            let names = cells_of(*table, &[0]).into_iter().map(|cell| cell.name().replace("cohort=0", "cohort=*"));
            let mut names: Vec<String> = names.collect();
            names.sort();
            let _ = writeln!(text, "{table} {} {}", table.scale(self.profile).text(), names.join(" "));
        }
        text
    }
}

/// The cells of one table.
fn cells_of(table: Table, cohorts: &[i64]) -> Vec<Cell> {
    let tags = || GroupTag::ALL.iter().copied();
    match table {
        Table::Group => tags().map(Cell::Group).collect(),
        Table::Unaided => tags().map(Cell::Unaided).collect(),
        Table::GroupCohort => tags().flat_map(|tag| cohorts.iter().map(move |c| Cell::GroupCohort(tag, *c))).collect(),
        Table::GroupSex => tags().flat_map(|tag| Sex::ALL.iter().map(move |sex| Cell::GroupSex(tag, *sex))).collect(),
        Table::Risk => LEVELS.map(Cell::Risk).to_vec(),
        Table::RiskCohort => {
            LEVELS.into_iter().flat_map(|level| cohorts.iter().map(move |c| Cell::RiskCohort(level, *c))).collect()
        }
        Table::Step => STEPS.map(Cell::Step).to_vec(),
        Table::Visit => Visit::ALL.iter().copied().map(Cell::Visit).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_comes_back_from_its_name_and_no_two_share_one() {
        let menu = Menu::of(LATEST, Profile::Standard).unwrap();
        let cells = menu.cells(Tier::All, &[2026, 2025, 2024]);
        let names: std::collections::BTreeSet<String> = cells.iter().map(|cell| cell.name()).collect();
        assert_eq!(names.len(), cells.len());
        for cell in &cells {
            assert_eq!(Cell::parse(&cell.name()), Some(*cell));
        }
        assert_eq!(cells.len(), 8 + 8 + 24 + 16 + 4 + 12 + 4 + 2);
        for wrong in ["", "group", "group|tag=", "group|tag=orphan,x=1", "risk|level=none|", "class|tag=orphan"] {
            assert_eq!(Cell::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_first_version_knows_no_home_visits_and_a_small_school_no_breakdown() {
        let cells = |version, tier| Menu::of(version, Profile::Standard).unwrap().cells(tier, &[2026]);
        assert!(cells(1, Tier::All).iter().all(|cell| cell.table() != Table::Visit));
        assert!(cells(2, Tier::All).contains(&Cell::Visit(Visit::Open)));
        assert!(cells(2, Tier::Totals).iter().all(|cell| !cell.table().is_breakdown()));
        assert_eq!(cells(2, Tier::Totals).len(), 8 + 8 + 4 + 4 + 2);
        assert!(cells(2, Tier::Nothing).is_empty());
        assert_eq!(Menu::of(3, Profile::Standard), None);
        for (roll, tier) in [(29, Tier::Nothing), (30, Tier::Totals), (99, Tier::Totals), (100, Tier::All)] {
            assert_eq!(Tier::of_roll(roll), tier, "{roll}");
        }
    }

    #[test]
    fn what_a_version_says_does_not_change() {
        let text = |version| Menu::of(version, Profile::Standard).unwrap().text();
        assert!(text(1).starts_with("yice menu 1\nprofile standard\nreports 24\ngrid 20\n"), "{}", text(1));
        assert!(text(1).contains("\nunaided 3.5 unaided|tag=behaviour "), "{}", text(1));
        assert!(text(2).ends_with("visit 3 visit|visit=done visit|visit=open\n"), "{}", text(2));
        assert_eq!(text(1).lines().count() + 1, text(2).lines().count());
        assert_ne!(text(2), Menu::of(2, Profile::Strict).unwrap().text());
    }
}
