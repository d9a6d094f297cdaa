//! Finding texts in bytes: as they are, in lower case, and in the disguises in which bytes reach files and logs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Looks for several texts at once, each in all its disguises.
pub struct Finder {
    needles: Vec<(String, Vec<u8>)>,
    /// The needles that begin with these two bytes: nearly every position of a haystack ends here.
    begins: Vec<Vec<usize>>,
}

impl Finder {
    /// For these texts as UTF-8, hexadecimal, base64 and percent-encoded.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for text in texts {
            let mut needle = |disguise: &str, bytes: String| {
                needles.push((format!("{text} ({disguise})"), bytes.into_bytes()));
            };
            needle("plain", text.to_owned());
            needle("lower case", text.to_lowercase());
            needle("upper case", text.to_uppercase());
            needle("hexadecimal", hex(text.as_bytes()));
            needle("hexadecimal", hex(text.as_bytes()).to_uppercase());
            let percent = text.bytes().fold(String::new(), |out, byte| out + format!("%{byte:02X}").as_str());
            needle("percent", percent.to_lowercase());
            needle("percent", percent);
            let escaped = text.chars().fold(String::new(), |out, c| out + c.escape_unicode().to_string().as_str());
            needle("JSON", escaped.replace("u{", "u").replace('}', ""));
            needle("escaped", escaped);
            // What `{:?}` prints of a byte string that somebody logged.
            needle("numbers", text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", "));
            for before in 0..3 {
                needle("base64", base64_within(text.as_bytes(), before));
            }
        }
        let mut begins = vec![Vec::new(); 1 << 16];
        for (at, (_, bytes)) in needles.iter().enumerate() {
            begins[usize::from(bytes[0]) << 8 | usize::from(bytes[1])].push(at);
        }
        Self { needles, begins }
    }

    /// The first text found, with what stands around it.
    pub fn find(&self, haystack: &[u8]) -> Option<String> {
        let mut before = 0;
        for (at, &byte) in haystack.iter().enumerate() {
            for &needle in &self.begins[before << 8 | usize::from(byte)] {
                let (name, bytes) = &self.needles[needle];
                if at > 0 && haystack[at - 1..].starts_with(bytes) {
                    let around = &haystack[at.saturating_sub(60)..(at + 80).min(haystack.len())];
                    return Some(format!("{name} in …{}…", String::from_utf8_lossy(around)));
                }
            }
            before = usize::from(byte);
        }
        None
    }

    /// The first text found in the names or the content of files below a folder, but for the files left out.
    pub fn find_in_folder(&self, folder: &Path, leave_out: &dyn Fn(&Path) -> bool) -> Option<String> {
        files(folder).into_iter().filter(|file| !leave_out(file)).find_map(|file| {
            let name = self.find(file.to_string_lossy().as_bytes());
            // Other tests of the same cluster take their files away.
            let content = std::fs::read(&file).unwrap_or_default();
            name.or_else(|| self.find(&content)).map(|found| format!("{}: {found}", file.display()))
        })
    }
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flatten().flat_map(|entry| below(entry.path())).collect()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The part of the base64 text that depends on these bytes alone, when they stand behind so many others.
fn base64_within(bytes: &[u8], before: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let skip = (6 - before * 8 % 6) % 6;
    let letter = |six: &[u8]| char::from(ALPHABET[usize::from(six.iter().fold(0, |number, bit| number << 1 | bit))]);
    bits[skip..].chunks_exact(6).map(letter).collect()
}

#[test]
fn a_text_is_found_in_every_disguise_and_nothing_is_found_where_it_is_not() {
    let finder = Finder::of(["ZQ7VXKW", "龘靐齉"]);
    for hidden in [
        "…ZQ7VXKW…",
        "zq7vxkw",
        // echo -n 'ZQ7VXKW' | xxd -p; and base64 of it behind nothing, one and two other bytes.
        "5a513756584b57",
        "5A513756584B57",
        "WlE3VlhLVw==",
        "eFpRN1ZYS1c=",
        "eHhaUTdWWEtX",
        "name=%E9%BE%98%E9%9D%90%E9%BD%89",
        "名：龘靐齉",
        "\\u{9f98}\\u{9750}\\u{9f49}",
        "{\"n\":\"\\u9f98\\u9750\\u9f49\"}",
        "[1, 90, 81, 55, 86, 88, 75, 87, 2]",
    ] {
        assert!(finder.find(hidden.as_bytes()).is_some(), "{hidden}");
    }
    for other in ["", "Z", "ZQ7VXK", "龘靐", "5a513756584b", "a longer text in which nothing stands, ZQ7VXK W"] {
        assert_eq!(finder.find(other.as_bytes()), None, "{other}");
    }
}
