//! The house rules that a compiler does not check (docs/ARCHITECTURE.md), proved by reading the source.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the library in their total order: each uses only itself and those before it.
const ORDER: &[&str] = &["domain", "policy", "vault", "store", "service", "web", "cli"];

/// Which module alone may name which crate.
const CRATES: &[(&[&str], &[&str])] = &[
    (
        &["age", "aes_gcm_siv", "aes", "polyval", "argon2", "hkdf", "hmac", "bech32", "vsss_rs", "subtle", "totp_rs"],
        &["vault"],
    ),
    (&["casbin"], &["policy"]),
    (&["qrcodegen"], &["web"]),
    (&["sqlx"], &["store"]),
    (&["calamine", "zip"], &["domain"]),
    (&["rust_xlsxwriter"], &["domain", "web"]),
    (&["axum", "axum_extra", "askama", "tower", "tower_http"], &["web", "cli"]),
    (&["clap", "indicatif", "tracing_subscriber", "lettre", "tokio_rustls", "rustls_native_certs"], &["cli"]),
];

/// Functions of the store that write without a permit, each with its reason.
const WITHOUT_PERMIT: &[(&str, &str)] = &[
    ("pass_on", "moves a due time by the clock, and gives nobody anything to read"),
    ("pass_letter_on", "moves a reminder by the clock, and gives nobody anything to read"),
    ("lay_out_mail", "a message without content to whoever is told anyway"),
    ("lay_out_robot", "a message without content to whoever is told anyway"),
    ("take_message", "orders the nodes that send, and gives nobody anything"),
    ("settle_message", "notes how a message without content fared"),
    ("sweep_messages", "removes messages without content"),
    ("take_lease", "orders the nodes of the installation, and gives nobody anything"),
    ("take_turn", "orders the nodes of the installation, and gives nobody anything"),
    ("first_time", "notes that something was said, and says nothing itself"),
    ("record_passed_on", "notes what the clock did, when nobody acted"),
    ("record_all_passed_on", "notes what the clock did, when nobody acted"),
    ("remind_of_decision", "notes by the clock that somebody was reminded, and gives nobody anything to read"),
    ("remind_of_answer", "notes by the clock that somebody was reminded, and gives nobody anything to read"),
    ("ring_report", "moves a reminder by the clock, and gives nobody anything to read"),
    ("leave_notices", "they say nothing, and whoever is told must still be let in by policy"),
    ("commit", "writes nothing itself: it keeps what permitted functions wrote"),
    ("leave", "writes nothing: it takes back what was written"),
    ("begin_epoch", "the clock begins it, and it gives nobody anything to read"),
    ("insert_epoch_scope", "the roll decides it, and it gives nobody anything to read"),
    ("insert_release", "the clock publishes, and whoever reads it must still be let in by policy"),
    ("record_published", "notes what the clock did, when nobody acted"),
    ("found_installation", "before it there is nobody who could hold a permit, and it succeeds once"),
    ("put_throttle", "counts failures of people who are not signed in"),
    ("sweep_sign_in", "removes what ended by itself and gives nobody anything"),
    ("record_refusal", "notes that there was no permit"),
    ("record_failed_sign_in", "notes that nobody signed in"),
];

/// A file is read in one sitting. Longer ones are named here, with the reason.
const LONG_FILES: &[(&str, usize, &str)] = &[];
const LONGEST: usize = 600;

/// A source file.
struct Source {
    /// Its path from `src/`, with `/`.
    path: String,
    /// Its text.
    text: String,
}

impl Source {
    /// The top module it belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Its lines of code with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(number, line)| (number + 1, line));
        lines.map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let source = |path: PathBuf| Source {
        text: fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(&src).unwrap().display().to_string(),
    };
    rust_files(&src).into_iter().map(source).collect()
}

/// Whether a line of code names this path from its start: `age::` and not `language::` or `super::age::`.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
    })
}

/// The module after each `crate::` of some code, and those inside each `crate::{ … }`, with the number of its line.
fn crate_modules(code: &str) -> Vec<(usize, &str)> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').count();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        if !rest.starts_with('{') {
            found.push((line, &rest[..word(rest)]));
            continue;
        }
        let mut depth = 0;
        for (at, c) in rest.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 1 && (c == '{' || c == ',') {
                let item = rest[at + 1..].trim_start();
                found.push((line, &item[..word(item)]));
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

#[test]
fn a_module_uses_only_itself_and_those_before_it() {
    let place = |module: &str| ORDER.iter().position(|m| *m == module);
    let mut wrong = Vec::new();
    let mut checked = 0;
    for source in sources() {
        let Some(here) = place(source.module()) else {
            assert!(["lib.rs", "main.rs"].contains(&&*source.path), "{} stands in no module", source.path);
            continue;
        };
        let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
        for (number, module) in crate_modules(&code.join("\n")) {
            // Macros stand at the root of the crate and belong to nobody.
            let Some(there) = place(module) else { continue };
            checked += 1;
            if there > here {
                wrong.push(format!("src/{}:{number} uses {module}", source.path));
            }
        }
    }
    assert!(checked > 100, "only {checked} uses were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_crate_is_named_in_its_own_module_only() {
    let mut wrong = Vec::new();
    let sources = sources();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for (crates, modules) in CRATES {
        for name in *crates {
            let path = format!("{name}::");
            let dependency = format!("\n{} = ", name.replace('_', "-"));
            let named = manifest.contains(&dependency) || manifest.contains(&format!("\n{name} = "));
            assert!(named, "{name} is no dependency any more");
            for source in &sources {
                for (number, line) in source.code() {
                    if !names(line, &path) {
                        continue;
                    }
                    if !modules.contains(&source.module()) {
                        wrong.push(format!("src/{}:{number}: {}", source.path, line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn time_comes_from_the_clock() {
    let mut found = 0;
    for source in sources() {
        for (number, line) in source.code() {
            for call in ["Utc::now", "Local::now", "SystemTime::now", "Timestamp::now", "Zoned::now"] {
                if line.contains(call) {
                    found += 1;
                    assert_eq!(source.path, "domain/clock.rs", "line {number}: {line}");
                }
            }
        }
    }
    assert_eq!(found, 1, "the Clock asks once");
}

/// What only the publisher does, where else it may be named, and how often it is at least.
const OF_THE_PUBLISHER: &[(&str, &[&str])] = &[
    (".facts(", &["store/"]),
    (".open_fact(", &["vault/fact.rs"]),
    (".last_epoch(", &["store/"]),
    ("NoiseKey", &["vault/noise.rs", "vault/mod.rs"]),
];

#[test]
fn facts_and_the_noise_key_are_opened_by_the_publisher_alone() {
    for (call, elsewhere) in OF_THE_PUBLISHER {
        let mut found = 0;
        for source in sources() {
            let is_test = source.path.ends_with("/tests.rs");
            let may = is_test
                || source.path == "service/publisher.rs"
                || elsewhere.iter().any(|e| source.path.starts_with(e));
            for (number, line) in source.code().filter(|(_, line)| line.contains(call)) {
                assert!(may, "src/{}:{number}: {line}", source.path);
                found += usize::from(source.path == "service/publisher.rs");
            }
        }
        assert!(found > 0, "the publisher names no {call}");
    }
    let serving = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("web/") || source.path.starts_with("service/statistics.rs"));
    for source in serving {
        for (number, line) in source.code() {
            assert!(!line.contains("fact_key(") && !line.contains("put_facts("), "src/{}:{number}", source.path);
        }
    }
}

/// The blocks `impl NAME { … }` of a file.
fn impls<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("\nimpl {name} {{\n");
    let blocks = text.split(&head).skip(1);
    blocks.map(|rest| rest.split("\n}\n").next().unwrap_or(rest)).collect()
}

/// The public functions of a block: name and everything between name and body.
fn functions(block: &str) -> Vec<(&str, &str)> {
    let heads = block.split("pub async fn ").skip(1);
    heads
        .map(|rest| {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            (name, rest.split(" {\n").next().unwrap_or(rest))
        })
        .collect()
}

fn store() -> Vec<Source> {
    sources().into_iter().filter(|source| source.module() == "store" && !source.path.contains("tests")).collect()
}

#[test]
fn nothing_is_written_without_a_permit() {
    let mut writes = 0;
    let mut without = Vec::new();
    for source in store() {
        for block in impls(&source.text, "Tx") {
            for (name, signature) in functions(block) {
                writes += 1;
                if !signature.contains("Permit<") {
                    without.push(name.to_owned());
                }
            }
        }
        for block in impls(&source.text, "Conn") {
            for verb in ["INSERT ", "UPDATE ", "DELETE ", "sql!(self, run"] {
                assert!(!block.contains(verb), "src/{}: a reading function writes", source.path);
            }
        }
    }
    assert!(writes > 40, "only {writes} writing functions were found");
    without.sort();
    let mut named: Vec<&str> = WITHOUT_PERMIT.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    assert_eq!(without, named);
}

#[test]
fn every_function_of_the_store_is_exercised_on_both_engines() {
    let mut tests = String::new();
    for file in rust_files(&root().join("tests/app/store")) {
        let text = fs::read_to_string(&file).unwrap();
        let declared = text.matches("(engine: Engine) {").count();
        let listed = text.split_once("both_backends!(").and_then(|(_, rest)| rest.split_once(");"));
        let listed = listed.map_or(0, |(names, _)| names.matches(',').count());
        assert_eq!(declared, listed, "{}: every test runs on both engines", file.display());
        tests.push_str(&text);
    }
    tests.push_str(&fs::read_to_string(root().join("tests/support/house.rs")).unwrap());
    let mut missing = Vec::new();
    for source in store() {
        for name in ["Tx", "Conn"] {
            for block in impls(&source.text, name) {
                let names = functions(block).into_iter().map(|(name, _)| name);
                missing.extend(
                    names.filter(|name| !tests.contains(&format!(".{name}("))).map(|n| format!("{}: {n}", source.path)),
                );
            }
        }
    }
    assert!(missing.is_empty(), "no test on both engines calls {missing:#?}");
}

#[test]
fn a_file_is_read_in_one_sitting() {
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&root().join(folder)) {
            let name = file.strip_prefix(root()).unwrap().display().to_string();
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            let allowed = LONG_FILES.iter().find(|(path, ..)| *path == name).map_or(LONGEST, |(_, lines, _)| *lines);
            assert!(lines <= allowed, "{name} has {lines} lines, {allowed} are allowed");
        }
    }
}

#[test]
fn the_rules_see_what_they_are_to_refuse() {
    assert!(names("use age::x25519;", "age::"));
    assert!(names("    (age::Encryptor)", "age::"));
    assert!(!names("language::negotiate()", "age::"));
    assert!(!names("super::age::new()", "age::"));
    assert_eq!(crate_modules("use crate::web::page;\ncrate::domain::ids"), [(1, "web"), (2, "domain")]);
    let several = "use crate::{\n    store::{Db, Tx},\n    web::page,\n};\nuse super::{cli};";
    assert_eq!(crate_modules(several), [(1, "store"), (1, "web"), (1, "")]);
    let text = "\nimpl Tx {\n    pub async fn drop_all<A: Act>(\n        &mut self,\n    ) -> Result<()> {\n        x\n    }\n}\n";
    let found = functions(impls(text, "Tx")[0]);
    assert_eq!(found, [("drop_all", "drop_all<A: Act>(\n        &mut self,\n    ) -> Result<()>")]);
}
