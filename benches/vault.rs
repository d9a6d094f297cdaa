//! What sealing and opening cost: `cargo bench --bench vault`.

#![expect(clippy::expect_used, reason = "a benchmark that cannot start says why and stops")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use uuid::Uuid;
use yice::domain::ids::{KeyId, OfficeId, PersonId, SchoolId};
use yice::domain::relation::Standing;
use yice::domain::words::{Compartment, Kind, Relation, Role};
use yice::policy::{Permit, Policy, Read};
use yice::vault::{
    CompartmentKey, Error, Identity, Kdf, KdfParams, KeyName, KeyRing, OfficeKey, Place, Recipient, ServerSecret,
    SessionToken, enrol, fast_unwrap_key, fast_wrap_key, unlock, unwrap_key, wrap_key,
};

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

const NAME: KeyName = KeyName { key: KeyId(Uuid::from_u128(4)), epoch: 1 };
const HOLDER: Uuid = Uuid::from_u128(5);

fn permit() -> Permit<Read> {
    let policy = tokio::runtime::Runtime::new().expect("a runtime").block_on(Policy::load()).expect("the policy");
    let pairs = vec![(Role::Counsellor, Relation::SameSchool)];
    let standing =
        Standing { actor: PersonId(Uuid::from_u128(6)), school: PLACE.school, pairs, childless: false, sealed: false };
    policy.permit(&standing, Kind::Support, PLACE.subject).expect("a counsellor reads support")
}

fn fields(c: &mut Criterion) -> Result<(), Error> {
    let (key, permit) = (CompartmentKey::generate()?, permit());
    for length in [100, 4096] {
        let text = vec![7; length];
        let sealed = key.seal(&PLACE, &text)?;
        c.bench_function(&format!("field seal {length} B"), |b| b.iter(|| key.seal(black_box(&PLACE), &text)));
        c.bench_function(&format!("field open {length} B"), |b| {
            b.iter(|| key.open(&permit, black_box(&PLACE), &sealed));
        });
    }
    Ok(())
}

fn wraps(c: &mut Criterion) -> Result<(), Error> {
    let (identity, key) = (Identity::generate()?, CompartmentKey::generate()?);
    let (recipient, mac) = Recipient::enrol(&identity.recipient()?, HOLDER, &ServerSecret::generate()?)?;
    black_box(mac);
    let (age, fast) = (wrap_key(&key, NAME, &recipient)?, fast_wrap_key(&key, &identity, HOLDER, NAME)?);
    c.bench_function("age wrap", |b| b.iter(|| wrap_key(&key, black_box(NAME), &recipient)));
    c.bench_function("age unwrap", |b| b.iter(|| unwrap_key(&identity, HOLDER, black_box(NAME), &age)));
    c.bench_function("fast wrap", |b| b.iter(|| fast_wrap_key(&key, &identity, HOLDER, black_box(NAME))));
    c.bench_function("fast unwrap", |b| b.iter(|| fast_unwrap_key(&identity, HOLDER, black_box(NAME), &fast)));
    Ok(())
}

fn sessions(c: &mut Criterion) -> Result<(), Error> {
    let office = |n| Ok(OfficeKey { office: OfficeId(Uuid::from_u128(n)), epoch: 1, identity: Identity::generate()? });
    let offices = (0..3).map(office).collect::<Result<Vec<_>, Error>>()?;
    let ring = KeyRing { person: PersonId(HOLDER), identity: Identity::generate()?, offices };
    let token = SessionToken::generate()?;
    let sealed = token.seal_ring(&ring)?;
    c.bench_function("ring open, three offices", |b| b.iter(|| token.open_ring(black_box(&sealed))));
    Ok(())
}

fn passwords(c: &mut Criterion) -> Result<(), Error> {
    let (kdf, person) = (Kdf::new(KdfParams::default())?, PersonId(HOLDER));
    let password = "槐树下的第三张课桌".into();
    let stored = enrol(&kdf, &password, &Identity::generate()?, person)?;
    let mut group = c.benchmark_group("password");
    group.sample_size(10).bench_function("unlock 64 MiB t=3", |b| b.iter(|| unlock(&kdf, &password, &stored, person)));
    group.finish();
    Ok(())
}

fn all(c: &mut Criterion) {
    for part in [fields, wraps, sessions, passwords] {
        part(c).expect("sealing with fresh keys");
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
