//! Runtimes as they are named on the command line.

use clap::builder::{PossibleValue, PossibleValuesParser};
use socklab_core::lab::Exercise;
use socklab_runtimes::Runtime;
use socklab_text::{Messages, system_error};

use crate::exit::Exit;
use crate::print;
use crate::processes::Design;

/// Takes the name of any runtime. The help shows those that there are for this system.
pub(crate) fn parser() -> PossibleValuesParser {
    PossibleValuesParser::new(values())
}

/// The same, and that of any design that starts processes.
pub(crate) fn or_designs() -> PossibleValuesParser {
    PossibleValuesParser::new(values().chain(Design::values()))
}

/// The names that it takes. Whether a ring can be had is found out only for those who name it: the
/// kernel takes milliseconds to make one, and every command would wait for them.
pub(crate) fn values() -> impl Iterator<Item = PossibleValue> {
    let missing = |one: &Runtime| *one != Runtime::Uring && one.available().is_err();
    let value = move |one: &Runtime| PossibleValue::new(one.name()).hide(missing(one));
    Runtime::ALL.iter().map(value)
}

/// How the command ends if it cannot have this runtime for that exercise; it has said why.
pub(crate) fn refused(
    runtime: Runtime,
    exercise: &Exercise,
    messages: &dyn Messages,
) -> Option<Exit> {
    let name = runtime.name();
    if let Err(error) = runtime.available() {
        let id = match runtime {
            Runtime::Uring if error.raw_os_error().is_some() => "runtime-no-uring",
            _ => "runtime-not-here",
        };
        let detail = system_error::text(messages, &error);
        print::line(&messages.say_with(id, &[("runtime", &name), ("detail", &detail)]));
        return Some(Exit::Unchecked);
    }
    if !runtime.serves(exercise.transport) {
        let exercise = exercise.name;
        let said = messages.say_with(
            "runtime-no-tcp",
            &[("runtime", &name), ("exercise", &exercise)],
        );
        print::line(&said);
        return Some(Exit::Usage);
    }
    None
}
