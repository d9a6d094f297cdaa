//! The second factor of a sign-in: a key that an app on a telephone shares with the server (RFC 6238), and rescue codes on
//! paper for the day the telephone is gone.
//!
//! It opens nothing. Whoever has the server secret can compute every code, so the key of a person grows from the password
//! alone, as without a second factor; what the code adds is that a stolen password is not enough to sign in.

use secrecy::SecretString;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::alphabet::{Typed, from_hex, to_hex, typed};
use super::sealing::{self, Context};
use super::{Error, Result, ServerSecret, unprintable};
use crate::domain::ids::PersonId;

/// How long one code is shown, in seconds.
pub const TOTP_STEP: i64 = 30;
/// Digits of a code of the app.
const DIGITS: usize = 6;
/// Digits of a rescue code: with the slow-down nobody guesses one in ten of 10^12.
const RESCUE_DIGITS: usize = 12;
/// What the app on the telephone lists the account under.
const ISSUER: &str = "一册";

const LABEL: &str = "yice second factor v1";
const OFFER: &str = "yice second factor offer v1";
const RESCUE: &str = "rescue code";

/// 160 random bits that the app and the server share. Codes are those every app makes: SHA-1, six digits, half a minute.
pub struct TotpKey(Zeroizing<[u8; 20]>);

/// A code as it was typed or made: six digits of the app, or twelve of a rescue code.
pub struct OneTimeCode(Zeroizing<String>);

unprintable!(TotpKey, OneTimeCode);

impl TotpKey {
    /// A new key.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        sealing::random().map(Self)
    }

    /// Seals the key for the row of its person, under the server secret: the server must compute codes by itself.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, server: &ServerSecret, person: PersonId) -> Result<Vec<u8>> {
        sealing::seal(&server.derived(LABEL), row(person), self.0.as_slice())
    }

    /// Opens what [`Self::seal`] made for this person.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
    pub fn open(server: &ServerSecret, person: PersonId, sealed: &[u8]) -> Result<Self> {
        Self::from_bytes(&sealing::open(&server.derived(LABEL), row(person), sealed)?)
    }

    /// The key as it travels through the form that switches the second factor on, good for one session alone: until a code
    /// proves that the app has it, the database holds nothing.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn to_offer(&self, server: &ServerSecret, session: &[u8; 32]) -> Result<String> {
        Ok(to_hex(&sealing::seal(&server.derived(LABEL), offer(session), self.0.as_slice())?))
    }

    /// Reads what [`Self::to_offer`] made in this session.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
    pub fn from_offer(server: &ServerSecret, session: &[u8; 32], text: &str) -> Result<Self> {
        let sealed = from_hex(text).ok_or(Error::Sealed)?;
        Self::from_bytes(&sealing::open(&server.derived(LABEL), offer(session), &sealed)?)
    }

    /// The step, counted in half minutes, whose code this is: that of `seconds` (UTC), or the one before or after, because
    /// clocks differ. A step may be taken once, and none before it any more; who calls must see to that.
    ///
    /// # Errors
    /// [`Error::Malformed`] should the key be refused.
    pub fn step_of(&self, code: &OneTimeCode, seconds: i64) -> Result<Option<i64>> {
        let step = self.totp("")?.check(&code.0, seconds.try_into().unwrap_or_default());
        Ok(step.and_then(|step| step.try_into().ok()))
    }

    /// The code that an app shows at an instant (seconds UTC).
    ///
    /// # Errors
    /// [`Error::Malformed`] should the key be refused.
    pub fn code_at(&self, seconds: i64) -> Result<SecretString> {
        Ok(self.totp("")?.generate(seconds.try_into().unwrap_or_default()).to_string().into())
    }

    /// The `otpauth://` address that apps read from a square code.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a sign-in name that cannot stand in it.
    pub fn address(&self, login: &str) -> Result<SecretString> {
        self.totp(login)?.to_url().map(SecretString::from).map_err(|_| Error::Malformed("sign-in name"))
    }

    /// The key to type into an app, in groups of four.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        let plain = Zeroizing::new(Secret::from(*self.0).to_base32());
        grouped(&plain)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(|key| Self(Zeroizing::new(key))).map_err(|_| Error::Sealed)
    }

    fn totp(&self, login: &str) -> Result<Totp> {
        let builder = Builder::new().with_secret(*self.0).with_issuer(Some(ISSUER)).with_account_name(login);
        builder.build().map_err(|_| Error::Malformed("second factor"))
    }
}

impl OneTimeCode {
    /// Reads a code as people type it: full-width digits count, spaces and dashes do not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = Zeroizing::new(String::with_capacity(RESCUE_DIGITS));
        for character in text.chars() {
            match typed(character) {
                Typed::Symbol(symbol @ 0..=9) if digits.len() < RESCUE_DIGITS => {
                    digits.push(char::from(b'0' + symbol));
                }
                Typed::Gap => {}
                _ => return None,
            }
        }
        matches!(digits.len(), DIGITS | RESCUE_DIGITS).then_some(Self(digits))
    }

    /// A new rescue code.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn rescue() -> Result<Self> {
        // 128 bits make the remainder as good as even.
        let number = u128::from_be_bytes(*sealing::random::<16>()?) % 1_000_000_000_000;
        Ok(Self(Zeroizing::new(format!("{number:0RESCUE_DIGITS$}"))))
    }

    /// What the database holds of a rescue code; nothing for a code of the app. A keyed hash needs no stretching: whoever has
    /// the server secret beside the database computes the codes of the app anyway, and without it there is nothing to try.
    #[must_use]
    pub fn rescue_mac(&self, server: &ServerSecret, person: PersonId) -> Option<[u8; 32]> {
        let is_rescue = self.0.len() == RESCUE_DIGITS;
        is_rescue.then(|| server.mac(RESCUE, &[person.0.as_bytes(), self.0.as_bytes()]))
    }

    /// The code for paper, in groups of four.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        grouped(&self.0)
    }
}

fn row(person: PersonId) -> Context {
    Context::new(LABEL).with(b"second_factors").with(b"sealed").with(person.0.as_bytes())
}

fn offer(session: &[u8; 32]) -> Context {
    Context::new(OFFER).with(session)
}

fn grouped(plain: &str) -> SecretString {
    let mut text = String::with_capacity(plain.len() * 5 / 4 + 1);
    for (at, character) in plain.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use uuid::Uuid;

    const PERSON: PersonId = PersonId(Uuid::from_u128(7));

    /// The key of RFC 6238, appendix B.
    fn key() -> TotpKey {
        TotpKey(Zeroizing::new(*b"12345678901234567890"))
    }

    fn step(code: &str, seconds: i64) -> Option<i64> {
        key().step_of(&OneTimeCode::parse(code).unwrap(), seconds).unwrap()
    }

    #[test]
    fn rfc_6238_appendix_b() {
        // The last six of the eight digits printed there for SHA-1.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step(code, seconds), Some(seconds / TOTP_STEP), "{seconds}");
            assert_eq!(key().code_at(seconds).unwrap().expose_secret(), code);
        }
    }

    #[test]
    fn a_code_counts_half_a_minute_early_or_late_and_no_more() {
        let (at, its) = (1_111_111_110, 1_111_111_110 / TOTP_STEP);
        assert_eq!(at % TOTP_STEP, 0, "the first second of a step");
        for seconds in [at - 30, at - 1, at, at + 29, at + 30, at + 59] {
            assert_eq!(step("050471", seconds), Some(its), "{}", seconds - at);
        }
        for seconds in [at - 31, at - 60, at + 60, at + 90, 0, -1] {
            assert_eq!(step("050471", seconds), None, "{}", seconds - at);
        }
    }

    #[test]
    fn a_code_may_be_typed_as_people_type() {
        for text in ["050471", " 050 471 ", "０５０４７１", "０５０\u{3000}４７１", "050-471\n", "O5O47l"] {
            assert_eq!(step(text, 1_111_111_110), Some(37_037_037), "{text}");
        }
        for text in ["", "05047", "0504711", "05047a", "+50471", "-", "05０47册", "1234567890123", "五"] {
            assert!(OneTimeCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_app_reads_the_address_and_a_person_types_the_key() {
        let address = key().address("li.hua").unwrap();
        let expected = "otpauth://totp/%E4%B8%80%E5%86%8C:li.hua?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E4%B8%80%E5%86%8C";
        assert_eq!(address.expose_secret(), expected);
        assert_eq!(key().to_text().expose_secret(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn a_key_opens_for_its_person_with_its_server_secret() {
        let (server, other) = (ServerSecret::generate().unwrap(), ServerSecret::generate().unwrap());
        let sealed = key().seal(&server, PERSON).unwrap();
        assert_eq!(TotpKey::open(&server, PERSON, &sealed).unwrap().0, key().0);
        assert_eq!(TotpKey::open(&other, PERSON, &sealed).unwrap_err(), Error::Sealed);
        let somebody = PersonId(Uuid::from_u128(8));
        assert_eq!(TotpKey::open(&server, somebody, &sealed).unwrap_err(), Error::Sealed);
        assert!(!sealed.windows(4).any(|part| part == b"1234"));
    }

    #[test]
    fn an_offer_is_good_in_its_session_and_no_row() {
        let server = ServerSecret::generate().unwrap();
        let text = key().to_offer(&server, &[1; 32]).unwrap();
        assert_eq!(TotpKey::from_offer(&server, &[1; 32], &text).unwrap().0, key().0);
        assert_eq!(TotpKey::from_offer(&server, &[2; 32], &text).unwrap_err(), Error::Sealed);
        assert_eq!(TotpKey::from_offer(&server, &[1; 32], "no offer").unwrap_err(), Error::Sealed);
        assert_eq!(TotpKey::open(&server, PERSON, &from_hex(&text).unwrap()).unwrap_err(), Error::Sealed);
        let row = to_hex(&key().seal(&server, PERSON).unwrap());
        assert_eq!(TotpKey::from_offer(&server, &[1; 32], &row).unwrap_err(), Error::Sealed);
    }

    #[test]
    fn a_rescue_code_is_known_by_its_person_and_the_server_secret() {
        let (server, other) = (ServerSecret::generate().unwrap(), ServerSecret::generate().unwrap());
        let code = OneTimeCode::rescue().unwrap();
        let text = code.to_text();
        assert_eq!(text.expose_secret().split(' ').map(str::len).collect::<Vec<_>>(), [4, 4, 4]);
        let mac = code.rescue_mac(&server, PERSON).unwrap();
        let again = OneTimeCode::parse(text.expose_secret()).unwrap();
        assert_eq!(again.rescue_mac(&server, PERSON), Some(mac));
        assert_ne!(again.rescue_mac(&other, PERSON), Some(mac));
        assert_ne!(again.rescue_mac(&server, PersonId(Uuid::from_u128(8))), Some(mac));
        assert_ne!(OneTimeCode::rescue().unwrap().rescue_mac(&server, PERSON), Some(mac));
        assert_eq!(OneTimeCode::parse("050471").unwrap().rescue_mac(&server, PERSON), None);
        assert_eq!(key().step_of(&again, 1_111_111_110).unwrap(), None);
    }
}
