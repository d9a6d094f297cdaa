//! How a warning is shown: steps as lines, forms as fields, all from the tables of `domain/steps.rs`.

use std::collections::HashMap;

use crate::domain::ids::{PersonId, StepId};
use crate::domain::steps::{Ask, Input, List, StepField, asks};
use crate::domain::warning::{LabelScheme, Step, StepKind};
use crate::service::{ShownDue, ShownStep};
use crate::web::ui::{Choice, Problems, Ui, t};
use crate::web::{format, language};

/// A step on the timeline.
pub struct StepView {
    /// What it is.
    pub title: String,
    /// Who wrote it down.
    pub by: String,
    /// When, microseconds UTC.
    pub at: i64,
    /// What it says.
    pub lines: Vec<(String, String)>,
    /// The letter for the guardian, where there is one to print.
    pub letter: Option<StepId>,
}

/// Something due.
pub struct DueView {
    /// What.
    pub task: String,
    /// Who must do it.
    pub owner: String,
    /// Until when, microseconds UTC.
    pub due_at: i64,
    /// The time left, or since when it was done.
    pub left: String,
    /// Whether its time has passed.
    pub overdue: bool,
}

/// A field of a form.
pub struct FieldView {
    /// The name that the form sends.
    pub name: String,
    /// The label.
    pub label: String,
    /// `datetime-local`, `date`, `number`, `text`, `area`, `checkbox` or `radio`.
    pub kind: &'static str,
    /// What stands in it.
    pub value: String,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// Whether it may stay empty.
    pub required: bool,
    /// What is wrong with it.
    pub error: String,
}

/// The form of a step.
pub struct FormView {
    /// The code of the step.
    pub code: &'static str,
    /// The heading.
    pub title: String,
    /// A fresh id for the step.
    pub id: String,
    /// Its fields.
    pub fields: Vec<FieldView>,
    /// Whether it stands open, because something is wrong with it.
    pub open: bool,
}

/// What a form that came back was filled with.
#[derive(Default)]
pub struct Filled {
    /// Which form.
    pub form: String,
    /// What was filled in, by field; ticks with spaces between.
    pub answers: HashMap<String, String>,
    /// What is wrong.
    pub problems: Problems,
    /// Whether a colleague changed the warning meanwhile.
    pub stale: bool,
}

impl FieldView {
    /// Whether it is shown in this way.
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

impl Filled {
    /// What stands in a field of a form.
    pub fn value(&self, form: &str, field: &str) -> &str {
        if self.form == form { self.answers.get(field).map_or("", String::as_str) } else { "" }
    }

    /// What is wrong with a field of a form.
    pub fn error(&self, form: &str, field: &str) -> &str {
        if self.form == form { self.problems.get(field) } else { "" }
    }

    /// Whether this form came back.
    pub fn is(&self, form: &str) -> bool {
        self.form == form
    }
}

/// The word for a code of a list.
fn listed(ui: &Ui, list: List, code: &str) -> String {
    let family = match list {
        List::Risk => "risk",
        List::Protective => "protective",
        List::Precaution => "precaution",
        List::Contact => "contact",
        List::Reaction => "reaction",
        List::Told => "told",
        List::Flag => "flag",
        List::Effect => "effect",
        List::Urgency => "urgency",
        List::Safe => "safe",
        List::Rule => "rule",
        List::CloseReason => "close-reason",
    };
    language::word(ui.language, family, code)
}

/// What a field says, for people.
fn shown(ui: &Ui, input: Input, text: &str) -> String {
    match input {
        Input::Ticks(list) => {
            let words: Vec<String> = text.split_whitespace().map(|code| listed(ui, list, code)).collect();
            format::list(ui.language, &words)
        }
        Input::Choice(list) => listed(ui, list, text),
        Input::Day => ui.date(text),
        Input::Moment => match text.split_once('T') {
            Some((day, time)) => format!("{} {time}", ui.date(day)),
            None => text.to_owned(),
        },
        Input::Instant => text.parse::<i64>().map_or_else(|_| text.to_owned(), |at| ui.moment(at)),
        Input::Line | Input::Text | Input::Number | Input::People => text.to_owned(),
    }
}

/// A step as the timeline shows it.
pub fn step_view(
    ui: &Ui,
    labels: LabelScheme,
    names: &HashMap<PersonId, String>,
    ShownStep { id, author, written_at, step }: &ShownStep,
) -> StepView {
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_else(|| "—".to_owned());
    let mut lines = Vec::new();
    if let Some(severity) = step.severity {
        lines.push((t!(ui, "warnings-level"), ui.level(labels, severity)));
    }
    for ask in asks(step.kind) {
        let text = step.fields.get(ask.field.as_str()).map(|text| shown(ui, ask.input, text));
        lines.extend(text.map(|text| (ui.word(ask.field), text)));
    }
    if !step.persons.is_empty() {
        let people: Vec<String> = step.persons.iter().map(name).collect();
        lines.push((people_label(ui, step), format::list(ui.language, &people)));
    }
    let letter = (step.kind == StepKind::GuardianInformed).then_some(*id);
    StepView { title: ui.word(step.kind), by: name(author), at: *written_at, lines, letter }
}

/// What the people of a step did in it.
fn people_label(ui: &Ui, step: &Step) -> String {
    match step.kind {
        StepKind::Found => t!(ui, "warning-reporter"),
        StepKind::Briefed => t!(ui, "warning-told"),
        StepKind::LoweringSigned | StepKind::LoweringRefused | StepKind::ClosingSigned | StepKind::ClosingRefused => {
            t!(ui, "warning-asker")
        }
        _ => ui.word(StepField::Members),
    }
}

/// Something due, with the time that is left.
pub fn due_view(ui: &Ui, due: &ShownDue, now: i64) -> DueView {
    let left = match due.done_at {
        Some(at) => t!(ui, "due-done", at = ui.moment(at)),
        None => format::left(ui.language, due.due_at - now),
    };
    let overdue = due.done_at.is_none() && due.due_at < now;
    DueView { task: ui.word(due.due.task), owner: ui.word(due.owner), due_at: due.due_at, left, overdue }
}

/// The form of a step, empty or as it came back. `now` is `2026-11-23T08:00` at the school.
pub fn form_view(ui: &Ui, kind: StepKind, people: &[Choice], filled: &Filled, now: &str) -> FormView {
    let code = kind.as_str();
    let open = filled.is(code);
    let field = |ask: &Ask| {
        let field = ask.field.as_str();
        let given = filled.value(code, field).to_owned();
        let chosen: Vec<&str> = given.split_whitespace().collect();
        let of_list = |list: List| -> Vec<Choice> {
            let choice = |word: &'static str| Choice {
                value: word.to_owned(),
                label: listed(ui, list, word),
                chosen: chosen.contains(&word),
            };
            list.codes().into_iter().map(choice).collect()
        };
        let (kind, choices) = match ask.input {
            Input::Moment | Input::Instant => ("datetime-local", Vec::new()),
            Input::Day => ("date", Vec::new()),
            Input::Number => ("number", Vec::new()),
            Input::Line => ("text", Vec::new()),
            Input::Text => ("area", Vec::new()),
            Input::Ticks(list) => ("checkbox", of_list(list)),
            Input::Choice(list) => ("radio", of_list(list)),
            Input::People => {
                let choice = |one: &Choice| Choice { chosen: chosen.contains(&one.value.as_str()), ..one.clone() };
                ("checkbox", people.iter().map(choice).collect())
            }
        };
        let value = match ask.input {
            _ if open => given.clone(),
            Input::Moment => now.to_owned(),
            Input::Day => now.split('T').next().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        FieldView {
            name: format!("{code}-{field}"),
            label: ui.word(ask.field),
            kind,
            value,
            choices,
            required: ask.required,
            error: filled.error(code, field).to_owned(),
        }
    };
    let fields = asks(kind).iter().map(field).collect();
    FormView { code, title: ui.word(kind), id: uuid::Uuid::now_v7().to_string(), fields, open }
}
