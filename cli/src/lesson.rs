//! `socklab lesson`: asks for a prediction, measures, and shows both side by side.

use std::io::{IsTerminal, stdin};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, Command};
use socklab_experiments::lesson::{Answer, Answers, LESSONS, Lesson, LessonContext};
use socklab_text::{Messages, system_error};

use crate::exit::Exit;
use crate::interrupt::end_programs_on_interrupt;
use crate::options::read;
use crate::outlet;
use crate::print;

#[derive(Args, Clone, Debug)]
struct LessonArgs {
    #[arg(
        value_name = "LESSON",
        value_parser = PossibleValuesParser::new(LESSONS.iter().map(|one| one.name))
    )]
    lesson: Option<String>,
    #[arg(long = "list")]
    lesson_list: bool,
    #[arg(long, value_name = "ANSWER", requires = "lesson")]
    predict: Option<String>,
    #[arg(long = "quick")]
    lesson_quick: bool,
}

pub(crate) fn command() -> Command {
    LessonArgs::augment_args(Command::new("lesson"))
}

pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let args: LessonArgs = read(matches);
    let named = |name: &String| LESSONS.iter().find(|one| one.name == name);
    match args.lesson.as_ref().and_then(named) {
        Some(lesson) if !args.lesson_list => {
            // The lesson `fork` starts servers.
            end_programs_on_interrupt();
            teach(lesson, &args, messages)
        }
        _ => list(messages),
    }
}

fn list(messages: &dyn Messages) -> Exit {
    let widest = LESSONS.iter().map(|one| one.name.len()).max();
    let widest = widest.unwrap_or(0);
    for lesson in LESSONS {
        let about = messages.say(lesson.about);
        print::payload(&format!("{:widest$}  {about}", lesson.name));
    }
    if outlet::failed().is_none() {
        print::info(&messages.say("lesson-start"));
    }
    Exit::Done
}

fn teach(lesson: &Lesson, args: &LessonArgs, messages: &dyn Messages) -> Exit {
    let context = LessonContext {
        messages,
        columns: print::columns(),
        quick: args.lesson_quick,
        progress: &print::info,
    };
    let asked = (lesson.ask)(&context);
    let mut predicted = None;
    if let Some(text) = &args.predict {
        predicted = asked.answers.parse(text);
        if predicted.is_none() {
            let hint = asked.answers.hint(messages);
            print::line(
                &messages.say_with("lesson-no-answer", &[("given", text), ("answers", &hint)]),
            );
            return Exit::Usage;
        }
    }
    print::lines(&lesson.introduction(&asked, &context));
    if outlet::reader_left() {
        return Exit::Done;
    }
    if args.predict.is_none() {
        predicted = ask(&asked.answers, messages);
        if outlet::reader_left() {
            return Exit::Done;
        }
    }
    match (lesson.measure)(&context) {
        Ok(found) => {
            let verdict = asked.answers.verdict(predicted, found.answer, messages);
            print::lines(&context.fitted(&verdict));
            print::lines(&lesson.conclusion(&found, &context));
            Exit::Done
        }
        Err(error) => {
            let (name, detail) = (lesson.name, system_error::text(messages, &error));
            let line =
                messages.say_with("lesson-failed", &[("lesson", &name), ("detail", &detail)]);
            print::line(&line);
            Exit::Failed
        }
    }
}

/// Asks for a prediction. Ends with a valid one, an empty line, or the end of the input or the
/// reader.
fn ask(answers: &Answers, messages: &dyn Messages) -> Option<Answer> {
    let hint = answers.hint(messages);
    loop {
        outlet::wait_while_read(Duration::ZERO);
        if outlet::reader_left() {
            return None;
        }
        if stdin().is_terminal() && !print::is_quiet() {
            let prompt = messages.say_with("prompt-prediction", &[("answers", &hint)]);
            print::prompt(&prompt);
        }
        let mut line = String::new();
        match stdin().read_line(&mut line) {
            Ok(1..) if !line.trim().is_empty() => {}
            _ => return None,
        }
        if let Some(answer) = answers.parse(&line) {
            return Some(answer);
        }
        let given = line.trim();
        print::line(
            &messages.say_with("lesson-no-answer", &[("given", &given), ("answers", &hint)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    /// The commands that a lesson suggests must exist.
    #[test]
    fn what_to_try_next_can_be_typed() {
        let messages = Language::En.messages();
        for lesson in LESSONS {
            assert!(!lesson.next.is_empty(), "{}", lesson.name);
            for line in lesson.next {
                let typed = line.split_whitespace();
                let read = crate::command::command(&messages).try_get_matches_from(typed);
                assert!(read.is_ok(), "{}: {line}: {:?}", lesson.name, read.err());
            }
        }
    }
}
