//! How long a file is kept: what stops that, what keeps it from being destroyed, and on what ground it is.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// Something decided about the keeping of a file. One of each kind can stand at a time.
    KeepingKind {
        /// 销毁, asked for by one person and waiting for another's signature
        Erasure = "erasure",
        /// 暂缓销毁: a complaint, a court or an authority still needs the file
        Hold = "hold",
    }
}

words! {
    /// On what ground a file is destroyed.
    ErasureGround {
        /// 离校
        Left = "left",
        /// 超过保存期限
        KeptLongEnough = "kept_long_enough",
        /// 监护人要求
        Guardian = "guardian",
    }
}

words! {
    /// What keeps a file from being destroyed.
    Hindrance {
        /// a warning that is not closed
        Warning = "warning",
        /// a crisis record that is not closed
        Crisis = "crisis",
        /// a referral that has not ended
        Referral = "referral",
        /// a report or signal about the student that nobody took up
        Letter = "letter",
        /// a mandatory report of the school that is not closed: which child it is about stands in it, and nowhere in clear
        Mandatory = "mandatory",
        /// 暂缓销毁
        Hold = "hold",
    }
}

/// Why a file is to be destroyed, as it stands sealed until it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// On what ground.
    pub ground: ErasureGround,
    /// The student still attends: the roll of the class keeps the name, and everything else goes.
    #[serde(default)]
    pub attends: bool,
    /// In words.
    pub why: String,
}

impl Wish {
    /// Whether the student goes off the roll with the file: whoever left, and whose file is past its time, does.
    #[must_use]
    pub const fn takes_off_the_roll(&self) -> bool {
        !(self.attends && matches!(self.ground, ErasureGround::Guardian))
    }
}
