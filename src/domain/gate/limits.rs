//! The limit on what all reports of an epoch together tell about one child: computed at the start of the program from the menu
//! itself, and said on the help page.
//!
//! The best possible test by somebody who knows every other child sees a shift of `mu` standard deviations: the root of the sum,
//! over every cell that the child touches, of γ² / s². γ² says how much more than one report the whole series costs.

use super::REPORTS;
use super::fact::GROUPS;
use super::menu::{Menu, Table};

/// The most that one fact may shift.
const FACT: f64 = 0.83;
/// The most that one child who joins may shift.
const JOINER: f64 = 1.70;
/// The quantile of the standard normal that leaves five false alarms in a hundred.
const ALARM: f64 = 1.644_853_626_951_472_7;

/// The menu tells too much about one child: the program does not start with it.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("menu {version} tells too much: {what} shifts the reports by {mu:.2}, and {limit:.2} is the most")]
pub struct TooMuch {
    /// The version of the menu.
    pub version: i64,
    /// Who is told about.
    pub what: &'static str,
    /// The shift.
    pub mu: f64,
    /// The limit.
    pub limit: f64,
}

/// How far one child shifts all reports together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// The sum over the touched cells of 1 / s², those of the county included where there is one.
    weight: f64,
}

impl Bound {
    /// The shift where something became true and stays so.
    #[must_use]
    pub fn mu(self) -> f64 {
        (self.weight * costs().0).sqrt()
    }

    /// The shift where it also ended.
    #[must_use]
    pub fn mu_ended(self) -> f64 {
        (self.weight * costs().1).sqrt()
    }

    /// How often in a hundred it would be noticed at five false alarms in a hundred.
    #[must_use]
    pub fn noticed(self) -> u32 {
        percent(power(self.mu()))
    }

    /// The same where it also ended.
    #[must_use]
    pub fn noticed_ended(self) -> u32 {
        percent(power(self.mu_ended()))
    }
}

/// The figures of a menu.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The fact that tells the most.
    pub fact: Bound,
    /// A child in two groups who joins.
    pub two_groups: Bound,
    /// A child in as many groups as count who joins.
    pub heaviest: Bound,
}

impl Limits {
    /// The figures of a menu for a school alone, or for one whose county is published too.
    #[must_use]
    pub fn of(menu: &Menu, county: bool) -> Self {
        // The county counts the same child once more, with noise of twice the scale.
        let bound = |weight: f64| Bound { weight: if county { weight * 1.25 } else { weight } };
        let (two_groups, heaviest) = (joiner(menu, 2), joiner(menu, GROUPS));
        Self { fact: bound(heaviest_fact(menu)), two_groups: bound(two_groups), heaviest: bound(heaviest) }
    }

    /// Refuses a menu that tells too much.
    ///
    /// # Errors
    /// [`TooMuch`] names what exceeds its limit.
    pub fn check(menu: &Menu) -> Result<Self, TooMuch> {
        let limits = Self::of(menu, false);
        for (what, bound, limit) in [
            ("one fact about a child", limits.fact, FACT),
            ("a child in two groups who joins", limits.two_groups, JOINER),
            ("a child in the most groups who joins", limits.heaviest, JOINER),
        ] {
            if bound.mu() > limit {
                return Err(TooMuch { version: menu.version, what, mu: bound.mu(), limit });
            }
        }
        Ok(limits)
    }
}

/// 1 / s² of one cell of a table; nothing where the menu has no such table, and twice where it has it twice.
fn weight(menu: &Menu, table: Table) -> f64 {
    let times = menu.tables.iter().filter(|one| **one == table).count();
    std::iter::repeat_n(table.scale(menu.profile).value().powi(-2), times).sum()
}

/// The cells of one group: total, without a helper, by cohort, by sex.
fn of_group(menu: &Menu) -> f64 {
    [Table::Group, Table::Unaided, Table::GroupCohort, Table::GroupSex].iter().map(|table| weight(menu, *table)).sum()
}

/// The fact that touches the most: that a child is in a group, that a child in the most groups has a helper, and what moves
/// a child from one cell of a table to another.
fn heaviest_fact(menu: &Menu) -> f64 {
    let helper = f64::from(GROUPS) * weight(menu, Table::Unaided);
    let level = 2.0 * (weight(menu, Table::Risk) + weight(menu, Table::RiskCohort));
    let (step, visit) = (2.0 * weight(menu, Table::Step), 2.0 * weight(menu, Table::Visit));
    [of_group(menu), helper, level, step, visit].into_iter().fold(0.0, f64::max)
}

/// A child in so many groups, with a level, a step and a visit that is due.
fn joiner(menu: &Menu, groups: u32) -> f64 {
    let other = [Table::Risk, Table::RiskCohort, Table::Step, Table::Visit].iter().map(|table| weight(menu, *table));
    f64::from(groups) * of_group(menu) + other.sum::<f64>()
}

/// What a change costs over all reports, against one report with independent noise: once, and if it is taken back at the worst
/// moment.
fn costs() -> (f64, f64) {
    let mut c = vec![1.0_f64];
    for k in 1..u32::try_from(REPORTS).unwrap_or(0) {
        let last = c.last().copied().unwrap_or(1.0);
        c.push(last * f64::from(2 * k - 1) / f64::from(2 * k));
    }
    let once = c.iter().map(|c| c * c).sum();
    let back = |after: usize| {
        let taken_back = std::iter::repeat_n(&0.0, after).chain(&c);
        c.iter().zip(taken_back).map(|(c, back)| (c - back) * (c - back)).sum::<f64>()
    };
    (once, (1..REPORTS).map(back).fold(0.0, f64::max))
}

/// How often the best test notices a shift of `mu` at five false alarms in a hundred.
fn power(mu: f64) -> f64 {
    0.5 * (1.0 + erf((mu - ALARM) / std::f64::consts::SQRT_2))
}

/// The error function by its series, which is exact enough for every shift that is allowed.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..60 {
        let n = f64::from(n);
        term *= -x * x / n;
        sum += term / (2.0 * n + 1.0);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::menu::{LATEST, Profile};

    fn menu(profile: Profile) -> Menu {
        Menu::of(LATEST, profile).unwrap()
    }

    #[test]
    fn the_figures_of_the_help_page() {
        let figures = |limits: Limits| {
            [limits.fact, limits.two_groups, limits.heaviest].map(|bound| (bound.noticed(), bound.noticed_ended()))
        };
        let school = Limits::check(&menu(Profile::Standard)).unwrap();
        assert_eq!(figures(school), [(21, 26), (38, 49), (51, 65)]);
        let county = Limits::of(&menu(Profile::Standard), true);
        assert_eq!((county.fact.noticed(), county.heaviest.noticed()), (23, 59));
        assert!((costs().0 - 2.075).abs() < 0.001, "{}", costs().0);
    }

    #[test]
    fn a_menu_that_tells_too_much_is_refused() {
        for version in 1..=LATEST {
            for profile in Profile::ALL {
                Limits::check(&Menu::of(version, *profile).unwrap()).unwrap();
            }
        }
        // A table that stands there twice is a table with half the variance.
        let unaided = Menu { tables: &[Table::Unaided, Table::Unaided], ..menu(Profile::Standard) };
        assert_eq!(Limits::check(&unaided).unwrap_err().what, "one fact about a child");
        let tables =
            &[Table::Group, Table::GroupSex, Table::GroupCohort, Table::GroupSex, Table::Unaided, Table::Group];
        let joiner = Limits::check(&Menu { tables, ..menu(Profile::Standard) }).unwrap_err();
        assert!(joiner.mu > joiner.limit, "{joiner}");
        assert!(Limits::of(&menu(Profile::Strict), false).heaviest.mu() < 1.3);
    }

    #[test]
    fn pure_luck_is_five_in_a_hundred() {
        assert_eq!(percent(power(0.0)), 5);
        assert_eq!(percent(power(ALARM)), 50);
        assert_eq!(percent(power(2.0 * ALARM)), 95);
    }
}
