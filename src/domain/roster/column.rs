//! The columns of the national student-record export that are read, and what else schools call them.

/// Declares the columns: name in the export, longest text in characters, whether a roster needs it, other names.
macro_rules! columns {
    ($($variant:ident = $name:literal, $longest:literal, $required:literal, [$($other:literal),* $(,)?]);+ $(;)?) => {
        /// A column that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Column { $($variant),+ }

        impl Column {
            /// Every column, in the order of the export.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the export, which is also the one that refusals use.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The longest text, in characters.
            pub const fn longest(self) -> usize {
                match self { $(Self::$variant => $longest),+ }
            }

            /// Whether a sheet without this column is no roster.
            pub const fn is_required(self) -> bool {
                match self { $(Self::$variant => $required),+ }
            }

            /// The column with this other name.
            pub fn by_other_name(name: &str) -> Option<Self> {
                match name { $($($other => Some(Self::$variant),)*)+ _ => None }
            }
        }
    };
}

columns! {
    School = "学校名称", 60, false, ["学校", "所在学校", "就读学校"];
    Grade = "年级", 20, true, ["年级名称", "所在年级", "就读年级"];
    Class = "班级", 20, true, ["班级名称", "所在班级", "班别", "就读班级"];
    Seat = "班内学号", 10, false, ["班内序号", "班级学号", "座号"];
    Name = "姓名", 50, true, ["学生姓名"];
    Sex = "性别", 10, true, ["学生性别"];
    Birth = "出生日期", 30, true, ["出生年月日", "生日"];
    Ethnicity = "民族", 20, false, [];
    IdKind = "身份证件类型", 30, false, ["证件类型", "身份证类型"];
    IdNumber = "身份证件号", 40, true, ["身份证件号码", "身份证号", "身份证号码", "证件号", "证件号码", "身份证", "公民身份号码", "学生身份证号"];
    StudentNumber = "全国学籍号", 40, false, ["学籍号", "学籍号码", "全国学籍号码"];
    Boarding = "就读方式", 20, false, ["是否住校", "住宿情况", "是否寄宿"];
    Household = "户口性质", 30, false, ["户口类型", "户籍性质"];
    Address = "现住址", 200, false, ["现在住址", "家庭住址", "家庭地址", "居住地址", "住址"];
    Telephone = "联系电话", 60, false, ["电话", "家庭电话", "手机", "手机号", "联系方式"];
    OnlyChild = "是否独生子女", 10, false, ["独生子女"];
    LeftBehind = "是否留守儿童", 20, false, ["留守儿童", "留守类型", "是否留守"];
    Orphan = "是否孤儿", 10, false, ["孤儿"];
    Disability = "残疾人类型", 20, false, ["残疾类型", "残疾类别"];
    Subsidy = "是否享受一补", 10, false, ["享受一补"];
    AidLevel = "资助认定等级", 30, false, ["困难认定等级", "家庭经济困难等级", "资助等级", "困难等级"];
    Family = "家庭结构", 50, false, ["家庭类型"];
    Carer1Name = "成员1姓名", 50, false, ["家庭成员1姓名"];
    Carer1Relation = "成员1关系", 20, false, ["家庭成员1关系"];
    Carer1Telephone = "成员1联系电话", 60, false, ["家庭成员1联系电话", "成员1电话"];
    Carer1Guardian = "成员1是否监护人", 10, false, ["家庭成员1是否监护人"];
    Carer1Away = "成员1务工地", 100, false, ["家庭成员1务工地", "成员1务工地点"];
    Carer2Name = "成员2姓名", 50, false, ["家庭成员2姓名"];
    Carer2Relation = "成员2关系", 20, false, ["家庭成员2关系"];
    Carer2Telephone = "成员2联系电话", 60, false, ["家庭成员2联系电话", "成员2电话"];
    Carer2Guardian = "成员2是否监护人", 10, false, ["家庭成员2是否监护人"];
    Carer2Away = "成员2务工地", 100, false, ["家庭成员2务工地", "成员2务工地点"];
    Note = "备注", 2000, false, ["说明"];
}

impl Column {
    /// The column with this name in the export.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.name() == name)
    }
}
