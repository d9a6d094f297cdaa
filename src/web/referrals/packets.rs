//! The packet: ticked field by field, looked at once more, then handed out as an age file or on paper.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use secrecy::ExposeSecret as _;

use super::READERS;
use crate::domain::ids::ReferralId;
use crate::domain::referral::{Ground, PacketWay, Part};
use crate::domain::steps::{ProtectiveFactor, RiskFactor};
use crate::domain::warning::LabelScheme;
use crate::service::{Error, FieldProblem, NewPacket, OfferedPart, PartValue};
use crate::vault::packet_passphrase;
use crate::web::files::shown_class;
use crate::web::problem::{Problem, ProblemKind};
use crate::web::request::{Seen, page};
use crate::web::ui::{Choice, Problems, Ui, t};
use crate::web::{Web, format, language, routes};

routes! {
    get "/referrals/{referral}/packet" form, READERS;
    post "/referrals/{referral}/packet/check" check, READERS;
    post "/referrals/{referral}/packet" make, READERS;
}

/// Under this name every packet is offered: a file name says nothing about a child.
const FILE: &str = "attachment; filename=\"yice-packet.txt.age\"";

/// The form as it was sent; ticks come several times.
type Pairs = Form<Vec<(String, String)>>;

/// What the form says.
#[derive(Default)]
struct Sent {
    parts: BTreeSet<Part>,
    way: String,
    to: String,
    key: String,
    passphrase: String,
    ground: String,
}

impl Sent {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut sent = Self::default();
        for (name, text) in pairs {
            match name.as_str() {
                "parts" => sent.parts.extend(Part::parse(&text)),
                "way" => sent.way = text,
                "to" => sent.to = text,
                "key" => sent.key = text,
                "passphrase" => sent.passphrase = text,
                "ground" => sent.ground = text,
                _ => {}
            }
        }
        sent
    }

    fn parse(&self) -> Result<NewPacket, Error> {
        let (way, ground) = (PacketWay::parse(&self.way), Ground::parse(&self.ground));
        if let (Some(way), Some(ground)) = (way, ground) {
            let (parts, to) = (self.parts.clone(), self.to.clone());
            return Ok(NewPacket {
                parts,
                way,
                to,
                key: self.key.clone(),
                passphrase: self.passphrase.clone(),
                ground,
            });
        }
        let missing =
            [(way.is_none(), "way"), (ground.is_none(), "ground")].into_iter().filter(|(missing, _)| *missing);
        Err(Error::Invalid(missing.map(|(_, field)| FieldProblem { field, code: "choose" }).collect()))
    }
}

#[derive(Template)]
#[template(path = "packet.html")]
struct PacketPage {
    ui: Ui,
    id: ReferralId,
    name: String,
    class: String,
    parts: Vec<(Choice, String)>,
    ways: Vec<Choice>,
    grounds: Vec<Choice>,
    to: String,
    key: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "packet_check.html")]
struct CheckPage {
    ui: Ui,
    id: ReferralId,
    lines: Vec<(String, String)>,
    new: NewPacket,
    way: String,
    ground: String,
    passphrase: String,
}

#[derive(Template)]
#[template(path = "packet_print.html")]
struct PrintPage {
    ui: Ui,
    id: ReferralId,
    school: String,
    to: String,
    day: String,
    sender: String,
    lines: Vec<(String, String)>,
}

async fn form(State(web): State<Web>, seen: Seen, Path(id): Path<ReferralId>) -> Result<Response, Problem> {
    page(&packet_page(&web, seen, id, None, &[]).await?)
}

/// What would leave, once more in words, before anything does. A passphrase is shown here and nowhere else.
async fn check(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ReferralId>,
    Form(pairs): Pairs,
) -> Result<Response, Problem> {
    let sent = Sent::of(pairs);
    let checked = match sent.parse() {
        Ok(new) => web.app.check_packet(&seen.viewer, id, &new).await.map(|parts| (new, parts)),
        Err(wrong) => Err(wrong),
    };
    match checked {
        Ok((new, parts)) => {
            let lines = lines(&web, &seen.ui, seen.viewer.school.labels, &parts);
            let passphrase = match new.way {
                PacketWay::Passphrase => fresh_passphrase()?,
                _ => String::new(),
            };
            let (way, ground) = (seen.ui.word(new.way), seen.ui.word(new.ground));
            page(&CheckPage { id, lines, new, way, ground, passphrase, ui: seen.ui })
        }
        Err(Error::Invalid(problems)) => back(&web, seen, id, sent, &problems).await,
        Err(other) => Err(other.into()),
    }
}

fn fresh_passphrase() -> Result<String, Problem> {
    let made = packet_passphrase().map_err(Error::from)?;
    Ok(made.expose_secret().to_owned())
}

async fn make(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ReferralId>,
    Form(pairs): Pairs,
) -> Result<Response, Problem> {
    let (sent, labels) = (Sent::of(pairs), seen.viewer.school.labels);
    let say = |parts: &[OfferedPart]| {
        let lines = lines(&web, &seen.ui, labels, parts);
        let head =
            t!(seen.ui, "packet-head", school = seen.viewer.school.name.as_str(), day = seen.ui.day(web.app.now()));
        let body: Vec<String> = lines.into_iter().map(|(label, text)| format!("{label}\n{text}\n")).collect();
        format!("{head}\n\n{}", body.join("\n"))
    };
    let made = match sent.parse() {
        Ok(new) => web.app.make_packet(&seen.viewer, id, &new, say).await,
        Err(wrong) => Err(wrong),
    };
    match made {
        Ok(made) => match made.file {
            Some(file) => {
                let head = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, FILE)];
                Ok((head, file).into_response())
            }
            None => page(&PrintPage {
                id,
                school: seen.viewer.school.name.clone(),
                to: sent.to,
                day: seen.ui.day(web.app.now()),
                sender: seen.viewer.person.name.clone(),
                lines: lines(&web, &seen.ui, labels, &made.parts),
                ui: seen.ui,
            }),
        },
        Err(Error::Invalid(problems)) => back(&web, seen, id, sent, &problems).await,
        Err(other) => Err(other.into()),
    }
}

/// The form again, with everything that was ticked and typed.
async fn back(
    web: &Web,
    seen: Seen,
    id: ReferralId,
    sent: Sent,
    problems: &[FieldProblem],
) -> Result<Response, Problem> {
    let page = page(&packet_page(web, seen, id, Some(sent), problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn packet_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: ReferralId,
    sent: Option<Sent>,
    problems: &[FieldProblem],
) -> Result<PacketPage, Problem> {
    let form = web.app.packet_form(&viewer, id).await?;
    if form.grounds.is_empty() {
        return Err(ProblemKind::NotFound.into());
    }
    ui.path = format!("/referrals/{id}/packet");
    let sent = sent.unwrap_or_else(|| Sent { to: form.to.clone(), ..Sent::default() });
    let part = |offered: &OfferedPart| {
        let (value, label) = (offered.part.as_str().to_owned(), part_word(&ui, offered.part));
        let said = said(web, &ui, viewer.school.labels, &offered.value);
        (Choice { value, label, chosen: sent.parts.contains(&offered.part) }, said)
    };
    let grounds: Vec<Ground> = form.grounds.iter().copied().collect();
    Ok(PacketPage {
        id,
        name: form.who.name().to_owned(),
        class: shown_class(web, &ui, &form.class),
        parts: form.parts.iter().map(part).collect(),
        ways: ui.choices(PacketWay::ALL, PacketWay::parse(&sent.way)),
        grounds: ui.choices(&grounds, Ground::parse(&sent.ground)),
        to: sent.to,
        key: sent.key,
        problems: Problems::of(&ui, problems),
        ui,
    })
}

/// The word for a part of a packet.
pub(super) fn part_word(ui: &Ui, part: Part) -> String {
    match part {
        Part::Of(field) => ui.word(field),
        own => language::word(ui.language, "part", own.as_str()),
    }
}

/// Label and words of each part.
fn lines(web: &Web, ui: &Ui, labels: LabelScheme, parts: &[OfferedPart]) -> Vec<(String, String)> {
    parts.iter().map(|offered| (part_word(ui, offered.part), said(web, ui, labels, &offered.value))).collect()
}

/// What a part says, in words.
fn said(web: &Web, ui: &Ui, labels: LabelScheme, value: &PartValue) -> String {
    let words = |codes: &str, word: &dyn Fn(&str) -> Option<String>| {
        format::list(ui.language, &codes.split_whitespace().filter_map(word).collect::<Vec<_>>())
    };
    match value {
        PartValue::Text(text) => text.clone(),
        PartValue::Sex(sex) => ui.word(*sex),
        PartValue::Class(class) => shown_class(web, ui, class),
        PartValue::Level(severity) => ui.level(labels, *severity),
        PartValue::Risk(codes) => words(codes, &|code| RiskFactor::parse(code).map(|word| ui.word(word))),
        PartValue::Protective(codes) => words(codes, &|code| ProtectiveFactor::parse(code).map(|word| ui.word(word))),
        PartValue::Yes(true) => t!(ui, "answer-yes"),
        PartValue::Yes(false) => t!(ui, "answer-no"),
    }
}
