//! Which language a page speaks, and where its words come from.
//!
//! Chinese is written first and is the default. The language of a request is the person's setting, then the cookie
//! [`COOKIE`], then `Accept-Language`, then Chinese. Texts are Fluent messages in `src/web/locales/*/yice.ftl`; see
//! [`crate::web::ui::Ui`] for how a page asks for them.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use i18n_embed::{I18nAssets, LanguageLoader, fluent::FluentLanguageLoader};
use unic_langid::LanguageIdentifier;

use crate::domain::audit::{Event, Outcome};
use crate::domain::calendar::DayKind;
use crate::domain::compliance::{ClosedAge, IncidentKind, OpenFinding, RequestKind};
use crate::domain::county::{AnswerState, DecisionState, Part, Topic};
use crate::domain::crisis::{CrisisAct, TeamDuty};
use crate::domain::deidentify::Slip;
use crate::domain::gate::menu::Visit;
use crate::domain::help::HelpState;
use crate::domain::keeping::{ErasureGround, Hindrance, UnsealingGround};
use crate::domain::mandatory::{Missing, Side, Situation};
use crate::domain::outside::{Channel, Encryption, Fault};
use crate::domain::process::ProcessFigure;
use crate::domain::record::{Field, SessionForm, Standing};
use crate::domain::referral::{Consent, Ground, PacketWay, Receiver, ReferralStage, ReturnStep};
use crate::domain::room::AppointmentState;
use crate::domain::session::{Gravity, NoteSource, ProblemType};
use crate::domain::steps::{
    CloseReason, Contact, Flag, Precaution, ProtectiveFactor, Reaction, RiskFactor, StepField, Told,
};
use crate::domain::warning::{LabelScheme, LetterState, Rule, Safe, Stage, StepKind, Task, Urgency};
use crate::domain::words::{
    Action, Boarding, Compartment, Effect, FileStatus, GroupTag, Kind, Language, OfficeKind, Relation, Role, Sex, Way,
};

/// The name of the cookie that remembers the language of this browser. It says nothing about the person.
pub const COOKIE: &str = "lang";

const CHINESE: &str = include_str!("locales/zh-CN/yice.ftl");
const ENGLISH: &str = include_str!("locales/en/yice.ftl");

/// The message files, compiled in. Naming them here also makes the compiler check every `fl!` again when one changes.
struct Locales;

impl I18nAssets for Locales {
    fn get_files(&self, path: &str) -> Vec<Cow<'_, [u8]>> {
        match path {
            "zh-CN/yice.ftl" => vec![Cow::Borrowed(CHINESE.as_bytes())],
            "en/yice.ftl" => vec![Cow::Borrowed(ENGLISH.as_bytes())],
            _ => Vec::new(),
        }
    }

    fn filenames_iter(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(["zh-CN/yice.ftl", "en/yice.ftl"].into_iter().map(str::to_owned))
    }
}

static CHINESE_LOADER: LazyLock<FluentLanguageLoader> = LazyLock::new(|| build(Language::ZhCn));
static ENGLISH_LOADER: LazyLock<FluentLanguageLoader> = LazyLock::new(|| build(Language::En));

/// The messages of one language. English does not fall back to Chinese: a gap must show in a test, not as a page that
/// speaks two languages.
#[must_use]
pub fn loader(language: Language) -> &'static FluentLanguageLoader {
    match language {
        Language::ZhCn => &CHINESE_LOADER,
        Language::En => &ENGLISH_LOADER,
    }
}

fn build(language: Language) -> FluentLanguageLoader {
    let identifier: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let loader = FluentLanguageLoader::new("yice", identifier.clone());
    if let Err(error) = loader.load_languages(&Locales, &[identifier]) {
        // Cannot happen with files that are compiled in; a page of message ids is better than no server.
        tracing::error!(%error, "the message files cannot be read");
    }
    // Isolation marks protect text that mixes writing directions; neither language does, and they break searching.
    loader.set_use_isolating(false);
    loader
}

/// The messages of one language that take no arguments, as they stand in the file: a page asks for hundreds of them, and
/// formatting each anew cost more than opening the fields of a file.
static FIXED: LazyLock<[HashMap<&'static str, &'static str>; 2]> =
    LazyLock::new(|| [CHINESE, ENGLISH].map(fixed_messages));

fn fixed_messages(file: &'static str) -> HashMap<&'static str, &'static str> {
    let lines: Vec<&str> = file.lines().collect();
    let goes_on = |next: Option<&&str>| next.is_some_and(|line| line.starts_with(' '));
    let message = |(number, line): (usize, &&'static str)| {
        let (id, text) = line.split_once(" = ").filter(|(id, _)| id.starts_with(|c: char| c.is_ascii_lowercase()))?;
        (!text.contains('{') && !goes_on(lines.get(number + 1))).then_some((id, text.trim()))
    };
    lines.iter().enumerate().filter_map(message).collect()
}

/// The text of a message without arguments; none for one that has to be formatted.
#[must_use]
pub fn fixed(loader: &'static FluentLanguageLoader, id: &str) -> Option<&'static str> {
    let language = usize::from(!std::ptr::eq(loader, &raw const *CHINESE_LOADER));
    FIXED[language].get(id).copied()
}

/// The word for a code, by its family: `word(language, "role", "counsellor")` is 心理教师. Prefer
/// [`crate::web::ui::Ui::word`], which takes the value itself and cannot be misspelt.
#[must_use]
pub fn word(language: Language, family: &str, code: &str) -> String {
    let (id, loader) = (format!("{family}-{code}"), loader(language));
    fixed(loader, &id).map_or_else(|| loader.get(&id), str::to_owned)
}

/// A value of a closed list that has a word in every language, under the message id `<family>-<code>`.
pub trait Word: Copy {
    /// The first part of the message id.
    const FAMILY: &'static str;

    /// The stable code, the second part of the message id.
    fn code(self) -> &'static str;
}

impl<W: Word> Word for &W {
    const FAMILY: &'static str = W::FAMILY;

    fn code(self) -> &'static str {
        (*self).code()
    }
}

/// Gives each closed list its family of messages, and the tests the list of all of them.
macro_rules! families {
    ($($family:literal: $name:ident),+ $(,)?) => {
        $(impl Word for $name {
            const FAMILY: &'static str = $family;

            fn code(self) -> &'static str {
                self.as_str()
            }
        })+

        #[cfg(test)]
        fn every_word() -> Vec<(&'static str, &'static str)> {
            let mut words = Vec::new();
            $(words.extend($name::ALL.iter().map(|value| ($family, value.as_str())));)+
            words
        }
    };
}

families! {
    "action": Action,
    "appointment-state": AppointmentState,
    "boarding": Boarding,
    "channel": Channel,
    "day-kind": DayKind,
    "kind": Compartment,
    "effect": Effect,
    "fault": Fault,
    "field": Field,
    "event": Event,
    "file-status": FileStatus,
    "gravity": Gravity,
    "visit-state": Visit,
    "group-tag": GroupTag,
    "erasure-ground": ErasureGround,
    "hindrance": Hindrance,
    "unsealing-ground": UnsealingGround,
    "help-state": HelpState,
    "kind": Kind,
    "language": Language,
    "mail-encryption": Encryption,
    "note-source": NoteSource,
    "office-kind": OfficeKind,
    "outcome": Outcome,
    "problem-type": ProblemType,
    "relation": Relation,
    "role": Role,
    "session-form": SessionForm,
    "sex": Sex,
    "standing": Standing,
    "way": Way,
    "stage": Stage,
    "urgency": Urgency,
    "safe": Safe,
    "rule": Rule,
    "letter-state": LetterState,
    "label-scheme": LabelScheme,
    "step": StepKind,
    "step-field": StepField,
    "task": Task,
    "risk": RiskFactor,
    "protective": ProtectiveFactor,
    "precaution": Precaution,
    "contact": Contact,
    "reaction": Reaction,
    "told": Told,
    "flag": Flag,
    "close-reason": CloseReason,
    "crisis-act": CrisisAct,
    "team-duty": TeamDuty,
    "referral-stage": ReferralStage,
    "return-step": ReturnStep,
    "receiver": Receiver,
    "ground": Ground,
    "packet-way": PacketWay,
    "consent": Consent,
    "situation": Situation,
    "side": Side,
    "missing": Missing,
    "county-part": Part,
    "decision-state": DecisionState,
    "topic": Topic,
    "answer-state": AnswerState,
    "slip": Slip,
    "process": ProcessFigure,
    "incident": IncidentKind,
    "finding": OpenFinding,
    "closed-age": ClosedAge,
    "request": RequestKind,
}

/// The language of a request: the person's setting, then the cookie, then what the browser asks for, then Chinese.
#[must_use]
pub fn negotiate(setting: Option<Language>, headers: &HeaderMap) -> Language {
    setting.or_else(|| from_cookie(headers)).or_else(|| from_browser(headers)).unwrap_or(Language::ZhCn)
}

/// The cookie that remembers `language` in this browser for good. `secure` as in [`crate::web::headers::Frame`].
#[must_use]
pub fn cookie(language: Language, secure: bool) -> Cookie<'static> {
    Cookie::build((COOKIE, language.as_str()))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .permanent()
        .build()
}

/// Where to go after the language was switched: `back` if it is a path of this server, else the start page. Anything
/// else would let a link on another site borrow our address to send people away (`//evil.example`, `/\evil.example`).
#[must_use]
pub fn way_back(back: &str) -> &str {
    let is_a_path = back.starts_with('/') && !back[1..].starts_with(['/', '\\']);
    if is_a_path && back.bytes().all(|byte| byte.is_ascii_graphic()) { back } else { "/" }
}

fn from_cookie(headers: &HeaderMap) -> Option<Language> {
    CookieJar::from_headers(headers).get(COOKIE).and_then(|cookie| Language::parse(cookie.value()))
}

fn from_browser(headers: &HeaderMap) -> Option<Language> {
    let mut best = None;
    let mut best_weight = 0.0;
    for range in
        headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','))
    {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
        let language = match tag.split('-').next() {
            Some("zh") => Language::ZhCn,
            Some("en") => Language::En,
            _ => continue,
        };
        // Strictly greater: of two equal wishes the first one named counts.
        if weight > best_weight {
            (best, best_weight) = (Some(language), weight);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    /// Message id → (arguments, text), read with the same parser that Fluent uses.
    fn messages(language: Language) -> BTreeMap<String, (BTreeSet<String>, String)> {
        let source = match language {
            Language::ZhCn => CHINESE,
            Language::En => ENGLISH,
        };
        let mut found = BTreeMap::new();
        let mut id = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, text)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
                id = name.to_owned();
                let twice = found.insert(id.clone(), (BTreeSet::new(), text.trim().to_owned()));
                assert!(twice.is_none(), "{id} stands twice in {language}");
            } else if let Some((_, text)) = found.get_mut(&id) {
                text.push_str(line);
            }
        }
        for (arguments, text) in found.values_mut() {
            let after_dollar = text.split('$').skip(1);
            *arguments = after_dollar
                .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect())
                .collect();
        }
        found
    }

    #[test]
    fn every_word_of_every_closed_list_exists_in_both_languages() {
        for &language in Language::ALL {
            for (family, code) in every_word() {
                let id = format!("{family}-{code}");
                assert!(loader(language).has(&id), "{id} is missing in {language}");
                assert!(!word(language, family, code).trim().is_empty(), "{id} is empty in {language}");
            }
        }
    }

    #[test]
    fn every_level_has_a_label_in_every_scheme_and_none_is_a_bare_number() {
        use crate::domain::warning::Severity;
        use crate::web::ui::Ui;
        for &language in Language::ALL {
            for scheme in LabelScheme::ALL {
                let ui = Ui::anonymous(language, "/");
                let labels: BTreeSet<String> = Severity::ALL.iter().map(|level| ui.level(*scheme, *level)).collect();
                assert_eq!(labels.len(), Severity::ALL.len(), "{scheme} in {language}");
                assert!(labels.iter().all(|label| label.contains(|c: char| c.is_alphabetic())), "{labels:?}");
                assert!(!labels.iter().any(|label| label.contains("level-")), "{labels:?}");
            }
        }
    }

    #[test]
    fn no_word_family_holds_a_code_that_no_list_knows() {
        let known: BTreeSet<String> =
            every_word().into_iter().map(|(family, code)| format!("{family}-{code}")).collect();
        let families: BTreeSet<&str> = every_word().into_iter().map(|(family, _)| family).collect();
        let section = CHINESE.split("### words").nth(1).unwrap().split("###").next().unwrap();
        for line in section.lines().filter(|line| !line.trim().is_empty()) {
            let id = line.split(" =").next().unwrap();
            assert!(families.iter().any(|family| id.starts_with(family)), "{id} belongs to no family");
            assert!(known.contains(id), "{id} is no code of the product");
        }
    }

    #[test]
    fn what_a_page_can_say_was_done_is_what_has_a_message() {
        let messages = messages(Language::ZhCn);
        let said: BTreeSet<&str> = messages.keys().filter_map(|id| id.strip_prefix("done-")).collect();
        assert_eq!(said, super::super::ui::DONE.iter().copied().collect());
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_arguments() {
        let (chinese, english) = (messages(Language::ZhCn), messages(Language::En));
        assert!(chinese.len() > 100, "the reader of this test found only {} messages", chinese.len());
        let ids = |of: &BTreeMap<String, _>| of.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(ids(&chinese), ids(&english));
        for (id, (arguments, text)) in &chinese {
            assert_eq!(arguments, &english[id].0, "arguments of {id}");
            assert!(!text.is_empty() && !english[id].1.is_empty(), "{id} is empty");
        }
    }

    #[test]
    fn the_files_hold_nothing_that_fluent_cannot_read() {
        for &language in Language::ALL {
            let identifier = loader(language).current_languages().remove(0);
            let read: BTreeSet<String> =
                loader(language).with_message_iter(&identifier, |all| all.map(|m| m.id.name.to_owned()).collect());
            assert_eq!(read, messages(language).into_keys().collect(), "in {language}");
        }
    }

    #[test]
    fn english_messages_are_english_and_chinese_ones_chinese() {
        let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        // The names of languages stand in their own language in both files; a roster's own words are quoted as they stand.
        let shared = |id: &str| id.starts_with("language-") || id.starts_with("roster-problem-");
        for (id, (_, text)) in messages(Language::En) {
            assert!(shared(&id) || !text.contains(is_chinese), "{id} is not translated: {text}");
        }
        for (id, (_, text)) in messages(Language::ZhCn) {
            let prose: String = text.split('{').map(|part| part.rsplit('}').next().unwrap_or_default()).collect();
            let is_latin_only = prose.contains(|c: char| c.is_ascii_alphabetic()) && !prose.contains(is_chinese);
            assert!(shared(&id) || !is_latin_only, "{id} is not Chinese: {text}");
            let characters: Vec<char> = text.chars().collect();
            let is_half = |c: char| [',', ';', ':', '?', '!', '(', ')'].contains(&c);
            let beside = |one: char, other: char| is_half(one) && is_chinese(other);
            let is_half_width = |pair: &[char]| beside(pair[0], pair[1]) || beside(pair[1], pair[0]);
            assert!(!characters.windows(2).any(is_half_width), "{id} has half-width punctuation: {text}");
        }
    }

    #[test]
    fn a_fixed_message_reads_as_fluent_formats_it() {
        let mut compared = 0;
        for &language in Language::ALL {
            for (id, (arguments, _)) in messages(language) {
                if let Some(text) = fixed(loader(language), &id) {
                    assert!(arguments.is_empty(), "{id} takes arguments");
                    assert_eq!(text, loader(language).get(&id), "{id}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 400, "only {compared} messages are fixed");
    }

    #[test]
    fn english_does_not_fall_back_to_chinese() {
        assert_eq!(word(Language::En, "role", "counsellor"), "Counsellor");
        assert_eq!(word(Language::ZhCn, "role", "counsellor"), "心理教师");
        let identifiers = loader(Language::En).current_languages();
        assert_eq!(identifiers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["en"]);
    }

    #[test]
    fn a_placeable_carries_no_isolation_marks() {
        let text = i18n_embed_fl::fl!(loader(Language::ZhCn), "problem-incident", incident = "7f3a0001");
        assert_eq!(text, "如需帮助，请把编号 7f3a0001 告诉管理员。");
    }

    #[test]
    fn the_setting_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        let both = headers(&[("cookie", "lang=en"), ("accept-language", "zh-CN")]);
        assert_eq!(negotiate(Some(Language::ZhCn), &both), Language::ZhCn);
        assert_eq!(negotiate(None, &both), Language::En);
        assert_eq!(negotiate(None, &headers(&[("accept-language", "en-GB,en;q=0.8")])), Language::En);
        assert_eq!(negotiate(None, &HeaderMap::new()), Language::ZhCn);
    }

    #[test]
    fn the_browser_is_heard_by_weight_and_only_for_languages_we_speak() {
        let ask = |wish| negotiate(None, &headers(&[("accept-language", wish)]));
        assert_eq!(ask("en;q=0.5, zh-TW;q=0.9"), Language::ZhCn);
        assert_eq!(ask("fr, en;q=0.3"), Language::En);
        assert_eq!(ask("en;q=0, fr"), Language::ZhCn);
        assert_eq!(ask("en;q=nonsense;;,,"), Language::ZhCn);
    }

    #[test]
    fn an_unknown_cookie_counts_as_none() {
        assert_eq!(negotiate(None, &headers(&[("cookie", "lang=<script>")])), Language::ZhCn);
    }

    #[test]
    fn the_way_back_never_leaves_this_server() {
        assert_eq!(way_back("/files/1?page=2"), "/files/1?page=2");
        for bad in ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\r\nSet-Cookie: x", "/\t/evil"]
        {
            assert_eq!(way_back(bad), "/", "{bad:?}");
        }
    }
}
