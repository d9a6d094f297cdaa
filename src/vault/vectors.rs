//! Test vectors: bytes that were sealed once and must open as long as there is data like them.

use std::sync::LazyLock;

use secrecy::ExposeSecret as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::alphabet::{from_hex, to_hex};
use super::*;
use crate::domain::ids::{KeyId, OfficeId, PersonId, SchoolId};
use crate::domain::relation::Standing;
use crate::domain::words::{Compartment, Kind, Relation, Role};
use crate::policy::{Act, Permit, Policy, Read, Write};

const TEXT: &str = "谈心:喜欢画画";
const HOLDER: Uuid = Uuid::from_u128(0xb0);
const NAME: KeyName = KeyName { key: KeyId(Uuid::from_u128(0xce)), epoch: 3 };

/// The example key of the age project.
const IDENTITY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

const PLACE: Place<'static> = Place {
    school: SchoolId(Uuid::from_u128(0x5c)),
    table: "entries",
    subject: Uuid::from_u128(0x57),
    row: Uuid::from_u128(0xe1),
    column: "body",
    compartment: Compartment::Support,
    epoch: 3,
    version: 2,
};

fn text(name: &str) -> &'static str {
    let line = include_str!("vectors.txt").lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no vector {name}"))
}

fn bytes(name: &str) -> Vec<u8> {
    from_hex(text(name)).unwrap().to_vec()
}

fn key() -> CompartmentKey {
    CompartmentKey::from_bytes(Zeroizing::new(std::array::from_fn(|index| u8::try_from(index).unwrap())))
}

fn identity() -> Identity {
    Identity::from_secret(IDENTITY).unwrap()
}

fn server() -> ServerSecret {
    ServerSecret::parse(&"5e".repeat(32)).unwrap()
}

/// A permit of a counsellor, who may read and write every support record of the school.
pub(super) fn permit<A: Act>(kind: Kind, place: &Place<'_>) -> Permit<A> {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let rules = "p, counsellor, same_school, support, read\np, counsellor, same_school, support, write\n\
                     p, counsellor, same_school, warning, read\np, counsellor, same_school, erasure, read";
        let load = Policy::from_text(include_str!("../../policies/model.conf"), rules);
        tokio::runtime::Runtime::new().unwrap().block_on(load).unwrap()
    });
    let pairs = vec![(Role::Counsellor, Relation::SameSchool)];
    let standing =
        Standing { actor: PersonId(Uuid::from_u128(1)), school: place.school, pairs, childless: false, sealed: false };
    POLICY.permit(&standing, kind, place.subject).unwrap()
}

/// Opens in a place with the permit that fits the place.
fn open(place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
    key().open(&permit::<Read>(Kind::Support, place), place, sealed).map(|text| text.to_vec())
}

#[test]
fn field_opens() {
    assert_eq!(open(&PLACE, &bytes("field")).unwrap(), TEXT.as_bytes());
    assert_eq!(open(&PLACE, &bytes("field_padded")).unwrap(), TEXT.as_bytes());
    assert_eq!(bytes("field_padded").len(), 5 + 12 + 256 + 16);
    let to_write = permit::<Write>(Kind::Support, &PLACE);
    assert_eq!(key().open(&to_write, &PLACE, &bytes("field")).unwrap().as_slice(), TEXT.as_bytes());
}

#[test]
fn field_is_sealed_to_the_same_bytes_today() {
    assert_eq!(to_hex(&key().seal_with(&[9; 12], &PLACE, TEXT.as_bytes())), text("field"));
}

#[test]
fn field_under_another_key() {
    let other = CompartmentKey::generate().unwrap();
    let permit = permit::<Read>(Kind::Support, &PLACE);
    assert_eq!(other.open(&permit, &PLACE, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_moved_to_another_row() {
    assert_eq!(open(&Place { row: Uuid::from_u128(0xe2), ..PLACE }, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_moved_to_another_column() {
    assert_eq!(open(&Place { column: "next_step", ..PLACE }, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_moved_to_another_table() {
    assert_eq!(open(&Place { table: "notes", ..PLACE }, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_moved_to_another_student() {
    assert_eq!(open(&Place { subject: Uuid::from_u128(0x58), ..PLACE }, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_moved_to_another_school() {
    let place = Place { school: SchoolId(Uuid::from_u128(0x5d)), ..PLACE };
    assert_eq!(open(&place, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_moved_to_another_compartment() {
    let place = Place { compartment: Compartment::Warning, ..PLACE };
    let permit = permit::<Read>(Kind::Warning, &place);
    assert_eq!(key().open(&permit, &place, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_rolled_back_to_an_older_version() {
    assert_eq!(open(&Place { version: 3, ..PLACE }, &bytes("field")), Err(Error::Sealed));
}

#[test]
fn field_of_another_epoch() {
    assert_eq!(sealed_epoch(&bytes("field")), Some(3));
    assert_eq!(open(&Place { epoch: 4, ..PLACE }, &bytes("field")), Err(Error::Sealed));
    let mut relabelled = bytes("field");
    relabelled[4] = 4;
    assert_eq!(sealed_epoch(&relabelled), Some(4));
    assert_eq!(open(&Place { epoch: 4, ..PLACE }, &relabelled), Err(Error::Sealed));
    for epoch in [-1, 1 << 32] {
        assert_eq!(key().seal(&Place { epoch, ..PLACE }, b""), Err(Error::Malformed("epoch")));
    }
}

#[test]
fn field_truncated() {
    for name in ["field", "field_padded"] {
        let whole = bytes(name);
        for length in 0..whole.len() {
            assert_eq!(open(&PLACE, &whole[..length]), Err(Error::Sealed), "{name} {length}");
        }
        assert_eq!(open(&PLACE, &[whole.as_slice(), &[0]].concat()), Err(Error::Sealed));
    }
    assert_eq!(sealed_epoch(&[1, 0, 0, 0]), None);
}

#[test]
fn field_with_unknown_algorithm() {
    let mut sealed = bytes("field");
    for algorithm in [0, 3, 255] {
        sealed[0] = algorithm;
        assert_eq!(open(&PLACE, &sealed), Err(Error::UnknownAlgorithm(algorithm)));
    }
    sealed[0] = 2;
    assert_eq!(open(&PLACE, &sealed), Err(Error::Sealed), "plain passed off as padded");
}

#[test]
fn field_with_a_permit_for_something_else() {
    let open = |permit: &Permit<Read>| key().open(permit, &PLACE, &bytes("field"));
    let elsewhere = Place { school: SchoolId(Uuid::from_u128(0x5d)), ..PLACE };
    let other_student = Place { subject: Uuid::from_u128(0x58), ..PLACE };
    assert_eq!(open(&permit(Kind::Support, &elsewhere)), Err(Error::WrongPermit));
    assert_eq!(open(&permit(Kind::Support, &other_student)), Err(Error::WrongPermit));
    assert_eq!(open(&permit(Kind::Warning, &PLACE)), Err(Error::WrongPermit));
    assert!(open(&permit(Kind::Support, &PLACE)).is_ok());
}

#[test]
fn a_permit_for_the_keeping_of_a_file_opens_why_and_nothing_else_of_the_compartment() {
    let reason = Place { table: "keepings", column: "sealed", compartment: Compartment::Warning, ..PLACE };
    let open = |kind: Kind, place: &Place<'_>| {
        let sealed = key().seal_padded(place, b"why").unwrap();
        key().open(&permit::<Read>(kind, place), place, &sealed).map(|text| text.to_vec())
    };
    for kind in [Kind::Erasure, Kind::Warning] {
        assert_eq!(open(kind, &reason), Ok(b"why".to_vec()), "{kind}");
    }
    for table in ["warnings", "steps", "crises", "records", "keeping"] {
        assert_eq!(open(Kind::Erasure, &Place { table, ..reason }), Err(Error::WrongPermit), "{table}");
    }
    assert_eq!(open(Kind::Support, &reason), Err(Error::WrongPermit));
}

#[test]
fn wrap_opens() {
    let opened = unwrap_key(&identity(), HOLDER, NAME, &bytes("wrap")).unwrap();
    assert_eq!(opened.bytes(), key().bytes());
    let opened = fast_unwrap_key(&identity(), HOLDER, NAME, &bytes("fast_wrap")).unwrap();
    assert_eq!(opened.bytes(), key().bytes());
    let office = unwrap_identity(&identity(), HOLDER, NAME, &bytes("office_wrap")).unwrap();
    assert_eq!(office.bytes(), &[7; 32]);
    let (sealed, mark) = (bytes("office_wrap"), bytes("office_wrap_mark"));
    assert!(is_genuine(NAME, HOLDER, &sealed, &mark, &server()));
}

/// Tries a wrap as every kind of wrap.
fn no_wrap_opens(holder: Uuid, name: KeyName, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let identity = identity();
    let of = |name| change(bytes(name));
    assert_eq!(unwrap_key(&identity, holder, name, &of("wrap")).unwrap_err(), Error::Sealed);
    assert_eq!(fast_unwrap_key(&identity, holder, name, &of("fast_wrap")).unwrap_err(), Error::Sealed);
    assert_eq!(unwrap_identity(&identity, holder, name, &of("office_wrap")).unwrap_err(), Error::Sealed);
}

#[test]
fn wrap_for_another_office() {
    no_wrap_opens(Uuid::from_u128(0xb1), NAME, |sealed| sealed);
}

#[test]
fn wrap_of_another_epoch() {
    no_wrap_opens(HOLDER, KeyName { epoch: 2, ..NAME }, |sealed| sealed);
}

#[test]
fn wrap_of_another_key() {
    no_wrap_opens(HOLDER, KeyName { key: KeyId(Uuid::from_u128(0xcf)), ..NAME }, |sealed| sealed);
}

#[test]
fn wrap_truncated() {
    for cut in [1, 2, 16, 17, 32] {
        no_wrap_opens(HOLDER, NAME, |mut sealed| {
            sealed.truncate(sealed.len() - cut);
            sealed
        });
    }
    no_wrap_opens(HOLDER, NAME, |_| Vec::new());
    no_wrap_opens(HOLDER, NAME, |mut sealed| {
        sealed.push(0);
        sealed
    });
}

#[test]
fn office_wrap_is_not_a_compartment_wrap() {
    assert_eq!(unwrap_key(&identity(), HOLDER, NAME, &bytes("office_wrap")).unwrap_err(), Error::Sealed);
    assert_eq!(unwrap_identity(&identity(), HOLDER, NAME, &bytes("wrap")).unwrap_err(), Error::Sealed);
}

#[test]
fn recipient_is_genuine() {
    assert_eq!(identity().recipient().unwrap(), RECIPIENT);
    let genuine = Recipient::genuine(RECIPIENT, HOLDER, &bytes("recipient_mark"), &server()).unwrap();
    assert_eq!((genuine.text().as_str(), genuine.holder()), (RECIPIENT, HOLDER));
    assert_eq!(fingerprint(RECIPIENT), text("fingerprint"));
    let of_office = bytes("office_recipient_mark");
    assert!(Recipient::genuine_of_office(RECIPIENT, HOLDER, 3, &of_office, &server()).is_ok());
}

#[test]
fn session_ring_opens() {
    let token = SessionToken::parse(&"70".repeat(32)).unwrap();
    assert_eq!(to_hex(&token.hash()), text("token_hash"));
    assert_eq!(to_hex(&token.bound(&server()).hash()), text("bound_token_hash"));
    let ring = token.open_ring(&bytes("ring")).unwrap();
    assert_eq!((ring.person, ring.identity.bytes()), (PersonId(HOLDER), identity().bytes()));
    assert_eq!((ring.offices[0].office, ring.offices[0].epoch), (OfficeId(Uuid::from_u128(0x0f)), 3));
    assert_eq!(ring.offices[0].identity.bytes(), &[7; 32]);
}

#[test]
fn session_ring_under_another_token() {
    let token = SessionToken::parse(&"71".repeat(32)).unwrap();
    assert_eq!(token.open_ring(&bytes("ring")).unwrap_err(), Error::Sealed);
}

#[test]
fn invitation_opens() {
    let code = InvitationCode::parse("0A1B2-C3D4E-5F6G7-H8J9K-MNPQR").unwrap();
    assert_eq!(to_hex(&code.hash()), text("code_hash"));
    let offices = code.open_offices(&bytes("invitation")).unwrap();
    assert_eq!((offices.len(), offices[0].identity.bytes()), (1, &[7; 32]));
}

#[test]
fn invitation_under_another_code() {
    let code = InvitationCode::parse("0A1B2-C3D4E-5F6G7-H8J9K-MNPQS").unwrap();
    assert_eq!(code.open_offices(&bytes("invitation")).unwrap_err(), Error::Sealed);
}

#[test]
fn credentials_open() {
    let kdf = Kdf::new(KdfParams::default()).unwrap();
    let (salt, auth, identity) = (bytes("salt"), bytes("auth"), bytes("sealed_identity"));
    let stored = Credentials { salt, params: "m=64,t=1,p=1".into(), auth, identity };
    let opened = unlock(&kdf, &"槐树下的第三张课桌".into(), &stored, PersonId(HOLDER)).unwrap().unwrap();
    assert_eq!(opened.to_secret().unwrap().expose_secret(), IDENTITY);
    assert!(needs_rehash(&stored, &kdf));
}

#[test]
fn own_opens() {
    let opened = identity().open_own("draft", Uuid::from_u128(0xd4), &bytes("own")).unwrap();
    assert_eq!(opened.as_slice(), TEXT.as_bytes());
}

#[test]
fn slips_join() {
    let [first, second, third] = ["slip_1", "slip_2", "slip_3"].map(|name| Slip::parse(text(name)).unwrap());
    assert_eq!(second.to_text().expose_secret(), text("slip_2"));
    for pair in [[first, second], [third, Slip::parse(text("slip_1")).unwrap()]] {
        assert_eq!(join(&pair).unwrap().to_secret().unwrap().expose_secret(), IDENTITY);
    }
}

#[test]
fn slip_mistyped() {
    let wrong = |from: &str, to: &str| Slip::parse(&text("slip_1").replacen(from, to, 1)).unwrap_err();
    assert_eq!(wrong("DQHQY", "DQHPY"), SlipProblem::Group { group: 1 });
    assert_eq!(wrong("G7VGM", "G7VGN"), SlipProblem::Group { group: 13 });
    assert_eq!(wrong("CN14E-MY8GK", "MY8GK-CN14E"), SlipProblem::Group { group: 2 }, "swapped");
    assert_eq!(wrong("4965", "4956"), SlipProblem::Checksum);
    assert_eq!(wrong("1 ", "2 "), SlipProblem::Checksum);
    assert_eq!(wrong("1 ", "4 "), SlipProblem::Checksum);
    assert_eq!(wrong("BME656Q", "BME656P"), SlipProblem::Checksum);
    assert_eq!(wrong("DQHQY-", ""), SlipProblem::Length { found: 92 });
    assert_eq!(wrong("D", "U"), SlipProblem::Character { position: 26 });
}

#[test]
fn server_secret_answers_as_it_did() {
    let server = server();
    assert_eq!(to_hex(&server.mac("id number", &[b"11010119900307"])), text("server_mac"));
    assert_eq!(server.open("totp", &bytes("server_seal")).unwrap().as_slice(), b"seed");
    assert_eq!(to_hex(&server.verifying_key().unwrap()), text("verifying_key"));
    assert_eq!(to_hex(&server.sign(b"head 7").unwrap()), text("signature"));
    assert!(verify(&server.verifying_key().unwrap(), b"head 7", &bytes("signature")));
}

#[test]
fn second_factor_opens() {
    let key = TotpKey::open(&server(), PersonId(HOLDER), &bytes("second_factor")).unwrap();
    assert_eq!(key.to_text().expose_secret(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    let code = OneTimeCode::parse("0504 7112 3456").unwrap();
    assert_eq!(to_hex(&code.rescue_mac(&server(), PersonId(HOLDER)).unwrap()), text("rescue_mac"));
}

#[test]
fn a_receipt_phrase_leads_to_the_same_keys() {
    let costs = KdfParams { memory_kib: 64, time: 1, lanes: 1 };
    let phrase = Phrase::parse("太阳 小河 苹果 老虎 书包 春天 希望").unwrap();
    let kdf = Kdf::new(costs).unwrap();
    let keys = PhraseKeys::grow(&kdf, costs, b"a salt of a box.", Some(&phrase)).unwrap().unwrap();
    assert_eq!(keys.recipient().unwrap(), text("phrase_recipient"));
    assert_eq!(to_hex(&keys.mac(&server())), text("phrase_lookup"));
}
