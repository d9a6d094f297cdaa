//! How long a file is kept: what stops that, what keeps it from being destroyed, and on what ground it is; and how a file that was
//! sealed away comes out again.

use serde::{Deserialize, Serialize};

use super::ids::PersonId;
use super::words::words;

/// The table in which the reasons of all this stand sealed.
pub const REASONS: &str = "keepings";

words! {
    /// Something decided about the keeping of a file. One of each kind can stand at a time.
    KeepingKind {
        /// 销毁, asked for by one person and waiting for another's signature
        Erasure = "erasure",
        /// 暂缓销毁: a complaint, a court or an authority still needs the file
        Hold = "hold",
        /// 解除封存, asked for by one person and waiting for another's signature
        Unsealing = "unsealing",
    }
}

words! {
    /// On what ground a file that was sealed away is read again.
    UnsealingGround {
        /// 学生本人或监护人要求
        Family = "family",
        /// 有关部门依法要求
        Authority = "authority",
        /// 学生又需要帮助
        NeedsHelp = "needs_help",
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

impl Hindrance {
    /// Whether it keeps a file from being sealed away as well: what runs needs the file, a hold only needs it to be there.
    #[must_use]
    pub const fn keeps_open(self) -> bool {
        !matches!(self, Self::Hold)
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

/// Why a file is to be unsealed, as it stands sealed until it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsealing {
    /// On what ground.
    pub ground: UnsealingGround,
    /// In words.
    pub why: String,
}

/// What the audit line of a destroyed file proves: who asked, on what ground, and how much there was. Whoever signed, and when,
/// stands in the line itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Who asked.
    pub asked: PersonId,
    /// On what ground.
    pub ground: ErasureGround,
    /// Compartment keys.
    pub keys: u64,
    /// Wraps of them.
    pub wraps: u64,
    /// Rows of the file.
    pub rows: u64,
}

impl Proof {
    /// As the audit line holds it.
    #[must_use]
    pub fn detail(&self) -> String {
        let Self { asked, ground, keys, wraps, rows } = self;
        format!("asked={asked} ground={ground} keys={keys} wraps={wraps} rows={rows}")
    }

    /// What such a text says; nothing for any other.
    #[must_use]
    pub fn parse(detail: &str) -> Option<Self> {
        let of = |name: &str| detail.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let count = |name| of(name)?.parse().ok();
        Some(Self {
            asked: of("asked")?.parse().ok()?,
            ground: ErasureGround::parse(of("ground")?)?,
            keys: count("keys")?,
            wraps: count("wraps")?,
            rows: count("rows")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_survives_its_text_and_no_other_text_is_one() {
        let asked = PersonId(uuid::Uuid::from_u128(7));
        let proof = Proof { asked, ground: ErasureGround::Guardian, keys: 5, wraps: 31, rows: 19 };
        assert_eq!(Proof::parse(&proof.detail()), Some(proof));
        for other in ["", "version=3", "asked=x ground=left keys=1 wraps=1 rows=1", "ground=left keys=1 wraps=1 rows=1"]
        {
            assert_eq!(Proof::parse(other), None, "{other}");
        }
    }

    #[test]
    fn only_at_the_guardians_wish_does_somebody_stay_on_the_roll() {
        for ground in ErasureGround::ALL {
            for attends in [false, true] {
                let wish = Wish { ground: *ground, attends, why: String::new() };
                let stays = attends && *ground == ErasureGround::Guardian;
                assert_eq!(wish.takes_off_the_roll(), !stays, "{ground} {attends}");
            }
        }
    }
}
