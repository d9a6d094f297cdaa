//! A browser window and what a person does with it. Whatever is not there yet is waited for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::PrintConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::house::{House, pictures};

/// How long a page may take on a machine that is busy with all the other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// What somebody sits at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// A staff-room computer, 1366×768, in Chinese.
    Desk,
    /// The same, set to English.
    EnglishDesk,
    /// The same in Chinese, with JavaScript switched off.
    WithoutScript,
    /// A small telephone, 360×740.
    Telephone,
}

/// A browser of one person; it closes when it goes out of scope, after a panic too.
pub struct Window {
    client: Client,
    session: String,
    driver: SocketAddr,
    address: SocketAddr,
}

impl Window {
    /// Opens one at the demonstration school.
    pub async fn open(house: &House, seat: Seat) -> Self {
        Self::open_at(house, house.address, seat).await
    }

    /// Opens one at another server.
    pub async fn open_at(house: &House, address: SocketAddr, seat: Seat) -> Self {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let Value::Object(capabilities) = capabilities(seat) else { unreachable!("an object above") };
        let client = builder.capabilities(capabilities).connect(&format!("http://{}", house.driver)).await;
        let client = client.expect("Chromium starts");
        let session = client.session_id().await.unwrap().expect("a session has an id");
        Self { client, session, driver: house.driver, address }
    }

    /// Opens one at the demonstration school and signs in there.
    pub async fn of(house: &House, login: &str) -> Self {
        Self::at(house, Seat::Desk, login).await
    }

    /// Opens one of a kind and signs in.
    pub async fn at(house: &House, seat: Seat, login: &str) -> Self {
        let window = Self::open(house, seat).await;
        window.signs_in(login, house.password(login)).await;
        // The language is a setting of the person: a journey that failed may have left another one.
        if seat != Seat::EnglishDesk && window.count("html[lang=en]").await > 0 {
            window.presses("中文").await;
        }
        window
    }

    /// Fills in the sign-in page, in whichever language it comes.
    pub async fn signs_in(&self, login: &str, password: &str) {
        self.goes("/sign-in").await;
        self.writes("login", login).await;
        self.writes("password", password).await;
        self.clicks("main button.main").await;
        self.finds("body[data-idle-seconds]").await;
    }

    /// Opens an address of the server.
    pub async fn goes(&self, path: &str) {
        self.client.goto(&format!("http://{}{path}", self.address)).await.expect(path);
    }

    /// Presses the back button.
    pub async fn goes_back(&self) {
        self.client.back().await.expect("there is a page before this one");
    }

    /// The address of the page, without the host.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Clicks what is labelled so: a button, a link, or what unfolds.
    pub async fn presses(&self, label: &str) {
        let labelled = format!("//*[self::button or self::a or self::summary][normalize-space()='{label}']");
        self.with(Locator::XPath(&labelled), async |element| element.click().await).await;
    }

    /// Clicks what is labelled so in the entry of a list that contains a text.
    pub async fn presses_beside(&self, text: &str, label: &str) {
        let row = format!(
            "//*[self::li or self::tr or self::article][contains(., '{text}')]//a[normalize-space()='{label}']"
        );
        self.with(Locator::XPath(&row), async |element| element.click().await).await;
    }

    /// Clicks the first element of a kind.
    pub async fn clicks(&self, css: &str) {
        self.with(Locator::Css(css), async |element| element.click().await).await;
    }

    /// Replaces what stands in a field.
    pub async fn writes(&self, name: &str, text: &str) {
        let field = format!("[name={name}]");
        let write = async |field: Element| {
            field.clear().await?;
            field.send_keys(text).await
        };
        self.with(Locator::Css(&field), write).await;
    }

    /// Chooses a file to send.
    pub async fn attaches(&self, name: &str, file: &str) {
        let field = format!("[name={name}]");
        self.with(Locator::Css(&field), async |field| field.send_keys(file).await).await;
    }

    /// Clicks one of the big buttons, or ticks one of the boxes.
    pub async fn picks(&self, name: &str, value: &str) {
        self.clicks(&format!("input[name={name}][value='{value}']")).await;
    }

    /// Chooses from a list by what is written there.
    pub async fn selects(&self, name: &str, label: &str) {
        let list = format!("select[name={name}]");
        self.with(Locator::Css(&list), async |list| list.select_by_label(label).await).await;
    }

    /// Waits until the page shows a text.
    pub async fn sees(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.shows(text).await {
            assert!(Instant::now() < until, "nowhere: {text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether the page shows a text now.
    pub async fn shows(&self, text: &str) -> bool {
        // Between two pages there is nothing to read, and a page that reloads itself goes away while it is read.
        let Ok(body) = self.client.find(Locator::Css("body")).await else { return false };
        body.text().await.is_ok_and(|shown| shown.contains(text))
    }

    /// Waits for an element.
    pub async fn finds(&self, css: &str) -> Element {
        self.find(Locator::Css(css)).await
    }

    async fn find(&self, what: Locator<'_>) -> Element {
        self.with(what, async |element| Ok(element)).await
    }

    /// Waits for an element and does something with it. After a click the old page stays for a moment: what is found
    /// there may be gone before it is touched, and then it is looked for again on the page that took its place.
    async fn with<T>(&self, what: Locator<'_>, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let done = match self.client.find(what).await {
                Ok(element) => act(element).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(done) => return done,
                Err(error) if is_gone(&error) && Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => panic!("{what:?}: {error}"),
            }
        }
    }

    /// How many elements of a kind are there now.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.expect(css).len()
    }

    /// The texts of all elements of a kind.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let of_all = async |_page: Element| {
            let mut texts = Vec::new();
            for element in self.client.find_all(Locator::Css(css)).await? {
                texts.push(element.text().await?.trim().to_owned());
            }
            Ok(texts)
        };
        self.with(Locator::Css("body"), of_all).await
    }

    /// What stands in a field.
    pub async fn value(&self, name: &str) -> String {
        let field = format!("[name={name}]");
        let value = self.with(Locator::Css(&field), async |field| field.prop("value").await).await;
        value.unwrap_or_default()
    }

    /// An attribute of the first element of a kind.
    pub async fn attribute(&self, css: &str, attribute: &str) -> String {
        self.with(Locator::Css(css), async |element| element.attr(attribute).await).await.unwrap_or_default()
    }

    /// The page as it was sent, as far as a script of the page could read it.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("a page")
    }

    /// What a script answers.
    pub async fn asks(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect(script)
    }

    /// How the server answers this person when the address is typed in.
    pub async fn status(&self, path: &str) -> u64 {
        let script = "const done = arguments[1]; fetch(arguments[0]).then(a => done(a.status), e => done(String(e)));";
        let answer = self.client.execute_async(script, vec![json!(path)]).await.expect(path);
        answer.as_u64().unwrap_or_else(|| panic!("{path}: {answer}"))
    }

    /// Presses keys one after the other, as from a keyboard.
    pub async fn types(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.expect("keys are pressed");
    }

    /// Leaves a picture of the whole page.
    pub async fn picture(&self, name: &str) {
        let (width, height) = self.client.get_window_size().await.unwrap();
        let more = "return Math.max(0, document.documentElement.scrollHeight - innerHeight)";
        let more = self.client.execute(more, Vec::new()).await.ok().and_then(|more| more.as_u64()).unwrap_or(0);
        let size = |value: u64| u32::try_from(value).expect("a size of a window");
        self.client.set_window_size(size(width), size(height + more.min(4000))).await.unwrap();
        let picture = self.client.screenshot().await.expect(name);
        std::fs::write(pictures().join(name).with_extension("png"), picture).expect(name);
        self.client.set_window_size(size(width), size(height)).await.unwrap();
    }

    /// Prints the page to a file, and gives it.
    pub async fn prints(&self, name: &str) -> Vec<u8> {
        let printed = self.client.print(PrintConfiguration::default()).await.expect(name);
        std::fs::write(pictures().join(name).with_extension("pdf"), &printed).expect(name);
        printed
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let script = json!({"script": "return location.href + '\\n' + document.body.innerText", "args": []});
            let page = self.tell("POST", "/execute/sync", &script.to_string()).unwrap_or_default();
            let page = serde_json::from_str(&page).unwrap_or(Value::Null);
            eprintln!("a window shows {}", page["value"].as_str().unwrap_or("nothing"));
        }
        // Not left to the client: its last request would be lost with the runtime of the test.
        let _ = self.tell("DELETE", "", "");
    }
}

impl Window {
    /// Tells the driver something without a runtime, and gives its answer. It never closes a connection by itself.
    fn tell(&self, method: &str, command: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.driver)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (session, driver, length) = (&self.session, self.driver, body.len());
        let head = format!(
            "{method} /session/{session}{command} HTTP/1.1\r\nhost: {driver}\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while answer.read_line(&mut line)? > 2 {
            let value = line.to_lowercase().strip_prefix("content-length:").map(|value| value.trim().parse());
            length = value.and_then(Result::ok).unwrap_or(length);
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// Whether an element is not there: not yet, or not any more.
fn is_gone(error: &CmdError) -> bool {
    error.is_no_such_element() || error.is_stale_element_reference()
}

fn capabilities(seat: Seat) -> Value {
    let language = if seat == Seat::EnglishDesk { "en" } else { "zh-CN" };
    let mut prefs = json!({"intl.accept_languages": language});
    if seat == Seat::WithoutScript {
        prefs["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    let mut options = json!({
        "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1366,768",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
        "prefs": prefs,
    });
    if seat == Seat::Telephone {
        options["mobileEmulation"] = json!({
            "deviceMetrics": {"width": 360, "height": 740, "pixelRatio": 2, "touch": true, "mobile": true},
        });
    }
    json!({"goog:chromeOptions": options})
}
