//! The demonstration, made once for a test run and copied for each test: making it means many passwords and many acts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::program::{Server, command, path};

/// How many lines the demonstration says before it is ready: the address and eight accounts.
const LINES: usize = 9;

/// A demonstration that ran once and was stopped.
fn made() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        // Of this test binary: two that run at the same time must not take it from each other.
        let of = std::env::current_exe().expect("this test has a name");
        let of = of.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("demo-{of}"));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).expect("a folder");
        let dir = place.join("demo");
        assert_eq!(start(&dir).stop(), Some(0));
        dir
    })
}

/// A fresh copy, in a folder that goes away with the test.
pub fn copy() -> (TempDir, PathBuf) {
    let above = tempfile::tempdir().expect("a temporary folder");
    let dir = above.path().join("demo");
    copy_folder(made(), &dir);
    (above, dir)
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the demonstration is there") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("it is copied");
        }
    }
}

/// Runs `yice demo` on a folder.
pub fn start(dir: &Path) -> Server {
    Server::start(command(&["demo", "--dir", path(dir), "--listen", "127.0.0.1:0"]), dir, LINES)
}
