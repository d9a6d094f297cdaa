//! The demonstration school, run by the real program, and the driver of the browsers: started once for all journeys.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tokio::sync::{Mutex, MutexGuard};

use crate::support::program::Server;

/// Runs a command until this process is gone.
const UNTIL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/until.sh");
/// The eight people of the demonstration.
const PEOPLE: usize = 8;

/// The school and the driver, for one journey at a time.
pub struct House {
    /// Where the pages are.
    pub address: SocketAddr,
    /// Where the driver listens.
    pub driver: SocketAddr,
    passwords: BTreeMap<String, String>,
    _turn: MutexGuard<'static, ()>,
}

impl House {
    /// Waits for its turn. The first to come starts the school.
    pub async fn enter() -> Self {
        static TURN: Mutex<()> = Mutex::const_new(());
        let turn = TURN.lock().await;
        let demo = demo();
        Self { address: demo.address, driver: driver(), passwords: passwords(&demo.lines), _turn: turn }
    }

    /// The password that the program printed for a sign-in name.
    pub fn password(&self, login: &str) -> &str {
        self.passwords.get(login).unwrap_or_else(|| panic!("no {login} in the demonstration"))
    }
}

/// The demonstration, running.
fn demo() -> &'static Server {
    static DEMO: OnceLock<Server> = OnceLock::new();
    DEMO.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let dir = folder.join("demo");
        let yice = [OsStr::new(env!("CARGO_BIN_EXE_yice")), OsStr::new("demo"), OsStr::new("--dir"), dir.as_os_str()];
        let command =
            until_the_end(&folder, &[&yice[..], &[OsStr::new("--listen"), OsStr::new("127.0.0.1:0")]].concat());
        Server::start(command, &dir, 1 + PEOPLE)
    })
}

/// `role TAB sign-in name TAB password` after the address.
fn passwords(lines: &[String]) -> BTreeMap<String, String> {
    let accounts = lines[1..].iter().map(|line| line.split('\t').collect::<Vec<_>>());
    accounts.map(|account| (account[1].to_owned(), account[2].to_owned())).collect()
}

/// The address of the driver.
fn driver() -> SocketAddr {
    static DRIVER: OnceLock<(Child, SocketAddr)> = OnceLock::new();
    let (_, address) = DRIVER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let mut command = until_the_end(&folder, &[OsStr::new("chromedriver"), OsStr::new("--port=0")]);
        // Profiles of the browsers go away with the folder.
        command.env("TMPDIR", &folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("sh starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let mut ports =
            lines.filter_map(|line| line.trim_end_matches('.').rsplit_once("on port ")?.1.parse::<u16>().ok());
        let port = ports.find(|port| *port != 0).expect("chromedriver says where it listens");
        (child, SocketAddr::from(([127, 0, 0, 1], port)))
    });
    *address
}

/// A command that ends with this process, and takes the folder with it.
fn until_the_end(folder: &Path, command: &[&OsStr]) -> Command {
    let mut sh = Command::new("sh");
    sh.arg(UNTIL).arg(folder).args(command).stdin(Stdio::piped()).process_group(0);
    for name in ["YICE_DIR", "YICE_DEMO_DIR", "YICE_DATABASE", "YICE_SERVER_SECRET", "YICE_LISTEN", "YICE_LANG"] {
        sh.env_remove(name);
    }
    sh
}

/// Where pictures and printed pages are left.
pub fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder
}

/// A bundled roster.
pub fn roster(name: &str) -> String {
    format!("{}/tests/data/{name}.xlsx", env!("CARGO_MANIFEST_DIR"))
}
