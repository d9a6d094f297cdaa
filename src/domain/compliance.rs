//! The yearly compliance pack 合规审计: what can be counted without opening a file, and the words of its register of incidents.

use jiff::civil::Date;

use super::words::words;

words! {
    /// What happened to personal information. A closed list: the register has no room for a name.
    IncidentKind {
        /// 设备丢失或被盗
        LostDevice = "lost_device",
        /// 发错对象
        WrongReceiver = "wrong_receiver",
        /// 账号被他人使用
        AccountMisused = "account_misused",
        /// 越权查看
        LookedUp = "looked_up",
        /// 纸质材料遗失
        LostPaper = "lost_paper",
        /// 外部攻击
        Attack = "attack",
        /// 数据损坏或丢失
        DataLost = "data_lost",
        /// 其他
        Other = "other",
    }
}

words! {
    /// Something that is still to be done before the pack is clean.
    OpenFinding {
        /// an incident that is not closed
        IncidentOpen = "incident_open",
        /// an incident that was found and not reported
        IncidentNotReported = "incident_not_reported",
        /// offices or keys that somebody lost and that were not rotated
        KeysDue = "keys_due",
        /// files that were closed more than a year ago and not sealed away, or sealed away more than a year ago
        RetentionDue = "retention_due",
        /// files whose destruction was asked for and waits for the second person
        ErasureWaits = "erasure_waits",
        /// helpers from outside without a background check of the last year
        CheckMissing = "check_missing",
    }
}

words! {
    /// How long ago a file was closed.
    ClosedAge {
        /// less than half a year
        HalfYear = "half_year",
        /// less than a year
        Year = "year",
        /// more than a year: due to be looked at for destruction
        Older = "older",
    }
}

impl ClosedAge {
    /// The class of a file that was closed so many days ago.
    #[must_use]
    pub const fn of(days: i64) -> Self {
        match days {
            ..183 => Self::HalfYear,
            183..365 => Self::Year,
            _ => Self::Older,
        }
    }
}

words! {
    /// What somebody asked for or what was decided about their information, as far as the system knows.
    RequestKind {
        /// 更正：fields of a file that were changed, and entries that were corrected
        Correction = "correction",
        /// 核实或结束困境情况
        Circumstance = "circumstance",
        /// 提供：packets that were made for a receiver
        Providing = "providing",
        /// 申请销毁
        ErasureAsked = "erasure_asked",
        /// 已销毁
        Erased = "erased",
        /// 暂停销毁
        Hold = "hold",
    }
}

/// The age at which nobody is a child under fourteen any more.
pub const UNDER: [i16; 2] = [14, 18];

/// Whether a child of an entry cohort can still be under an age on a day. Birth dates are sealed, so this is an estimate to the safe
/// side: a child enters in the year in which it is six before September, and the youngest of the cohort decides for all.
#[must_use]
pub fn may_be_under(age: i16, cohort: i64, day: Date) -> bool {
    // The youngest was born on 31 August, six years before the cohort's first September.
    let born = i16::try_from(cohort).unwrap_or(0) - 6;
    let birthday = Date::new(born + age, 8, 31);
    birthday.is_ok_and(|birthday| day < birthday)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_cohort_counts_as_under_an_age_until_its_youngest_child_is_not() {
        // Entered in September 2018, born by 31 August 2012: fourteen on 31 August 2026.
        assert!(may_be_under(14, 2018, date(2026, 8, 30)));
        assert!(!may_be_under(14, 2018, date(2026, 8, 31)));
        // In grade nine in the school year 2026: entered 2018. In grade eight: entered 2019.
        assert!(!may_be_under(14, 2018, date(2026, 11, 23)));
        assert!(may_be_under(14, 2019, date(2026, 11, 23)));
        assert!(may_be_under(18, 2015, date(2026, 11, 23)));
        assert!(!may_be_under(18, 2014, date(2026, 11, 23)));
    }

    #[test]
    fn a_closed_file_grows_into_the_class_that_is_looked_at() {
        use ClosedAge::{HalfYear, Older, Year};
        let classes = [0, 182, 183, 364, 365, 4000].map(ClosedAge::of);
        assert_eq!(classes, [HalfYear, HalfYear, Year, Year, Older, Older]);
    }
}
