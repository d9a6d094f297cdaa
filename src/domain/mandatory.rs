//! 强制报告: what the law makes every member of staff report at once (未成年人保护法 §11; 关于建立侵害未成年人案件强制报告制度的
//! 意见 §4), and what must have been done before a report can be closed. Nobody can approve it away.

use jiff::tz::TimeZone;

use super::clock::{HOUR, MINUTE, school_time};
use super::ids::PersonId;
use super::unprintable::unprintable;
use super::warning::Safe;
use super::words::words;

words! {
    /// The nine situations, and bullying with steps of its own (未成年人保护法 §39).
    Situation {
        /// 生殖器官或隐私部位遭受或疑似遭受非正常损伤
        GenitalInjury = "genital_injury",
        /// 不满十四周岁的女性遭受或疑似遭受性侵害、怀孕、流产
        UnderFourteen = "under_fourteen",
        /// 十四周岁以上女性遭受或疑似遭受性侵害所致怀孕、流产
        OverFourteen = "over_fourteen",
        /// 身体多处损伤、严重营养不良、意识不清，存在或疑似存在家庭暴力、欺凌、虐待、殴打、被人麻醉
        Injured = "injured",
        /// 因自杀、自残、中毒、被人麻醉、殴打等非正常原因导致伤残、死亡
        Harmed = "harmed",
        /// 被遗弃或长期处于无人照料状态
        Abandoned = "abandoned",
        /// 来源不明、失踪或者被拐卖、收买
        Missing = "missing",
        /// 被组织乞讨
        Begging = "begging",
        /// 其他严重侵害身心健康的情形或者面临危险
        Other = "other",
        /// 学生欺凌
        Bullying = "bullying",
    }
}

words! {
    /// Which of two sides.
    Side {
        /// 被欺凌一方
        Harmed = "harmed",
        /// 实施欺凌一方
        Other = "other",
    }
}

words! {
    /// What keeps a report open.
    Missing {
        /// time, unit and reference number of the report to the police
        Police = "police",
        /// when the education bureau was told
        Bureau = "bureau",
        /// the family of the student who was harmed
        FamilyHarmed = "family_harmed",
        /// the family of the other side
        FamilyOther = "family_other",
        /// a follow-up with the student who was harmed
        FollowedHarmed = "followed_harmed",
        /// a follow-up with the other side
        FollowedOther = "followed_other",
    }
}

/// The report to the police 报案.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Police {
    /// When, `2026-11-23T08:00` at the school.
    pub at: String,
    /// 报案单位
    pub unit: String,
    /// 接警人
    pub officer: String,
    /// 回执号
    pub reference: String,
}

/// The education bureau was told.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bureau {
    /// When.
    pub at: String,
    /// Who there.
    pub who: String,
}

/// Something done about one side: the family told, the student followed up.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OfSide {
    /// Which.
    pub side: Side,
    /// What, when, how.
    pub text: String,
    /// Who wrote it down.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub written_at: i64,
}

/// A mandatory report, as it stands sealed for the persons named.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MandatoryReport {
    /// Which situation.
    pub situation: Situation,
    /// Of bullying: serious, so that police and bureau are told (§39).
    #[serde(default)]
    pub serious: bool,
    /// The student: name and class, as the writer put it.
    pub who: String,
    /// What was seen and heard, as fact.
    pub seen: String,
    /// Where and when.
    pub place: String,
    /// What was kept as evidence, and where.
    #[serde(default)]
    pub evidence: String,
    /// Is the child safe now.
    pub safe: Safe,
    /// Who reported: kept here and nowhere else.
    pub reporter: PersonId,
    /// 报案
    #[serde(default)]
    pub police: Option<Police>,
    /// 报教育局
    #[serde(default)]
    pub bureau: Option<Bureau>,
    /// Families that were told.
    #[serde(default)]
    pub families: Vec<OfSide>,
    /// Follow-ups with either side.
    #[serde(default)]
    pub followed: Vec<OfSide>,
    /// What was done to protect the child, and everything else worth keeping; oldest first.
    #[serde(default)]
    pub notes: Vec<OfSide>,
    /// How it came out.
    #[serde(default)]
    pub outcome: String,
}

unprintable!(MandatoryReport, Police, Bureau, OfSide);

impl MandatoryReport {
    /// Whether police and bureau must be told: always, but for bullying that is not serious.
    #[must_use]
    pub fn goes_outside(&self) -> bool {
        self.situation != Situation::Bullying || self.serious
    }

    /// Everything that keeps it from being closed.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        let told = |side| self.families.iter().any(|one| one.side == side);
        let followed = |side| self.followed.iter().any(|one| one.side == side);
        let (outside, bullying) = (self.goes_outside(), self.situation == Situation::Bullying);
        [
            (outside && self.police.is_none(), Missing::Police),
            (outside && self.bureau.is_none(), Missing::Bureau),
            (bullying && !told(Side::Harmed), Missing::FamilyHarmed),
            (bullying && !told(Side::Other), Missing::FamilyOther),
            (bullying && !followed(Side::Harmed), Missing::FollowedHarmed),
            (bullying && !followed(Side::Other), Missing::FollowedOther),
        ]
        .into_iter()
        .filter_map(|(missing, what)| missing.then_some(what))
        .collect()
    }
}

/// When the police must have been told, microseconds UTC: at once where the child is not safe, else within two hours.
#[must_use]
pub const fn police_due(made_at: i64, safe: Safe) -> i64 {
    match safe {
        Safe::No => made_at + 30 * MINUTE,
        Safe::Yes | Safe::Unknown => made_at + 2 * HOUR,
    }
}

/// When the education bureau must have been told: on the same day, and late in the evening within two hours.
#[must_use]
pub fn bureau_due(made_at: i64) -> i64 {
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    let midnight = school_time(made_at).date().at(23, 59, 0, 0).to_zoned(zone);
    let midnight = midnight.map_or(made_at, |at| at.timestamp().as_microsecond());
    midnight.max(made_at + 2 * HOUR)
}

/// So few people named are too few: one may be away, or be the one whom it is about.
pub const LEAST_NAMED: usize = 2;

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// 2026-11-23 08:00 in Shanghai.
    const MORNING: i64 = 1_795_392_000_000_000;

    fn report(situation: Situation, serious: bool) -> MandatoryReport {
        MandatoryReport {
            situation,
            serious,
            who: "七年级3班 某同学".to_owned(),
            seen: "手臂多处淤伤".to_owned(),
            place: "11月23日 教室".to_owned(),
            evidence: String::new(),
            safe: Safe::Unknown,
            reporter: PersonId(Uuid::nil()),
            police: None,
            bureau: None,
            families: Vec::new(),
            followed: Vec::new(),
            notes: Vec::new(),
            outcome: String::new(),
        }
    }

    #[test]
    fn each_of_the_nine_situations_goes_to_police_and_bureau_and_to_nobodys_approval() {
        for situation in Situation::ALL.iter().filter(|situation| **situation != Situation::Bullying) {
            let mut one = report(*situation, false);
            assert_eq!(one.missing(), [Missing::Police, Missing::Bureau], "{situation}");
            let (at, unit) = ("2026-11-23T08:20".to_owned(), "柳溪派出所".to_owned());
            one.police =
                Some(Police { at: at.clone(), unit, officer: "陈警官".to_owned(), reference: "1".to_owned() });
            assert_eq!(one.missing(), [Missing::Bureau]);
            one.bureau = Some(Bureau { at, who: "值班室".to_owned() });
            assert_eq!(one.missing(), []);
        }
    }

    #[test]
    fn bullying_means_both_families_and_both_sides_and_the_police_when_it_is_serious() {
        let sides = [Missing::FamilyHarmed, Missing::FamilyOther, Missing::FollowedHarmed, Missing::FollowedOther];
        assert_eq!(report(Situation::Bullying, false).missing(), sides);
        let serious = report(Situation::Bullying, true).missing();
        assert_eq!(serious[..2], [Missing::Police, Missing::Bureau]);
        assert_eq!(serious[2..], sides);
        let of = |side| OfSide { side, text: "电话".to_owned(), by: PersonId(Uuid::nil()), written_at: 0 };
        let mut one = report(Situation::Bullying, false);
        one.families = vec![of(Side::Harmed), of(Side::Harmed)];
        one.followed = vec![of(Side::Other)];
        assert_eq!(one.missing(), [Missing::FamilyOther, Missing::FollowedHarmed]);
    }

    #[test]
    fn the_clock_runs_at_once_and_the_bureau_hears_on_the_same_day() {
        assert_eq!(police_due(MORNING, Safe::No), MORNING + 30 * MINUTE);
        assert_eq!(police_due(MORNING, Safe::Yes), MORNING + 2 * HOUR);
        assert_eq!(police_due(MORNING, Safe::Unknown), MORNING + 2 * HOUR);
        assert_eq!(bureau_due(MORNING), MORNING + 15 * HOUR + 59 * MINUTE);
        let late = MORNING + 15 * HOUR;
        assert_eq!(bureau_due(late), late + 2 * HOUR, "23:00: there is no day left to wait for");
    }
}
