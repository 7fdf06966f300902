//! Gives random secrets to a class, on a sheet to be cut up and handed out.

use std::path::{Path, PathBuf};

use clap::Args;
use socklab_core::otp::uri::{Style, provisioning};
use socklab_core::otp::{Dni, Key};
use socklab_register::{ErrorKind, NewSecrets};

use super::{RegisterCommand, RunError};
use socklab_text::markup::escaped;

use crate::exit::Exit;
use crate::files::FileError;
use crate::print;
use crate::qr;
use crate::wording;

#[derive(Args, Debug)]
pub(super) struct EnrolArgs {
    #[arg(long, value_name = "DNI", id = "enrol-dni", conflicts_with = "all")]
    dni: Vec<String>,
    #[arg(long, required_unless_present = "enrol-dni")]
    all: bool,
    #[arg(long)]
    replace: bool,
    #[arg(long, value_name = "FILE")]
    sheet: PathBuf,
    #[arg(long, value_name = "FILE", id = "key")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "ISSUER", default_value = "socklab")]
    issuer: String,
}

#[derive(Args, Debug)]
pub(super) struct RekeyArgs {
    #[arg(long, requires = "sheet")]
    lost: bool,
    #[arg(long, conflicts_with = "lost")]
    skip_damaged: bool,
    #[arg(long, value_name = "FILE", requires = "lost")]
    sheet: Option<PathBuf>,
    #[arg(long, value_name = "FILE", id = "key")]
    key: Option<PathBuf>,
    #[arg(
        long,
        value_name = "ISSUER",
        default_value = "socklab",
        requires = "lost"
    )]
    issuer: String,
}

impl RegisterCommand<'_> {
    /// Gives secrets to the named students, or to all students of the class who have none yet.
    pub(super) fn enrol(&mut self, args: &EnrolArgs) -> Result<Exit, RunError> {
        let dnis = match args.all {
            true => self.class(args.replace)?,
            false => self.named(&args.dni, args.replace)?,
        };
        if dnis.is_empty() {
            return Err(RunError::Failed(self.messages.say("enrol-nobody")));
        }
        let key_file = self.key_file(args.key.as_deref())?;
        let secrets = self.archive.draw_secrets(&dnis, &key_file)?;
        self.hand_out(&secrets, args.replace, &args.sheet, &args.issuer)?;
        self.name_damaged(&key_file)?;
        print::info(&self.messages.say_with("enrol-key", &[("file", &key_file)]));
        Ok(Exit::Done)
    }

    /// Encrypts the secrets under a new key. If the old key is lost, draws new secrets too and
    /// writes them on a sheet.
    pub(super) fn rekey(&mut self, args: &RekeyArgs) -> Result<Exit, RunError> {
        let key_file = self.key_file(args.key.as_deref())?;
        match &args.sheet {
            Some(sheet) => {
                let secrets = self.archive.draw_all_anew(&key_file)?;
                if secrets.iter().next().is_none() {
                    return Err(RunError::Failed(self.messages.say("rekey-nobody")));
                }
                self.hand_out(&secrets, true, sheet, &args.issuer)?;
            }
            None => {
                if self.name_damaged(&key_file)? && !args.skip_damaged {
                    return Err(RunError::Failed(self.messages.say("rekey-damaged")));
                }
                let count = self.archive.rekey(&key_file)?;
                print::info(&self.messages.say_with("rekeyed", &[("count", &count)]));
            }
        }
        print::info(&self.messages.say_with("enrol-key", &[("file", &key_file)]));
        print::info(&self.messages.say("rekey-servers"));
        Ok(Exit::Done)
    }

    /// The path of the key file. A named file that does not exist will be created.
    fn key_file(&mut self, named: Option<&Path>) -> Result<PathBuf, RunError> {
        let Some(named) = named else {
            return Ok(self.location.key_file());
        };
        if !named.exists() {
            let allowed = self.outputs.check(named);
            allowed.map_err(|error| FileError::new(named, error))?;
        }
        self.outputs.protect(named);
        Ok(named.to_owned())
    }

    /// All students on the roster who are to get a secret.
    fn class(&mut self, replace: bool) -> Result<Vec<String>, RunError> {
        let class = self.archive.students(&self.lab)?.into_iter();
        let new = class.filter(|one| one.listed && (replace || !one.enrolled));
        Ok(new.map(|one| one.dni).collect())
    }

    fn named(&mut self, typed: &[String], replace: bool) -> Result<Vec<String>, RunError> {
        let mut dnis = Vec::new();
        for text in typed {
            let dni = Dni::parse(text)
                .map_err(|error| RunError::Usage(wording::dni(self.messages, error)))?;
            if !dnis.iter().any(|known| known == dni.as_str()) {
                dnis.push(dni.as_str().to_owned());
            }
        }
        let students = self.archive.students(&self.lab)?;
        let enrolled = |dni: &String| students.iter().any(|one| one.enrolled && one.dni == *dni);
        match dnis.iter().find(|dni| !replace && enrolled(dni)) {
            Some(dni) => Err(RunError::Failed(
                self.messages.say_with("enrol-already", &[("dni", dni)]),
            )),
            None => Ok(dnis),
        }
    }

    /// Writes the sheet, then records the secrets. The sheet is the only place where they can be
    /// read, so it must be durable before they count. They are recorded all at once or not at all.
    fn hand_out(
        &mut self,
        secrets: &NewSecrets,
        replace: bool,
        sheet: &Path,
        issuer: &str,
    ) -> Result<(), RunError> {
        let messages = self.messages;
        let students = self.archive.students(&self.lab)?;
        let mut cards = String::new();
        let position = |dni: &str| students.iter().position(|one| one.dni == dni);
        // Sort the students as on the roster, with a heading for each group.
        let mut owners: Vec<_> = secrets.iter().map(|one| (position(one.0), one)).collect();
        owners.sort_by_key(|(position, _)| *position);
        let (mut count, mut last) = (0, "");
        for (position, (dni, secret)) in owners {
            let student = position.map(|at| &students[at]);
            let (name, group) = student.map_or(("", ""), |one| (&one.name, &one.team));
            if last != group {
                last = group;
                cards.push_str(&format!("<h2>{}</h2>\n", escaped(group)));
            }
            let key = Key::from_bytes(secret);
            let uri = provisioning(&key, dni, issuer, Style::Rfc);
            let svg = qr::svg(&uri).map_err(|_| RunError::Failed(messages.say("qr-too-long")))?;
            cards.push_str(&card(name, dni, &key.base32(), &svg));
            count += 1;
        }
        let title = messages.say("sheet-title");
        let advice = messages.say("sheet-advice");
        let page = page(&title, &advice, &cards);
        self.outputs
            .secret(sheet, page.as_bytes(), &["html", "htm"])
            .map_err(|error| FileError::new(sheet, error))?;
        let given = self.archive.give_out(secrets, replace);
        let said = [("count", &count as _), ("file", &sheet as _)];
        match given.as_ref().map_err(|error| error.kind) {
            Ok(()) | Err(ErrorKind::KeyName) => print::info(&messages.say_with("enrolled", &said)),
            Err(ErrorKind::Uncertain) => {
                print::line(&messages.say_with("sheet-uncertain", &said[1..]));
            }
            Err(_) => print::line(&messages.say_with("sheet-void", &said[1..])),
        }
        Ok(given?)
    }
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
    let name = escaped(name);
    format!("<div class=\"card\"><b>{name}</b><br>{dni}<br>{svg}<br><code>{secret}</code></div>\n")
}
