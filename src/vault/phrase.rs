//! The receipt phrase of the help-seeking box: seven Chinese words, known to whoever wrote and to nobody else.
//!
//! ```text
//! phrase ── Argon2id (salt of the box) ── HKDF ─┬─ lookup     finds the exchange; the database holds a keyed hash of it
//!                                               └─ identity   opens the answers (age X25519)
//! ```
//!
//! The server keeps the public half, so that a counsellor can answer; without the phrase it reads no answer.

use std::fmt::Write as _;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::kdf::{Kdf, KdfParams};
use super::letter::open_answer;
use super::sealing::{self, Key, derive};
use super::{Error, Identity, LetterName, Result, ServerSecret, unprintable};

/// 512 words of two characters that a pupil of the third grade writes: nine bits each.
const WORDS: &str = include_str!("phrase_words.txt");
/// Seven words: 63 bits, behind Argon2id.
const LENGTH: usize = 7;
const LABEL: &str = "yice help phrase v1";

/// A receipt phrase.
#[derive(Clone)]
pub struct Phrase(SecretString);

/// What grows from a phrase.
pub struct PhraseKeys {
    lookup: Key,
    identity: Identity,
}

unprintable!(Phrase, PhraseKeys);

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.split_whitespace()
}

impl Phrase {
    /// A new phrase.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        let random = Zeroizing::new(u64::from_be_bytes(*sealing::random::<8>()?));
        let all: Vec<&str> = words().collect();
        let mut text = String::with_capacity(LENGTH * 7);
        for place in 0..LENGTH {
            let number = usize::try_from(*random >> (9 * place) & 511).unwrap_or_default();
            let _ = write!(text, "{}{}", if place == 0 { "" } else { " " }, all[number]);
        }
        Ok(Self(text.into()))
    }

    /// Reads a phrase as somebody typed it: with or without spaces and punctuation between the words.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not seven of our words.
    pub fn parse(text: &str) -> Result<Self> {
        let typed: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).take(2 * LENGTH + 1).collect();
        if typed.len() != 2 * LENGTH {
            return Err(Error::Malformed("phrase"));
        }
        let typed: Vec<String> = typed.chunks(2).map(|pair| pair.iter().collect()).collect();
        if !typed.iter().all(|word| words().any(|known| known == word)) {
            return Err(Error::Malformed("phrase"));
        }
        Ok(Self(typed.join(" ").into()))
    }

    /// The words with spaces between them, to be written down.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PhraseKeys {
    /// Stretches a phrase. The costs and the salt are those of the box, kept with it: a phrase has no row of its own until
    /// it was stretched. Without a phrase it does the same work for nothing, so that the time tells nothing.
    ///
    /// # Errors
    /// [`Error::Kdf`].
    pub fn grow(kdf: &Kdf, costs: KdfParams, salt: &[u8], phrase: Option<&Phrase>) -> Result<Option<Self>> {
        let nothing = SecretString::from("");
        let stretched = kdf.stretch(costs, phrase.map_or(&nothing, |phrase| &phrase.0), salt)?;
        let lookup = derive(stretched.as_slice(), LABEL, "lookup");
        let identity = Identity::from_bytes(derive(stretched.as_slice(), LABEL, "identity"));
        Ok(phrase.map(|_| Self { lookup, identity }))
    }

    /// Under which keyed hash the exchange stands.
    #[must_use]
    pub fn mac(&self, secret: &ServerSecret) -> [u8; 32] {
        secret.mac("help lookup", &[self.lookup.as_slice()])
    }

    /// The public half, `age1…`, to which answers are sealed.
    ///
    /// # Errors
    /// [`Error::Malformed`] should age refuse the key.
    pub fn recipient(&self) -> Result<String> {
        self.identity.recipient()
    }

    /// Opens an answer to this phrase. The phrase is the permit: nobody else holds it.
    ///
    /// # Errors
    /// [`Error::Sealed`], also for an answer that somebody planted.
    pub fn open(
        &self,
        exchange: uuid::Uuid,
        name: LetterName,
        sealed: &[u8],
        mark: &[u8],
        secret: &ServerSecret,
    ) -> Result<Zeroizing<Vec<u8>>> {
        open_answer(&self.identity, exchange, name, sealed, mark, secret)
    }
}

/// A salt for the phrases of one box: 16 random bytes.
///
/// # Errors
/// [`Error::Random`].
pub fn phrase_salt() -> Result<Vec<u8>> {
    Ok(sealing::random::<16>()?.to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{LetterId, SchoolId};
    use crate::domain::warning::LetterKind;
    use crate::vault::{Recipient, seal_letter};

    const COSTS: KdfParams = KdfParams { memory_kib: 64, time: 1, lanes: 1 };
    const EXCHANGE: Uuid = Uuid::from_u128(7);

    fn keys(phrase: &str, salt: &[u8]) -> PhraseKeys {
        let phrase = Phrase::parse(phrase).unwrap();
        PhraseKeys::grow(&Kdf::new(COSTS).unwrap(), COSTS, salt, Some(&phrase)).unwrap().unwrap()
    }

    #[test]
    fn there_are_512_words_of_two_chinese_characters_and_no_two_are_alike() {
        let all: BTreeSet<&str> = words().collect();
        assert_eq!((all.len(), words().count()), (512, 512));
        for word in all {
            let characters: Vec<char> = word.chars().collect();
            assert_eq!(characters.len(), 2, "{word}");
            assert!(characters.iter().all(|c| ('\u{4e00}'..='\u{9fff}').contains(c)), "{word}");
        }
    }

    #[test]
    fn a_phrase_is_seven_words_and_no_two_phrases_are_the_same() {
        let phrases: BTreeSet<String> = (0..200).map(|_| Phrase::generate().unwrap().text().to_owned()).collect();
        assert_eq!(phrases.len(), 200);
        assert!(phrases.iter().all(|phrase| phrase.split(' ').count() == LENGTH));
        let used: BTreeSet<&str> = phrases.iter().flat_map(|phrase| phrase.split(' ')).collect();
        // 1,400 draws out of 512: every word but some 33 of them comes up.
        assert!(used.len() > 440, "{}", used.len());
    }

    #[test]
    fn a_phrase_is_read_however_it_was_written_down() {
        let phrase = "太阳 小河 苹果 老虎 书包 春天 希望";
        for typed in ["太阳小河苹果老虎书包春天希望", "太阳，小河、苹果\n老虎　书包-春天 。希望 ", phrase]
        {
            assert_eq!(Phrase::parse(typed).unwrap().text(), phrase, "{typed}");
        }
        for wrong in
            ["", "太阳 小河 苹果 老虎 书包 春天", "太阳小河苹果老虎书包春天希望希望", "太阳小河苹果老虎书包春天希旺"]
        {
            assert_eq!(Phrase::parse(wrong).unwrap_err(), Error::Malformed("phrase"), "{wrong}");
        }
    }

    #[test]
    fn the_same_phrase_leads_to_the_same_keys_in_one_box_only() {
        let secret = ServerSecret::generate().unwrap();
        let (one, again) = (
            keys("太阳小河苹果老虎书包春天希望", b"a salt of a box."),
            keys("太阳小河苹果老虎书包春天希望", b"a salt of a box."),
        );
        assert_eq!((one.mac(&secret), one.recipient()), (again.mac(&secret), again.recipient()));
        for (phrase, salt) in [
            ("太阳小河苹果老虎书包春天希望", b"a salt of 2 box."),
            ("小河太阳苹果老虎书包春天希望", b"a salt of a box."),
        ] {
            let other = keys(phrase, salt);
            assert_ne!(one.mac(&secret), other.mac(&secret));
            assert_ne!(one.recipient(), other.recipient());
        }
        assert_ne!(
            one.mac(&secret),
            one.mac(&ServerSecret::generate().unwrap()),
            "a thief of the database cannot try phrases"
        );
        let nobody = PhraseKeys::grow(&Kdf::new(COSTS).unwrap(), COSTS, b"a salt of a box.", None).unwrap();
        assert!(nobody.is_none());
    }

    #[test]
    fn an_answer_opens_with_its_phrase_in_its_exchange_and_not_otherwise() {
        let secret = ServerSecret::generate().unwrap();
        let writer = keys("太阳小河苹果老虎书包春天希望", b"a salt of a box.");
        let (to, _) = Recipient::enrol(&writer.recipient().unwrap(), EXCHANGE, &secret).unwrap();
        let letter = LetterId(Uuid::from_u128(2));
        let name = LetterName { school: SchoolId(Uuid::from_u128(1)), letter, kind: LetterKind::Answer };
        let (sealed, mark) = seal_letter("周四见".as_bytes(), name, &to, &secret).unwrap();
        let opened = writer.open(EXCHANGE, name, &sealed, &mark, &secret).unwrap();
        assert_eq!(&**opened, "周四见".as_bytes());
        let other = keys("小河太阳苹果老虎书包春天希望", b"a salt of a box.");
        assert_eq!(other.open(EXCHANGE, name, &sealed, &mark, &secret), Err(Error::Sealed));
        assert_eq!(writer.open(Uuid::nil(), name, &sealed, &mark, &secret), Err(Error::Sealed));
        assert_eq!(writer.open(EXCHANGE, name, &sealed, &[0; 32], &secret), Err(Error::Sealed));
    }

    #[test]
    fn a_letter_to_an_office_is_no_answer_even_under_the_right_key() {
        let secret = ServerSecret::generate().unwrap();
        let writer = keys("太阳小河苹果老虎书包春天希望", b"a salt of a box.");
        let (to, _) = Recipient::enrol(&writer.recipient().unwrap(), EXCHANGE, &secret).unwrap();
        let letter = LetterId(Uuid::from_u128(2));
        let name = LetterName { school: SchoolId(Uuid::from_u128(1)), letter, kind: LetterKind::Concern };
        let (sealed, mark) = seal_letter(b"text", name, &to, &secret).unwrap();
        assert_eq!(writer.open(EXCHANGE, name, &sealed, &mark, &secret), Err(Error::WrongPermit));
    }
}
