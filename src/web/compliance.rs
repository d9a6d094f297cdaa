//! The yearly compliance pack 合规审计: on a page, on paper, as a workbook; and the register of incidents.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use super::county::{Back, Fields, with_status};
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Ui, t};
use super::{Web, Who, language, routes, xlsx};
use crate::domain::compliance::IncidentKind;
use crate::domain::ids::IncidentId;
use crate::domain::words::{Compartment, Role};
use crate::service::{Compliance, Error, IncidentDays, Pack, PackSum, Viewer, fresh_form};
use crate::store::Incident;

const READERS: Who = Who::Roles(&[Role::PrivacyOfficer, Role::DistrictOfficer]);
const KEEPERS: Who = Who::Roles(&[Role::PrivacyOfficer]);

routes! {
    get "/compliance" show, READERS;
    get "/compliance/xlsx" download, READERS;
    post "/compliance/incidents" note, KEEPERS;
    post "/compliance/incidents/{incident}" follow, KEEPERS;
}

/// A table of the pack, the same on the page, on paper and in the workbook.
struct Table {
    title: String,
    hint: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    numbers_from: usize,
}

impl Table {
    /// The first column of numbers.
    const fn from(&self) -> usize {
        self.numbers_from
    }
}

#[derive(Template)]
#[template(path = "compliance.html")]
struct PackPage {
    ui: Ui,
    pack: Box<Pack>,
    tables: Vec<Table>,
    years: Vec<(i16, bool)>,
    incidents: Vec<Incident>,
    kinds: Vec<Choice>,
    keeps: bool,
    form: String,
    today: String,
    back: Back,
}

#[derive(Template)]
#[template(path = "compliance_district.html")]
struct SumsPage {
    ui: Ui,
    year: i16,
    years: Vec<(i16, bool)>,
    tables: Vec<Table>,
}

/// Which year the address asks for.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    year: Option<i16>,
}

impl Wanted {
    /// The year asked for, if it is this one or one of the two before it.
    fn year(&self, web: &Web) -> i16 {
        let years = years(web);
        self.year.filter(|year| years.contains(year)).unwrap_or(years[0])
    }
}

fn years(web: &Web) -> [i16; 3] {
    let now = web.app.clock.today().year();
    [now, now - 1, now - 2]
}

async fn show(State(web): State<Web>, seen: Seen, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let year = wanted.year(&web);
    compliance_page(&web, seen, year, Back::default()).await
}

async fn compliance_page(web: &Web, Seen { viewer, mut ui }: Seen, year: i16, back: Back) -> Result<Response, Problem> {
    let made = web.app.compliance(&viewer, year).await?;
    let years = years(web).map(|one| (one, one == year)).to_vec();
    ui.path = format!("/compliance?year={year}");
    match made {
        Compliance::District(sums) => {
            let tables = vec![sums_table(&ui, &sums)];
            page(&SumsPage { ui, year, years, tables })
        }
        Compliance::School(pack) => {
            let keeps = viewer.has(Role::PrivacyOfficer);
            let incidents = if keeps { web.app.incidents(&viewer).await? } else { Vec::new() };
            let kinds = ui.choices(IncidentKind::ALL, IncidentKind::parse(back.text("incident", "kind", "")));
            let form = back.text("incident", "form", &fresh_form().to_string()).to_owned();
            let (tables, today, status) = (tables(&ui, &pack), web.app.today(), back.status);
            let made = PackPage { ui, pack, tables, years, incidents, kinds, keeps, form, today, back };
            Ok(with_status(status, page(&made)?))
        }
    }
}

async fn download(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let year = wanted.year(&web);
    let tables = match web.app.compliance(&viewer, year).await? {
        Compliance::School(pack) => tables(&ui, &pack),
        Compliance::District(sums) => vec![sums_table(&ui, &sums)],
    };
    let cell = |text: String| match text.parse::<i64>() {
        Ok(number) if text.len() < 15 => xlsx::Cell::Number(number),
        _ => xlsx::Cell::Text(text),
    };
    let sheet = |table: Table| {
        let head = table.columns.into_iter().map(xlsx::Cell::Text).collect();
        let rows = table.rows.into_iter().map(|row| row.into_iter().map(cell).collect());
        (table.title, std::iter::once(head).chain(rows).collect())
    };
    xlsx::workbook(&format!("compliance-{year}"), web.app.clock.today(), tables.into_iter().map(sheet).collect())
}

async fn note(State(web): State<Web>, seen: Seen, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let noted = noted(&web, &seen.viewer, &fields).await;
    answer(&web, seen, noted, "incident".to_owned(), fields).await
}

async fn noted(web: &Web, viewer: &Viewer, fields: &Fields) -> Result<(), Error> {
    web.app.incidents(viewer).await?;
    let kind = IncidentKind::parse(fields.get("kind")).ok_or(Error::field("kind", "choose"))?;
    let (found, days) = (fields.day("found")?, days(fields)?);
    web.app.note_incident(viewer, fields.form(), kind, found, days).await.map(drop)
}

async fn follow(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<IncidentId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    web.app.incidents(&seen.viewer).await?;
    let followed = match days(&fields) {
        Ok(days) => web.app.follow_incident(&seen.viewer, id, days, fields.seen()).await,
        Err(error) => Err(error),
    };
    answer(&web, seen, followed, id.to_string(), fields).await
}

fn days(fields: &Fields) -> Result<IncidentDays, Error> {
    let (reported, told) = (fields.day_or_none("reported")?, fields.day_or_none("told")?);
    Ok(IncidentDays { reported, told, closed: fields.day_or_none("closed")? })
}

async fn answer(
    web: &Web,
    seen: Seen,
    result: Result<(), Error>,
    which: String,
    fields: Fields,
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done("/compliance", "incident-noted")),
        Err(error) => {
            let back = Back::of(&seen.ui, &which, fields, error)?;
            let year = years(web)[0];
            compliance_page(web, seen, year, back).await
        }
    }
}

impl PackPage {
    /// The days of an incident that can be noted later: name, label, what stands.
    fn days(&self, one: &Incident) -> [(&'static str, String, String); 3] {
        let day = |day: &Option<String>| day.clone().unwrap_or_default();
        [
            ("reported", t!(self.ui, "incident-reported"), day(&one.reported)),
            ("told", t!(self.ui, "incident-told"), day(&one.told)),
            ("closed", t!(self.ui, "incident-closed"), day(&one.closed)),
        ]
    }
}

/// Every table of the pack of one school.
fn tables(ui: &Ui, pack: &Pack) -> Vec<Table> {
    let text = |count: i64| count.to_string();
    let pair = |title: String, hint: String, rows: Vec<(String, i64)>| Table {
        title,
        hint,
        columns: vec![t!(ui, "compliance-item"), t!(ui, "compliance-count")],
        rows: rows.into_iter().map(|(label, count)| vec![label, text(count)]).collect(),
        numbers_from: 1,
    };
    let minors = vec![
        (t!(ui, "compliance-roll"), pack.roll),
        (t!(ui, "compliance-minors"), pack.under[1]),
        (t!(ui, "compliance-under14"), pack.under[0]),
        (t!(ui, "compliance-trained"), pack.trained),
    ];
    let word = |family: &str, code: &str| language::word(ui.language, family, code);
    let purpose = |kind: &Compartment| {
        let code = kind.as_str();
        vec![ui.word(*kind), word("purpose", code), word("basis", code)]
    };
    let access = |one: &crate::service::Accesses| {
        let mut row = vec![format!("{} · {}", ui.word(one.role), ui.word(one.kind))];
        row.extend(one.months.iter().map(i64::to_string));
        row.push(text(one.total()));
        row
    };
    let mut months = vec![t!(ui, "compliance-who-what")];
    months.extend((1..=12).map(|month: i32| t!(ui, "compliance-month", month = month)));
    months.push(t!(ui, "compliance-total"));
    let mut accesses: Vec<Vec<String>> = pack.accesses.iter().map(access).collect();
    let mut refused = vec![t!(ui, "compliance-refused")];
    refused.extend(std::iter::repeat_n(String::new(), 12));
    refused.push(text(pack.refused));
    accesses.push(refused);
    let day = |day: &Option<String>| day.as_deref().map_or_else(|| "—".to_owned(), |day| ui.date(day));
    let incident = |one: &Incident| {
        vec![ui.word(one.kind), ui.date(&one.found), day(&one.reported), day(&one.told), day(&one.closed)]
    };
    vec![
        pair(t!(ui, "compliance-people"), t!(ui, "compliance-people-hint"), minors),
        Table {
            title: t!(ui, "compliance-purposes"),
            hint: String::new(),
            columns: vec![t!(ui, "compliance-kind"), t!(ui, "compliance-purpose"), t!(ui, "compliance-basis")],
            rows: Compartment::ALL.iter().map(purpose).collect(),
            numbers_from: 9,
        },
        Table {
            title: t!(ui, "compliance-accesses"),
            hint: t!(ui, "compliance-accesses-hint"),
            columns: months,
            rows: accesses,
            numbers_from: 1,
        },
        pair(
            t!(ui, "compliance-requests"),
            t!(ui, "compliance-requests-hint"),
            pack.requests.iter().map(|(kind, count)| (ui.word(*kind), *count)).collect(),
        ),
        Table {
            title: t!(ui, "compliance-incidents"),
            hint: String::new(),
            columns: vec![
                t!(ui, "incident-kind"),
                t!(ui, "incident-found"),
                t!(ui, "incident-reported"),
                t!(ui, "incident-told"),
                t!(ui, "incident-closed"),
            ],
            rows: pack.incidents.iter().map(incident).collect(),
            numbers_from: 9,
        },
        pair(
            t!(ui, "compliance-retention"),
            t!(ui, "compliance-retention-hint"),
            pack.closed.iter().map(|(age, count)| (ui.word(*age), *count)).collect(),
        ),
        pair(
            t!(ui, "compliance-findings"),
            String::new(),
            pack.findings.iter().map(|(finding, count)| (ui.word(*finding), *count)).collect(),
        ),
    ]
}

/// The sums that the district sees.
fn sums_table(ui: &Ui, sums: &[PackSum]) -> Table {
    let row = |one: &PackSum| {
        let counts =
            [one.roll, one.under[1], one.under[0], one.accesses, one.incidents[0], one.incidents[1], one.trained];
        std::iter::once(one.school.clone()).chain(counts.iter().map(i64::to_string)).collect()
    };
    Table {
        title: t!(ui, "compliance-by-school"),
        hint: String::new(),
        columns: vec![
            t!(ui, "county-school"),
            t!(ui, "compliance-roll"),
            t!(ui, "compliance-minors"),
            t!(ui, "compliance-under14"),
            t!(ui, "compliance-accesses-about"),
            t!(ui, "compliance-incidents"),
            t!(ui, "compliance-incidents-open"),
            t!(ui, "compliance-trained"),
        ],
        rows: sums.iter().map(row).collect(),
        numbers_from: 1,
    }
}
