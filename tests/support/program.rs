//! The real program: its commands, and a running server.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use super::http::Client;

/// The program under test.
const YICE: &str = env!("CARGO_BIN_EXE_yice");

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The exit code; none when it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// That it refused: exit code 1, nothing on standard output, one line that contains `why` on standard error.
    #[track_caller]
    pub fn refused_because(&self, why: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "one line: {self:?}");
        assert!(self.err.starts_with("yice: ") && self.err.contains(why), "{why}: {self:?}");
    }
}

/// The command with a clean environment.
pub fn command(arguments: &[&str]) -> Command {
    prepared(Command::new(YICE), arguments)
}

fn prepared(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments).stdin(Stdio::null());
    for name in ["YICE_DIR", "YICE_DATABASE", "YICE_SERVER_SECRET", "YICE_LISTEN", "YICE_LANG", "YICE_LOG"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end; one that does not end within a minute is ended, with exit code 124.
pub fn yice(arguments: &[&str]) -> Said {
    let mut timeout = Command::new("timeout");
    timeout.args(["60", YICE]);
    Said::of(&prepared(timeout, arguments).output().expect("the program starts"))
}

/// Whether these tests run as root, whom file permissions do not stop.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// Runs a command on a folder as somebody whom file permissions stop. As root that is `nobody`, who gets the folder and a
/// copy of the program.
pub fn yice_unprivileged(folder: &Path, arguments: &[&str]) -> Said {
    const NOBODY: u32 = 65_534;
    static COPY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    if !is_root() {
        return yice(arguments);
    }
    let (_, program) = COPY.get_or_init(|| {
        let place = tempfile::tempdir().expect("a temporary folder");
        let program = place.path().join("yice");
        std::fs::copy(YICE, &program).expect("the program is copied");
        std::os::unix::fs::chown(place.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
        (place, program)
    });
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        std::os::unix::fs::chown(entry.expect("an entry").path(), Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may");
    let mut setpriv = Command::new("timeout");
    setpriv.args(["60", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    Said::of(&prepared(setpriv, arguments).output().expect("setpriv starts"))
}

/// A running `yice`, killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The lines it wrote to standard output before it was ready.
    pub lines: Vec<String>,
    log: PathBuf,
}

impl Server {
    /// Starts `yice serve` on a folder and waits until it says where it listens.
    pub fn serve(dir: &Path) -> Self {
        Self::start(command(&["serve", "--dir", path(dir), "--listen", "127.0.0.1:0"]), dir, 1)
    }

    /// Starts a command that prints `http://ADDRESS` first, and `lines` lines in all before it is ready. Its log goes to
    /// a file beside `dir`, line by line.
    pub fn start(mut command: Command, dir: &Path, lines: usize) -> Self {
        let log = dir.with_extension("log");
        let errors = File::options().create(true).append(true).open(&log).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let read: Vec<String> = output.by_ref().take(lines).map(|line| line.expect("text")).collect();
        let address = read.first().and_then(|line| line.strip_prefix("http://")).and_then(|text| text.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it did not start: {read:?} {}", std::fs::read_to_string(&log).unwrap_or_default());
        };
        Self { child, address, lines: read, log }
    }

    /// A browser that is not signed in.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, and gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        // Whoever answers has long been listening for the signal.
        assert_eq!(self.client().get("/healthz").body, "ok\n");
        assert_eq!(self.client().get("/healthz").body, "ok\n");
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        self.child.wait().expect("it ends").code()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let log = self.log();
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}

/// A path as an argument.
pub fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
