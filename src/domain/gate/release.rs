//! A release: what is published of a school, or of all together, as one text that never changes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;

use super::menu::{Cell, Menu, Profile, Tier};
use super::noise::{Bytes, Scale, noise, rounded};
use crate::domain::process::{Process, ProcessFigure};

/// Where a release belongs: the label of its noise begins with it.
pub const COUNTY: &str = "county";

/// True counts by cell.
pub type Counts = BTreeMap<Cell, u32>;

/// One published text, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Which epoch.
    pub epoch: i64,
    /// Which report of it.
    pub report: usize,
    /// The day it stands for.
    pub day: Date,
    /// The version of the menu.
    pub version: i64,
    /// How much noise.
    pub profile: Profile,
    /// The hash of the menu's text.
    pub menu_hash: String,
    /// What is shown.
    pub tier: Tier,
    /// Whether it is of all schools together.
    pub county: bool,
    /// The roll by entry cohort, youngest first: a register figure, exact.
    pub roll: Vec<(i64, u32)>,
    /// Numbers of the work, exact; none of all schools together.
    pub process: Vec<Process>,
    /// The numbers.
    pub cells: BTreeMap<Cell, i64>,
}

/// What a publisher needs to know of a scope.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The beginning of its labels: `school-` and the id, or [`COUNTY`].
    pub label: String,
    /// Whether it is of all schools together, with twice the noise.
    pub county: bool,
    /// What is shown.
    pub tier: Tier,
    /// The roll by entry cohort, youngest first.
    pub roll: Vec<(i64, u32)>,
    /// True counts.
    pub counts: Counts,
}

/// The numbers of a scope in a report: every cell of the menu, with its noise. `stream` gives the bytes of a label.
#[must_use]
pub fn publish<B: Bytes>(stream: impl Fn(&str) -> B, menu: &Menu, scope: &Scope, report: usize) -> BTreeMap<Cell, i64> {
    let cohorts: Vec<i64> = scope.roll.iter().map(|(cohort, _)| *cohort).collect();
    let number = |cell: Cell| {
        let drawn = noise(&stream, &cell.label(&scope.label), scale(menu.profile, cell, scope.county), report);
        (cell, rounded(scope.counts.get(&cell).copied().unwrap_or(0), drawn))
    };
    menu.cells(scope.tier, &cohorts).into_iter().map(number).collect()
}

/// The scale of the noise of a cell.
#[must_use]
pub const fn scale(profile: Profile, cell: Cell, county: bool) -> Scale {
    let scale = cell.table().scale(profile);
    if county { scale.doubled() } else { scale }
}

const HEAD: &str = "yice release 1";

impl Released {
    /// The scale of the noise of a cell.
    #[must_use]
    pub const fn scale(&self, cell: Cell) -> Scale {
        scale(self.profile, cell, self.county)
    }

    /// How many are on the roll.
    #[must_use]
    pub fn roll_in_all(&self) -> u32 {
        self.roll.iter().map(|(_, count)| count).sum()
    }

    /// The text that is stored. Cells stand in the order of the menu.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(8_192);
        let _ = writeln!(text, "{HEAD}\nepoch {}\nreport {}\nday {}", self.epoch, self.report, self.day);
        let _ = writeln!(text, "menu {} {} {}", self.version, self.profile, self.menu_hash);
        let _ = writeln!(text, "tier {}\ncounty {}", self.tier, self.county);
        for (cohort, count) in &self.roll {
            let _ = writeln!(text, "roll {cohort} {count}");
        }
        for Process { figure, value } in &self.process {
            let _ =
                writeln!(text, "process {figure} {}", value.map_or_else(|| "-".to_owned(), |value| value.to_string()));
        }
        for (cell, number) in &self.cells {
            let _ = writeln!(text, "{} {number}", cell.name());
        }
        text
    }

    /// Reads a stored text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        value("yice release").filter(|version| *version == "1")?;
        let epoch = value("epoch")?.parse().ok()?;
        let report = value("report")?.parse().ok()?;
        let day = value("day")?.parse().ok()?;
        let mut menu = value("menu")?.split(' ');
        let version = menu.next()?.parse().ok()?;
        let profile = Profile::parse(menu.next()?)?;
        let menu_hash = menu.next()?.to_owned();
        let tier = Tier::parse(value("tier")?)?;
        let county = value("county")?.parse().ok()?;
        let (mut roll, mut process, mut cells) = (Vec::new(), Vec::new(), BTreeMap::new());
        for line in lines {
            let (name, number) = line.rsplit_once(' ')?;
            match name.split_once(' ') {
                Some(("roll", cohort)) => roll.push((cohort.parse().ok()?, number.parse().ok()?)),
                Some(("process", figure)) => {
                    let value = if number == "-" { None } else { Some(number.parse().ok()?) };
                    process.push(Process { figure: ProcessFigure::parse(figure)?, value });
                }
                Some(_) => return None,
                None => {
                    cells.insert(Cell::parse(name)?, number.parse().ok()?);
                }
            }
        }
        Some(Self { epoch, report, day, version, profile, menu_hash, tier, county, roll, process, cells })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::gate::menu::LATEST;
    use crate::domain::words::GroupTag;

    /// Bytes of a label that are even enough.
    struct Mixed(u64);

    impl Bytes for Mixed {
        fn byte(&mut self) -> u8 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.0.to_be_bytes()[0]
        }
    }

    fn stream(label: &str) -> Mixed {
        Mixed(label.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(1_099_511_628_211) ^ u64::from(byte)))
    }

    fn scope(orphans: u32) -> Scope {
        let counts = [(Cell::Group(GroupTag::Orphan), orphans)].into();
        Scope {
            label: "school-1".to_owned(),
            county: false,
            tier: Tier::All,
            roll: vec![(2026, 120), (2025, 80)],
            counts,
        }
    }

    #[test]
    fn a_release_comes_back_from_its_text() {
        let menu = Menu::of(LATEST, Profile::Standard).unwrap();
        let scope = scope(40);
        let cells = publish(stream, &menu, &scope, 3);
        let released = Released {
            epoch: 1,
            report: 3,
            day: date(2027, 1, 1),
            version: LATEST,
            profile: Profile::Standard,
            menu_hash: "ab".to_owned(),
            tier: Tier::All,
            county: false,
            roll: scope.roll.clone(),
            process: Process::of(|_| 12, 3, 40),
            cells,
        };
        assert_eq!(Released::parse(&released.text()).unwrap(), released);
        assert_eq!(released.cells.len(), menu.cells(Tier::All, &[2026, 2025]).len(), "cells with nobody in them too");
        for broken in ["", "yice release 2\n", &released.text().replace("tier all", "tier some")] {
            assert_eq!(Released::parse(broken), None);
        }
    }

    #[test]
    fn the_noise_is_the_same_whatever_was_counted() {
        let menu = Menu::of(LATEST, Profile::Standard).unwrap();
        let (one, other) = (publish(stream, &menu, &scope(40), 2), publish(stream, &menu, &scope(41), 2));
        let cell = Cell::Group(GroupTag::Orphan);
        assert_eq!(one[&cell] + 1, other[&cell]);
        assert!(one.iter().all(|(at, number)| *at == cell || other[at] == *number));
        let county = Scope { county: true, ..scope(40) };
        assert_ne!(publish(stream, &menu, &county, 2), one, "a county has other noise");
    }
}
