//! The headline of a survey.

use super::Question;
use super::matrix::{MatrixCell, SurveyMetric};
use super::sentences::SurveyText;
use super::waits::{may_wait, spared, waits};

impl SurveyText<'_> {
    /// The main difference, in one sentence. It calls only those worse that surely are.
    pub fn headline(self) -> String {
        let count = self.matrix.contestants.len();
        let in_all = |fits: fn(&MatrixCell) -> bool| -> Vec<usize> {
            let columns = &self.matrix.columns;
            let all = |at: &usize| columns.iter().all(|column| fits(&column.cells[*at]));
            (0..count).filter(all).collect()
        };
        let winners = in_all(MatrixCell::is_best);
        let mut perhaps = in_all(|cell| cell.is_best() || cell.is_unsure());
        perhaps.retain(|at| !winners.contains(at));
        let say = |id: &str, models: &[usize]| {
            let (names, others) = (self.list(models), self.list(&perhaps));
            self.say_with(
                id,
                &[
                    ("models", &names),
                    ("count", &models.len()),
                    ("others", &others),
                ],
            )
        };
        match (winners.len(), perhaps.len()) {
            (all, 0) if all == count => return self.messages.say("survey-headline-equal"),
            (sure, unsure) if sure + unsure == count => {
                return self.messages.say("survey-headline-unsure");
            }
            (1.., 0) => return say("survey-headline-winner", &winners),
            (1.., _) => return say("survey-headline-also", &winners),
            (0, 1..) => return say("survey-headline-perhaps", &perhaps),
            (0, 0) => {}
        }
        let cheap = self.matrix.column(Question::Silent, SurveyMetric::Bytes);
        let patient = self.matrix.column(Question::SlowRequest, SurveyMetric::P99);
        if let (Some(cheap), Some(patient)) = (cheap, patient) {
            let (cheap, survive) = (self.cheap(cheap), spared(patient));
            let both = cheap.iter().any(|at| survive.contains(at));
            let only =
                !waits(patient).is_empty() && !survive.is_empty() && may_wait(patient).is_empty();
            if only && !cheap.is_empty() && !both {
                return self.say_with(
                    "survey-headline-sides",
                    &[
                        ("cheap", &self.list(&cheap)),
                        ("count", &cheap.len()),
                        ("survive", &self.list(&survive)),
                    ],
                );
            }
        }
        self.messages.say("survey-headline-none")
    }
}
