//! The definition of a lesson, and its text.

use std::io;

use socklab_text::Grid;

use super::context::LessonContext;
use super::page::paragraph;
use super::prediction::{Answer, Answers};

/// A lesson. Its texts are the ids of messages.
pub struct Lesson {
    /// The lesson's name on the command line.
    pub name: &'static str,
    /// The lesson's question, in one line.
    pub about: &'static str,
    /// Makes the question, with a description of what will be measured.
    pub ask: fn(&LessonContext<'_>) -> Question,
    /// Measures the answer.
    pub measure: fn(&LessonContext<'_>) -> io::Result<Findings>,
    /// The messages with the explanation and with its source.
    pub(super) why: &'static str,
    pub(super) source: &'static str,
    /// Commands to try next.
    pub next: &'static [&'static str],
}

/// The text before the measurement.
pub struct Question {
    pub(super) setup: String,
    pub(super) question: String,
    /// The possible answers.
    pub answers: Answers,
}

/// What a lesson has measured, as its page shows it.
pub struct Findings {
    /// The measured answer; `None` if it is not among the choices, or could not be measured here.
    pub answer: Option<Answer>,
    pub(super) table: Grid,
    /// Further findings, in sentences.
    pub(super) notes: Vec<String>,
    /// Whether the result is what the lesson explains. If not, the lesson says so.
    pub(super) explained: bool,
}

impl Lesson {
    /// The text before the prediction.
    pub fn introduction(&self, question: &Question, context: &LessonContext<'_>) -> String {
        let (about, width) = (context.messages.say(self.about), context.width());
        format!(
            "{}\n{}\n{}{}\n",
            paragraph(&format!("{}: {about}", self.name), width),
            paragraph(&question.setup, width),
            paragraph(&question.question, width),
            question.answers.list(width),
        )
    }

    /// The text after the measurement: the results, the explanation, and what to try next.
    pub fn conclusion(&self, found: &Findings, context: &LessonContext<'_>) -> String {
        let (messages, width) = (context.messages, context.width());
        let paragraph = |text: &str| paragraph(text, width);
        let table = found.table.localized(messages);
        let table = match context.columns {
            Some(columns) => table.fitted(columns.max(width) - 2),
            None => table.plain(),
        };
        let mut text = "\n".to_owned();
        for row in table.lines() {
            text.push_str(&format!("  {row}\n"));
        }
        text.push('\n');
        for note in &found.notes {
            text.push_str(&paragraph(note));
        }
        if !found.explained {
            text.push_str(&paragraph(&messages.say("lesson-otherwise")));
        }
        text.push_str(&format!("\n{}\n", messages.say("lesson-heading-why")));
        text.push_str(&paragraph(&messages.say(self.why)));
        text.push_str(&paragraph(&messages.say(self.source)));
        text.push_str(&format!("\n{}\n", messages.say("lesson-heading-next")));
        for command in self.next {
            text.push_str(&format!("  {command}\n"));
        }
        text
    }
}
