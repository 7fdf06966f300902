//! The report in a real browser: Chromium without a window. Skipped, out loud, where there is none.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::page::sample_page;

/// What it is called on different systems.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Run at the end of the page: what a user would do, and what he would then see.
const PROBE: &str = r##"<script>
const shown = (id) => [...document.querySelectorAll(`#${id} > .choice`)].filter((one) => one.offsetHeight > 0)
  .map((one) => one.dataset.load).join();
const said = [];
said.push("first " + shown("latency") + " " + shown("cpu"));
document.querySelector("#cpu input[value='0']").click();
said.push("chosen " + shown("latency") + " " + shown("cpu"));
const before = getComputedStyle(document.body).backgroundColor;
document.getElementById("theme").click();
said.push("theme " + (before !== getComputedStyle(document.body).backgroundColor));
said.push("data " + JSON.parse(document.getElementById("results").textContent).results.models.length);
const empty = [...document.querySelectorAll("figure svg[viewBox]")].filter((one) => one.closest(".choice[hidden]") === null)
  .filter((one) => one.getBBox().width < 4);
said.push("empty " + empty.length);
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
said.push("too wide " + wide);
const point = document.querySelector("#throughput .point .mark");
point.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: 200, clientY: 200 }));
said.push("tip " + document.getElementById("tip").textContent);
document.title = "probe: " + said.join("; ");
</script>"##;

/// What became of a page.
struct Seen {
    dom: String,
    /// What was written to the console.
    console: Vec<String>,
    /// What the page asked of the network. What the browser does on its own account has no origin.
    requests: Vec<String>,
}

/// Opens a page; nothing if there is no browser.
fn open(page: &str) -> Option<Seen> {
    let runs = |name: &&&str| {
        let version = Command::new(name)
            .arg("--version")
            .stderr(Stdio::null())
            .output();
        version.is_ok_and(|one| one.status.success())
    };
    let Some(browser) = NAMES.iter().find(runs) else {
        eprintln!("SKIPPED in a browser: this machine has no Chromium");
        return None;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("page.html"), page).expect("a page");
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-sync",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
        ])
        // Nothing but this machine has a name: what the browser would do on its own account fails
        // at once.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
        .args(["--enable-logging=stderr", "--v=0", "--window-size=1280,720"])
        .arg(format!("--user-data-dir={}", at("profile").display()))
        .arg(format!("--log-net-log={}", at("net.json").display()))
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("file://{}", at("page.html").display()))
        .output()
        .expect("a browser");
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let console = log.lines().filter(|line| line.contains("CONSOLE"));
    Some(Seen {
        dom: String::from_utf8_lossy(&output.stdout).into_owned(),
        console: console.map(str::to_owned).collect(),
        requests: requests(&at("net.json")),
    })
}

fn requests(log: &Path) -> Vec<String> {
    let log = fs::read_to_string(log).expect("a log of the network");
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    let events = log["events"].as_array().expect("events");
    let asked = events.iter().filter_map(|event| {
        let of_page = event["params"]["initiator"].as_str()? != "not an origin";
        let url = event["params"]["url"].as_str()?;
        (of_page && !url.starts_with("file:")).then(|| url.to_owned())
    });
    asked.collect()
}

#[test]
fn a_browser_shows_it_and_has_nothing_to_complain_of() {
    for (language, tip) in [
        ("en", "tip blocking, 1 connection: "),
        ("es", "tip blocking, 1 conexión: "),
    ] {
        let page = sample_page(language).replace("</body>", &format!("{PROBE}</body>"));
        let Some(seen) = open(&page) else { return };
        assert_eq!(seen.console, [""; 0]);
        assert_eq!(seen.requests, [""; 0]);
        let title = seen.dom.split("<title>probe: ").nth(1);
        let title = title.unwrap_or_else(|| panic!("the script did not end: {}", seen.dom));
        let said = title.split("</title>").next().unwrap_or("");
        let (same, tipped) = said.split_at(said.find("tip ").unwrap_or(said.len()));
        assert_eq!(
            same,
            "first 2 2; chosen 0 0; theme true; data 4; empty 0; too wide 0; "
        );
        assert!(tipped.starts_with(tip), "{tipped}");
        assert_eq!(seen.dom.matches("class=\"load-choice\"").count(), 5);
    }
}

/// Without a script everything is there, and nothing is hidden.
#[test]
fn it_can_be_read_without_a_script() {
    let page = sample_page("en");
    let body = &page[page.find("<main>").expect("a body")..page.find("</main>").expect("its end")];
    let hidden = body.matches(" hidden=\"\"").count();
    // The button that saves the data, which needs the script.
    assert_eq!(hidden, 1);
}

/// The test above could fail: a page that complains, and asks for something, is found out.
#[test]
fn a_page_that_asks_for_more_is_found_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let answered = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut request = [0; 512];
        stream.read(&mut request).is_ok_and(|bytes| bytes > 0)
    });
    let page = format!(
        "<!DOCTYPE html><title>a</title><img src=\"http://127.0.0.1:{port}/a.png\"><script>console.error('no')</script>"
    );
    let Some(seen) = open(&page) else {
        return;
    };
    assert!(
        seen.console.iter().any(|line| line.contains("no")),
        "{:?}",
        seen.console
    );
    assert!(
        seen.requests.iter().any(|url| url.contains("/a.png")),
        "{:?}",
        seen.requests
    );
    assert!(answered.join().is_ok_and(|one| one));
}
