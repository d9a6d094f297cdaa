//! Finding a student among the decrypted names of a school: by name, part of it, pinyin initials, pinyin or class number.
//!
//! Names are sealed in the database, so the search runs over names in memory; it must be cheap per name. The caller keeps
//! [`initials`] beside each name, because they decide most searches with one comparison of a few bytes.

use pinyin::ToPinyin;

use super::roster::text;

/// The longest search text that is looked at, in characters.
const LONGEST: usize = 40;

/// What a person is looking for.
#[derive(Clone, PartialEq, Eq)]
pub struct Needle {
    /// The text, folded and in lower case.
    text: String,
    /// The text as pinyin, if it has two or more Latin letters and nothing else.
    letters: Option<String>,
    /// The text as a class number.
    seat: Option<u16>,
}

/// How well a name fits, best first; sort results by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// the whole name
    Name,
    /// the class number
    Seat,
    /// the name begins so
    NameStart,
    /// all pinyin initials
    Initials,
    /// the first pinyin initials
    InitialsStart,
    /// the pinyin of the name begins so
    PinyinStart,
    /// a part of the name
    NamePart,
    /// some pinyin initials
    InitialsPart,
    /// the pinyin of a part of the name, such as the given name
    PinyinPart,
}

/// A search text is often a student's name, so it cannot be printed.
impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹sealed›")
    }
}

impl Needle {
    /// Reads what a person typed, full-width forms and stray spaces included; nothing if it says nothing.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let start: String = typed.trim_start().chars().take(4 * LONGEST).collect();
        let text: String = text::name(&start).to_lowercase().chars().take(LONGEST).collect();
        if text.is_empty() {
            return None;
        }
        let pinyin: String =
            text.chars().filter(|c| !matches!(c, ' ' | '\'' | '-')).map(|c| if c == 'ü' { 'v' } else { c }).collect();
        let letters = (pinyin.len() > 1 && pinyin.bytes().all(|b| b.is_ascii_lowercase())).then_some(pinyin);
        let digits = text.strip_suffix('号').unwrap_or(&text);
        let seat = if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None };
        Some(Self { text, letters, seat })
    }

    /// How well a student fits, if at all. `initials` are those that [`initials`] makes of `name`; `seat` is the class number.
    #[must_use]
    pub fn matches(&self, name: &str, initials: &str, seat: Option<u16>) -> Option<Rank> {
        if self.seat.is_some() && self.seat == seat {
            return Some(Rank::Seat);
        }
        if let Some(letters) = &self.letters {
            // A Latin name also has a spelling of its own, so the better of the two counts.
            let own = if name.is_ascii() { self.match_name(name) } else { None };
            return [own, match_letters(letters, name, initials)].into_iter().flatten().min();
        }
        self.match_name(name)
    }

    fn match_name(&self, name: &str) -> Option<Rank> {
        if name.bytes().any(|b| b.is_ascii_uppercase()) {
            return match_text(&self.text, &name.to_lowercase());
        }
        match_text(&self.text, name).or_else(|| {
            // 阿卜杜拉买买提 finds 阿卜杜拉·买买提: the dot is hard to type.
            let dot_is_missing = name.contains('·') && !self.text.contains('·');
            if dot_is_missing { match_text(&self.text, &name.replace('·', "")) } else { None }
        })
    }
}

fn match_text(needle: &str, name: &str) -> Option<Rank> {
    match name.find(needle)? {
        0 if name.len() == needle.len() => Some(Rank::Name),
        0 => Some(Rank::NameStart),
        _ => Some(Rank::NamePart),
    }
}

fn match_letters(letters: &str, name: &str, initials: &str) -> Option<Rank> {
    let by_initials = match initials.find(letters) {
        Some(0) if initials.len() == letters.len() => return Some(Rank::Initials),
        Some(0) => return Some(Rank::InitialsStart),
        Some(_) => Some(Rank::InitialsPart),
        None => None,
    };
    // The pinyin begins with one of the initials, which tells most names apart without looking up a character.
    let first = letters.as_bytes().first()?;
    let start = initials
        .bytes()
        .enumerate()
        .filter(|(_, b)| b == first)
        .find(|(at, _)| spells(letters, syllables(name).skip(*at)));
    let by_pinyin = start.map(|(at, _)| if at == 0 { Rank::PinyinStart } else { Rank::PinyinPart });
    [by_initials, by_pinyin].into_iter().flatten().min()
}

/// Whether the letters are the beginning of these syllables; `v` and `u` both stand for `ü`.
fn spells<'a>(letters: &str, syllables: impl Iterator<Item = &'a str>) -> bool {
    let mut sounds = syllables.flat_map(str::chars);
    letters.chars().all(|letter| match sounds.next() {
        Some('ü') => matches!(letter, 'v' | 'u'),
        Some('ê') => letter == 'e',
        Some(sound) => sound.eq_ignore_ascii_case(&letter),
        None => false,
    })
}

/// The pinyin initials of a name in lower case: `诸葛亮` is `zgl`. Latin words count as one syllable each.
#[must_use]
pub fn initials(name: &str) -> String {
    syllables(name).filter_map(|syllable| syllable.chars().next()).map(plain).collect()
}

/// The pinyin of a name in lower case without spaces and tones: `吕布` is `lvbu`.
#[must_use]
pub fn full_pinyin(name: &str) -> String {
    syllables(name).flat_map(str::chars).map(plain).collect()
}

fn plain(sound: char) -> char {
    match sound {
        'ü' => 'v',
        'ê' => 'e',
        _ => sound.to_ascii_lowercase(),
    }
}

/// The sounds of a name one after the other: pinyin of each character, each Latin word as it stands.
fn syllables(name: &str) -> impl Iterator<Item = &str> {
    let (surname, rest) = read_surname(name);
    surname.iter().copied().chain(Syllables { rest })
}

struct Syllables<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Syllables<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let first = self.rest.chars().next()?;
            let word = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (syllable, rest) = self.rest.split_at(word.max(first.len_utf8()));
            self.rest = rest;
            if word > 0 {
                return Some(syllable);
            }
            if let Some(sound) = first.to_pinyin() {
                return Some(sound.plain());
            }
        }
    }
}

/// The surname at the start of a name where its reading is not the usual one of its characters, and what follows it.
fn read_surname(name: &str) -> (&'static [&'static str], &str) {
    // A surname alone, such as a teacher's 单老师, is read the same way.
    let mut chars = name.char_indices().map(|(at, c)| at + c.len_utf8());
    let (one, two) = (chars.next().unwrap_or(0), chars.next().unwrap_or(0));
    let double = name.get(..two).and_then(double_surname).map(|reading| (reading, two));
    let single = || name.get(..one).and_then(single_surname).map(|reading| (reading, one));
    match double.or_else(single) {
        Some((reading, length)) => (reading, &name[length..]),
        None => (&[], name),
    }
}

/// Only what differs from the usual reading is listed here, and below for single characters.
fn double_surname(surname: &str) -> Option<&'static [&'static str]> {
    Some(match surname {
        "尉迟" => &["yu", "chi"],
        "万俟" => &["mo", "qi"],
        "单于" => &["chan", "yu"],
        "澹台" => &["tan", "tai"],
        "乐正" => &["yue", "zheng"],
        _ => return None,
    })
}

fn single_surname(surname: &str) -> Option<&'static [&'static str]> {
    Some(match surname {
        "单" => &["shan"],
        "仇" => &["qiu"],
        "区" => &["ou"],
        "查" => &["zha"],
        "曾" => &["zeng"],
        "解" => &["xie"],
        "盖" => &["ge"],
        "朴" => &["piao"],
        "任" => &["ren"],
        "华" => &["hua"],
        "覃" => &["qin"],
        "乐" => &["yue"],
        "翟" | "祭" => &["zhai"],
        "缪" => &["miao"],
        "洗" | "冼" => &["xian"],
        "种" => &["chong"],
        "秘" => &["bi"],
        "折" => &["she"],
        "员" => &["yun"],
        "召" => &["shao"],
        "阚" => &["kan"],
        "佴" => &["nai"],
        "都" => &["du"],
        "卜" => &["bu"],
        "黑" => &["he"],
        "繁" => &["po"],
        "么" => &["yao"],
        "粘" => &["nian"],
        "率" => &["shuai"],
        "会" => &["gui"],
        "句" => &["gou"],
        "薄" => &["bo"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(typed: &str, name: &str) -> Option<Rank> {
        Needle::parse(typed).unwrap().matches(name, &initials(name), Some(17))
    }

    #[test]
    fn a_name_is_found_whole_or_in_part() {
        assert_eq!(find("孟浩沐", "孟浩沐"), Some(Rank::Name));
        assert_eq!(find(" 孟\u{3000}浩沐 ", "孟浩沐"), Some(Rank::Name));
        assert_eq!(find("孟浩", "孟浩沐"), Some(Rank::NameStart));
        assert_eq!(find("浩沐", "孟浩沐"), Some(Rank::NamePart));
        assert_eq!(find("沐浩", "孟浩沐"), None);
        assert_eq!(find("孟浩沐沐", "孟浩沐"), None);
    }

    #[test]
    fn names_with_a_dot_are_found_with_another_dot_and_without() {
        for typed in ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉.买买提", "阿卜杜拉买买提"]
        {
            assert_eq!(find(typed, "阿卜杜拉·买买提"), Some(Rank::Name), "{typed}");
        }
        assert_eq!(find("买买提", "阿卜杜拉·买买提"), Some(Rank::NamePart));
        assert_eq!(find("abdlmmt", "阿卜杜拉·买买提").map(|rank| rank <= Rank::InitialsStart), Some(true));
    }

    #[test]
    fn two_initials_are_enough_and_one_is_not() {
        assert_eq!(find("mhm", "孟浩沐"), Some(Rank::Initials));
        assert_eq!(find("MH", "孟浩沐"), Some(Rank::InitialsStart));
        assert_eq!(find("ｍｈ", "孟浩沐"), Some(Rank::InitialsStart));
        assert_eq!(find("hm", "孟浩沐"), Some(Rank::InitialsPart));
        assert_eq!(find("m", "孟浩沐"), None);
        assert_eq!(find("mx", "孟浩沐"), None);
    }

    #[test]
    fn pinyin_is_found_from_its_first_letters_on() {
        for typed in ["menghaomu", "meng", "menghao", "mengha", "Meng Hao Mu", "meng'hao", "me"] {
            assert_eq!(find(typed, "孟浩沐"), Some(Rank::PinyinStart), "{typed}");
        }
        assert_eq!(find("haomu", "孟浩沐"), Some(Rank::PinyinPart));
        assert_eq!(find("menghaomux", "孟浩沐"), None);
        assert_eq!(find("enghao", "孟浩沐"), None);
    }

    #[test]
    fn lü_is_found_in_all_its_spellings() {
        assert_eq!(full_pinyin("吕布"), "lvbu");
        for typed in ["lvbu", "lübu", "lubu"] {
            assert_eq!(find(typed, "吕布"), Some(Rank::PinyinStart), "{typed}");
        }
    }

    #[test]
    fn digits_are_the_class_number() {
        for typed in ["17", "１７", "017", "17号"] {
            assert_eq!(find(typed, "孟浩沐"), Some(Rank::Seat), "{typed}");
        }
        assert_eq!(find("1", "孟浩沐"), None);
        assert_eq!(find("99999999999", "孟浩沐"), None);
        assert_eq!(Needle::parse("17").unwrap().matches("孟浩沐", "mhm", None), None);
    }

    #[test]
    fn latin_names_are_found_without_regard_to_case() {
        assert_eq!(find("aygul memet", "Aygul Memet"), Some(Rank::Name));
        assert_eq!(find("AYGUL", "Aygul Memet"), Some(Rank::NameStart));
        assert_eq!(find("aygulmem", "Aygul Memet"), Some(Rank::PinyinStart));
        assert_eq!(find("am", "Aygul Memet"), Some(Rank::Initials));
        assert_eq!(initials("Aygul Memet"), "am");
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, pinyin) in [
            ("单明", "shanming"),
            ("仇明", "qiuming"),
            ("区明", "ouming"),
            ("查明", "zhaming"),
            ("曾明", "zengming"),
            ("解明", "xieming"),
            ("盖明", "geming"),
            ("朴明", "piaoming"),
            ("任明", "renming"),
            ("华明", "huaming"),
            ("尉迟明", "yuchiming"),
            ("万俟明", "moqiming"),
            ("覃明", "qinming"),
            ("乐明", "yueming"),
            ("翟明", "zhaiming"),
            ("缪明", "miaoming"),
            ("洗明", "xianming"),
            ("冼明", "xianming"),
            ("种明", "chongming"),
            ("秘明", "biming"),
            ("折明", "sheming"),
            ("员明", "yunming"),
            ("长孙明", "zhangsunming"),
            ("单于明", "chanyuming"),
            ("召明", "shaoming"),
            ("卜明", "buming"),
            ("句明", "gouming"),
            ("澹台明", "tantaiming"),
        ] {
            assert_eq!(full_pinyin(name), pinyin, "{name}");
        }
        assert_eq!(initials("尉迟恭"), "ycg");
        assert_eq!(initials("单雄信"), "sxx");
    }

    #[test]
    fn only_the_surname_is_read_as_a_surname() {
        assert_eq!(full_pinyin("王乐"), "wangle");
        assert!(full_pinyin("张华单").starts_with("zhanghua"));
        assert!(full_pinyin("李解").starts_with("lijie"));
    }

    #[test]
    fn a_search_text_of_nothing_finds_nothing() {
        assert!(Needle::parse("").is_none());
        assert!(Needle::parse(" \u{3000}\u{200b}\n").is_none());
    }

    #[test]
    fn a_long_search_text_is_cut() {
        let needle = Needle::parse(&"孟".repeat(1_000_000)).unwrap();
        assert_eq!(needle.text.chars().count(), LONGEST);
        assert_eq!(needle.matches(&"孟".repeat(50), "", None), Some(Rank::NameStart));
    }

    #[test]
    fn a_search_text_cannot_be_printed() {
        assert_eq!(format!("{:?}", Needle::parse("孟浩沐").unwrap()), "‹sealed›");
    }

    #[test]
    fn better_matches_come_first() {
        let mut ranks: Vec<Rank> =
            ["孟浩沐", "孟浩", "马浩孟浩", "王浩"].iter().filter_map(|name| find("孟浩", name)).collect();
        ranks.sort();
        assert_eq!(ranks, [Rank::Name, Rank::NameStart, Rank::NamePart]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_and_no_name_make_the_search_panic(typed in ".{0,60}", name in ".{0,60}") {
            if let Some(needle) = Needle::parse(&typed) {
                let _ = needle.matches(&name, &initials(&name), Some(1));
                let _ = full_pinyin(&name);
            }
        }

        #[test]
        fn the_pinyin_of_a_name_always_finds_it(name in "[\u{4e00}-\u{9fa5}]{2,4}") {
            let pinyin = full_pinyin(&name);
            if pinyin.len() > 1 && pinyin.len() <= LONGEST {
                proptest::prop_assert!(find(&pinyin, &name).is_some());
                proptest::prop_assert!(find(&initials(&name), &name).is_some() || initials(&name).len() < 2);
            }
        }
    }
}
