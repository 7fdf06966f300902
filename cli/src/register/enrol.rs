//! Random secrets for a class, on a sheet to be cut up and handed out.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use socklab_core::otp::uri::{Style, provisioning};
use socklab_core::otp::{Dni, Key};

use super::{Desk, Stop};
use crate::Exit;
use crate::qr;
use crate::say;

#[derive(Args, Debug)]
pub(super) struct EnrolArgs {
    #[arg(long, value_name = "DNI", id = "enrol-dni", conflicts_with = "all")]
    dni: Vec<String>,
    #[arg(long, required_unless_present = "enrol-dni")]
    all: bool,
    #[arg(long, value_name = "FILE")]
    sheet: PathBuf,
    #[arg(long, value_name = "FILE", id = "key")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "ISSUER", default_value = "socklab")]
    issuer: String,
}

impl Desk<'_> {
    /// Gives secrets to those named, or to all of the class who have none yet.
    pub(super) fn enrol(&mut self, args: &EnrolArgs) -> Result<Exit, Stop> {
        // DNI, name and group.
        let mut students: Vec<(String, String, String)> = Vec::new();
        for text in &args.dni {
            let dni = Dni::parse(text).map_err(|error| Stop::Usage(say::dni(self.words, error)))?;
            students.push((dni.as_str().to_owned(), String::new(), String::new()));
        }
        if args.all {
            let class = self.archive.students(&self.lab)?;
            let new = class.into_iter().filter(|one| one.listed && !one.enrolled);
            students.extend(new.map(|one| (one.dni, one.name, one.team)));
        }
        if students.is_empty() {
            return Err(Stop::Failed(self.words.say("enrol-nobody")));
        }
        let refused = |error: std::io::Error| {
            let detail = error.to_string();
            Stop::Failed(
                self.words
                    .say_with("file-error", &[("file", &args.sheet), ("detail", &detail)]),
            )
        };
        // The sheet is the only place where the secrets can be read: it must be there before they are.
        private_file(&args.sheet).map_err(refused)?;
        let key_file = args.key.clone().unwrap_or_else(|| self.location.key_file());
        let mut cards = String::new();
        let mut last = "";
        for (dni, name, group) in &students {
            if last != group {
                last = group;
                cards.push_str(&format!("<h2>{}</h2>\n", html(group)));
            }
            let secret = self.archive.enrol(dni, &key_file)?;
            let key = Key::from_bytes(&secret);
            let uri = provisioning(&key, dni, &args.issuer, Style::Rfc);
            let svg = qr::svg(&uri).map_err(|_| Stop::Failed(self.words.say("qr-too-long")))?;
            cards.push_str(&card(name, dni, &key.base32(), &svg));
        }
        let title = self.words.say("sheet-title");
        let advice = self.words.say("sheet-advice");
        fs::write(&args.sheet, page(&title, &advice, &cards)).map_err(refused)?;
        let count = students.len();
        say::news(
            &self
                .words
                .say_with("enrolled", &[("count", &count), ("file", &args.sheet)]),
        );
        say::news(&self.words.say_with("enrol-key", &[("file", &key_file)]));
        Ok(Exit::Done)
    }
}

/// A new file that only its owner reads.
fn private_file(path: &PathBuf) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(|_| ())
}

fn page(title: &str, advice: &str, cards: &str) -> String {
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title><style>\
         body{{font:11pt sans-serif}}.card{{display:inline-block;width:8.5cm;margin:2mm;padding:4mm;\
         border:1px dashed #888;break-inside:avoid;text-align:center}}.card svg{{width:5.5cm;height:5.5cm}}\
         h2{{break-before:page}}h1~h2:first-of-type{{break-before:auto}}\
         code{{font-size:9pt;overflow-wrap:anywhere}}@media screen{{p.advice{{max-width:40em}}}}\
         </style></head><body><h1>{title}</h1><p class=\"advice\">{advice}</p>{cards}</body></html>\n"
    )
}

fn card(name: &str, dni: &str, secret: &str, svg: &str) -> String {
    let svg = svg.find("<svg").map_or(svg, |at| &svg[at..]);
    let name = html(name);
    format!("<div class=\"card\"><b>{name}</b><br>{dni}<br>{svg}<br><code>{secret}</code></div>\n")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
