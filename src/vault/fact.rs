//! The seal of facts: one key of the installation, derived from the server secret. Whoever has the database alone sees rows of
//! one length that say nothing; opening one takes about a microsecond.

use uuid::Uuid;

use super::sealing::{self, Context, Key};
use super::{Error, Result, unprintable};
use crate::domain::gate::fact::{Fact, LENGTH};
use crate::domain::ids::SchoolId;

/// The length of a sealed fact: algorithm, nonce, content, tag.
pub const SEALED_FACT: usize = 1 + sealing::NONCE + LENGTH + sealing::TAG;

/// The key that facts are sealed with.
pub struct FactKey(pub(super) Key);

unprintable!(FactKey);

impl FactKey {
    fn context(school: SchoolId, id: Uuid) -> Context {
        Context::new("yice fact v1").with(school.0.as_bytes()).with(id.as_bytes())
    }

    /// Seals a fact for its row.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, school: SchoolId, id: Uuid, fact: &Fact) -> Result<Vec<u8>> {
        sealing::seal(&self.0, Self::context(school, id), &fact.to_bytes())
    }

    /// Opens the fact of this row. Only the publisher does.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`]; [`Error::Malformed`] for what is no fact.
    pub fn open_fact(&self, school: SchoolId, id: Uuid, sealed: &[u8]) -> Result<Fact> {
        let opened = sealing::open(&self.0, Self::context(school, id), sealed)?;
        let bytes = opened.as_slice().try_into().map_err(|_| Error::Sealed)?;
        Fact::from_bytes(bytes).ok_or(Error::Malformed("fact"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::warning::Stage;
    use crate::vault::ServerSecret;

    #[test]
    fn a_fact_opens_in_its_row_only_and_all_are_equally_long() {
        let secret = ServerSecret::generate().unwrap();
        let (key, school, id) = (secret.fact_key(), SchoolId(Uuid::new_v4()), Uuid::new_v4());
        let facts = [Fact::Step(Stage::Acting), Fact::Visit(None)];
        for fact in facts {
            let sealed = key.seal(school, id, &fact).unwrap();
            assert_eq!(sealed.len(), SEALED_FACT);
            assert!(secret.fact_key().open_fact(school, id, &sealed).unwrap() == fact);
            assert!(key.open_fact(school, Uuid::new_v4(), &sealed).is_err());
            assert!(key.open_fact(SchoolId(Uuid::new_v4()), id, &sealed).is_err());
            assert!(ServerSecret::generate().unwrap().fact_key().open_fact(school, id, &sealed).is_err());
        }
        assert_ne!(key.seal(school, id, &facts[0]).unwrap(), key.seal(school, id, &facts[0]).unwrap());
    }
}
