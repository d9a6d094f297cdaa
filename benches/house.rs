//! Policy, store and whole pages, in process: `cargo bench --bench house`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::BodyExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tower::ServiceExt as _;
use yice::domain::audit::Event;
use yice::domain::clock::Clock;
use yice::domain::gate::menu::Profile;
use yice::domain::ids::ClassId;
use yice::domain::relation::{Duty, Standing};
use yice::domain::roster;
use yice::domain::words::{Action, Kind, Relation, Role};
use yice::policy::{Manage, Policy, Read, Report};
use yice::service::{App, KdfGate, Viewer};
use yice::store::Db;
use yice::vault::{Kdf, KdfParams, ServerSecret, SessionToken};
use yice::web::{self, headers::Frame};

const SAMPLE: &[u8] = include_bytes!("../tests/data/roster_liuxi_middle.xlsx");
const PASSWORD: &str = "measured not hoped";

/// A school with the bundled roster and one counsellor.
struct School {
    app: Arc<App>,
    viewer: Viewer,
    cookie: String,
    class: ClassId,
    _folder: tempfile::TempDir,
}

async fn school() -> School {
    let folder = tempfile::tempdir().unwrap();
    let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
    let app = App {
        db: Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap(),
        policy: Policy::load().await.unwrap(),
        secret: ServerSecret::generate().unwrap(),
        clock: Clock::System,
        kdf: KdfGate::new(kdf, 2),
        noise: Profile::Standard,
    };
    app.found_installation().await.unwrap();
    let founded = app.found_school("基准学校").await.unwrap();
    let duty = [Duty { role: Role::Counsellor, school: founded.id, class: None }];
    let password = || SecretString::from(PASSWORD);
    app.found_person(founded.id, "counsellor", "心理教师", password(), &duty, &[&founded.counselling]).await.unwrap();
    let plan = app.plan_roster(founded.id, roster::read(SAMPLE, app.school_year()).unwrap(), None).await.unwrap();
    let permit = app.permit::<Report>(&Standing::installation(founded.id), Kind::Roster, founded.id.0).await.unwrap();
    app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap();
    let token: SessionToken = app.sign_in("counsellor", password(), "127.0.0.1").await.unwrap().token;
    let viewer = app.viewer(&token).await.unwrap();
    let class = app.classes(&viewer).await.unwrap()[0].class.id;
    let cookie = format!("yice={}", token.to_cookie().expose_secret());
    School { app: Arc::new(app), viewer, cookie, class, _folder: folder }
}

fn policy(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let policy = runtime.block_on(Policy::load()).unwrap();
    c.bench_function("policy: load and ask casbin every word", |b| b.iter(|| runtime.block_on(Policy::load()).unwrap()));
    c.bench_function("policy: one answer", |b| {
        b.iter(|| policy.allows(Role::Counsellor, Relation::SameSchool, Kind::Support, Action::Read));
    });
}

fn store(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let school = runtime.block_on(school());
    let standing = Standing::installation(school.viewer.person.school_id);
    let permit = school.app.policy.permit::<Manage>(&standing, Kind::Structure, school.class.0).unwrap();
    c.bench_function("store: one audit line, committed", |b| {
        b.to_async(&runtime).iter(|| async {
            let mut tx = school.app.db.begin().await.unwrap();
            tx.record(&permit, Event::ClassChanged, "", school.app.now()).await.unwrap();
            tx.commit().await.unwrap();
        });
    });
    c.bench_function("store: students of a class", |b| {
        b.to_async(&runtime).iter(|| async {
            let mut conn = school.app.db.read().await.unwrap();
            conn.students_of_class(school.class).await.unwrap()
        });
    });
}

fn pages(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let school = runtime.block_on(school());
    let student = runtime.block_on(school.app.class_list(&school.viewer, school.class)).unwrap().students[0].row.student;
    let router = web::router(Arc::clone(&school.app), Frame { secure: false });
    let paths = [
        ("page: sign-in form", "/sign-in".to_owned()),
        ("page: class list", format!("/classes/{}", school.class)),
        ("page: open a file", format!("/files/{student}")),
    ];
    for (name, path) in paths {
        c.bench_function(name, |b| {
            b.to_async(&runtime).iter(|| async {
                let request = Request::get(&path).header(header::COOKIE, &school.cookie).body(Body::empty()).unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                assert_eq!(answer.status(), 200, "{path}");
                answer.into_body().collect().await.unwrap().to_bytes().len()
            });
        });
    }
}

criterion_group!(benches, policy, store, pages);
criterion_main!(benches);
