//! What is taken in of one student.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::IdNumber;
use crate::domain::words::{Boarding, GroupTag, Sex};

/// One student of the roster, validated. It cannot be printed, because every field is personal.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RosterStudent {
    /// 姓名
    pub name: String,
    /// 性别
    pub sex: Sex,
    /// 出生日期
    pub birth: Date,
    /// 身份证件号, only to match by keyed hash.
    pub id_number: IdNumber,
    /// 全国学籍号 in capitals; empty where the student has none yet.
    pub student_number: String,
    /// 班内学号, 1 to 999.
    pub seat: Option<u16>,
    /// 就读方式
    pub boarding: Option<Boarding>,
    /// 现住址
    pub address: String,
    /// 联系电话
    pub telephone: String,
    /// 家庭成员
    pub carers: Vec<Carer>,
    /// 家庭结构
    pub family: String,
    /// 民族
    pub ethnicity: String,
    /// 户口性质
    pub household: String,
    /// 是否独生子女
    pub only_child: Option<bool>,
    /// 备注
    pub note: String,
    /// The groups that the roster says the student is in: proposals that a person has yet to verify.
    pub tags: Vec<TagProposal>,
}

/// A member of the family who may look after the student.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carer {
    /// 姓名
    pub name: String,
    /// 关系
    pub relation: String,
    /// 联系电话
    pub telephone: String,
    /// 是否监护人
    pub guardian: bool,
    /// 务工地: province and city where the person works away from home; empty at home.
    pub away: String,
}

/// A group tag that the roster proposes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagProposal {
    /// The group.
    pub tag: GroupTag,
    /// The column and value it comes from, in plain Chinese.
    pub basis: String,
}

/// Shows `‹sealed›` for a type that must never be printed.
macro_rules! sealed {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("‹sealed›") }
        }
    )+};
}

sealed!(RosterStudent, Carer, TagProposal);

impl RosterStudent {
    /// The bytes of all imported fields, for a keyed hash that tells whether a second import changes anything.
    ///
    /// Every value stands behind its length (32 bits, big endian), lists behind their count, and an absent value has
    /// another length than an empty one; so no two students have the same bytes, and the order of columns in the
    /// workbook does not matter. A change of this encoding must change its first value.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Encoder(Vec::with_capacity(512));
        out.text("yice roster student 1");
        out.text(&self.name);
        out.text(self.sex.as_str());
        out.text(&self.birth.to_string());
        out.text(self.id_number.expose());
        out.text(&self.student_number);
        out.option(self.seat.map(|seat| seat.to_string()).as_deref());
        out.option(self.boarding.map(Boarding::as_str));
        out.text(&self.address);
        out.text(&self.telephone);
        out.count(self.carers.len());
        for carer in &self.carers {
            out.text(&carer.name);
            out.text(&carer.relation);
            out.text(&carer.telephone);
            out.text(if carer.guardian { "1" } else { "0" });
            out.text(&carer.away);
        }
        out.text(&self.family);
        out.text(&self.ethnicity);
        out.text(&self.household);
        out.option(self.only_child.map(|only| if only { "1" } else { "0" }));
        out.text(&self.note);
        out.count(self.tags.len());
        for tag in &self.tags {
            out.text(tag.tag.as_str());
            out.text(&tag.basis);
        }
        out.0
    }
}

struct Encoder(Vec<u8>);

impl Encoder {
    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.0.extend_from_slice(&u32::MAX.to_be_bytes()),
        }
    }

    fn count(&mut self, count: usize) {
        // Fields are at most some thousand characters, so the lengths fit; a larger one would only lose uniqueness.
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX - 1).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn student() -> RosterStudent {
        RosterStudent {
            name: "贺小".into(),
            sex: Sex::Male,
            birth: date(2014, 5, 7),
            id_number: IdNumber::parse("", "99010120140507107X").unwrap(),
            student_number: "G99010120140507107X".into(),
            seat: Some(3),
            boarding: Some(Boarding::Boarder),
            address: "龙潭村8组".into(),
            telephone: "10030387950".into(),
            carers: vec![Carer {
                name: "贺浩文".into(),
                relation: "父亲".into(),
                telephone: "1".into(),
                guardian: true,
                away: "贵州省贵阳市".into(),
            }],
            family: "核心家庭".into(),
            ethnicity: "汉族".into(),
            household: "农业户口".into(),
            only_child: Some(false),
            note: String::new(),
            tags: vec![TagProposal { tag: GroupTag::Disabled, basis: "学籍表：听力残疾".into() }],
        }
    }

    #[test]
    fn every_field_changes_the_canonical_bytes() {
        let changes: Vec<fn(&mut RosterStudent)> = vec![
            |s| s.name.push('明'),
            |s| s.sex = Sex::Female,
            |s| s.birth = date(2014, 5, 8),
            |s| s.id_number = IdNumber::parse("", "990101201401091102").unwrap(),
            |s| s.student_number.clear(),
            |s| s.seat = None,
            |s| s.seat = Some(4),
            |s| s.boarding = None,
            |s| s.address.push('1'),
            |s| s.telephone.push('1'),
            |s| s.carers.clear(),
            |s| s.carers[0].name.push('1'),
            |s| s.carers[0].relation.push('1'),
            |s| s.carers[0].telephone.push('1'),
            |s| s.carers[0].guardian = false,
            |s| s.carers[0].away.clear(),
            |s| s.family.clear(),
            |s| s.ethnicity.clear(),
            |s| s.household.clear(),
            |s| s.only_child = None,
            |s| s.note.push('1'),
            |s| s.tags.clear(),
            |s| s.tags[0].basis.push('1'),
            |s| s.tags[0].tag = GroupTag::Poor,
            // A value that wanders into the next field is another student.
            |s| {
                s.family.push_str("汉族");
                s.ethnicity.clear();
            },
        ];
        let mut seen = std::collections::HashSet::from([student().canonical()]);
        for (i, change) in changes.iter().enumerate() {
            let mut other = student();
            change(&mut other);
            assert!(seen.insert(other.canonical()), "change {i}");
        }
        assert_eq!(student().canonical(), student().canonical());
    }

    #[test]
    fn a_student_cannot_be_printed() {
        assert_eq!(
            format!("{:?} {:?} {:?}", student(), student().carers, student().tags),
            "‹sealed› [‹sealed›] [‹sealed›]"
        );
    }

    #[test]
    fn a_student_survives_the_way_to_the_import() {
        let json = serde_json::to_vec(&student()).unwrap();
        assert!(serde_json::from_slice::<RosterStudent>(&json).unwrap() == student());
    }
}
