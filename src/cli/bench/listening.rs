//! Pages that stay open: who holds the stream of `/notices/stream`, and when a number came on it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// How long the first number of all pages may take.
const OPENING: Duration = Duration::from_secs(30);

/// The numbers of waiting notices that one page was told, and when.
pub struct Page {
    /// The number of the school among those made.
    pub school: usize,
    told: Mutex<Vec<(i64, Instant)>>,
}

impl Page {
    /// The number it knows now.
    pub fn count(&self) -> i64 {
        self.told().last().map_or(0, |(count, _)| *count)
    }

    /// When it first was told of at least so many.
    pub fn reached(&self, count: i64) -> Option<Instant> {
        self.told().iter().find(|(told, _)| *told >= count).map(|(_, at)| *at)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<(i64, Instant)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All open pages; they close when this is dropped.
pub struct Pages {
    all: Vec<Arc<Page>>,
    ended: Arc<AtomicUsize>,
    tasks: tokio::task::JoinSet<()>,
}

impl Pages {
    /// Opens a page for each cookie, of the school with this number, and waits until each was told its first number.
    pub async fn open(address: &str, cookies: &[(String, usize)]) -> Result<Self> {
        let ended = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        let mut pages = Vec::new();
        for (cookie, school) in cookies {
            let page = Arc::new(Page { school: *school, told: Mutex::default() });
            let (address, cookie) = (address.to_owned(), cookie.clone());
            let (heard, ended) = (Arc::clone(&page), Arc::clone(&ended));
            tasks.spawn(async move {
                let _broken = listen(&address, &cookie, &heard).await;
                ended.fetch_add(1, Ordering::Relaxed);
            });
            pages.push(page);
        }
        let opened = Self { all: pages, ended, tasks };
        let started = Instant::now();
        while opened.all.iter().any(|page| page.told().is_empty()) {
            opened.all_listen()?;
            ensure!(started.elapsed() < OPENING, "a page was told nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(opened)
    }

    /// The pages, in the order of the cookies.
    pub fn pages(&self) -> &[Arc<Page>] {
        &self.all
    }

    /// Fails when the server closed a page: then fewer listened than the table says.
    pub fn all_listen(&self) -> Result<()> {
        let ended = self.ended.load(Ordering::Relaxed);
        ensure!(ended == 0 && self.tasks.len() == self.all.len(), "{ended} open pages were closed by the server");
        Ok(())
    }
}

/// Reads one stream until it ends. The lengths between the chunks look like no event and are passed over.
async fn listen(address: &str, cookie: &str, page: &Page) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /notices/stream HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(count) = line.strip_prefix("data: ").and_then(|count| count.parse().ok()) {
            page.told().push((count, Instant::now()));
        }
    }
    Ok(())
}
