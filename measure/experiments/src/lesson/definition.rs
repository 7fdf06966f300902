//! What a lesson is, and how it reads.

use std::io;

use socklab_text::{Grid, Messages};

use super::bench::Bench;
use super::page::paragraph;
use super::prediction::{Answer, Answers};

/// A lesson. Its texts are the ids of messages.
pub struct Lesson {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it asks, in one line.
    pub about: &'static str,
    /// Says what will be measured, and asks.
    pub ask: fn(&Bench<'_>) -> Question,
    /// Measures.
    pub measure: fn(&Bench<'_>) -> io::Result<Findings>,
    /// The message that explains, and the one that says who explained it first.
    pub(super) why: &'static str,
    pub(super) source: &'static str,
    /// Commands to go on with.
    pub next: &'static [&'static str],
}

/// What is said before anything is measured.
pub struct Question {
    pub(super) setup: String,
    pub(super) question: String,
    /// What can be answered.
    pub answers: Answers,
}

/// What was measured.
pub struct Findings {
    /// The right answer; `None` if none of the choices is, or if it could not be measured here.
    pub answer: Option<Answer>,
    pub(super) table: Grid,
    /// What else was found, in sentences.
    pub(super) notes: Vec<String>,
    /// Whether it is what the lesson explains. If not, the lesson says so.
    pub(super) explained: bool,
}

impl Lesson {
    /// What is read before the prediction.
    pub fn introduction(&self, question: &Question, messages: &dyn Messages) -> String {
        format!(
            "{}: {}\n\n{}\n{}{}\n",
            self.name,
            messages.say(self.about),
            paragraph(&question.setup),
            paragraph(&question.question),
            question.answers.list(),
        )
    }

    /// What was measured, why it is so, and how to go on.
    pub fn conclusion(&self, found: &Findings, messages: &dyn Messages) -> String {
        let mut text = "\n".to_owned();
        for row in found.table.plain().lines() {
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
