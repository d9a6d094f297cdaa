//! Stray spaces, full-width characters and invisible marks, as they come out of copied spreadsheets.

/// A code, number or date: full-width characters folded, every space and invisible mark removed.
pub(in crate::domain) fn code(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c) && !c.is_whitespace()).map(fold).collect()
}

/// Free text: digits and letters folded, spaces tidied, Chinese punctuation left as written.
pub(in crate::domain) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            let folded = fold(c);
            out.push(if folded.is_ascii_alphanumeric() { folded } else { c });
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A person's name: no spaces but between Latin words (`孟 浩沐` is one name, `Aygul Memet` too), and one form of the
/// middle dot of minority names (GB 18030 `·`), of which keyboards offer half a dozen.
pub(in crate::domain) fn name(text: &str) -> String {
    let tidy: Vec<char> = prose(text).chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in tidy.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| tidy.get(i)).copied();
        let after = tidy.get(i + 1).copied();
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii() && c != ' ');
        match c {
            ' ' if latin(before) && latin(after) => out.push(' '),
            ' ' => {}
            '•' | '‧' | '∙' | '⋅' | '・' | '･' | '\u{b7}' | '．' => out.push('·'),
            '.' if !latin(before) && before.is_some() && !latin(after) && after.is_some() => out.push('·'),
            _ => out.push(c),
        }
    }
    out
}

/// The ASCII character that a full-width one stands for; other characters stay.
pub(in crate::domain) fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '–' | '—' | '−' | '‐' | '‑' => '-',
        _ => c,
    }
}

/// Characters that print nothing: controls, zero-width joiners, direction marks, byte order marks, soft hyphens.
pub(in crate::domain) fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lose_every_space_and_full_width_form() {
        assert_eq!(code(" （３）\u{3000}班\u{a0}\u{200b}\u{feff}"), "(3)班");
        assert_eq!(code("２０１３－０９－２４"), "2013-09-24");
    }

    #[test]
    fn prose_keeps_chinese_punctuation_and_single_spaces() {
        assert_eq!(prose("\u{3000}柳树湾村\u{a0}\u{3000}７组，（后门）\n右转 "), "柳树湾村 7组，（后门） 右转");
    }

    #[test]
    fn names_lose_spaces_between_characters_but_not_between_latin_words() {
        assert_eq!(name(" 孟 浩沐 "), "孟浩沐");
        assert_eq!(name("Aygul  Memet"), "Aygul Memet");
        assert_eq!(name("孟\u{200b}浩\u{3000}沐"), "孟浩沐");
    }

    #[test]
    fn every_middle_dot_becomes_the_same_one() {
        for dot in ['·', '•', '‧', '∙', '⋅', '・', '･', '．', '.'] {
            assert_eq!(name(&format!("阿卜杜拉{dot}买买提")), "阿卜杜拉·买买提", "{dot:?}");
        }
        assert_eq!(name("J. Smith"), "J. Smith");
    }
}
