//! The hidden command `measured-server`: this program, started again as the server that it
//! measures.

use clap::{ArgMatches, Args, Command};
use socklab_core::{Status, Transport};
use socklab_experiments::measured::{COMMAND, serve};
use socklab_text::Messages;

use crate::exit::Exit;
use crate::options::read;
use crate::print;
use crate::wording;

#[derive(Args, Clone, Debug)]
struct MeasuredArgs {
    #[arg(value_name = "JSON")]
    order: String,
}

pub(crate) fn command() -> Command {
    MeasuredArgs::augment_args(Command::new(COMMAND)).hide(true)
}

/// Serves until it is told to stop.
pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let args: MeasuredArgs = read(matches);
    match serve(&args.order) {
        Ok(Status::Failed(failure)) => {
            print::line(&wording::failure(messages, Transport::Stream, failure));
        }
        Ok(_) => return Exit::Done,
        Err(error) => print::line(&error.say(messages)),
    }
    Exit::Failed
}
