//! Which passwords are refused, after NIST SP 800-63B §5.1.1.2: length and well-known ones, no rules about characters.

const LEAST: usize = 10;
const MOST: usize = 128;

/// Passwords of ten characters and more that every list of leaked ones holds, those of Chinese sites among them.
const COMMON: &str = "
0123456789 0987654321 1008610086 1111122222 1122334455 1234567890 1234567891 12345678910 123456789a 123456789q
1234567890a 1234qwer1234 1234qwerasdf 1314520520 1314521521 1357924680 1472583690 147258369 147258369a 159357159357
159753456852 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc 2wsx3edc4rfv 3141592653 31415926535 520520520 5201314520
52013141314 520131420 5211314521 5841314520 5845201314 7708801314 7758521521 77585217758521 789456123 7894561230
9876543210 987654321a a123456789 a1234567890 a12345678 a1b2c3d4e5 a1s2d3f4g5 aa12345678 aa123456789 aaa123456789
abc1234567 abc12345678 abc123456789 abcd123456 abcd12345678 abcde12345 abcdefghij abcdefg123 abcdefg123456
admin12345 admin123456 admin88888888 admin@123456 administrator adminadmin asd123456789 asdasdasd123 asdf123456
asdfghjkl123 asdfghjkl1 asdfghjkl; asdfasdfasdf beijing2008 changeme123 chongqing123 computer123 football123
helloworld hello12345 hello123456 iloveyou123 iloveyou1314 iloveyou520 iloveyou521 iloveyouforever
jiaoshi123456 juanjuan123 kaixin123456 laoshi1234 laoshi12345 laoshi123456 letmein123 li123456789 liu123456789
love1314520 lovelove520 mima123456 mima12345678 mimamima123 p@ssw0rd123 p@ssword123 passw0rd123 password01 password12
password123 password1234 password12345 password123456 passwordpassword q123456789 q1w2e3r4t5 q1w2e3r4t5y6
qaz123456789 qazwsx123456 qazwsxedc123 qazwsxedcrfv qq123456789 qq1234567890 qqww1122334 qwe123456789 qwer12345678
qwer123456 qwer1234qwer qwert12345 qwerty12345 qwerty123456 qwertyuiop qwertyuiop123 qwertyuiopasdfghjkl root123456
shanghai123 sunshine123 superman123 taobao123456 teacher123 teacher1234 teacher123456 test123456 test12345678
testtest123 wang123456 wang123456789 wangyi123456 welcome123 weixin123456 wo123456789 woaini1314 woaini13145 woaini131420
woaini1314520 woaini1314521 woaini520 woaini5201314 woaini520520 woaini521 woaini123 woaini1234 woaini12345 woaini123456
woaiwojia123 woaixuexiao woaixuesheng woshishui123 xiaoming123 xuesheng123 xuexiao123 xuexiao123456 xuexiao2024
xuexiao2025 xuexiao2026 yice123456 yice12345678 z123456789 zaq12wsxcde3 zhang123456 zhangsan123 zhongguo123
zhongguo1949 zhongguo666 zxc123456789 zxcvbnm123 zxcvbnm123456 zxcvbnm,./ zz123456789
一二三四五六七八九十 我爱你一生一世我爱你 好好学习天天向上 好好学习天天向上好好学习 天天向上天天向上天天 我爱我的祖国我爱我家
";

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Fewer than ten characters.
    #[error("shorter than 10 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("longer than 128 characters")]
    TooLong,
    /// One that an attacker tries first: well known, a run of neighbours, or few different characters.
    #[error("well known")]
    Common,
    /// The sign-in name, or little more than it.
    #[error("the sign-in name")]
    SameAsLogin,
}

impl PasswordProblem {
    /// A stable word for the message of the page.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common",
            Self::SameAsLogin => "same_as_login",
        }
    }
}

/// Whether a password may be used by the person with this sign-in name. Characters are counted, not bytes: ten Chinese
/// characters are ten.
///
/// # Errors
/// The first [`PasswordProblem`].
pub fn acceptable(password: &str, login: &str) -> Result<(), PasswordProblem> {
    let plain = password.to_lowercase();
    let characters: Vec<char> = plain.chars().collect();
    if password.chars().count() < LEAST {
        return Err(PasswordProblem::TooShort);
    }
    if password.chars().count() > MOST {
        return Err(PasswordProblem::TooLong);
    }
    if is_little_more_than(&plain, &login.to_lowercase()) {
        return Err(PasswordProblem::SameAsLogin);
    }
    // A full stop or an exclamation mark behind a well-known password is as well known.
    let bare = plain.trim_end_matches(['.', '!', '?', '@', '#', '*', '。', '！']);
    let known = COMMON.split_whitespace().any(|common| common == plain || common == bare);
    if known || is_monotonous(&characters) {
        return Err(PasswordProblem::Common);
    }
    Ok(())
}

/// The name is in it and leaves fewer than six characters to guess.
fn is_little_more_than(plain: &str, login: &str) -> bool {
    let rest = plain.replacen(login, "", 1);
    login.chars().count() >= 3 && rest != plain && rest.chars().count() < 6
}

/// Fewer than four different characters, or nearly every one the neighbour of the one before.
fn is_monotonous(characters: &[char]) -> bool {
    let mut different = characters.to_vec();
    different.sort_unstable();
    different.dedup();
    let near = |pair: &&[char]| u32::from(pair[0]).abs_diff(u32::from(pair[1])) <= 1;
    different.len() < 4 || characters.windows(2).filter(near).count() + 2 >= characters.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_characters_are_counted_as_characters() {
        assert_eq!(acceptable("操场边的老榕树", "liwei"), Err(PasswordProblem::TooShort));
        assert_eq!(acceptable("操场边的老榕树开花", "liwei"), Err(PasswordProblem::TooShort));
        assert_eq!(acceptable("操场边的老榕树开花了", "liwei"), Ok(()));
        assert_eq!(acceptable("kj3 w8fz q", "liwei"), Ok(()));
        assert_eq!(acceptable("kj3 w8fz ", "liwei"), Err(PasswordProblem::TooShort));
        let long: String = "操场边的老榕树开花".chars().cycle().take(128).collect();
        assert_eq!(acceptable(&long, "liwei"), Ok(()));
        assert_eq!(acceptable(&format!("{long}x"), "liwei"), Err(PasswordProblem::TooLong));
    }

    #[test]
    fn what_everyone_tries_first_is_refused() {
        for common in [
            "woaini1314",
            "WoAiNi1314520",
            "password123!",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaa",
            "ababababababab",
            "一二三四五六七八九十",
            "23456789012",
            "9876543211",
            "abcdefghijk",
        ] {
            assert_eq!(acceptable(common, "liwei"), Err(PasswordProblem::Common), "{common}");
        }
    }

    #[test]
    fn the_own_name_is_no_password() {
        for own in ["zhangweiping", "ZhangWeiPing1", "1990zhangweiping", "zhangweiping!!"] {
            assert_eq!(acceptable(own, "zhangweiping"), Err(PasswordProblem::SameAsLogin), "{own}");
        }
        assert_eq!(acceptable("zhangweiping 有 3 盆绿萝", "zhangweiping"), Ok(()));
        assert_eq!(acceptable("li 的窗台上有三盆绿萝", "li"), Ok(()));
        assert_eq!(acceptable("窗台上有三盆绿萝和猫", ""), Ok(()));
    }

    #[test]
    fn every_entry_of_the_list_is_written_as_it_is_compared() {
        for entry in COMMON.split_whitespace() {
            assert_eq!(entry, entry.to_lowercase());
        }
    }

    #[test]
    fn each_problem_has_its_own_code() {
        use PasswordProblem::{Common, SameAsLogin, TooLong, TooShort};
        let codes = [TooShort, TooLong, Common, SameAsLogin].map(PasswordProblem::code);
        assert_eq!(codes, ["too_short", "too_long", "common", "same_as_login"]);
    }
}
