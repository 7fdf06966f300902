//! `socklab lesson`: a question that students answer wrongly, and a measurement that answers it.
//!
//! Each lesson says what will be done, asks for a prediction, does it, and shows the prediction against the result. Which answer
//! is right is decided by what this run measured, so a system that behaves otherwise is shown as it behaves.

mod bench;
mod c10k;
mod coordinated_omission;
mod head_of_line;
mod page;
mod ports;
mod prediction;
mod start_order;

use std::io;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, Command};

use crate::Exit;
use crate::args::{Common, read};
use crate::outlet;
use crate::say;
use crate::words::Words;

use bench::Bench;
use page::{Table, paragraph};
use prediction::{Answer, Answers};

/// All of them, in the order in which a course meets them.
static LESSONS: [&Lesson; 5] = [
    &start_order::LESSON,
    &ports::LESSON,
    &head_of_line::LESSON,
    &c10k::LESSON,
    &coordinated_omission::LESSON,
];

/// A lesson. Texts are the ids of messages.
struct Lesson {
    name: &'static str,
    /// What it asks, in one line.
    about: &'static str,
    ask: fn(&Bench<'_>) -> Question,
    measure: fn(&Bench<'_>) -> io::Result<Findings>,
    /// The message that explains, and the one that says who explained it first.
    why: &'static str,
    source: &'static str,
    /// Commands to go on with.
    next: &'static [&'static str],
}

/// What is said before anything is measured.
struct Question {
    setup: String,
    question: String,
    answers: Answers,
}

/// What was measured.
struct Findings {
    /// The right answer; nothing if none of those that could be given is, or if it could not be measured here.
    answer: Option<Answer>,
    table: Table,
    /// What else was found, in sentences.
    notes: Vec<String>,
    /// Whether it is what the lesson explains. If not, the lesson says so.
    explained: bool,
}

#[derive(Args, Clone, Debug)]
struct LessonArgs {
    #[arg(value_name = "LESSON", value_parser = PossibleValuesParser::new(LESSONS.map(|one| one.name)))]
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

pub(crate) fn main(matches: &ArgMatches, common: &Common, words: &Arc<Words>) -> Exit {
    let args: LessonArgs = read(matches);
    let named = |name: &String| LESSONS.into_iter().find(|one| one.name == name);
    match args.lesson.as_ref().and_then(named) {
        Some(lesson) if !args.lesson_list => teach(lesson, &args, common, words),
        _ => list(words),
    }
}

fn list(words: &Words) -> Exit {
    let widest = LESSONS.map(|one| one.name.len()).into_iter().max();
    let widest = widest.unwrap_or(0);
    for lesson in LESSONS {
        let about = words.say(lesson.about);
        print(&format!("{:widest$}  {about}\n", lesson.name));
    }
    Exit::Done
}

fn teach(lesson: &Lesson, args: &LessonArgs, common: &Common, words: &Arc<Words>) -> Exit {
    let bench = Bench::new(words, args.lesson_quick, common.quiet);
    let asked = (lesson.ask)(&bench);
    let mut predicted = None;
    if let Some(text) = &args.predict {
        predicted = asked.answers.parse(text);
        if predicted.is_none() {
            let hint = asked.answers.hint(words);
            say::line(&words.say_with("lesson-no-answer", &[("given", text), ("answers", &hint)]));
            return Exit::Usage;
        }
    }
    print(&format!(
        "{}: {}\n\n{}\n{}{}\n",
        lesson.name,
        words.say(lesson.about),
        paragraph(&asked.setup),
        paragraph(&asked.question),
        asked.answers.list(),
    ));
    if outlet::reader_left() {
        return Exit::Done;
    }
    if args.predict.is_none() {
        predicted = prediction::ask(&asked.answers, words);
    }
    match (lesson.measure)(&bench) {
        Ok(found) => {
            print(&asked.answers.verdict(predicted, found.answer, words));
            print(&result(lesson, &found, words));
            Exit::Done
        }
        Err(error) => {
            let (name, detail) = (lesson.name, error.to_string());
            let line = words.say_with("lesson-failed", &[("lesson", &name), ("detail", &detail)]);
            say::line(&line);
            Exit::Failed
        }
    }
}

/// What was measured, why it is so, and how to go on.
fn result(lesson: &Lesson, found: &Findings, words: &Words) -> String {
    let mut text = format!("\n{}\n", found.table);
    for note in &found.notes {
        text.push_str(&paragraph(note));
    }
    if !found.explained {
        text.push_str(&paragraph(&words.say("lesson-otherwise")));
    }
    text.push_str(&format!("\n{}\n", words.say("lesson-heading-why")));
    text.push_str(&paragraph(&words.say(lesson.why)));
    text.push_str(&paragraph(&words.say(lesson.source)));
    text.push_str(&format!("\n{}\n", words.say("lesson-heading-next")));
    for command in lesson.next {
        text.push_str(&format!("  {command}\n"));
    }
    text
}

fn print(text: &str) {
    outlet::payload(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    /// What a lesson sends its readers to must be there.
    #[test]
    fn what_to_try_next_can_be_typed() {
        let words = Words::new(Language::En);
        for lesson in LESSONS {
            assert!(!lesson.next.is_empty(), "{}", lesson.name);
            for line in lesson.next {
                let typed = line.split_whitespace();
                let read = crate::args::command(&words).try_get_matches_from(typed);
                assert!(read.is_ok(), "{}: {line}: {:?}", lesson.name, read.err());
            }
        }
    }
}
