//! One-on-one help 结对帮扶: its words, what stands sealed about it, and the two rules that need no database: when help goes
//! on without progress, and why somebody fits.

use jiff::civil::Date;

use super::unprintable::unprintable;
use super::words::{Effect, Sex, words};

words! {
    /// 帮扶类别 (`forms.md` §2.1): what a pairing is about. Sealed.
    Condition {
        /// 身体
        Physical = "physical",
        /// 学习
        Learning = "learning",
        /// 品德
        Conduct = "conduct",
        /// 家庭
        Family = "family",
        /// 情绪
        Emotion = "emotion",
        /// 行为
        Behaviour = "behaviour",
    }
}

words! {
    /// What a review is (`forms.md` §2.1, body 5).
    ReviewKind {
        /// 月小结
        Month = "month",
        /// 学期小结
        Term = "term",
        /// 家长反馈
        Parents = "parents",
        /// 德育处意见
        Office = "office",
        /// 结对结束时的小结
        Closing = "closing",
    }
}

impl ReviewKind {
    /// The reviews that somebody who writes support plans adds. The office's opinion is the office's own, and a closing note
    /// is part of ending a pairing.
    pub const WRITTEN: &'static [Self] = &[Self::Month, Self::Term, Self::Parents];
}

/// A review of help. Append-only; sealed in the support compartment.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Review {
    /// What it is.
    pub kind: ReviewKind,
    /// The day it speaks of.
    pub date: Date,
    /// What it says.
    pub text: String,
    /// 效果, where it is a stage review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// 是否调整方案
    #[serde(default)]
    pub adjust: bool,
}

/// All that a helper from outside learns of the child (`law.md`, minimum necessary). Sealed to that helper alone, and beside
/// the pairing for those who keep the file.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NeedsCard {
    /// 化名, made by who started the pairing.
    pub alias: String,
    /// The grade, 1 to 12.
    pub grade: u8,
    /// What the help is for.
    pub purpose: String,
    /// What the child needs.
    pub needs: String,
    /// What was agreed.
    pub measures: String,
}

unprintable!(Review, NeedsCard);

/// How many of the newest entries and reviews, running, saw no progress (`words.md` §7.5). Newest first.
#[must_use]
pub fn without_progress(effects: &[Effect]) -> usize {
    effects.iter().take_while(|effect| matches!(effect, Effect::Unchanged | Effect::Worse)).count()
}

/// Two without progress bring in the moral-education office (`requirements.md` A16).
pub const STALLED: usize = 2;

/// What a member of staff can help with, by their own word (`requirements.md` A20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strengths {
    /// 任教学科
    pub subject: String,
    /// 专长爱好, in words separated by 、 or spaces.
    pub interests: String,
    /// 语言、方言
    pub languages: String,
    /// 性别, if they say it.
    pub sex: Option<Sex>,
    /// 上限: how many students at once.
    pub capacity: i64,
}

impl Default for Strengths {
    fn default() -> Self {
        Self {
            subject: String::new(),
            interests: String::new(),
            languages: String::new(),
            sex: None,
            capacity: CAPACITY,
        }
    }
}

/// How many students somebody helps at once who has said nothing about it.
pub const CAPACITY: i64 = 3;

/// Why somebody fits what a student asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// teaches a subject that was asked for
    Subject(String),
    /// likes what the student likes or asked for
    Interest(String),
    /// speaks a language that was asked for
    Language(String),
    /// a woman or a man, as was asked for
    Sex(Sex),
}

/// Why these strengths fit what is wanted. A person decides; this only says what stands on both sides.
#[must_use]
pub fn reasons(strengths: &Strengths, wanted: &str) -> Vec<Reason> {
    let named = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| c.is_whitespace() || "、，,；;。/".contains(c));
        let mut words: Vec<String> = words.map(str::to_owned).filter(|w| w.chars().count() > 1).collect();
        words.retain(|word| wanted.contains(word.as_str()));
        words
    };
    let subjects = named(&strengths.subject).into_iter().map(Reason::Subject);
    let interests = named(&strengths.interests).into_iter().map(Reason::Interest);
    let languages = named(&strengths.languages).into_iter().map(Reason::Language);
    let sex = strengths.sex.filter(|sex| asks_for(wanted, *sex)).map(Reason::Sex);
    subjects.chain(interests).chain(languages).chain(sex).collect()
}

fn asks_for(wanted: &str, sex: Sex) -> bool {
    let words: &[&str] = match sex {
        Sex::Female => &["女老师", "女教师"],
        Sex::Male => &["男老师", "男教师"],
    };
    words.iter().any(|word| wanted.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_running_without_progress_are_stalled_and_one_better_day_begins_anew() {
        use Effect::{Better, MuchBetter, Unchanged, Worse};
        for (effects, run) in [
            (&[][..], 0),
            (&[Unchanged][..], 1),
            (&[Worse, Unchanged, Better][..], 2),
            (&[Better, Worse, Unchanged][..], 0),
            (&[Unchanged, MuchBetter, Unchanged][..], 1),
        ] {
            assert_eq!(without_progress(effects), run, "{effects:?}");
        }
    }

    #[test]
    fn reasons_name_what_stands_on_both_sides() {
        let strengths = Strengths {
            subject: "数学".to_owned(),
            interests: "画画、长跑 围棋".to_owned(),
            languages: "苗语".to_owned(),
            sex: Some(Sex::Female),
            capacity: 2,
        };
        let wanted = "想补数学，最好是会苗语的女老师；喜欢长跑";
        let expected = [
            Reason::Subject("数学".to_owned()),
            Reason::Interest("长跑".to_owned()),
            Reason::Language("苗语".to_owned()),
            Reason::Sex(Sex::Female),
        ];
        assert_eq!(reasons(&strengths, wanted), expected);
        assert!(reasons(&strengths, "").is_empty());
        assert!(reasons(&Strengths::default(), wanted).is_empty());
        assert!(reasons(&Strengths { sex: Some(Sex::Male), ..Strengths::default() }, wanted).is_empty());
    }

    proptest! {
        #[test]
        fn a_reason_is_never_something_that_nobody_asked_for(interests in "[画跑琴棋、 ]{0,20}", wanted in "[画跑琴棋]{0,12}") {
            let strengths = Strengths { interests, ..Strengths::default() };
            for reason in reasons(&strengths, &wanted) {
                let Reason::Interest(word) = reason else { panic!("{reason:?}") };
                prop_assert!(wanted.contains(&word));
            }
        }
    }
}
