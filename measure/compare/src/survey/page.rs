//! The survey as one page. Its first screen, 1280 by 720, has the headline, the matrix and the
//! sentences, for a lecturer who projects it. The whole page can be read without the script and in
//! print.

use super::contestants::{absent, stevens};
use super::figures::{mark, shown, unit};
use super::matrix::{Column, Mark, Matrix, MatrixCell, SurveyMetric};
use super::sentences::SurveyText;
use super::{Placement, Question, Survey};
use crate::format::Numbers;
use crate::names::Names;
use crate::report::Source;
use crate::report::locale::date;
use crate::web_page;
use socklab_text::Messages;
use socklab_text::markup::{Element, el};

/// How many lines of code are shown before and after the line that waits.
const AROUND: usize = 6;

/// From this ratio to the best on, a figure is highlighted.
const FAR: f64 = 2.0;

/// From this ratio on, a figure is highlighted most.
const VERY_FAR: f64 = 10.0;

/// The page. `command` is the command that repeats the survey; `sources` show where models wait.
pub fn html(
    survey: &Survey,
    matrix: &Matrix,
    command: &str,
    sources: &[Source],
    messages: &dyn Messages,
) -> String {
    let page = Page {
        survey,
        matrix,
        messages,
        text: SurveyText::new(survey, matrix, messages),
    };
    let first = el("main")
        .class("screen")
        .put(page.header())
        .put(page.table())
        .put(page.sentences())
        .put(page.choices());
    let body = el("body")
        .put(first)
        .put_all(page.failures())
        .put_all(page.waits(sources))
        .put(page.measured(command))
        .put(el("script").raw(include_str!("page.js")));
    let title = page.text.headline();
    web_page::html(&title, include_str!("page.css"), body, messages)
}

struct Page<'p> {
    survey: &'p Survey,
    matrix: &'p Matrix,
    messages: &'p dyn Messages,
    text: SurveyText<'p>,
}

impl Page<'_> {
    fn name(&self, at: usize) -> String {
        Names::new(self.messages).name(&self.matrix.contestants[at])
    }

    fn fact(&self, name: &str) -> String {
        let facts = self.survey.environment.facts.iter();
        let mut found = facts.filter(|(fact, _)| fact == name);
        found
            .next()
            .map_or(String::new(), |(_, value)| value.clone())
    }

    fn header(&self) -> Element {
        let seconds = Numbers::new(self.messages).fixed(self.survey.took, 0);
        let others = self.messages.number(&self.fact("others"));
        let machine = self.messages.say_with(
            "survey-page-machine",
            &[
                ("cpu", &self.fact("cpu")),
                ("cores", &self.fact("cores")),
                ("time", &format!("{seconds} s")),
                ("others", &others),
            ],
        );
        el("header")
            .put(el("h1").text(&self.text.headline()))
            .put(el("p").class("machine").text(&machine))
    }

    /// The number of a column's question, from 1, and whether the column is the question's first.
    fn number(&self, at: usize) -> (usize, bool) {
        let columns = &self.matrix.columns;
        let question = columns[at].question;
        let first = columns.iter().position(|one| one.question == question);
        let of = Question::ALL.iter().position(|one| *one == question);
        (of.unwrap_or_default() + 1, first == Some(at))
    }

    fn table(&self) -> Element {
        let columns = self.matrix.columns.iter().enumerate();
        let heads = columns.clone().filter_map(|(at, column)| {
            let (number, first) = self.number(at);
            let same = |one: &&Column| one.question == column.question;
            let span = self.matrix.columns.iter().filter(same).count();
            let name = format!("survey-head-{}", column.question.name());
            let name = self.messages.say(&name).replace(" / ", " ");
            first.then(|| {
                el("th")
                    .set("scope", "colgroup")
                    .set("colspan", span)
                    .set("data-question", number)
                    .put(el("span").class("number").text(&number.to_string()))
                    .text(" ")
                    .text(&name)
            })
        });
        let units = columns.map(|(at, column)| {
            el("th")
                .set("scope", "col")
                .class("unit")
                .set("data-question", self.number(at).0)
                .text(&self.messages.say(unit(column.measure)))
        });
        let corner = el("th")
            .set("scope", "col")
            .set("rowspan", 2)
            .class("server")
            .text(&self.messages.say("survey-column-server"));
        let head = el("thead")
            .put(el("tr").put(corner).put_all(heads))
            .put(el("tr").put_all(units));
        let rows = (0..self.matrix.contestants.len()).map(|row| {
            let figure = stevens(&self.matrix.contestants[row]);
            let name = el("th")
                .set("scope", "row")
                .put(el("b").text(&self.name(row)))
                .put(el("small").text(&self.waits_in(figure)));
            let cells = self.matrix.columns.iter().enumerate();
            let cells = cells.map(|(at, column)| {
                let cell = cell(column.measure, &column.cells[row], self.messages);
                cell.set("data-question", self.number(at).0)
            });
            el("tr").put(name).put_all(cells)
        });
        el("table")
            .put(head)
            .put(el("tbody").put_all(rows))
            .put(el("caption").text(&self.legend()))
    }

    /// The figure in Stevens, and where one of our models waits.
    fn waits_in(&self, figure: &str) -> String {
        match figure {
            "" => self.messages.say("survey-page-program"),
            figure => {
                let id = format!("survey-waits-{}", figure.replace('.', "-"));
                format!("{figure} {}", self.messages.say(&id))
            }
        }
    }

    fn legend(&self) -> String {
        let legend = self.messages.say("survey-legend");
        match self.matrix.columns.iter().any(Column::is_unsure) {
            true => format!("{legend} · {}", self.messages.say("survey-legend-unsure")),
            false => legend,
        }
    }

    fn sentences(&self) -> Element {
        let sentences = self.text.sentences().into_iter().enumerate();
        let items = sentences.map(|(at, sentence)| {
            // Remove the number: the HTML list adds it.
            let text = sentence.split_once(' ').map_or("", |(_, text)| text);
            el("li").set("data-question", at + 1).text(text)
        });
        el("ol").class("sentences").put_all(items)
    }

    /// Which servers suit which purpose. A class should be able to say this after the first screen.
    fn choices(&self) -> Element {
        let choices = self.text.choices().into_iter().flat_map(|(id, names)| {
            let what = self.messages.say(&format!("survey-choice-{id}"));
            [el("dt").text(&what), el("dd").text(&names)]
        });
        el("footer")
            .put(el("h2").text(&self.messages.say("survey-choices")))
            .put(el("dl").put_all(choices))
            .put(
                el("a")
                    .set("href", "#waits")
                    .text(&self.messages.say("survey-page-waits")),
            )
    }

    fn failures(&self) -> Option<Element> {
        let failures = self.text.failures();
        let items = failures.iter().map(|one| el("li").text(one));
        (!failures.is_empty()).then(|| el("section").put(el("ul").put_all(items)))
    }

    /// Excerpts of the code around each wait.
    fn waits(&self, sources: &[Source]) -> Option<Element> {
        let excerpts: Vec<Element> = sources.iter().filter_map(excerpt).collect();
        let title = self.messages.say("survey-page-waits-title");
        (!excerpts.is_empty()).then(|| {
            el("section")
                .set("id", "waits")
                .put(el("h2").text(&title))
                .put(el("div").class("columns").put_all(excerpts))
        })
    }

    /// The machine, the cautions, and the command that repeats the survey.
    fn measured(&self, command: &str) -> Element {
        let names = Names::new(self.messages);
        let cautions = &self.survey.environment.cautions;
        let cautions = cautions
            .iter()
            .map(|one| el("li").text(&names.caution(one)));
        let facts = self.survey.environment.facts.iter();
        let rows = facts.map(|(name, value)| {
            el("tr")
                .put(el("th").set("scope", "row").text(name))
                .put(el("td").text(&names.name(value)))
        });
        let facts = el("table").class("facts").put(el("tbody").put_all(rows));
        let placed = self.messages.say(match self.survey.placement() {
            Placement::OwnCore => "survey-page-own-core",
            Placement::SharedCore => "survey-page-shared-core",
            Placement::AnyCore => "survey-page-any-core",
        });
        let how = self.messages.say("survey-page-how");
        el("section")
            .put(el("h2").text(&self.messages.say("report-section-measured")))
            .put(el("p").text(&format!("{placed} {how}")))
            .put(el("p").put(el("code").text(command)))
            .put(el("p").text(&date(self.survey.started)))
            .put(el("ul").put_all(cautions))
            .put(
                el("details")
                    .put(el("summary").text(&self.messages.say("report-environment")))
                    .put(facts),
            )
    }
}

fn cell(metric: SurveyMetric, cell: &MatrixCell, messages: &dyn Messages) -> Element {
    let td = el("td");
    match cell {
        MatrixCell::Figure(figure, how) => {
            let class = match how {
                Mark::Best => "best",
                Mark::Worse(times) if *times >= VERY_FAR => "very-far",
                Mark::Worse(times) if *times >= FAR => "far",
                Mark::Worse(_) => "near",
                Mark::Unsure => "unsure",
            };
            td.class(class)
                .put(
                    el("span")
                        .class("figure")
                        .text(&shown(metric, *figure, messages)),
                )
                .text(" ")
                .put(el("span").class("mark").text(&mark(*how, messages)))
        }
        MatrixCell::Absent(why) => {
            let text = absent(why, messages);
            td.class("absent").text(&text)
        }
        MatrixCell::Empty => td.class("absent").text("–"),
    }
}

/// The lines around the one that waits.
fn excerpt(source: &Source) -> Option<Element> {
    let wait = source.wait.as_deref()?;
    let lines: Vec<&str> = source.text.lines().collect();
    let at = lines.iter().position(|line| line.contains(wait))?;
    let from = at.saturating_sub(AROUND);
    let until = (at + AROUND + 1).min(lines.len());
    let shown = (from..until).map(|number| {
        let line = el("span").class(if number == at { "line wait" } else { "line" });
        line.text(lines[number]).text("\n")
    });
    Some(
        el("article")
            .put(el("h3").text(&source.title))
            .put(
                el("p")
                    .class("path")
                    .text(&format!("{}:{}", source.path, at + 1)),
            )
            .put(el("pre").set("tabindex", 0).put(el("code").put_all(shown))),
    )
}
