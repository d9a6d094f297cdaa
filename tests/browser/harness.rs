//! One browser, one demonstration, one person at a time.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::support::demo;
use crate::support::program::Server;

/// How a browser is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// Without JavaScript.
    pub no_script: bool,
    /// It asks for pages in English.
    pub english: bool,
    /// The screen of a telephone.
    pub narrow: bool,
}

/// chromedriver on a free port of this machine, ended when dropped.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start(setup: Setup) -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            // What decides how Chromium itself writes a date.
            .env("LANGUAGE", if setup.english { "en_GB" } else { "zh_CN" })
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; tests/run installs it");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says its port");
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A person's browser on a demonstration of its own.
#[derive(Clone)]
pub struct Browser {
    /// The WebDriver session.
    pub client: Client,
    address: String,
    passwords: Arc<HashMap<String, String>>,
}

/// Lets somebody use a browser, and closes it however that ends.
pub async fn journey<F, Fut>(setup: Setup, steps: F)
where
    F: FnOnce(Browser) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (server, passwords, _folder) = demonstration();
    let driver = Driver::start(setup);
    let profile = tempfile::tempdir().expect("a folder for the profile");
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities(setup, profile.path()))
        .connect(&driver.url)
        .await
        .expect("Chromium starts");
    client.update_timeouts(timeouts()).await.expect("timeouts are set");
    let browser = Browser { client, address: format!("http://{}", server.address), passwords: Arc::new(passwords) };
    let done = tokio::spawn(steps(browser.clone())).await;
    if done.is_err() {
        let name = std::thread::current().name().unwrap_or("journey").replace("::", "-");
        browser.shot(&format!("failed-{name}")).await;
        let text: String = browser.text().await.chars().take(900).collect();
        eprintln!("at {}:\n{text}", browser.url().await);
    }
    browser.client.close().await.expect("the browser closes");
    drop(driver);
    if let Err(error) = done {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// A running demonstration and everybody's password by role.
fn demonstration() -> (Server, HashMap<String, String>, TempDir) {
    let (folder, dir) = demo::copy();
    let server = demo::start(&dir);
    let account = |line: &String| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [role, login, password] = fields[..] else { panic!("{line}") };
        (role.to_owned(), format!("{login}\t{password}"))
    };
    let accounts = server.lines.iter().skip(1).map(account).collect();
    (server, accounts, folder)
}

fn timeouts() -> fantoccini::wd::TimeoutConfiguration {
    let (page, element) = (Duration::from_secs(60), Duration::from_secs(5));
    fantoccini::wd::TimeoutConfiguration::new(Some(page), Some(page), Some(element))
}

fn capabilities(setup: Setup, profile: &Path) -> serde_json::Map<String, serde_json::Value> {
    let language = if setup.english { "en" } else { "zh-CN" };
    let size = if setup.narrow { "390,844" } else { "1280,900" };
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--no-first-run".to_owned(),
        format!("--lang={language}"),
        format!("--window-size={size}"),
        format!("--user-data-dir={}", profile.display()),
    ];
    arguments.push("--password-store=basic".to_owned());
    let mut preferences = json!({ "intl.accept_languages": language, "credentials_enable_service": false });
    if setup.no_script {
        preferences["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    let options = json!({
        "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": arguments, "prefs": preferences },
    });
    options.as_object().expect("an object").clone()
}

impl Browser {
    /// Opens a page by its address.
    pub async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.address)).await.expect("the page opens");
    }

    /// Signs in as the person with this role and lands on their first page.
    pub async fn sign_in(&self, role: &str) {
        let account = self.passwords.get(role).unwrap_or_else(|| panic!("nobody is {role}"));
        let (login, password) = account.split_once('\t').expect("name and password");
        self.sign_in_as(login, password).await;
    }

    /// Signs in with a name and a password.
    pub async fn sign_in_as(&self, login: &str, password: &str) {
        self.open("/sign-in").await;
        self.fill("login", login).await;
        self.fill("password", password).await;
        self.press("form[action='/sign-in'] button.main").await;
        self.sees(".who").await;
    }

    /// Signs out with the button at the top.
    pub async fn sign_out(&self) {
        self.press("form[action='/sign-out'] button").await;
        self.sees("form[action='/sign-in']").await;
    }

    /// The name and password of the person with this role.
    pub fn account(&self, role: &str) -> (&str, &str) {
        self.passwords[role].split_once('\t').expect("name and password")
    }

    /// Waits until something with this selector is on the page.
    pub async fn sees(&self, selector: &str) -> fantoccini::elements::Element {
        let wait = self.client.wait().at_most(Duration::from_secs(20));
        match wait.for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!("{selector} is not at {}: {error}", self.url().await),
        }
    }

    /// How many things with this selector are on the page.
    pub async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.expect("a selector").len()
    }

    /// Waits until the page says this.
    #[track_caller]
    pub fn reads(&self, words: &str) -> impl Future<Output = ()> + Send {
        let (browser, words) = (self.clone(), words.to_owned());
        async move {
            for _ in 0..100 {
                if browser.text().await.contains(&words) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("{words} is not at {}", browser.url().await);
        }
    }

    /// Everything the page shows as text.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            // A page that was just left; the caller asks again.
            Err(_) => String::new(),
            Ok(body) => body.text().await.unwrap_or_default(),
        }
    }

    /// The address without the host.
    pub async fn url(&self) -> String {
        let url = self.client.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        url.strip_prefix(&self.address).unwrap_or(&url).to_owned()
    }

    /// Clicks what a selector finds first.
    pub async fn press(&self, selector: &str) {
        let element = self.sees(selector).await;
        element.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Clicks the link or button with these words.
    pub async fn follow(&self, words: &str) {
        let path = format!(
            "//a[normalize-space()='{words}'] | //button[normalize-space()='{words}'] | //summary[normalize-space()='{words}']"
        );
        self.press_path(&path).await;
    }

    /// Clicks what an XPath finds first.
    pub async fn press_path(&self, path: &str) {
        let wait = self.client.wait().at_most(Duration::from_secs(20));
        let found = wait.for_element(Locator::XPath(path)).await;
        let element = found.unwrap_or_else(|error| panic!("{path}: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Fills in the field of this name, in place of what stands there.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.sees(&format!("[name='{name}']:not([type=hidden])")).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it can be filled in");
    }

    /// Chooses one of the big buttons of a form.
    pub async fn choose(&self, name: &str, value: &str) {
        self.press(&format!("#f-{name}-{value}")).await;
    }

    /// Chooses from a list.
    pub async fn select(&self, name: &str, value: &str) {
        self.press(&format!("select[name='{name}'] option[value='{value}']")).await;
    }

    /// Presses keys, wherever the focus is.
    pub async fn keys(&self, keys: &str) {
        let element = self.client.active_element().await.expect("something has the focus");
        element.send_keys(keys).await.expect("keys arrive");
    }

    /// Presses Tab until the thing with this selector has the focus, as somebody without a mouse does.
    pub async fn tab_to(&self, selector: &str) {
        let script = "return document.activeElement !== null && document.activeElement.matches(arguments[0])";
        for _ in 0..150 {
            self.keys(&Key::Tab.to_string()).await;
            let there = self.client.execute(script, vec![json!(selector)]).await.expect("the page answers");
            if there == json!(true) {
                return;
            }
        }
        panic!("{selector} cannot be reached with Tab at {}", self.url().await);
    }

    /// Keeps a picture of the page in `target/screenshots/`.
    pub async fn shot(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for the pictures");
        match self.client.screenshot().await {
            Ok(picture) => std::fs::write(folder.join(format!("{name}.png")), picture).expect("a picture is kept"),
            Err(error) => eprintln!("no picture of {name}: {error}"),
        }
    }
}
