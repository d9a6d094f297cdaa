//! What came of a roster, for people and for programs.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::cli::Outcome;
use crate::cli::say::{Words, print};
use crate::domain::roster::{Caution, ClassKey, Refusal, Roster};
use crate::domain::words::Language;
use crate::service::{Plan, Taken};
use crate::web::language;
use crate::web::ui::t;

/// What was done, or would be.
pub struct Report {
    school: String,
    dry_run: bool,
    counts: Taken,
    refused: Vec<Refusal>,
    cautions: Vec<Caution>,
    skipped: usize,
    ignored_columns: Vec<String>,
    absent_columns: Vec<&'static str>,
    other_schools: Vec<String>,
    new_classes: Vec<String>,
}

/// `7-1`: how a class is called on the command line.
fn called(class: ClassKey, school_year: i16) -> String {
    format!("{}-{}", class.grade(school_year), class.number)
}

impl Report {
    /// Of a plan, and what came of it.
    pub fn of(school: &str, dry_run: bool, plan: &Plan, counts: Taken, school_year: i16) -> Self {
        Self {
            school: school.to_owned(),
            dry_run,
            counts,
            refused: plan.refused.clone(),
            cautions: plan.cautions.clone(),
            skipped: plan.skipped,
            ignored_columns: plan.ignored_columns.clone(),
            absent_columns: plan.absent_columns.clone(),
            // The unnamed school was compared under its empty name.
            other_schools: plan.other_schools.iter().filter(|other| *other != school).cloned().collect(),
            new_classes: plan.new_classes.iter().map(|class| called(*class, school_year)).collect(),
        }
    }

    /// Of a dry run for a school that does not exist yet: everybody is new.
    pub fn of_new_school(school: &str, roster: Roster, school_year: i16) -> Self {
        let mut classes: Vec<ClassKey> = roster.rows.iter().map(|row| row.class).collect();
        classes.sort();
        classes.dedup();
        let mut other_schools: Vec<String> = roster.rows.iter().filter_map(|row| row.school.clone()).collect();
        other_schools.sort();
        other_schools.dedup();
        other_schools.retain(|other| other != school);
        let created = roster.rows.len();
        let new_classes = classes.into_iter().map(|class| called(class, school_year)).collect();
        let blank = Self::of_nothing(school, roster);
        Self { dry_run: true, counts: Taken { created, ..blank.counts }, other_schools, new_classes, ..blank }
    }

    /// Of a roster of which no row can be taken in.
    pub fn of_nothing(school: &str, roster: Roster) -> Self {
        Self {
            school: school.to_owned(),
            dry_run: false,
            counts: Taken { refused: roster.refused_rows(), ..Taken::default() },
            refused: roster.refused,
            cautions: roster.cautions,
            skipped: roster.skipped,
            ignored_columns: roster.ignored_columns,
            absent_columns: roster.absent_columns,
            other_schools: Vec::new(),
            new_classes: Vec::new(),
        }
    }

    /// How the command ends.
    pub fn outcome(&self) -> Outcome {
        let Taken { created, changed, unchanged, refused } = self.counts;
        match (created + changed + unchanged, refused) {
            (0, _) => Outcome::Silent,
            (_, 0) => Outcome::Done,
            _ => Outcome::SomeRefused,
        }
    }

    /// For programs.
    pub fn json(&self, lang: Language) -> String {
        let Taken { created, changed, unchanged, .. } = self.counts;
        let refused: Vec<Value> = self.refused.iter().map(|r| row(lang, r)).collect();
        let cautions: Vec<Value> = self.cautions.iter().map(|c| doubt(lang, c)).collect();
        json!({
            "school": self.school,
            "dry_run": self.dry_run,
            "created": created,
            "changed": changed,
            "unchanged": unchanged,
            "refused_rows": self.counts.refused,
            "refused": refused,
            "cautions": cautions,
            "skipped": self.skipped,
            "new_classes": self.new_classes,
            "other_schools": self.other_schools,
            "ignored_columns": self.ignored_columns,
            "absent_columns": self.absent_columns,
        })
        .to_string()
    }

    /// For people: what was refused and why, what to look at, and the sum.
    pub fn tell(&self, lang: Language) {
        let words = Words(lang);
        let line = |line: u32, column: &str, problem: String| {
            print(&t!(words, "roster-refusal", line = line, column = column.to_owned(), problem = problem));
        };
        for refusal in &self.refused {
            line(
                refusal.line,
                refusal.column,
                message(lang, "roster-problem", refusal.problem.code(), refusal.problem.first_line()),
            );
        }
        for caution in &self.cautions {
            line(
                caution.line,
                caution.column,
                message(lang, "roster-caution", caution.doubt.code(), caution.doubt.first_line()),
            );
        }
        if !self.other_schools.is_empty() {
            print(&t!(words, "cli-import-other-schools", names = self.other_schools.join("、")));
        }
        let Taken { created, changed, unchanged, refused } = self.counts;
        let sum = if self.dry_run {
            t!(
                words,
                "cli-import-would",
                created = created,
                changed = changed,
                unchanged = unchanged,
                refused = refused
            )
        } else {
            t!(words, "cli-import-did", created = created, changed = changed, unchanged = unchanged, refused = refused)
        };
        print(&sum);
    }
}

fn row(lang: Language, refusal: &Refusal) -> Value {
    let Refusal { line, column, problem } = refusal;
    let message = message(lang, "roster-problem", problem.code(), problem.first_line());
    json!({ "row": line, "column": column, "code": problem.code(), "message": message })
}

fn doubt(lang: Language, caution: &Caution) -> Value {
    let Caution { line, column, doubt } = caution;
    let message = message(lang, "roster-caution", doubt.code(), doubt.first_line());
    json!({ "row": line, "column": column, "code": doubt.code(), "message": message })
}

/// The text of a cause, which may name another row.
fn message(lang: Language, family: &str, code: &str, first: Option<u32>) -> String {
    let first = HashMap::from([("first", first.unwrap_or_default())]);
    language::loader(lang).get_args(&format!("{family}-{code}"), first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster;

    const MESSY: &[u8] = include_bytes!("../../../tests/data/roster_liuxi_middle_messy.xlsx");

    #[test]
    fn every_refused_row_is_named_with_its_column_and_its_cause_in_both_languages() {
        let roster = roster::read(MESSY, 2026).unwrap();
        let report = Report::of_new_school("柳溪镇初级中学", roster, 2026);
        assert_eq!(report.outcome(), Outcome::SomeRefused);
        for lang in [Language::ZhCn, Language::En] {
            let json: Value = serde_json::from_str(&report.json(lang)).unwrap();
            assert_eq!(json["refused_rows"], 8);
            for refused in json["refused"].as_array().unwrap() {
                let message = refused["message"].as_str().unwrap();
                assert!(refused["row"].as_u64().unwrap() > 1 && !refused["column"].as_str().unwrap().is_empty());
                assert!(!message.contains("No localization"), "{message}");
                assert_eq!(message.ends_with('。'), lang == Language::ZhCn, "{message}");
            }
        }
    }

    #[test]
    fn the_exit_code_says_whether_all_some_or_nothing_was_taken() {
        let outcome = |created, unchanged, refused| {
            let roster = roster::read(MESSY, 2026).unwrap();
            let counts = Taken { created, changed: 0, unchanged, refused };
            Report { counts, ..Report::of_nothing("柳溪", roster) }.outcome()
        };
        assert_eq!(outcome(3, 0, 0), Outcome::Done);
        assert_eq!(outcome(0, 3, 0), Outcome::Done);
        assert_eq!(outcome(3, 0, 1), Outcome::SomeRefused);
        assert_eq!(outcome(0, 0, 4), Outcome::Silent);
    }
}
