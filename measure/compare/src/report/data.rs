//! The measurements, as charts query them.

use super::locale::Locale;
use crate::results::{Invalid, Load, Proof, Results};
use crate::summary::{Cell, Document, Estimate, Summary};
use socklab_text::{Messages, impl_error};

/// The measurements, and the language of the report.
pub(super) struct ReportData<'a> {
    pub(super) results: &'a Results,
    pub(super) summary: &'a Summary,
    pub(super) locale: Locale<'a>,
}

impl<'a> ReportData<'a> {
    pub(super) fn new(document: &'a Document, messages: &'a dyn Messages) -> Self {
        ReportData {
            results: &document.results,
            summary: &document.summary,
            locale: Locale::new(messages),
        }
    }

    /// The models with their indices, which determine their colours and shapes.
    pub(super) fn models(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let models = self.results.models.iter().enumerate();
        models.map(|(place, model)| (place, model.as_str()))
    }

    /// The index of a model.
    pub(super) fn place(&self, model: &str) -> Option<usize> {
        self.results.models.iter().position(|one| one == model)
    }

    /// The loads with their indices.
    pub(super) fn loads(&self) -> impl Iterator<Item = (usize, Load)> + use<'a> {
        self.results.loads.iter().copied().enumerate()
    }

    /// The cell of a model under a load, or why its figures must not be shown.
    pub(super) fn cell(&self, model: &str, load: usize) -> Result<&'a Cell, Withheld<'a>> {
        let refused = |proof: &Proof| proof.model == model && !proof.same;
        if self.results.proofs.iter().any(refused) {
            return Err(Withheld::Refused);
        }
        match self.summary.cell(model, load) {
            Some(cell) if cell.trials == 0 && cell.rate.is_none() => Err(Withheld::NotMeasured),
            None => Err(Withheld::NotMeasured),
            Some(cell) if !cell.invalid.is_empty() => Err(Withheld::Invalid(&cell.invalid)),
            Some(cell) => Ok(cell),
        }
    }

    /// A figure of a cell, if the cell is valid.
    pub(super) fn figure(
        &self,
        model: &str,
        load: usize,
        of: impl Fn(&Cell) -> Option<Estimate>,
    ) -> Option<Estimate> {
        of(self.cell(model, load).ok()?)
    }

    /// What an axis must reach: the figures of all valid cells, under one load or all loads, and
    /// the upper ends of their intervals.
    pub(super) fn reach(
        &self,
        only: Option<usize>,
        of: impl Fn(&Cell) -> Option<Estimate>,
    ) -> Vec<f64> {
        let mut all = Vec::new();
        for (_, model) in self.models() {
            let loads = self.loads().map(|(load, _)| load);
            for load in loads.filter(|load| only.is_none_or(|one| one == *load)) {
                if let Some(Estimate { value, interval }) = self.figure(model, load, &of) {
                    all.push(value);
                    all.extend(interval.map(|one| one.high));
                }
            }
        }
        all
    }

    /// The load that is shown first: the last closed load with the most valid cells.
    pub(super) fn first_load(&self) -> usize {
        let valid = |load: usize| {
            let shown = |(_, model): &(usize, &str)| self.cell(model, load).is_ok();
            self.models().filter(shown).count()
        };
        let loads = 0..self.results.loads.len();
        let closed = |load: usize| matches!(self.results.loads[load], Load::Closed { .. });
        loads
            .max_by_key(|load| (closed(*load), valid(*load), *load))
            .unwrap_or(0)
    }
}

/// Why the figures of a cell are not shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Withheld<'a> {
    /// The model's transcript differs from the reference's.
    Refused,
    /// There are no figures.
    NotMeasured,
    /// The figures are invalid: they would describe the measurement and not the server.
    Invalid(&'a [Invalid]),
}

impl_error!(Withheld<'_>);

impl Withheld<'_> {
    /// The reason in words.
    pub(super) fn say(self, messages: &dyn Messages) -> String {
        match self {
            Withheld::Refused => messages.say("report-refused"),
            Withheld::NotMeasured => messages.say("report-not-measured"),
            Withheld::Invalid(reasons) => {
                let why = Locale::new(messages).reasons(reasons);
                messages.say_with("report-invalid", &[("why", &why)])
            }
        }
    }
}
