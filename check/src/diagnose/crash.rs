//! Why a program crashed.

use std::path::{Path, PathBuf};

use socklab_core::transcript::Role;

use super::RECEIVES;
use crate::codes::Cause;
use crate::evidence::{Event, Evidence, shadowing_file};
use crate::scenario::{Move, Scenario};

/// The facts on which the cause of a crash depends.
#[derive(Debug)]
pub(crate) struct CrashContext<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) script: Option<PathBuf>,
    pub(crate) evidence: Option<&'a Evidence>,
    pub(crate) sent: &'a [Vec<u8>],
}

/// The cause that an exception, or the last lines on standard error, prove.
pub(crate) fn crash(
    raised: Option<&Event>,
    errors: &str,
    context: &CrashContext<'_>,
) -> Option<Cause> {
    let last = errors.lines().rev().find(|line| !line.trim().is_empty());
    let (kind, said) = match raised {
        Some(event) => {
            let said = event.said.clone().unwrap_or_default();
            (event.error.clone().unwrap_or_default(), said)
        }
        None => {
            let (kind, said) = last?.split_once(": ").unwrap_or((last?, ""));
            (kind.trim().to_owned(), said.to_owned())
        }
    };
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    if let Some(cause) = shadowed(&kind, &said, errors, context.script.as_deref()) {
        return Some(cause);
    }
    if has(&["builtin_function_or_method", "'method' object"]) {
        return Some(Cause::MissingBrackets);
    }
    match kind.as_str() {
        "TypeError" if has(&NUMBER) => Some(Cause::NumberNotText),
        "TypeError" if has(&ADDRESS) && failed_at_an_address(context) => {
            Some(Cause::AddressNotAPair)
        }
        "TypeError" if has(&MIXED) => Some(Cause::StrNotBytes),
        "AttributeError" if has(&MIXED_ATTRIBUTES) => Some(Cause::StrNotBytes),
        "UnicodeDecodeError" | "UnicodeEncodeError" if context.scenario.has_accents() => {
            Some(Cause::CrashOnAccents)
        }
        "SyntaxError" if has(&["Missing parentheses in call to 'print'"]) => {
            Some(Cause::WrongInterpreter)
        }
        "NameError" if has(&["'raw_input'", "'unicode'", "'xrange'"]) => {
            Some(Cause::WrongInterpreter)
        }
        "SyntaxError" | "IndentationError" | "TabError" => Some(Cause::SyntaxError),
        "NameError" | "UnboundLocalError" => Some(Cause::UnknownName),
        "TimeoutError" | "timeout" | "socket.timeout" => Some(Cause::DiesOnTimeout),
        "ModuleNotFoundError" => Some(Cause::ModuleMissing),
        "ValueError" if has(&["Secrets must be at least", "Secret must be at least"]) => {
            Some(Cause::PyotpRefusesDni)
        }
        _ if has(&["Secrets must be at least"]) => Some(Cause::PyotpRefusesDni),
        "OSError"
        | "BrokenPipeError"
        | "ConnectionResetError"
        | "ConnectionAbortedError"
        | "socket.error" => of_system(&kind, raised, &said, context),
        _ => took_an_empty_datagram(context).then_some(Cause::DiesOnEmpty),
    }
}

/// Whether the last call that failed is one that takes an address.
fn failed_at_an_address(context: &CrashContext<'_>) -> bool {
    let names = ["bind", "connect", "connect_ex", "sendto"];
    let last = context
        .evidence
        .and_then(|one| one.calls(&names).next_back());
    last.is_some_and(|event| event.error.is_some())
}

/// Whether an empty datagram was the last thing that the program received.
fn took_an_empty_datagram(context: &CrashContext<'_>) -> bool {
    let last = context
        .evidence
        .and_then(|one| one.calls(&RECEIVES).next_back());
    last.is_some_and(|event| event.is_datagram() && event.count == Some(0))
}

/// Python's messages when text and bytes are mixed up.
const MIXED: [&str; 5] = [
    "a bytes-like object is required, not 'str'",
    "must be a bytes-like object, not 'str'",
    "can't concat str to bytes",
    "can only concatenate str (not \"bytes\") to str",
    "string argument without an encoding",
];

/// Python's messages when a number is joined to text.
const NUMBER: [&str; 2] = [
    "can only concatenate str (not \"int\") to str",
    "unsupported operand type(s) for +: 'int' and 'str'",
];

/// Python's messages when an address is not a pair of a name and a number.
const ADDRESS: [&str; 3] = [
    "address must be tuple",
    "takes exactly one argument",
    "cannot be interpreted as an integer",
];

const MIXED_ATTRIBUTES: [&str; 2] = [
    "'str' object has no attribute 'decode'",
    "'bytes' object has no attribute 'encode'",
];

fn of_system(
    kind: &str,
    raised: Option<&Event>,
    said: &str,
    context: &CrashContext<'_>,
) -> Option<Cause> {
    let number = raised.and_then(|event| event.errno);
    let is = |numbers: &[i64]| number.is_some_and(|number| numbers.contains(&number));
    // "Address already in use" on Linux, macOS and Windows.
    if is(&[98, 48, 10048]) || said.contains("Address already in use") {
        return holds_it_already(context).then_some(Cause::AddressInUse);
    }
    let evidence = context.evidence?;
    let names = [
        "recv",
        "send",
        "sendall",
        "sendto",
        "accept",
        "recv_into",
        "listen",
    ];
    if let Some(event) = evidence.calls(&names).rfind(|event| event.error.is_some()) {
        // "Not supported", on Linux, macOS and Windows.
        let refused = is(&[95, 102, 45, 10045]);
        if event.is_datagram() && matches!(event.call.as_str(), "listen" | "accept") && refused {
            return Some(Cause::ListenOnUdp);
        }
        let client = context.scenario.program == Role::Client;
        let mut connects = evidence.calls(&["connect", "connect_ex"]);
        let connected = connects.any(|one| one.fd == event.fd && one.error.is_none());
        if client && event.is_stream() && !connected && is(&[32, 107, 57, 10057]) {
            return Some(Cause::NeverConnects);
        }
        let listens = evidence.calls(&["listen"]).any(|one| one.fd == event.fd);
        let accepted = evidence
            .calls(&["accept"])
            .any(|one| one.count.and_then(|fd| i64::try_from(fd).ok()) == event.fd);
        let talks = RECEIVES.contains(&event.call.as_str()) || event.call.starts_with("send");
        // Not connected, or a broken pipe, on Linux, macOS and Windows.
        if listens && !accepted && talks && is(&[107, 57, 10057, 32]) {
            return Some(Cause::ListenerUsed);
        }
        if event.call == "accept" && !listens && is(&[22, 10022]) {
            return Some(Cause::NeverCallsListen);
        }
    }
    let resets = context.scenario.moves.iter().any(|one| match one {
        Move::Reset(_) => true,
        Move::Network { how, .. } => how.reset > 0,
        _ => false,
    });
    (resets && kind.starts_with(['B', 'C'])).then_some(Cause::DiesOnReset)
}

/// Whether the program itself holds the port already.
fn holds_it_already(context: &CrashContext<'_>) -> bool {
    let Some(evidence) = context.evidence else {
        return false;
    };
    let port = |event: &Event| Some(event.to.as_ref()?.rsplit_once(':')?.1.to_owned());
    let mut binds = evidence.calls(&["bind"]);
    let refused = evidence
        .calls(&["bind"])
        .rfind(|event| event.error.is_some());
    let refused = refused.and_then(port);
    refused.is_some() && binds.any(|event| event.error.is_none() && port(event) == refused)
}

/// Whether a student's file has the name of a module and hides it, so that the module's contents
/// are missing.
fn shadowed(kind: &str, said: &str, errors: &str, script: Option<&Path>) -> Option<Cause> {
    let kinds = [
        "AttributeError",
        "ImportError",
        "ModuleNotFoundError",
        "TypeError",
        "NameError",
    ];
    if !kinds.contains(&kind) {
        return None;
    }
    // The traceback names the file that was imported instead of the module.
    if let Some(file) = shadowing_file(script?)
        && let Some(name) = file.file_name()
    {
        let name = format!("{}\", line", name.to_string_lossy());
        if errors.lines().any(|line| line.contains(&name)) {
            return Some(Cause::ShadowedModule);
        }
    }
    let folder = script?.parent()?;
    let quoted = said.split('\'').skip(1).step_by(2);
    let mut names = quoted.filter_map(|name| name.split('.').next());
    let shadow = names.any(|name| folder.join(format!("{name}.py")).is_file());
    let module = said.contains("module '") || said.contains("cannot import name");
    (shadow && module).then_some(Cause::ShadowedModule)
}

/// Why a program ended by itself before it should.
pub(crate) fn early_exit(
    raised: Option<&Event>,
    errors: &str,
    context: &CrashContext<'_>,
) -> Option<Cause> {
    if raised.is_some() || errors.contains("Traceback (") {
        return crash(raised, errors, context);
    }
    let last = context.sent.last()?;
    let chat = context.scenario.exercise == "chat";
    if last.is_empty() {
        return Some(Cause::DiesOnEmpty);
    }
    (chat && last == b"FIN").then_some(Cause::FinCase)
}
