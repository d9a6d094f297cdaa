//! An installation with two schools, run by the real program with everything logged, and people at browsers whose every
//! answer is kept.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use yice::domain::clock::Clock;
use yice::domain::gate::menu::Profile;
use yice::domain::relation::Duty;
use yice::domain::words::Role;
use yice::policy::Policy;
use yice::service::{App, KdfGate};
use yice::vault::{Kdf, KdfParams, ServerSecret};

use super::finder::Finder;
use super::marks::Marks;
use crate::support::cluster::{self, Engine, TestDb};
use crate::support::http::{Answer, Client};
use crate::support::program::{Said, Server, command, path, yice};

/// The school whose students carry marks.
pub const SCHOOL: &str = "石门村教学点";
/// Another school of the same installation.
pub const NEIGHBOUR: &str = "河湾镇中心小学";
/// Everybody's first password.
const PASSWORD: &str = "a horse in the rain";
/// What everybody's browser calls itself: a mark that stands on no page and is kept nowhere.
const MACHINE: &str = "ZQ7VXKW99";
/// The address that a proxy reports for everybody.
pub const ADDRESS: &str = "203.0.113.77";
/// Who operates the server, on the command line.
pub const OPERATOR: &str = "operator";

/// Somebody at a browser.
pub struct Human {
    /// Who it is; also the sign-in name.
    pub who: &'static str,
    /// The present password; none for somebody without an account.
    pub password: Option<String>,
    /// The browser.
    pub browser: Client,
}

/// One answer, to whom and to what.
pub struct Sight {
    /// Who saw it.
    pub who: &'static str,
    /// What was asked for.
    pub what: String,
    /// The status; 0 on the command line.
    pub status: u16,
    /// Where it led.
    pub location: String,
    /// Head and body, or both outputs of a command.
    pub text: String,
}

/// The installation.
pub struct House {
    /// The service over the same database, to look ids up.
    pub app: App,
    /// The people.
    pub people: Vec<Human>,
    /// What was planted.
    pub marks: Marks,
    /// Everything that anybody saw.
    pub seen: Vec<Sight>,
    /// Secrets that were made by the way: cookies, invitation codes, the secret of the server.
    pub secrets: Vec<String>,
    server: Option<Server>,
    log: PathBuf,
    database: TestDb,
    dir: PathBuf,
    _above: TempDir,
}

impl House {
    /// Founds it and starts the server.
    pub async fn found(engine: Engine) -> Self {
        let database = TestDb::new(engine).await;
        let above = tempfile::tempdir().unwrap();
        let dir = match engine {
            Engine::Sqlite => Path::new(&database.place).parent().unwrap().to_owned(),
            Engine::Postgres => above.path().join("house"),
        };
        std::fs::create_dir_all(&dir).unwrap();
        let secret = ServerSecret::generate().unwrap();
        let text = secret.to_text().expose_secret().to_owned();
        std::fs::write(dir.join("server.secret"), &text).unwrap();
        let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
        let policy = Policy::load().await.unwrap();
        let app = App {
            db: database.db.clone(),
            policy,
            secret,
            clock: Clock::System,
            kdf: KdfGate::new(kdf, 2),
            noise: Profile::Standard,
        };
        let mut founders = found_people(&app).await;
        founders.push(("nobody", None));
        let mut serve = command(&["--log", "trace"]);
        serve.args(place(&["serve"], &dir, &database)).args(["--listen", "127.0.0.1:0"]);
        // Beside the folders, so that the log is not among the files that are searched as the data of the server.
        let server = Server::start(serve, &above.path().join("server"), 1);
        let log = above.path().join("server.log");
        let human = |(who, password): (&'static str, Option<&str>)| {
            let password = password.map(str::to_owned);
            Human { who, password, browser: server.client() }
        };
        let people = founders.into_iter().map(human).collect();
        let (marks, seen, secrets) = (Marks::default(), Vec::new(), vec![text]);
        let server = Some(server);
        let mut house = Self { app, people, marks, seen, secrets, server, log, database, dir, _above: above };
        for at in 0..house.people.len() {
            house.sign_in(at);
        }
        house
    }

    fn at(&self, who: &str) -> usize {
        self.people.iter().position(|human| human.who == who).expect("somebody of this house")
    }

    /// Somebody new at a browser.
    pub fn arrive(&mut self, who: &'static str, password: &str) {
        let browser = self.server.as_ref().expect("a running server").client();
        self.people.push(Human { who, password: Some(password.to_owned()), browser });
    }

    /// Gives somebody another password from now on.
    pub fn remember(&mut self, who: &str, password: &str) {
        let at = self.at(who);
        self.people[at].password = Some(password.to_owned());
    }

    /// Signs somebody in who has an account.
    fn sign_in(&mut self, at: usize) {
        let Human { who, password: Some(password), .. } = &self.people[at] else { return };
        let (who, password) = (*who, password.clone());
        let answer = self.people[at].browser.sign_in(who, &password);
        assert_eq!(answer.status, 303, "{who} signs in: {}", answer.body);
        self.keep(at, "post /sign-in", &answer);
    }

    /// Opens an address as somebody.
    pub fn get(&mut self, who: &str, path: &str) -> Answer {
        self.ask(who, "GET", path, &[], b"")
    }

    /// Sends a form as somebody.
    pub fn post(&mut self, who: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = crate::support::http::encode;
        let pairs: Vec<String> = fields.iter().map(|(name, text)| format!("{name}={}", encode(text))).collect();
        self.ask(who, "POST", path, &[("content-type", crate::support::http::FORM)], pairs.join("&").as_bytes())
    }

    /// Sends a form that must be taken.
    #[track_caller]
    pub fn done(&mut self, who: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(who, path, fields);
        let errors: Vec<&str> = answer.body.lines().filter(|line| line.contains("error")).collect();
        assert!([200, 204, 303].contains(&answer.status), "{who} at {path}: {} {errors:?}", answer.status);
        answer
    }

    /// Sends a workbook as somebody.
    pub fn upload(&mut self, who: &str, workbook: &[u8]) -> Answer {
        const EDGE: &str = "----a-workbook-within";
        let head = format!(
            "--{EDGE}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"roster.xlsx\"\r\ncontent-type: \
             application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), workbook, format!("\r\n--{EDGE}--\r\n").as_bytes()].concat();
        self.ask(who, "POST", "/import", &[("content-type", &format!("multipart/form-data; boundary={EDGE}"))], &body)
    }

    fn ask(&mut self, who: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let at = self.at(who);
        // What would tell whoever keeps it which computer it was.
        let machine = [("sec-fetch-site", "same-origin"), ("user-agent", MACHINE), ("x-forwarded-for", ADDRESS)];
        let headers = [headers, &machine].concat();
        let was_in = self.people[at].browser.cookies.contains_key("yice");
        let answer = self.people[at].browser.send(method, path, &headers, body).expect("an answer");
        self.keep(at, &format!("{} {path}", method.to_lowercase()), &answer);
        // Who was signed out by what they did comes back.
        if was_in && !self.people[at].browser.cookies.contains_key("yice") {
            self.sign_in(at);
        }
        answer
    }

    fn keep(&mut self, at: usize, what: &str, answer: &Answer) {
        let Human { who, browser, .. } = &self.people[at];
        if let Some(token) = browser.cookies.get("yice")
            && !self.secrets.contains(token)
        {
            self.secrets.push(token.clone());
        }
        let text = format!("{}\r\n\r\n{}", answer.head, answer.body);
        let location = answer.location().to_owned();
        self.seen.push(Sight { who, what: what.to_owned(), status: answer.status, location, text });
    }

    /// Runs a command on this installation, everything logged.
    pub fn run(&mut self, arguments: &[&str]) -> Said {
        let arguments = place(&[&["--log", "trace"], arguments].concat(), &self.dir, &self.database);
        let said = yice(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(matches!(said.code, Some(0 | 2)), "{arguments:?}: {said:?}");
        let (what, text) = (arguments.join(" "), format!("{}\n{}", said.out, said.err));
        self.seen.push(Sight { who: OPERATOR, what, status: 0, location: String::new(), text });
        said
    }

    /// What the server has logged, and `line` behind it.
    pub fn log_and(&self, line: &str) -> String {
        format!("{}\n{line}\n", std::fs::read_to_string(&self.log).unwrap())
    }

    /// The first of these texts that stands in the files of the installation, or of the database wherever it is.
    pub async fn in_files(&self, finder: &Finder) -> Option<String> {
        let secret = self.dir.join("server.secret");
        let found = finder.find_in_folder(&self.dir, &|file| file == secret);
        if self.database.engine == Engine::Sqlite || found.is_some() {
            return found;
        }
        let mut conn = PgConnection::connect(&self.database.place).await.unwrap();
        sqlx::query("CHECKPOINT").execute(&mut conn).await.unwrap();
        let own = "SELECT oid::int8 FROM pg_database WHERE datname = current_database()";
        let own: i64 = sqlx::query_scalar(own).fetch_one(&mut conn).await.unwrap();
        // All that the cluster keeps, its log and write-ahead log too, but for the databases of other tests.
        let data = cluster::folder().join("data");
        let (databases, own) = (data.join("base"), data.join("base").join(own.to_string()));
        finder.find_in_folder(&data, &|file| file.starts_with(&databases) && !file.starts_with(&own))
    }

    /// Every value of every row as text, bytes in hexadecimal: in the files a value may be compressed or cut in two.
    pub async fn rows(&self) -> String {
        rows(&self.database).await
    }

    /// Stops the server and lets go of the database, which folds the log of SQLite into its file.
    pub async fn close(&mut self) {
        self.app.db.close().await;
        assert_eq!(self.server.take().expect("a running server").stop(), Some(0));
        assert!(!self.dir.join("yice.db-wal").exists(), "the log is folded in");
    }
}

/// Arguments with where the installation is.
fn place(arguments: &[&str], dir: &Path, database: &TestDb) -> Vec<String> {
    let mut all: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    if !arguments.contains(&"policy") {
        all.extend(["--dir".to_owned(), path(dir).to_owned()]);
        if database.engine == Engine::Postgres {
            all.extend(["--database".to_owned(), database.place.clone()]);
        }
    }
    all
}

/// Those who are there before the first roster, as `yice init` and `yice demo` make them.
async fn found_people(app: &App) -> Vec<(&'static str, Option<&'static str>)> {
    app.found_installation().await.unwrap();
    let school = app.found_school(SCHOOL).await.unwrap();
    let neighbour = app.found_school(NEIGHBOUR).await.unwrap();
    let district = app.found_district("柳溪县教育局").await.unwrap();
    let duty = Duty { role: Role::DistrictOfficer, school: district.id, class: None };
    let password = SecretString::from(PASSWORD);
    app.found_person(district.id, "district", "district", password, &[duty], &[&district.office]).await.unwrap();
    let people = [
        ("partner", Role::MoralEdDirector, &neighbour, Some(&neighbour.moral_ed)),
        ("li", Role::Counsellor, &school, Some(&school.counselling)),
        ("wang", Role::Counsellor, &school, Some(&school.counselling)),
        ("director", Role::MoralEdDirector, &school, Some(&school.moral_ed)),
        ("leader", Role::SchoolLeader, &school, None),
        ("officer", Role::PrivacyOfficer, &school, None),
        ("admin", Role::SysAdmin, &school, None),
        ("stranger", Role::Counsellor, &neighbour, Some(&neighbour.counselling)),
    ];
    let mut names = vec![("district", Some(PASSWORD))];
    for (login, role, school, office) in people {
        let duty = Duty { role, school: school.id, class: None };
        let offices: Vec<_> = office.into_iter().collect();
        let password = SecretString::from(PASSWORD);
        app.found_person(school.id, login, login, password, &[duty], &offices).await.unwrap();
        names.push((login, Some(PASSWORD)));
    }
    names
}

/// Every value of every row of a database as text.
#[expect(clippy::disallowed_methods, reason = "names of tables and columns cannot be arguments")]
async fn rows(database: &TestDb) -> String {
    let mut all = String::new();
    match database.engine {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(&database.place).await.unwrap();
            let columns =
                "SELECT m.name, group_concat('quote(\"' || p.name || '\")', ' || '' '' || ') FROM sqlite_master m
                JOIN pragma_table_info(m.name) p WHERE m.type = 'table' GROUP BY m.name";
            let columns: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&mut conn).await.unwrap();
            for (table, columns) in columns {
                let rows = sqlx::AssertSqlSafe(format!("SELECT '{table} ' || {columns} FROM \"{table}\""));
                let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut conn).await.unwrap();
                all.extend(rows.into_iter().map(|row| row + "\n"));
            }
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(&database.place).await.unwrap();
            let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
            let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut conn).await.unwrap();
            for table in tables {
                let rows = sqlx::AssertSqlSafe(format!("SELECT '{table} ' || t::text FROM {table} t"));
                let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut conn).await.unwrap();
                all.extend(rows.into_iter().map(|row| row + "\n"));
            }
        }
    }
    all
}
