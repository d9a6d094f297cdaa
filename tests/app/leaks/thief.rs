//! Thieves: one who took the database file and the secret of the server, and one who can write into the database.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, SqliteConnection};
use uuid::Uuid;
use yice::domain::clock::Clock;
use yice::domain::gate::menu::Profile;
use yice::domain::ids::{KeyId, OfficeId, PersonId};
use yice::domain::relation::Standing;
use yice::domain::roster;
use yice::domain::words::{Kind, Role};
use yice::policy::{Policy, Report};
use yice::service::{App, Error, KdfGate};
use yice::store::Db;
use yice::vault::{
    CompartmentKey, Identity, Kdf, KdfParams, KeyName, KeyRing, Recipient, ServerSecret, SessionToken, fast_unwrap_key,
    unwrap_identity, unwrap_key, wrap_key,
};

use super::finder::hex;
use crate::people::{PASSWORD, Person, TestApp};

const ENTRY: [(&str, &str); 5] =
    [("date", "2026-11-20"), ("way", "talk"), ("happened", "课间谈话。"), ("effect", "better"), ("next", "")];
const NOTE: [(&str, &str); 5] =
    [("date", "2026-11-20"), ("form", "phone"), ("minutes", "20"), ("process", "通话。"), ("limits_told", "yes")];

/// A wrap as it stands in the database.
struct Wrap {
    key_id: Uuid,
    holder: Uuid,
    epoch: i64,
    sealed: Vec<u8>,
}

impl Wrap {
    /// Whether this identity opens it, as whatever kind of key.
    fn opens(&self, identity: &Identity) -> bool {
        let name = KeyName { key: KeyId(self.key_id), epoch: self.epoch };
        unwrap_key(identity, self.holder, name, &self.sealed).is_ok()
            || unwrap_identity(identity, self.holder, name, &self.sealed).is_ok()
            || fast_unwrap_key(identity, self.holder, name, &self.sealed).is_ok()
    }
}

async fn raw(at: &TestApp) -> SqliteConnection {
    SqliteConnection::connect(&at.database.place).await.unwrap()
}

async fn wraps(at: &TestApp) -> Vec<Wrap> {
    let all = "SELECT key_id, holder, epoch, sealed FROM wraps ORDER BY epoch DESC, form DESC, key_id";
    let rows: Vec<(Uuid, Uuid, i64, Vec<u8>)> = sqlx::query_as(all).fetch_all(&mut raw(at).await).await.unwrap();
    rows.into_iter().map(|(key_id, holder, epoch, sealed)| Wrap { key_id, holder, epoch, sealed }).collect()
}

/// An identity whose secret are these bytes.
fn identity_of(secret: &[u8]) -> Identity {
    let prefix = bech32::Hrp::parse("age-secret-key-").unwrap();
    Identity::from_secret(&bech32::encode_upper::<bech32::Bech32>(prefix, secret).unwrap()).unwrap()
}

/// Everything of 32 bytes that stands beside people, sessions, invitations and offices, and the secret of the server with
/// what follows from it: a thief would try each of them as a key.
async fn guesses(at: &TestApp) -> Vec<Identity> {
    let stored = "SELECT auth FROM persons UNION SELECT salt FROM persons UNION SELECT recipient_mac FROM persons
        UNION SELECT token_hash FROM sessions UNION SELECT code_hash FROM invitations UNION SELECT key FROM throttles
        UNION SELECT recipient_mac FROM offices UNION SELECT recovery_mac FROM installation
        UNION SELECT secret_check FROM installation UNION SELECT form FROM drafts UNION SELECT hash FROM audit_heads";
    let stored: Vec<Option<Vec<u8>>> = sqlx::query_scalar(stored).fetch_all(&mut raw(at).await).await.unwrap();
    let mut guesses: Vec<Vec<u8>> = stored.into_iter().flatten().filter(|bytes| bytes.len() == 32).collect();
    assert!(guesses.len() > 10, "the database holds more than {} such values", guesses.len());
    let text = at.app.secret.to_text().expose_secret().to_owned();
    guesses.push((0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect());
    for purpose in ["wrap", "recipient", "identity", "session", "office", ""] {
        guesses.push(at.app.secret.mac(purpose, &[]).to_vec());
    }
    let mut identities: Vec<Identity> = guesses.iter().map(|secret| identity_of(secret)).collect();
    identities.extend((0..3).map(|_| Identity::generate().unwrap()));
    identities
}

/// A school in which something stands in every compartment that is written so far.
async fn written(at: &TestApp) -> (Person<'_>, Person<'_>) {
    let (li, homeroom) = (at.counsellor("li").await, at.homeroom("homeroom").await);
    let file = format!("/files/{}", at.student().await);
    homeroom.post_and_follow(&format!("{file}/entry"), &ENTRY).await;
    li.post_and_follow(&format!("{file}/notes"), &NOTE).await;
    homeroom.post(&format!("{file}/entry/draft"), &ENTRY).await;
    // Opening adds the wraps for speed, which are tried too.
    li.get(&file).await;
    homeroom.get(&file).await;
    (li, homeroom)
}

#[tokio::test]
async fn the_database_and_the_secret_of_the_server_open_nothing_without_a_password() {
    let at = TestApp::new().await;
    let _people = written(&at).await;
    let wraps = wraps(&at).await;
    // Every kind of holder and form is among these, and an age file takes its time.
    let tried: Vec<&Wrap> = wraps.iter().step_by(wraps.len() / 60 + 1).collect();
    for identity in guesses(&at).await {
        assert!(!tried.iter().any(|wrap| wrap.opens(&identity)), "a guess opened a wrap");
    }

    // The same attempt with what a password gives does open them.
    let session = at.app.sign_in("li", SecretString::from(PASSWORD), "127.0.0.1").await.unwrap();
    let ring = at.app.viewer(&session.token).await.unwrap().ring;
    assert!(wraps.iter().any(|wrap| wrap.opens(&ring.identity)));
    assert!(tried.iter().any(|wrap| wrap.opens(&ring.offices[0].identity)));
}

/// The thief runs the program itself on the stolen files, with a session of their own making, and so gets past policy: what
/// is left is the lock of the keys.
#[tokio::test]
async fn whoever_runs_the_stolen_files_and_passes_for_a_counsellor_reads_no_word() {
    let at = TestApp::new().await;
    let (li, _) = written(&at).await;
    let (student, names) = (at.student().await, at.students(at.class).await);
    let stolen = tempfile::tempdir().unwrap();
    let file = stolen.path().join("yice.db");
    sqlx::query("VACUUM INTO $1").bind(file.to_str()).execute(&mut raw(&at).await).await.unwrap();
    let app = Arc::new(App {
        db: Db::open_sqlite(&file).await.unwrap(),
        policy: Policy::load().await.unwrap(),
        secret: ServerSecret::parse(at.app.secret.to_text().expose_secret()).unwrap(),
        clock: Clock::fixed(at.app.now()),
        kdf: KdfGate::new(Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap(), 2),
        noise: Profile::Standard,
    });
    for password in ["", "password1234", "li", at.app.secret.to_text().expose_secret()] {
        let answer = app.sign_in("li", SecretString::from(password), "127.0.0.1").await;
        assert!(matches!(answer, Err(Error::WrongPassword)), "{password}");
    }
    // The hash of a session is no cookie.
    let mut conn = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let hashes: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT token_hash FROM sessions").fetch_all(&mut conn).await.unwrap();
    for hash in hashes {
        let answer = app.viewer(&SessionToken::parse(&hex(&hash)).unwrap()).await;
        assert!(matches!(answer, Err(Error::SignedOut)));
    }

    let token = SessionToken::generate().unwrap();
    plant(&mut conn, &token.bound(&app.secret), li.id, app.now()).await;
    let viewer = app.viewer(&token).await.expect("the planted session runs");
    assert!(matches!(app.open_file(&viewer, student).await, Err(Error::NoKey)));
    assert!(matches!(app.class_list(&viewer, at.class).await, Err(Error::NoKey)));
    assert!(matches!(app.notes(&viewer, student).await, Err(Error::NoKey)));
    let found = app.search(&viewer, &names[0].row.name).await;
    assert!(found.is_err() || found.is_ok_and(|found| found.is_empty()), "nobody is found");
    // With the ring that a password opens, the same copy reads all of it.
    let right = app.sign_in("li", SecretString::from(PASSWORD), "127.0.0.1").await.unwrap();
    let right = app.viewer(&right.token).await.unwrap();
    assert_eq!(app.open_file(&right, student).await.unwrap().entries.len(), 1);
    assert_eq!(app.notes(&right, student).await.unwrap().len(), 1);
}

/// Writes a session of somebody into the database, with keys that open nothing.
async fn plant(conn: &mut SqliteConnection, token: &SessionToken, of: PersonId, now: i64) {
    let ring = KeyRing { person: of, identity: Identity::generate().unwrap(), offices: Vec::new() };
    sqlx::query("INSERT INTO sessions (token_hash, person_id, ring, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)")
        .bind(token.hash().to_vec())
        .bind(of.0)
        .bind(token.seal_ring(&ring).unwrap())
        .bind(now)
        .execute(conn)
        .await
        .unwrap();
}

/// The plain pages ask policy alone: who gets past the cookie acts there under the other's name.
#[tokio::test]
async fn nobody_becomes_somebody_else_by_writing_a_session_into_the_database() {
    let at = TestApp::new().await;
    let (admin, helper) = (at.person(Role::SysAdmin, "admin").await, at.person(Role::Helper, "helper").await);
    let (mut conn, now) = (raw(&at).await, at.app.now());
    let chosen = SessionToken::generate().unwrap();
    plant(&mut conn, &chosen, admin.id, now).await;
    plant(&mut conn, &chosen.bound(&ServerSecret::generate().unwrap()), admin.id, now).await;
    assert!(matches!(at.app.viewer(&chosen).await, Err(Error::SignedOut)));
    // The same row under the name that only the secret gives would have been let in.
    plant(&mut conn, &chosen.bound(&at.app.secret), admin.id, now).await;
    let viewer = at.app.viewer(&chosen).await.unwrap();
    assert!(at.app.staff(&viewer).await.is_ok(), "to a page that opens nothing sealed");

    // A genuine session of one's own, put down to somebody else: as it is, and with keys in the other's name.
    let own = at.app.sign_in("helper", SecretString::from(PASSWORD), "127.0.0.1").await.unwrap().token;
    assert_eq!(at.app.viewer(&own).await.unwrap().person.id, helper.id);
    let name = own.bound(&at.app.secret).hash().to_vec();
    let take = "UPDATE sessions SET person_id = $2 WHERE token_hash = $1";
    sqlx::query(take).bind(&name).bind(admin.id.0).execute(&mut conn).await.unwrap();
    assert!(matches!(at.app.viewer(&own).await, Err(Error::SignedOut)));
    let ring = KeyRing { person: admin.id, identity: Identity::generate().unwrap(), offices: Vec::new() };
    let swap = "UPDATE sessions SET ring = $2 WHERE token_hash = $1";
    sqlx::query(swap).bind(&name).bind(own.seal_ring(&ring).unwrap()).execute(&mut conn).await.unwrap();
    assert!(matches!(at.app.viewer(&own).await, Err(Error::SignedOut)));
}

/// A public key in the place of a colleague's, with the mark that stands there, with none, and with one of another secret.
#[tokio::test]
async fn nothing_is_wrapped_to_a_key_that_somebody_wrote_into_the_database() {
    let at = TestApp::new().await;
    let (li, director) = (at.counsellor("li").await, at.person(Role::MoralEdDirector, "director").await);
    let helper = at.person(Role::Helper, "helper").await;
    let student = at.student().await;
    director
        .post_and_follow(
            &format!("/files/{student}/circumstance"),
            &[("tag", "poor"), ("standing", "verified"), ("basis", "资助名单"), ("since", "2026-09-01")],
        )
        .await;
    let thief = Identity::generate().unwrap();
    let own = thief.recipient().unwrap();
    let before = wraps(&at).await.len();
    let mut conn = raw(&at).await;
    let foreign = ServerSecret::generate().unwrap();
    for person in [li.id, helper.id] {
        let (kept_text, kept_mac): (String, Vec<u8>) =
            sqlx::query_as("SELECT recipient, recipient_mac FROM persons WHERE id = $1")
                .bind(person.0)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        let forged = Recipient::enrol(&own, person.0, &foreign).unwrap().1.to_vec();
        for (text, mac) in [(&own, &kept_mac), (&own, &forged), (&own, &vec![0; 32]), (&kept_text, &kept_mac)] {
            let swap = "UPDATE persons SET recipient = $1, recipient_mac = $2 WHERE id = $3";
            sqlx::query(swap).bind(text).bind(mac).bind(person.0).execute(&mut conn).await.unwrap();
            if text == &kept_text {
                continue;
            }
            if person == li.id {
                let answer = li.post(&format!("/files/{student}/notes"), &NOTE).await;
                assert!(answer.status.is_server_error(), "{}", answer.status);
            } else {
                let id = helper.id.to_string();
                let form = [
                    ("helper", id.as_str()),
                    ("condition", "learning"),
                    ("purpose", "陪伴"),
                    ("starts", "2026-11-23"),
                    ("ends", "2026-12-23"),
                ];
                let answer = li.post(&format!("/files/{student}/pairing"), &form).await;
                assert!(answer.status.is_server_error(), "{}", answer.status);
            }
            assert_eq!(wraps(&at).await.len(), before, "no wrap is made");
        }
    }
    // Offices: the next roster would wrap the keys of every new student to them.
    let kept = "SELECT recipient FROM offices WHERE kind = 'counselling'";
    let kept: String = sqlx::query_scalar(kept).fetch_one(&mut conn).await.unwrap();
    let swap = "UPDATE offices SET recipient = $1 WHERE kind = 'counselling'";
    sqlx::query(swap).bind(&own).execute(&mut conn).await.unwrap();
    let born = super::marks::birth(at.app.school_year(), 10);
    let header = ["年级", "班级", "姓名", "性别", "出生日期", "身份证件类型", "身份证件号"];
    let rows = [vec!["四年级", "9班", "贺新", "男", &born, "护照", "E0000001"]];
    let roster = roster::read(&super::marks::workbook(&header, &rows), at.app.school_year()).unwrap();
    let plan = at.app.plan_roster(at.school.id, roster, None).await.unwrap();
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Report>(&standing, Kind::Roster, at.school.id.0).await.unwrap();
    assert!(at.app.take_in_roster(&permit, &plan, &|_| ()).await.is_err());
    let after = wraps(&at).await;
    assert_eq!(after.len(), before);
    assert!(!after.iter().any(|wrap| wrap.opens(&thief)));
    // And without the swaps each of these acts goes through.
    sqlx::query(swap).bind(kept).execute(&mut conn).await.unwrap();
    at.app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap();
    assert_eq!(li.post(&format!("/files/{student}/notes"), &NOTE).await.status.as_u16(), 303);
    at.pair(student, helper.id).await;
    assert!(wraps(&at).await.len() > before);
}

/// Whoever left an office holds its earlier key. Put back beside the office, it would get the keys of every new student.
#[tokio::test]
async fn an_earlier_key_of_an_office_cannot_be_put_back() {
    let at = TestApp::new().await;
    let _li = at.counsellor("li").await;
    let session = at.app.sign_in("li", SecretString::from(PASSWORD), "127.0.0.1").await.unwrap();
    let viewer = at.app.viewer(&session.token).await.unwrap();
    let mut conn = raw(&at).await;
    let row = "SELECT id, epoch, recipient, recipient_mac FROM offices WHERE kind = 'moral_ed'";
    let (id, epoch, old, old_mac): (Uuid, i64, String, Vec<u8>) =
        sqlx::query_as(row).fetch_one(&mut conn).await.unwrap();
    at.app.rotate_office(&viewer, OfficeId(id)).await.unwrap();
    let (_, moved, new, new_mac): (Uuid, i64, String, Vec<u8>) =
        sqlx::query_as(row).fetch_one(&mut conn).await.unwrap();
    assert_eq!(moved, epoch + 1);
    assert!(old != new && old_mac != new_mac);

    let born = super::marks::birth(at.app.school_year(), 10);
    let header = ["年级", "班级", "姓名", "性别", "出生日期", "身份证件类型", "身份证件号"];
    let rows = [vec!["四年级", "9班", "贺新", "男", &born, "护照", "E0000001"]];
    let roster = roster::read(&super::marks::workbook(&header, &rows), at.app.school_year()).unwrap();
    let plan = at.app.plan_roster(at.school.id, roster, None).await.unwrap();
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Report>(&standing, Kind::Roster, at.school.id.0).await.unwrap();
    let before = wraps(&at).await.len();
    let put = "UPDATE offices SET recipient = $1, recipient_mac = $2 WHERE id = $3";
    for (text, mac) in [(&old, &old_mac), (&old, &new_mac)] {
        sqlx::query(put).bind(text).bind(mac).bind(id).execute(&mut conn).await.unwrap();
        assert!(at.app.take_in_roster(&permit, &plan, &|_| ()).await.is_err());
        assert_eq!(wraps(&at).await.len(), before, "nothing is wrapped to it");
    }
    sqlx::query(put).bind(&new).bind(&new_mac).bind(id).execute(&mut conn).await.unwrap();
    at.app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap();
}

/// The next epoch of a key, of bytes that the thief chose, wrapped to everybody who should have it: all that is written from
/// then on would be readable. Anybody can make an age file for a public key.
#[tokio::test]
async fn nothing_is_sealed_under_a_key_that_somebody_planted() {
    let at = TestApp::new().await;
    let (_, homeroom) = written(&at).await;
    let student = at.student().await;
    let mut conn = raw(&at).await;
    let chosen = CompartmentKey::generate().unwrap();
    let foreign = ServerSecret::generate().unwrap();
    let (key, epoch): (Uuid, i64) =
        sqlx::query_as("SELECT id, epoch FROM keys WHERE subject = $1 AND compartment = 'support'")
            .bind(student.0)
            .fetch_one(&mut conn)
            .await
            .unwrap();
    let holders: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT o.id, o.recipient FROM offices o JOIN wraps w ON w.holder = o.id WHERE w.key_id = $1 GROUP BY 1",
    )
    .bind(key)
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert!(holders.len() > 1, "the offices that hold the compartment");
    let name = KeyName { key: KeyId(key), epoch: epoch + 1 };
    for (holder, recipient) in &holders {
        let (to, mark) = Recipient::enrol(recipient, *holder, &foreign).unwrap();
        let sealed = wrap_key(&chosen, name, &to).unwrap();
        let plant = "INSERT INTO wraps (key_id, holder, epoch, form, sealed, mark) VALUES ($1, $2, $3, 0, $4, $5)";
        let plant = sqlx::query(plant).bind(key).bind(holder).bind(name.epoch).bind(sealed).bind(mark.to_vec());
        plant.execute(&mut conn).await.unwrap();
    }
    let entries = "SELECT count(*) FROM entries WHERE student_id = $1";
    let count = async |conn: &mut SqliteConnection| -> i64 {
        sqlx::query_scalar(entries).bind(student.0).fetch_one(conn).await.unwrap()
    };
    let before = count(&mut conn).await;
    let path = format!("/files/{student}/entry");
    let step = "UPDATE keys SET epoch = $1 WHERE id = $2";
    sqlx::query(step).bind(name.epoch).bind(key).execute(&mut conn).await.unwrap();
    let refused = homeroom.post(&path, &ENTRY).await;
    assert_ne!(refused.status.as_u16(), 303, "an entry was sealed under the thief's key");
    assert_eq!(count(&mut conn).await, before, "nothing was written");
    // Taken back, the key that stood there goes on.
    sqlx::query(step).bind(epoch).bind(key).execute(&mut conn).await.unwrap();
    homeroom.post_and_follow(&path, &ENTRY).await;
    assert_eq!(count(&mut conn).await, before + 1);
}
