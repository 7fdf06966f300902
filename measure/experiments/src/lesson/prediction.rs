//! The user's prediction, and how it compares with the result.

use socklab_text::{Messages, wrap};

use super::page::figures;

/// The possible answers.
#[derive(Debug)]
pub enum Answers {
    /// One of these choices, which have the letters from `a`.
    Choices(Vec<String>),
    /// A number. It is right if it differs from the result by this factor at most.
    Number {
        /// The factor.
        within: f64,
    },
}

/// An answer, given or measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// The index of the choice.
    Choice(usize),
    /// A number.
    Number(f64),
}

impl Answers {
    /// Parses typed text: `b`, `B`, `b)`; `12`, `1.5`, `1,5`. Returns `None` if it is not an
    /// answer.
    pub fn parse(&self, text: &str) -> Option<Answer> {
        let text = text.trim();
        match self {
            Answers::Choices(choices) => {
                let letter = text.trim_end_matches([')', '.']);
                let at = (0..choices.len()).find(|&at| letter.eq_ignore_ascii_case(LETTERS[at]))?;
                Some(Answer::Choice(at))
            }
            Answers::Number { .. } => {
                let number: f64 = text.replace(',', ".").parse().ok()?;
                (number.is_finite() && number >= 0.0).then_some(Answer::Number(number))
            }
        }
    }

    /// A hint at what to type.
    pub fn hint(&self, messages: &dyn Messages) -> String {
        match self {
            Answers::Choices(choices) => LETTERS[..choices.len()].join(", "),
            Answers::Number { .. } => messages.say("lesson-a-number"),
        }
    }

    /// The choices, each on lines of its own.
    pub(super) fn list(&self, width: usize) -> String {
        let Answers::Choices(choices) = self else {
            return String::new();
        };
        let lines = choices.iter().zip(LETTERS);
        lines
            .map(|(choice, letter)| wrap(&format!("  {letter}  "), choice, width) + "\n")
            .collect()
    }

    /// An answer in words.
    fn show(&self, answer: Answer, messages: &dyn Messages) -> String {
        match (self, answer) {
            (Answers::Choices(choices), Answer::Choice(at)) => {
                format!("{}  {}", LETTERS[at], choices[at])
            }
            (_, Answer::Choice(at)) => LETTERS[at].to_owned(),
            (_, Answer::Number(number)) if number.fract() == 0.0 => number.to_string(),
            (_, Answer::Number(number)) => messages.number(&figures(number)),
        }
    }

    /// Compares the prediction with the result.
    pub fn verdict(
        &self,
        predicted: Option<Answer>,
        measured: Option<Answer>,
        messages: &dyn Messages,
    ) -> String {
        let shown = |answer: Option<Answer>| answer.map(|answer| self.show(answer, messages));
        let predicted_shown = shown(predicted).unwrap_or_else(|| messages.say("lesson-none-made"));
        let measured_shown = shown(measured).unwrap_or_else(|| match self {
            Answers::Choices(_) => messages.say("lesson-none-of-these"),
            Answers::Number { .. } => messages.say("lesson-not-measurable"),
        });
        let mut text = format!(
            "{}\n{}\n",
            messages.say_with("lesson-predicted", &[("answer", &predicted_shown)]),
            messages.say_with("lesson-measured", &[("answer", &measured_shown)]),
        );
        if let (Some(predicted), Some(measured)) = (predicted, measured) {
            text.push_str(&self.compare(predicted, measured, messages));
            text.push('\n');
        }
        text
    }

    fn compare(&self, predicted: Answer, measured: Answer, messages: &dyn Messages) -> String {
        match (self, predicted, measured) {
            (Answers::Number { within }, Answer::Number(predicted), Answer::Number(measured)) => {
                let (small, large) = (predicted.min(measured), predicted.max(measured));
                let times = large / small;
                if predicted == measured {
                    messages.say("lesson-right")
                } else if times <= *within {
                    messages.say_with("lesson-near", &[("times", within)])
                } else if small <= 0.0 {
                    messages.say("lesson-wrong")
                } else {
                    let times = messages.number(&format!("{times:.1}"));
                    messages.say_with("lesson-wrong-by", &[("times", &times)])
                }
            }
            _ if predicted == measured => messages.say("lesson-right"),
            _ => messages.say("lesson-wrong"),
        }
    }
}

const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_text::Ids;

    fn choices() -> Answers {
        Answers::Choices(["none", "one", "all"].map(str::to_owned).to_vec())
    }

    #[test]
    fn what_is_an_answer() {
        for (typed, answer) in [
            ("a", Some(Answer::Choice(0))),
            (" C)\n", Some(Answer::Choice(2))),
            ("d", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(choices().parse(typed), answer, "{typed:?}");
        }
        let number = Answers::Number { within: 2.0 };
        for (typed, answer) in [
            ("12", Some(Answer::Number(12.0))),
            ("1,5", Some(Answer::Number(1.5))),
            ("-1", None),
            ("inf", None),
            ("many", None),
        ] {
            assert_eq!(number.parse(typed), answer, "{typed:?}");
        }
    }

    #[test]
    fn the_measurement_decides() {
        let number = Answers::Number { within: 2.0 };
        let one = |at| Some(Answer::Choice(at));
        let of = |number| Some(Answer::Number(number));
        for (answers, predicted, measured, says) in [
            (&choices(), one(1), one(1), "lesson-right"),
            (&choices(), one(1), one(2), "lesson-wrong"),
            (&choices(), one(1), None, "lesson-none-of-these"),
            (&choices(), None, one(2), "lesson-none-made"),
            (&number, of(5.0), of(8.0), "lesson-near times=2"),
            (&number, of(5.0), of(50.0), "lesson-wrong-by times=10.0"),
            (&number, of(0.0), of(5.0), "lesson-wrong"),
            (&number, of(0.0), of(0.0), "lesson-right"),
        ] {
            let verdict = answers.verdict(predicted, measured, &Ids);
            assert!(verdict.contains(says), "{verdict}");
            let judged = verdict.lines().count() == 3;
            assert_eq!(judged, predicted.is_some() && measured.is_some());
        }
    }
}
