//! What every page shares: its language, who looks at it, and the frame around it.

use i18n_embed::fluent::FluentLanguageLoader;

use crate::{
    domain::{
        warning::{LabelScheme, Severity},
        words::Language,
    },
    service::FieldProblem,
    web::{assets, format, language, language::Word},
};

/// Seconds without a key, click or scroll after which the browser hides the page and goes to [`LOCKED`]. The session
/// on the server ends after the same time without a request (design §4), with or without JavaScript.
pub const IDLE_SECONDS: u32 = 900;

/// Where the browser goes when nobody has touched the page for [`IDLE_SECONDS`].
pub const LOCKED: &str = "/locked";

/// A text in the language of the page, checked at compile time: `t!(ui, "message-id", argument = value)`.
///
/// A message that is missing in the Chinese file, or an argument it does not have, does not compile; a test compares
/// the English file with it. The result is a plain `String`, which askama escapes like any other.
#[macro_export]
macro_rules! __yice_text {
    ($ui:expr, $message:literal) => {
        match $crate::web::language::fixed($ui.loader(), $message) {
            Some(text) => text.to_owned(),
            None => ::i18n_embed_fl::fl!($ui.loader(), $message),
        }
    };
    ($ui:expr, $($message:tt)+) => { ::i18n_embed_fl::fl!($ui.loader(), $($message)+) };
}
#[doc(inline)]
pub use crate::__yice_text as t;

/// What a page can say was just done (`?done=code`, messages `done-<code>`): a closed list.
pub const DONE: &[&str] = &[
    "saved",
    "entry-saved",
    "note-saved",
    "password-changed",
    "code-late",
    "two-steps-off",
    "signed-out-everywhere",
    "status-changed",
    "decided",
    "pairing-started",
    "pairing-ended",
    "import-already",
    "duty-given",
    "duty-ended",
    "person-closed",
    "invitation-accepted",
    "admitted",
    "rotated",
    "counted",
    "counted-in-part",
    "class-made",
    "class-closed",
    "class-reopened",
    "term-saved",
    "help-answered",
    "help-closed",
    "help-passed",
    "handed-over",
    "concern-sent",
    "letter-taken",
    "letter-closed",
    "step-saved",
    "level-set",
    "lowering-asked",
    "closing-asked",
    "decision-kept",
    "brief-sent",
    "pairing-accepted",
    "pairing-declined",
    "pairing-paused",
    "pairing-resumed",
    "pairing-handed-over",
    "pairing-given-back",
    "pairing-completed",
    "entry-sent",
    "review-saved",
    "moods-kept",
    "screening-noted",
    "strengths-saved",
    "check-noted",
    "erasure-asked",
    "file-erased",
    "file-sealed-away",
    "unsealing-asked",
    "file-unsealed",
    "notes-handed-over",
    "appointment-booked",
    "appointment-requested",
    "meeting-called",
    "written",
    "decision-noted",
    "handed-round",
    "supervision-opened",
    "answer-sent",
    "rectification-asked",
    "answer-accepted",
    "training-noted",
    "incident-noted",
];

/// What is wrong with the fields of a form, in the language of the page.
#[derive(Debug, Clone, Default)]
pub struct Problems(Vec<(&'static str, String)>);

impl Problems {
    /// The problems that an act reported; each code has a message `field-problem-<code>`.
    #[must_use]
    pub fn of(ui: &Ui, problems: &[FieldProblem]) -> Self {
        Self(problems.iter().map(|p| (p.field, language::word(ui.language, "field-problem", p.code))).collect())
    }

    /// One problem.
    #[must_use]
    pub fn one(ui: &Ui, field: &'static str, code: &'static str) -> Self {
        Self::of(ui, &[FieldProblem { field, code }])
    }

    /// Whether there is any.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// What is wrong with a field; empty when nothing is.
    #[must_use]
    pub fn get(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == field).map_or("", |(_, text)| text)
    }
}

/// The frame of a page: language, viewer, notice. Every page struct has a field `ui`.
///
/// # How to write a page
///
/// ```ignore
/// use crate::web::ui::{Ui, t};             // `t` must be in scope where the template is derived
///
/// #[derive(askama::Template)]
/// #[template(path = "class.html")]
/// struct Class {
///     ui: Ui,
///     pupils: Vec<Pupil>,
/// }
/// ```
/// ```html
/// {% extends "base.html" %}
/// {% import "macros.html" as m %}
/// {% block title %}{{ t!(self.ui, "class-title") }}{% endblock %}
/// {% block main %}
/// <h1>{{ t!(self.ui, "class-heading", class = self.class_name.as_str()) }}</h1>
/// {% for entry in entries %}{{ ui.word(entry.way) }} {{ ui.moment(entry.at) }}{% endfor %}
/// {% call m::text("next", t!(self.ui, "entry-next"), next, error = errors.next) %}{% endcall %}
/// {% endblock %}
/// ```
///
/// - Fixed sentences: `{{ t!(self.ui, "id", name = value) }}`. askama hands the inside of a Rust macro over as it
///   stands, so fields need their `self.` there; loop variables and macro arguments are used bare.
/// - Words of a closed list (roles, ways, effects…): `{{ ui.word(value) }}`. It takes the value, not a text.
/// - Dates, times, numbers: the methods below, which all come from `format.rs`.
/// - `<title>` says what kind of page it is, never whom it is about: titles end up in browser histories, task bars and
///   on projectors.
#[derive(Debug, Clone)]
pub struct Ui {
    /// The language of the page.
    pub language: Language,
    /// Who is signed in; without it the page has no navigation.
    pub viewer: Option<UiViewer>,
    /// Person and time for the watermark on every printed page, ready to show ([`watermark`]). Empty when signed out.
    pub now: String,
    /// A sentence above the page, after something was done.
    pub notice: Option<String>,
    /// The path (and query) of this page as a GET, for the language switch to come back to.
    pub path: String,
}

/// The person in the header of a page.
#[derive(Debug, Clone)]
pub struct UiViewer {
    /// The name of the person.
    pub name: String,
    /// The words for the person's roles, ready to show ([`format::list`]).
    pub roles: String,
    /// The name of the school.
    pub school: String,
    /// Where this person can go.
    pub nav: Vec<NavItem>,
    /// How many notices wait that the person has not looked at.
    pub unseen: i64,
}

/// One entry of the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// A path of this server.
    pub href: String,
    /// The word for it in the viewer's language.
    pub label: String,
    /// Whether the page is this entry or below it.
    pub current: bool,
}

/// One answer that a select or a row of buttons offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// Whether it is the present answer.
    pub chosen: bool,
}

/// An instant in microseconds UTC, by value or by any number of references: askama borrows what it passes on.
pub trait Instant: Copy {
    /// The microseconds.
    fn microseconds(self) -> i64;
}

impl Instant for i64 {
    fn microseconds(self) -> i64 {
        self
    }
}

impl<T: Instant> Instant for &T {
    fn microseconds(self) -> i64 {
        (*self).microseconds()
    }
}

impl Ui {
    /// The frame of a page that nobody has signed in to.
    #[must_use]
    pub fn anonymous(language: Language, path: &str) -> Self {
        Self { language, viewer: None, now: String::new(), notice: None, path: path.to_owned() }
    }

    /// The messages in the language of the page, for `t!`.
    #[must_use]
    pub fn loader(&self) -> &'static FluentLanguageLoader {
        language::loader(self.language)
    }

    /// The word for a value of a closed list: a role, a way, an effect.
    pub fn word<W: Word>(&self, value: W) -> String {
        language::word(self.language, W::FAMILY, value.code())
    }

    /// A level of a warning as the school speaks of it: 二级, or 橙色. Its number inside is never shown.
    #[must_use]
    pub fn level(&self, labels: LabelScheme, severity: Severity) -> String {
        let family = match labels {
            LabelScheme::Three => "level-three",
            LabelScheme::Four => "level-four",
        };
        language::word(self.language, family, severity.as_str())
    }

    /// The values of a closed list as answers of a form.
    pub fn choices<W: Word + PartialEq>(&self, all: &[W], chosen: Option<W>) -> Vec<Choice> {
        let choice = |&value: &W| Choice {
            value: value.code().to_owned(),
            label: self.word(value),
            chosen: chosen == Some(value),
        };
        all.iter().map(choice).collect()
    }

    /// The languages a reader can switch to.
    #[must_use]
    pub fn other_languages(&self) -> Vec<Language> {
        Language::ALL.iter().copied().filter(|&other| other != self.language).collect()
    }

    /// A civil date (`YYYY-MM-DD`) as people write it.
    #[must_use]
    pub fn date(&self, date: &str) -> String {
        format::date(self.language, date)
    }

    /// A civil date that was read already, as people write it.
    #[must_use]
    pub fn civil(&self, date: &jiff::civil::Date) -> String {
        format::civil(self.language, *date)
    }

    /// An instant (microseconds UTC) as date and time at the school.
    #[must_use]
    pub fn moment(&self, at: impl Instant) -> String {
        format::moment(self.language, at.microseconds())
    }

    /// An instant (microseconds UTC) as a date at the school.
    #[must_use]
    pub fn day(&self, at: impl Instant) -> String {
        format::day(self.language, at.microseconds())
    }

    /// [`IDLE_SECONDS`], for the template.
    #[must_use]
    pub const fn idle_seconds(&self) -> u32 {
        IDLE_SECONDS
    }

    /// [`LOCKED`], for the template.
    #[must_use]
    pub const fn locked(&self) -> &'static str {
        LOCKED
    }

    /// The address of a file of `static/`, with its content hash.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
}

/// The watermark of printed pages: who printed it and when (microseconds UTC).
#[must_use]
pub fn watermark(language: Language, person: &str, now: i64) -> String {
    format!("{person} {}", format::moment(language, now))
}

#[cfg(test)]
mod tests {
    use askama::Template;
    use scraper::{ElementRef, Html, Selector};

    use super::*;
    use crate::domain::words::{Effect, Role, Way};

    /// A page as a page writer writes it, with every building block.
    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% extends "base.html" %}
{% import "macros.html" as m %}
{% block title %}{{ t!(self.ui, "frame-notice") }}{% endblock %}
{% block main %}
<h1>{{ t!(self.ui, "class-name", grade = "七年级", number = 3) }}</h1>
{% if !error.is_empty() %}{% call m::form_errors() %}{% endcall %}{% endif %}
<form method="post" action="/entries" data-draft="/drafts/1">
{% call m::text("on", "日期", "2026-03-05", kind = "date", required = true) %}{% endcall %}
{% call m::radios("way", "方式", ui.choices(Way::ALL, Some(Way::HomeVisit)), required = true) %}{% endcall %}
{% call m::textarea("what", "经过", what, hint = "写事实", error = error) %}{% endcall %}
{% call m::select("effect", "效果", ui.choices(Effect::ALL, None)) %}{% endcall %}
{% call m::submit("保存", draft = true) %}{% endcall %}
</form>
<table>{% call m::head("名单", columns) %}{% endcall %}<tbody>
{% for at in moments %}<tr><td>{{ ui.moment(at) }}</td><td>{{ ui.word(Role::Helper) }}</td></tr>{% endfor %}
</tbody></table>
{% call m::empty("没有记录", advice = "先写一条") %}{% endcall %}
{% call m::facts([("班级", "七年级3班"), ("住校", "是")]) %}{% endcall %}
{% call m::print_button() %}{% endcall %}
{% endblock %}"#
    )]
    struct Example {
        ui: Ui,
        what: &'static str,
        error: &'static str,
        columns: Vec<&'static str>,
        moments: Vec<i64>,
    }

    fn example(language: Language, viewer: bool) -> String {
        let nav = [("/", "首页", false), ("/class", "本班", true)];
        let nav = nav.map(|(href, label, current)| NavItem { href: href.to_owned(), label: label.to_owned(), current });
        let mut ui = Ui::anonymous(language, "/class?page=2");
        if viewer {
            let name = "李<b>老师</b>".to_owned();
            ui.now = watermark(language, &name, 0);
            ui.notice = Some("已保存 & 已记录".to_owned());
            let (roles, school) = ("班主任".to_owned(), "柳溪中学".to_owned());
            ui.viewer = Some(UiViewer { name, roles, school, nav: nav.to_vec(), unseen: 3 });
        }
        let columns = vec!["时间", "角色"];
        Example { ui, what: "\n<script>x</script>", error: "请填写", columns, moments: vec![0] }.render().unwrap()
    }

    fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
        page.select(&Selector::parse(selector).unwrap()).collect()
    }

    fn text(element: ElementRef<'_>) -> String {
        element.text().collect::<String>().trim().to_owned()
    }

    #[test]
    fn the_page_says_which_language_it_is_in() {
        for (language, word) in [(Language::ZhCn, "提示 · 一册"), (Language::En, "Notice · Yice")] {
            let page = Html::parse_document(&example(language, true));
            assert_eq!(all(&page, "html")[0].attr("lang"), Some(language.as_str()));
            assert_eq!(text(all(&page, "title")[0]), word);
        }
    }

    #[test]
    fn the_language_switch_offers_the_other_language_and_comes_back_here() {
        let page = Html::parse_document(&example(Language::ZhCn, false));
        let button = all(&page, "form[action='/language'] button[name=to]");
        assert_eq!(button.len(), 1);
        assert_eq!((button[0].attr("value"), text(button[0])), (Some("en"), "English".to_owned()));
        assert_eq!(all(&page, "form[action='/language'] input[name=back]")[0].attr("value"), Some("/class?page=2"));
    }

    #[test]
    fn what_people_write_is_shown_and_never_run() {
        let source = example(Language::ZhCn, true);
        assert!(!source.contains("<b>老师") && !source.contains("<script>x"));
        let page = Html::parse_document(&source);
        assert_eq!(text(all(&page, ".who strong")[0]), "李<b>老师</b>");
        // The line break before the answer belongs to HTML, the one inside it to the person.
        assert_eq!(all(&page, "textarea")[0].text().collect::<String>(), "\n<script>x</script>");
    }

    #[test]
    fn nothing_of_the_page_needs_inline_script_or_style_or_another_host() {
        let page = Html::parse_document(&example(Language::En, true));
        for element in all(&page, "*") {
            for (name, value) in element.value().attrs() {
                assert!(name != "style" && !name.starts_with("on"), "{name} on {}", element.value().name());
                let is_address = ["href", "src", "action"].contains(&name);
                assert!(!is_address || value.starts_with(['/', '#']) && !value.starts_with("//"), "{name}={value}");
            }
            assert!(element.value().name() != "style");
            assert!(element.value().name() != "script" || element.attr("src").is_some());
        }
    }

    #[test]
    fn every_field_has_a_label_and_points_at_its_hint_and_error() {
        let page = Html::parse_document(&example(Language::ZhCn, true));
        let fields = all(&page, "main input, main select, main textarea");
        assert_eq!(fields.len(), 1 + Way::ALL.len() + 2);
        for field in fields {
            let id = field.attr("id").unwrap();
            assert_eq!(all(&page, &format!("label[for='{id}']")).len(), 1, "{id}");
        }
        let what = all(&page, "textarea")[0];
        assert_eq!(what.attr("aria-invalid"), Some("true"));
        let described: Vec<_> = what.attr("aria-describedby").unwrap().split_whitespace().collect();
        let said: Vec<_> = described.iter().map(|id| text(all(&page, &format!("#{id}"))[0])).collect();
        assert_eq!(said, ["写事实", "请填写"]);
        assert_eq!(all(&page, "select")[0].attr("aria-describedby"), None);
        assert_eq!(all(&page, "input[checked]")[0].attr("value"), Some("home_visit"));
    }

    #[test]
    fn a_signed_in_page_locks_itself_and_prints_with_a_watermark() {
        let page = Html::parse_document(&example(Language::ZhCn, true));
        let body = all(&page, "body")[0];
        assert_eq!((body.attr("data-idle-seconds"), body.attr("data-idle-url")), (Some("900"), Some("/locked")));
        assert!(text(all(&page, ".watermark span")[0]).contains("1970年1月1日 08:00"));
        assert_eq!(all(&page, "nav [aria-current=page]").len(), 1);
        // Without JavaScript these do nothing, so they are not there.
        for selector in ["[data-privacy]", "[data-veil]", "[data-print]"] {
            assert!(all(&page, selector)[0].attr("hidden").is_some(), "{selector}");
        }
    }

    #[test]
    fn a_page_before_sign_in_shows_no_person_and_no_way_in() {
        let page = Html::parse_document(&example(Language::ZhCn, false));
        for selector in ["nav", ".who", ".watermark", "[data-veil]", "form[action='/sign-out']", "[data-idle-url]"] {
            assert!(all(&page, selector).is_empty(), "{selector}");
        }
    }
}
