//! What every chart asks of the measurements.

use super::report_text::ReportText;
use crate::results::{Load, Results};
use crate::summary::{Cell, Document, Estimate, Summary};
use socklab_text::Messages;

/// The measurements with the words to show them in.
pub(super) struct Sheet<'a> {
    pub(super) results: &'a Results,
    pub(super) summary: &'a Summary,
    pub(super) words: ReportText<'a>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(document: &'a Document, messages: &'a dyn Messages) -> Self {
        Sheet {
            results: &document.results,
            summary: &document.summary,
            words: ReportText::new(messages),
        }
    }

    /// The models with their places, by which they have their colours and shapes.
    pub(super) fn models(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let models = self.results.models.iter().enumerate();
        models.map(|(place, model)| (place, model.as_str()))
    }

    /// The place of a model.
    pub(super) fn place(&self, model: &str) -> Option<usize> {
        self.results.models.iter().position(|one| one == model)
    }

    /// The loads with their places.
    pub(super) fn loads(&self) -> impl Iterator<Item = (usize, Load)> + use<'a> {
        self.results.loads.iter().copied().enumerate()
    }

    /// The cell of a model under a load if it may be believed; else what is said instead.
    pub(super) fn cell(&self, model: &str, load: usize) -> Result<&'a Cell, String> {
        let refused = |one: &&crate::results::Proof| one.model == model && !one.same;
        if self.results.proofs.iter().any(|one| refused(&one)) {
            return Err(self.words.say("report-refused"));
        }
        let cell = self.summary.cell(model, load);
        match cell.filter(|cell| cell.trials > 0 || cell.rate.is_some()) {
            None => Err(self.words.say("report-not-measured")),
            Some(cell) if cell.invalid.is_empty() => Ok(cell),
            Some(cell) => {
                let why = self.words.reasons(&cell.invalid);
                Err(self.words.say_with("report-invalid", &[("why", &why)]))
            }
        }
    }

    /// A figure of a cell that may be believed.
    pub(super) fn figure(
        &self,
        model: &str,
        load: usize,
        of: impl Fn(&Cell) -> Option<Estimate>,
    ) -> Option<Estimate> {
        of(self.cell(model, load).ok()?)
    }

    /// The figures of the cells that may be believed, under one load or all, and the ends of their
    /// intervals: what an axis has to reach.
    pub(super) fn reach(
        &self,
        only: Option<usize>,
        of: impl Fn(&Cell) -> Option<Estimate>,
    ) -> Vec<f64> {
        self.ends(only, |model, load| self.figure(model, load, &of))
    }

    /// The same for what the server used.
    pub(super) fn reach_of_costs(
        &self,
        only: Option<usize>,
        of: impl Fn(&Cell) -> Option<Estimate>,
    ) -> Vec<f64> {
        self.ends(only, |model, load| of(self.cell(model, load).ok()?))
    }

    fn ends(
        &self,
        only: Option<usize>,
        figure: impl Fn(&str, usize) -> Option<Estimate>,
    ) -> Vec<f64> {
        let mut all = Vec::new();
        for (_, model) in self.models() {
            let loads = self.loads();
            for (load, _) in loads.filter(|(load, _)| only.is_none_or(|one| one == *load)) {
                if let Some(Estimate { value, interval }) = figure(model, load) {
                    all.push(value);
                    all.extend(interval.map(|one| one.high));
                }
            }
        }
        all
    }

    /// The load that is shown first: the last closed one under which most models can be believed.
    pub(super) fn first_load(&self) -> usize {
        let believed = |load: usize| {
            let cells = self
                .models()
                .filter(|(_, model)| self.cell(model, load).is_ok());
            cells.count()
        };
        let loads = 0..self.results.loads.len();
        let closed = |load: usize| matches!(self.results.loads[load], Load::Closed { .. });
        loads
            .max_by_key(|load| (closed(*load), believed(*load), *load))
            .unwrap_or(0)
    }
}
