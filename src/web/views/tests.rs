use scraper::{Html, Selector};
use uuid::Uuid;

use super::*;
use crate::domain::audit::{Event, Outcome};
use crate::domain::ids::SchoolId;
use crate::domain::words::{Kind, Language, Relation};

const LI: PersonId = PersonId(Uuid::from_u128(1));

fn line(actor: PersonId, event: Event) -> Line {
    Line {
        school: SchoolId(Uuid::from_u128(9)),
        seq: 1,
        at: 1_795_392_000_000_000,
        actor,
        role: Some(Role::Counsellor),
        relation: Relation::SameSchool,
        kind: Kind::Support,
        event,
        outcome: Outcome::Done,
        object: Uuid::from_u128(7),
        detail: "version=3".to_owned(),
    }
}

#[test]
fn a_line_says_who_when_in_which_role_and_what() {
    let ui = Ui::anonymous(Language::ZhCn, "/");
    let names = HashMap::from([(LI, "李老师".to_owned())]);
    let lines = [line(LI, Event::FileOpened), line(PersonId(Uuid::from_u128(2)), Event::FieldEdited)];
    let rows = lines.iter().map(|line| row(&ui, &names, line)).collect();
    let page = ViewsPage { ui, student: StudentId(Uuid::from_u128(7)), rows }.render().unwrap();
    let page = Html::parse_document(&page);
    let texts = |selector: &str| -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).map(|element| element.text().collect()).collect()
    };
    assert_eq!(texts("tbody tr:first-child > *"), ["2026年11月23日 08:00", "李老师", "心理教师 · 本校", "打开档案"]);
    assert_eq!(texts("tbody tr:nth-child(2) > *")[1..], ["其他账号", "心理教师 · 本校", "修改档案内容"]);
    let back = Selector::parse("main p a").unwrap();
    let back = page.select(&back).next().unwrap().attr("href");
    assert_eq!(back, Some("/files/00000000-0000-0000-0000-000000000007"));
}
