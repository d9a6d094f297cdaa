//! Whether a text that leaves the school names a child: numbers that stand for one person, names, and lists of names.
//!
//! It cannot know every name, so it is no proof that a text names nobody; it stops the slips that happen.

use super::words::words;

words! {
    /// What a line looks like.
    Slip {
        /// 身份证号
        IdNumber = "id_number",
        /// 学籍号或学号
        StudentNumber = "student_number",
        /// 电话号码
        Telephone = "telephone",
        /// a name on the school's roster
        RosterName = "roster_name",
        /// a list of names
        NameList = "name_list",
    }
}

/// A line that must be written differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// What it looks like.
    pub slip: Slip,
}

/// Names in a row that make a list.
const LIST: usize = 3;
/// The most frequent family names: about nine of ten people in the country have one of them.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟\
                        汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
/// After a family name these make a grade, a class or a subject rather than a given name.
const NO_GIVEN_NAME: &str = "一二三四五六七八九十年级班组校区县镇村部室";

/// Every line that names somebody or looks as if it did; of one line the first reason only.
#[must_use]
pub fn findings(text: &str, names: &[String]) -> Vec<Finding> {
    let found = |(number, line): (usize, &str)| Some(Finding { line: number + 1, slip: slip(line, names)? });
    text.lines().enumerate().filter_map(found).collect()
}

fn slip(line: &str, names: &[String]) -> Option<Slip> {
    let digits = numbers(line);
    let any_is = |wanted: fn(&str) -> bool| digits.iter().any(|number| wanted(number));
    if any_is(is_id_number) {
        return Some(Slip::IdNumber);
    }
    if any_is(is_telephone) {
        return Some(Slip::Telephone);
    }
    if any_is(is_student_number) {
        return Some(Slip::StudentNumber);
    }
    let squeezed: String = line.chars().filter(|c| !c.is_whitespace() && *c != '·').collect();
    let stands_here = |name: &&String| name.chars().count() > 1 && squeezed.contains(name.as_str());
    if names.iter().any(|name| stands_here(&&squeeze(name))) {
        return Some(Slip::RosterName);
    }
    let is_list = line.split(|c: char| "、，,;；：:。（）()/|".contains(c) || c.is_whitespace());
    let in_a_row = is_list.filter(|word| !word.is_empty()).fold((0_usize, 0_usize), |(run, most), word| {
        let run = if looks_like_a_name(word) { run + 1 } else { 0 };
        (run, most.max(run))
    });
    (in_a_row.1 >= LIST).then_some(Slip::NameList)
}

fn squeeze(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && *c != '·').collect()
}

/// The numbers of a line, with a letter G, L or X that belongs to one. Groups with blanks and dashes between them are one number,
/// unless they begin with a year: then they are a date and a time.
fn numbers(line: &str) -> Vec<String> {
    let plain: String = line.chars().map(plain).collect();
    let of_number = |c: char| c.is_ascii_digit() || "XGL -".contains(c);
    let mut numbers = Vec::new();
    for run in plain.split(|c| !of_number(c)) {
        let groups: Vec<&str> = run.split([' ', '-']).filter(|group| !group.is_empty()).collect();
        let is_year = |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
        if groups.first().is_some_and(is_year) {
            numbers.extend(groups.into_iter().map(str::to_owned));
        } else {
            numbers.push(groups.concat());
        }
    }
    numbers
}

/// A digit or letter as it stands on a keyboard.
fn plain(c: char) -> char {
    match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        'Ａ'..='Ｚ' => char::from_u32(u32::from(c) - u32::from('Ａ') + u32::from('A')).unwrap_or(c),
        '\u{3000}' => ' ',
        '－' | '—' => '-',
        _ => c.to_ascii_uppercase(),
    }
}

fn is_id_number(number: &str) -> bool {
    let (digits, last) = number.split_at(number.len().min(17));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    digits.len() == 17 && all_digits(digits) && last.len() == 1 || number.len() == 15 && all_digits(number)
}

fn is_telephone(number: &str) -> bool {
    let mobile = number.len() == 11 && number.starts_with('1') && !number.starts_with("10");
    let with_country = number.len() == 13 && number.starts_with("861");
    let landline = (10..=12).contains(&number.len()) && number.starts_with('0');
    number.bytes().all(|b| b.is_ascii_digit()) && (mobile || with_country || landline)
}

/// The national number is G or L and an ID number; schools number their students with nine digits and more.
fn is_student_number(number: &str) -> bool {
    let marked = number.starts_with(['G', 'L']) && number.len() >= 9;
    marked || number.len() >= 9 && number.bytes().all(|b| b.is_ascii_digit())
}

fn looks_like_a_name(word: &str) -> bool {
    let mut letters = word.chars();
    let family = letters.next().is_some_and(|c| SURNAMES.contains(c));
    let given: Vec<char> = letters.collect();
    family
        && (1..=2).contains(&given.len())
        && given.iter().all(|c| ('\u{4e00}'..='\u{9fff}').contains(c) && !NO_GIVEN_NAME.contains(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, Slip)> {
        let names = ["王小雨".to_owned(), "阿依 古丽".to_owned(), "赵云".to_owned()];
        findings(text, &names).into_iter().map(|found| (found.line, found.slip)).collect()
    }

    #[test]
    fn a_line_that_names_somebody_is_said_by_its_number() {
        let text = "本学期家访 312 次，2026 年 11 月 20 日开会。\n联系人 138 0013-8000\n身份证 11010519491231002X\n\
                    学籍号 Ｇ110105194912310021\n学号 202601073\n王 小 雨进步明显\n阿依古丽也是\n办公电话 0731-8888 6666";
        let expected = [
            (2, Slip::Telephone),
            (3, Slip::IdNumber),
            (4, Slip::StudentNumber),
            (5, Slip::StudentNumber),
            (6, Slip::RosterName),
            (7, Slip::RosterName),
            (8, Slip::Telephone),
        ];
        assert_eq!(of(text), expected);
    }

    #[test]
    fn a_list_of_names_is_found_without_a_roster() {
        let found = findings("关爱对象：\n李明、张小燕、陈伟\n", &[]);
        assert_eq!(found, [Finding { line: 2, slip: Slip::NameList }]);
        assert_eq!(findings("刘洋 周敏 吴桐", &[]).len(), 1);
    }

    #[test]
    fn ordinary_experience_passes() {
        for text in [
            "每月一次入户，先肯定孩子，再谈困难。效果比集中家访好。",
            "语文、数学、英语三科老师分组；高一、高二、高三各一组。",
            "时间：2026年11月20日 14:30—16:00，参会 12 所学校，家访 1,204 次，2026-11-20 前完成",
            "文件号 教政〔2021〕10号，占 37.5%，电话 12356",
            "",
        ] {
            assert_eq!(of(text), [], "{text}");
        }
    }
}
