//! `socklab otp`: one-time codes without a network.

use std::io::{BufRead, IsTerminal, stdin, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{ArgMatches, Args, Command, ValueEnum};
use socklab_core::otp::uri::{Style, provisioning};
use socklab_core::otp::{Code, Key, TimeStep, Window, clock_offsets, verify};
use socklab_files::Outputs;

use crate::dni_input;
use crate::exit::Exit;
use crate::files::FileError;
use crate::numbers::whole;
use crate::options::read;
use crate::print;
use crate::qr;
use crate::wording;
use socklab_text::{Messages, impl_error};

/// How many steps of 30 s `otp clock` searches on both sides: half an hour. A wider search would
/// more often find several moments for a code: 121 candidates match by chance once in 8,000.
const REACH: u8 = 60;

#[derive(Args, Debug)]
struct DniArg {
    #[arg(long, value_name = "DNI")]
    dni: Option<String>,
}

#[derive(Args, Debug)]
struct EnrollArgs {
    #[arg(long, value_name = "USER", default_value = "mi_usuario")]
    account: String,
    #[arg(long, value_name = "ISSUER", default_value = "Mi App")]
    issuer: String,
    #[arg(long, value_enum, default_value_t = UriStyle::Lab)]
    uri_style: UriStyle,
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[arg(long)]
    no_qr: bool,
    #[arg(long)]
    no_verify: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UriStyle {
    Lab,
    Rfc,
}

#[derive(Args, Debug)]
struct CodeArg {
    #[arg(value_name = "CODE")]
    code: String,
}

#[derive(Args, Debug)]
struct VerifyArgs {
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = whole::<u8>(0..=10)
    )]
    window: u8,
}

pub(crate) fn command() -> Command {
    let with_dni = |name| DniArg::augment_args(Command::new(name));
    Command::new("otp")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(EnrollArgs::augment_args(with_dni("enroll")))
        .subcommand(with_dni("code"))
        .subcommand(VerifyArgs::augment_args(CodeArg::augment_args(with_dni(
            "verify",
        ))))
        .subcommand(CodeArg::augment_args(with_dni("clock")))
}

pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let Some((name, matches)) = matches.subcommand() else {
        return Exit::Usage;
    };
    let dni = match dni_input::dni(read::<DniArg>(matches).dni, messages) {
        Ok(dni) => dni,
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    };
    let key = Key::from_dni(&dni);
    match name {
        "enroll" => enroll(&key, &read(matches), messages),
        "code" => code(&key, messages),
        "verify" => with_code(matches, messages, |code| {
            let window = read::<VerifyArgs>(matches).window;
            judge(&key, code, window, messages)
        }),
        _ => with_code(matches, messages, |code| clock(&key, code, messages)),
    }
}

fn with_code(
    matches: &ArgMatches,
    messages: &dyn Messages,
    then: impl FnOnce(&Code) -> Exit,
) -> Exit {
    match Code::parse(&read::<CodeArg>(matches).code) {
        Ok(code) => then(&code),
        Err(error) => Exit::Usage.because(&wording::code(messages, error)),
    }
}

/// Shows the secret, the URI and the QR code. Then asks for a code from the phone, to check it.
fn enroll(key: &Key, args: &EnrollArgs, messages: &dyn Messages) -> Exit {
    let style = match args.uri_style {
        UriStyle::Lab => Style::Lab,
        UriStyle::Rfc => Style::Rfc,
    };
    let mut labels = [&args.account, &args.issuer].into_iter();
    if let Some(label) = labels.find(|label| label.contains(':')) {
        return Exit::Usage.because(&messages.say_with("otp-label-colon", &[("label", label)]));
    }
    let uri = provisioning(key, &args.account, &args.issuer, style);
    print::info(&messages.say("otp-dni-is-secret"));
    print::payload(&format!("{} {}", messages.say("otp-secret"), key.base32()));
    print::payload(&format!("{} {uri}", messages.say("otp-uri")));
    if let Err(error) = draw(&uri, args, messages) {
        return Exit::Failed.because(&error.say(messages));
    }
    if args.no_verify || print::is_quiet() || !stdin().is_terminal() {
        return Exit::Done;
    }
    print::prompt(&messages.say("prompt-code"));
    let mut line = String::new();
    match stdin().lock().read_line(&mut line) {
        Ok(1..) if !line.trim().is_empty() => match Code::parse(&line) {
            Ok(code) => {
                let exit = judge(key, &code, 0, messages);
                if exit == Exit::Failed && style == Style::Lab {
                    print::line(&messages.say("otp-try-rfc"));
                }
                exit
            }
            Err(error) => Exit::Failed.because(&wording::code(messages, error)),
        },
        // An empty line skips the check.
        _ => Exit::Done,
    }
}

/// Why no QR code was drawn.
#[derive(Debug)]
enum QrError {
    TooLong,
    File(FileError),
}

impl QrError {
    fn say(&self, messages: &dyn Messages) -> String {
        match self {
            QrError::TooLong => messages.say("qr-too-long"),
            QrError::File(error) => error.say(messages),
        }
    }
}

impl_error!(QrError);

fn draw(uri: &str, args: &EnrollArgs, messages: &dyn Messages) -> Result<(), QrError> {
    let too_long = |_| QrError::TooLong;
    if !args.no_qr {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = stdout().is_terminal() && !no_colour;
        let drawn = qr::terminal(uri, colour).map_err(too_long)?;
        let needed = qr::columns(uri).map_err(too_long)?;
        match print::columns() {
            Some(there) if there < needed => {
                let said =
                    messages.say_with("qr-narrow", &[("needed", &needed), ("there", &there)]);
                print::line(&said);
            }
            _ => print::payload(&drawn),
        }
    }
    let mut outputs = Outputs::default();
    let mut save = |file: &Path, bytes: &[u8], extension: &str| {
        let written = outputs.secret(file, bytes, &[extension]);
        written.map_err(|error| QrError::File(FileError::new(file, error)))?;
        print::info(&messages.say_with("wrote-file", &[("file", &file)]));
        Ok(())
    };
    if let Some(file) = &args.png {
        save(file, &qr::png(uri).map_err(too_long)?, "png")?;
    }
    if let Some(file) = &args.svg {
        save(file, qr::svg(uri).map_err(too_long)?.as_bytes(), "svg")?;
    }
    Ok(())
}

fn code(key: &Key, messages: &dyn Messages) -> Exit {
    let now = unix_now();
    print::payload(key.code(TimeStep::at(now)).as_str());
    if stdout().is_terminal() {
        let left = TimeStep::SECONDS - now % TimeStep::SECONDS;
        print::info(&messages.say_with("otp-remaining", &[("seconds", &left)]));
    }
    Exit::Done
}

fn judge(key: &Key, code: &Code, window: u8, messages: &dyn Messages) -> Exit {
    let window = Window {
        behind: window,
        ahead: window,
    };
    match verify(key, code, unix_now(), window) {
        Some(_) => {
            print::payload(&messages.say("otp-code-valid"));
            Exit::Done
        }
        None => {
            print::payload(&messages.say("otp-code-invalid"));
            Exit::Failed
        }
    }
}

/// Compares the clock that made the code with this computer's.
fn clock(key: &Key, code: &Code, messages: &dyn Messages) -> Exit {
    let offsets = clock_offsets(key, code, unix_now(), REACH);
    let (line, exit) = match offsets[..] {
        [] => {
            let minutes = u64::from(REACH) * TimeStep::SECONDS / 60;
            let said = messages.say_with("otp-clock-none", &[("minutes", &minutes)]);
            (said, Exit::Failed)
        }
        [0] => (messages.say("otp-clock-exact"), Exit::Done),
        [steps] => {
            let seconds = steps * TimeStep::SECONDS.cast_signed();
            let said = wording::clocks(messages, seconds, socklab_check::clock());
            (said, Exit::Failed)
        }
        _ => (messages.say("otp-clock-ambiguous"), Exit::Failed),
    };
    print::payload(&line);
    exit
}

fn unix_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or(Duration::ZERO).as_secs()
}
