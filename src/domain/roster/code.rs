//! The code tables of the export. What is not in the table of its column is refused, not guessed.

use super::Problem;
use crate::domain::words::{Boarding, Sex};

/// 性别, also as GB/T 2261.1 codes it (1 男, 2 女).
pub(super) fn sex(code: &str) -> Result<Sex, Problem> {
    match code.to_ascii_uppercase().as_str() {
        "" => Err(Problem::SexMissing),
        "男" | "男性" | "男生" | "男孩" | "M" | "MALE" | "1" => Ok(Sex::Male),
        "女" | "女性" | "女生" | "女孩" | "F" | "FEMALE" | "2" => Ok(Sex::Female),
        _ => Err(Problem::SexUnknown),
    }
}

/// 是 or 否; nothing where the cell is empty.
pub(super) fn yes_no(code: &str) -> Result<Option<bool>, Problem> {
    match code.to_ascii_uppercase().as_str() {
        "" => Ok(None),
        "是" | "有" | "1" | "Y" | "YES" | "TRUE" | "√" | "✓" | "✔" => Ok(Some(true)),
        "否" | "无" | "不是" | "0" | "N" | "NO" | "FALSE" | "X" | "×" | "✗" => Ok(Some(false)),
        _ => Err(Problem::CodeUnknown),
    }
}

/// 就读方式: 走读 or 住校; 借宿 and 其他 are in the table and say neither.
pub(super) fn boarding(code: &str) -> Result<Option<Boarding>, Problem> {
    match code {
        "" | "借宿" | "其他" | "其它" => Ok(None),
        "走读" | "走读生" | "通学" | "通校" | "1" | "否" => Ok(Some(Boarding::Day)),
        "住校" | "住校生" | "住宿" | "住宿生" | "住读" | "寄宿" | "寄宿生" | "2" | "是" => {
            Ok(Some(Boarding::Boarder))
        }
        _ => Err(Problem::CodeUnknown),
    }
}

/// 是否留守儿童 (item 37 of the student record): the kind, or nothing for 非留守儿童.
pub(super) fn left_behind(code: &str) -> Result<Option<&'static str>, Problem> {
    match code {
        "" | "0" | "非留守儿童" | "非留守" | "否" | "无" => Ok(None),
        "1" | "单亲留守儿童" | "单亲留守" => Ok(Some("单亲留守儿童")),
        "2" | "双亲留守儿童" | "双亲留守" => Ok(Some("双亲留守儿童")),
        "是" | "留守儿童" => Ok(Some("留守儿童")),
        _ => Err(Problem::LeftBehindUnknown),
    }
}

/// 残疾人类型 (GB/T 26341): the kind, or nothing for 无残疾.
pub(super) fn disability(code: &str) -> Result<Option<&'static str>, Problem> {
    match code {
        "" | "无残疾" | "无" | "否" | "非残疾" | "非残疾人" => Ok(None),
        "视力残疾" | "视力" => Ok(Some("视力残疾")),
        "听力残疾" | "听力" => Ok(Some("听力残疾")),
        "言语残疾" | "言语" => Ok(Some("言语残疾")),
        "肢体残疾" | "肢体" => Ok(Some("肢体残疾")),
        "智力残疾" | "智力" => Ok(Some("智力残疾")),
        "精神残疾" | "精神" => Ok(Some("精神残疾")),
        "多重残疾" | "多重" => Ok(Some("多重残疾")),
        "其他残疾" => Ok(Some("其他残疾")),
        _ => Err(Problem::DisabilityUnknown),
    }
}

/// 资助认定等级: the level, or nothing where there is none.
pub(super) fn aid_level(code: &str) -> Result<Option<&'static str>, Problem> {
    match code {
        "" | "无" | "否" | "不困难" | "非困难" | "未认定" => Ok(None),
        "特别困难" | "特困" => Ok(Some("特别困难")),
        "比较困难" => Ok(Some("比较困难")),
        "一般困难" => Ok(Some("一般困难")),
        "困难" => Ok(Some("困难")),
        _ => Err(Problem::AidUnknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sex_is_read_in_words_letters_and_national_codes() {
        for code in ["男", "男性", "男生", "M", "m", "1"] {
            assert_eq!(sex(code), Ok(Sex::Male), "{code}");
        }
        for code in ["女", "女性", "女生", "F", "f", "2"] {
            assert_eq!(sex(code), Ok(Sex::Female), "{code}");
        }
        assert_eq!(sex(""), Err(Problem::SexMissing));
        for code in ["未知", "男女", "0", "9"] {
            assert_eq!(sex(code), Err(Problem::SexUnknown), "{code}");
        }
    }

    #[test]
    fn the_codes_of_left_behind_children_are_0_1_and_2() {
        assert_eq!(left_behind("0"), Ok(None));
        assert_eq!(left_behind("1"), Ok(Some("单亲留守儿童")));
        assert_eq!(left_behind("2"), Ok(Some("双亲留守儿童")));
        assert_eq!(left_behind("双亲留守"), Ok(Some("双亲留守儿童")));
        assert_eq!(left_behind("非留守儿童"), Ok(None));
        for code in ["可能是", "3", "留守?", "疑似"] {
            assert_eq!(left_behind(code), Err(Problem::LeftBehindUnknown), "{code}");
        }
    }

    #[test]
    fn a_disability_needs_its_kind() {
        assert_eq!(disability("听力残疾"), Ok(Some("听力残疾")));
        assert_eq!(disability("无残疾"), Ok(None));
        for code in ["残疾", "是", "1", "近视"] {
            assert_eq!(disability(code), Err(Problem::DisabilityUnknown), "{code}");
        }
    }

    #[test]
    fn other_codes_are_read_or_refused() {
        assert_eq!(aid_level("比较困难"), Ok(Some("比较困难")));
        assert_eq!(aid_level("一级"), Err(Problem::AidUnknown));
        assert_eq!(boarding("寄宿"), Ok(Some(Boarding::Boarder)));
        assert_eq!(boarding("走读"), Ok(Some(Boarding::Day)));
        assert_eq!(boarding("借宿"), Ok(None));
        assert_eq!(boarding("偶尔"), Err(Problem::CodeUnknown));
        assert_eq!((yes_no("是"), yes_no("0"), yes_no("")), (Ok(Some(true)), Ok(Some(false)), Ok(None)));
        assert_eq!(yes_no("也许"), Err(Problem::CodeUnknown));
    }
}
