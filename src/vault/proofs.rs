//! Properties of everything that is sealed: whatever is changed fails closed, and no secret can be printed.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::alphabet::to_hex;
use super::vectors::permit;
use super::*;
use crate::domain::ids::{KeyId, OfficeId, PersonId, SchoolId};
use crate::domain::words::{Compartment, Kind};
use crate::policy::Read;

const PLACE: Place<'static> = Place {
    school: SchoolId(Uuid::from_u128(1)),
    table: "entries",
    subject: Uuid::from_u128(2),
    row: Uuid::from_u128(3),
    column: "body",
    compartment: Compartment::Support,
    epoch: 1,
    version: 1,
};
const HOLDER: Uuid = Uuid::from_u128(4);
const NAME: KeyName = KeyName { key: KeyId(Uuid::from_u128(5)), epoch: 1 };
const PASSWORD: &str = "槐树下的第三张课桌";

/// The act that opens one kind of sealed bytes.
type Opener<'a> = Box<dyn Fn(&[u8]) -> bool + 'a>;

/// One of everything, made once.
struct World {
    key: CompartmentKey,
    identity: Identity,
    server: ServerSecret,
    token: SessionToken,
    code: InvitationCode,
    kdf: Kdf,
    credentials: Credentials,
    slip: String,
    fields: [Vec<u8>; 2],
    wrap: Vec<u8>,
    office_wrap: Vec<u8>,
    fast_wrap: Vec<u8>,
    ring: Vec<u8>,
    invitation: Vec<u8>,
    own: Vec<u8>,
    server_seal: Vec<u8>,
    totp: Vec<u8>,
}

fn offices() -> Vec<OfficeKey> {
    let key = |n| OfficeKey {
        office: OfficeId(Uuid::from_u128(n)),
        epoch: 1,
        identity: Identity::from_bytes(Zeroizing::new([7; 32])),
    };
    vec![key(6), key(7)]
}

fn world() -> Result<World> {
    let (key, identity, server) = (CompartmentKey::generate()?, Identity::generate()?, ServerSecret::generate()?);
    let (token, code) = (SessionToken::generate()?, InvitationCode::generate()?);
    let kdf = Kdf::new(KdfParams { memory_kib: 8, time: 1, lanes: 1 })?;
    let (recipient, _) = Recipient::enrol(&identity.recipient()?, HOLDER, &server)?;
    let ring = KeyRing {
        person: PersonId(HOLDER),
        identity: Identity::from_bytes(Zeroizing::new(*identity.bytes())),
        offices: offices(),
    };
    let [slip, ..] = split(&identity)?;
    Ok(World {
        credentials: enrol(&kdf, &PASSWORD.into(), &identity, PersonId(HOLDER))?,
        slip: slip.to_text().expose_secret().to_owned(),
        fields: [key.seal(&PLACE, b"met in the corridor")?, key.seal_padded(&PLACE, b"met in the corridor")?],
        wrap: wrap_key(&key, NAME, &recipient)?,
        office_wrap: wrap_identity(&identity, NAME, &recipient)?,
        fast_wrap: fast_wrap_key(&key, &identity, HOLDER, NAME)?,
        ring: token.seal_ring(&ring)?,
        invitation: code.seal_offices(&offices())?,
        own: identity.seal_own("draft", HOLDER, b"met in the corridor")?,
        server_seal: server.seal("totp", b"seed")?,
        totp: TotpKey::generate()?.seal(&server, PersonId(HOLDER))?,
        key,
        identity,
        server,
        token,
        code,
        kdf,
    })
}

static WORLD: LazyLock<World> = LazyLock::new(|| world().unwrap());

impl World {
    /// Everything sealed, each with the act that opens it.
    fn sealed(&self) -> Vec<(&'static str, &[u8], Opener<'_>)> {
        let permit = permit::<Read>(Kind::Support, &PLACE);
        let field = move |sealed: &[u8]| self.key.open(&permit, &PLACE, sealed).is_ok();
        vec![
            ("field", &self.fields[0], Box::new(field)),
            ("padded field", &self.fields[1], Box::new(|sealed| self.key.open_in(&PLACE, sealed).is_ok())),
            ("wrap", &self.wrap, Box::new(|sealed| unwrap_key(&self.identity, HOLDER, NAME, sealed).is_ok())),
            (
                "office wrap",
                &self.office_wrap,
                Box::new(|sealed| unwrap_identity(&self.identity, HOLDER, NAME, sealed).is_ok()),
            ),
            (
                "fast wrap",
                &self.fast_wrap,
                Box::new(|sealed| fast_unwrap_key(&self.identity, HOLDER, NAME, sealed).is_ok()),
            ),
            ("ring", &self.ring, Box::new(|sealed| self.token.open_ring(sealed).is_ok())),
            ("invitation", &self.invitation, Box::new(|sealed| self.code.open_offices(sealed).is_ok())),
            ("own", &self.own, Box::new(|sealed| self.identity.open_own("draft", HOLDER, sealed).is_ok())),
            ("server seal", &self.server_seal, Box::new(|sealed| self.server.open("totp", sealed).is_ok())),
            (
                "second factor",
                &self.totp,
                Box::new(|sealed| TotpKey::open(&self.server, PersonId(HOLDER), sealed).is_ok()),
            ),
        ]
    }

    fn signs_in(&self, credentials: &Credentials) -> bool {
        matches!(unlock(&self.kdf, &PASSWORD.into(), credentials, PersonId(HOLDER)), Ok(Some(_)))
    }
}

fn flipped(bytes: &[u8], at: Index, mask: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at.index(bytes.len())] ^= mask;
    changed
}

fn places() -> impl Strategy<Value = Place<'static>> {
    let id = || (0..2_u128).prop_map(Uuid::from_u128);
    let name = || select(vec!["", "a", "ab", "b"]);
    let compartment = select(&Compartment::ALL[..2]);
    (id(), name(), id(), id(), name(), compartment, 0..2_i64, -1..2_i64).prop_map(
        |(school, table, subject, row, column, compartment, epoch, version)| Place {
            school: SchoolId(school),
            table,
            subject,
            row,
            column,
            compartment,
            epoch,
            version,
        },
    )
}

#[test]
fn everything_sealed_opens_unchanged_and_not_cut_short() {
    for (name, sealed, opens) in WORLD.sealed() {
        assert!(opens(sealed), "{name}");
        for length in [0, 1, sealed.len() / 2, sealed.len() - 1] {
            assert!(!opens(&sealed[..length]), "{name} cut to {length}");
        }
    }
    assert!(WORLD.signs_in(&WORLD.credentials));
    assert!(Slip::parse(&WORLD.slip).is_ok());
}

proptest! {
    #[test]
    fn any_flipped_byte_in_anything_sealed_fails_closed(at in any::<Index>(), mask in 1..=255_u8) {
        for (name, sealed, opens) in WORLD.sealed() {
            prop_assert!(!opens(&flipped(sealed, at, mask)), "{}", name);
        }
    }

    #[test]
    fn any_flipped_byte_in_credentials_fails_closed(at in any::<Index>(), mask in 1..=255_u8) {
        let stored = &WORLD.credentials;
        let params = String::from_utf8_lossy(&flipped(stored.params.as_bytes(), at, mask)).into_owned();
        for changed in [
            Credentials { salt: flipped(&stored.salt, at, mask), ..stored.clone() },
            Credentials { auth: flipped(&stored.auth, at, mask), ..stored.clone() },
            Credentials { identity: flipped(&stored.identity, at, mask), ..stored.clone() },
            Credentials { params, ..stored.clone() },
        ] {
            prop_assert!(!WORLD.signs_in(&changed));
        }
    }

    #[test]
    fn any_flipped_byte_in_a_slip_is_noticed_or_means_the_same(at in any::<Index>(), mask in 1..=255_u8) {
        let changed = flipped(WORLD.slip.as_bytes(), at, mask);
        if let Ok(slip) = Slip::parse(&String::from_utf8_lossy(&changed)) {
            let text = slip.to_text();
            prop_assert_eq!(text.expose_secret(), WORLD.slip.as_str());
        }
    }

    #[test]
    fn any_flipped_byte_in_an_invitation_code_is_another_code_or_none(at in any::<Index>(), mask in 1..=255_u8) {
        let code = WORLD.code.to_text();
        let changed = flipped(code.expose_secret().as_bytes(), at, mask);
        if let Ok(other) = InvitationCode::parse(&String::from_utf8_lossy(&changed)) {
            let same = other.to_text().expose_secret() == code.expose_secret();
            prop_assert_eq!(other.open_offices(&WORLD.invitation).is_ok(), same);
        }
    }

    #[test]
    fn any_flipped_byte_in_a_recipient_row_is_refused(at in any::<Index>(), mask in 1..=255_u8) {
        let text = WORLD.identity.recipient().unwrap();
        let (_, mac) = Recipient::enrol(&text, HOLDER, &WORLD.server).unwrap();
        let genuine = |text: &str, mac: &[u8]| Recipient::genuine(text, HOLDER, mac, &WORLD.server).is_ok();
        prop_assert!(genuine(&text, &mac));
        prop_assert!(!genuine(&text, &flipped(&mac, at, mask)));
        prop_assert!(!genuine(&String::from_utf8_lossy(&flipped(text.as_bytes(), at, mask)), &mac));
    }

    #[test]
    fn a_field_opens_in_its_own_place_and_in_no_other(a in places(), b in places(), text in any::<Vec<u8>>()) {
        for sealed in [WORLD.key.seal(&a, &text).unwrap(), WORLD.key.seal_padded(&a, &text).unwrap()] {
            prop_assert_eq!(WORLD.key.open_in(&a, &sealed).unwrap().to_vec(), text.clone());
            prop_assert_eq!(WORLD.key.open_in(&b, &sealed).is_ok(), a == b);
        }
    }

    #[test]
    fn bytes_of_a_stranger_never_open_and_never_panic(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        for (name, _, opens) in WORLD.sealed() {
            prop_assert!(!opens(&bytes), "{}", name);
        }
        prop_assert!(Slip::parse(&text).is_err());
        prop_assert!(InvitationCode::parse(&text).is_err() || text.len() >= 25);
        prop_assert!(Identity::from_secret(&text).is_err());
        let _ = acceptable(&text, &text);
    }
}

#[test]
fn no_secret_can_be_printed() {
    let secret = [0xA7; 32];
    let key = || Zeroizing::new(secret);
    let identity = || Identity::from_bytes(key());
    let office = OfficeKey { office: OfficeId(HOLDER), epoch: 1, identity: identity() };
    let text = to_hex(&secret);
    let server = ServerSecret::parse(&text).unwrap();
    let token = SessionToken::parse(&text).unwrap();
    let [slip, ..] = split(&identity()).unwrap();
    let credentials =
        Credentials { salt: secret.into(), params: String::new(), auth: secret.into(), identity: secret.into() };
    let used = identity();
    let _ = used.fast_key();
    let code = InvitationCode::parse("77777-77777-77777-77777-77777").unwrap();
    let texts = (server.to_text(), token.to_cookie(), code.to_text(), slip.to_text(), used.to_secret().unwrap());
    let shown = [
        format!("{server:?}{server:#?}"),
        format!("{token:?}{token:#?}"),
        format!("{used:?}{used:#?}"),
        format!("{:?}", CompartmentKey::from_bytes(key())),
        format!("{credentials:?}{credentials:#?}"),
        format!("{code:?}{code:#?}"),
        format!("{slip:?}{slip:#?}"),
        format!("{:?}", TotpKey::generate().unwrap()),
        format!("{:?}", OneTimeCode::parse("777777777777").unwrap()),
        format!("{office:?}{office:#?}"),
        format!("{:?}", KeyRing { person: PersonId(HOLDER), identity: identity(), offices: vec![office] }),
    ];
    let bech32 = used.to_secret().unwrap();
    let slip_text = slip.to_text();
    let share = slip_text.expose_secret().split(' ').nth(2).unwrap();
    let spellings = ["a7a7", "A7A7", "167, 167", "77777", "-89", share, &bech32.expose_secret()[16..40]];
    for text in &shown {
        assert!(text.contains("‹sealed›"), "{text}");
        for spelling in spellings {
            assert!(!text.contains(spelling), "{text}");
        }
    }
    // The texts that people need are handed out sealed as well; only asking by name shows them.
    let text = format!("{texts:?}");
    assert!(!spellings.iter().any(|spelling| text.contains(spelling)), "{text}");
}

#[test]
fn what_holds_a_key_wipes_itself() {
    /// Compiles for types that wipe themselves only: it fails when a crate loses its `zeroize` feature.
    fn wipes<T: ZeroizeOnDrop>() {}
    wipes::<sealing::Key>();
    wipes::<aes::Aes256>();
    wipes::<sha2::Sha256>();
}
