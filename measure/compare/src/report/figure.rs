//! A figure: a chart with an explanation, what it leaves out, and its data as a table.

use super::data::ReportData;
use socklab_text::markup::{Element, el};

/// A table of data. The first column has the rows' names.
pub(super) struct Table {
    /// The table's caption.
    pub(super) caption: String,
    /// The names of the columns.
    pub(super) head: Vec<String>,
    /// The rows. The first cell of each is its name.
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// Draws the table.
    pub(super) fn draw(&self) -> Element {
        let head = self.head.iter();
        let head = head.map(|name| el("th").set("scope", "col").text(name));
        let rows = self.rows.iter().map(|row| {
            el("tr").put_all(row.iter().enumerate().map(|(column, text)| match column {
                0 => el("th").set("scope", "row").text(text),
                _ => el("td").text(text),
            }))
        });
        el("table")
            .put(el("caption").text(&self.caption))
            .put(el("thead").put(el("tr").put_all(head)))
            .put(el("tbody").put_all(rows))
    }

    /// The table in a collapsed `<details>`.
    pub(super) fn folded(&self, data: &ReportData<'_>) -> Element {
        el("details")
            .put(el("summary").text(&data.locale.say("report-data")))
            .put(scrolled(&self.caption, self.draw()))
    }
}

/// Puts content that may be wider than the page into an element that scrolls, also by keyboard.
pub(super) fn scrolled(name: &str, what: Element) -> Element {
    el("div")
        .class("scroll")
        .set("role", "region")
        .set("tabindex", 0)
        .set("aria-label", name)
        .put(what)
}

/// A chart: the drawing, what is missing in it, and its table.
pub(super) struct View {
    /// The drawing.
    pub(super) drawing: Element,
    /// The invalid measurements, one line each.
    pub(super) missing: Vec<String>,
    /// The data as a table.
    pub(super) table: Table,
}

impl View {
    fn draw(self, data: &ReportData<'_>) -> Vec<Element> {
        let mut all = vec![scrolled(&self.table.caption, self.drawing)];
        if !self.missing.is_empty() {
            let each = self.missing.iter().map(|line| el("li").text(line));
            all.push(el("ul").class("missing").put_all(each));
        }
        all.push(self.table.folded(data));
        all
    }
}

/// The text around a chart.
pub(super) struct Caption {
    /// The figure's id in the page.
    pub(super) id: String,
    /// The figure's title.
    pub(super) title: String,
    /// What the metric means. It must not exceed two lines, so that the chart fits on a screen with
    /// it.
    pub(super) means: String,
    /// Notes below the chart.
    pub(super) notes: Vec<String>,
}

impl Caption {
    /// A figure with its chart.
    pub(super) fn figure(&self, data: &ReportData<'_>, view: View) -> Element {
        self.around(view.draw(data))
    }

    /// A figure with a chart for each load, made by `view` from the load and the chart's title. The
    /// script shows one of them at a time. Without the script, and in print, all are shown.
    pub(super) fn by_load(
        &self,
        data: &ReportData<'_>,
        view: impl Fn(usize, String) -> Option<View>,
    ) -> Option<Element> {
        let views = data.loads().filter_map(|(load, what)| {
            let name = data.locale.load(what);
            let view = view(load, format!("{}: {name}", self.title))?;
            let choice = el("div")
                .class("choice")
                .set("data-load", load)
                .set("data-name", &name)
                .put(el("h4").text(&name));
            Some(choice.put_all(view.draw(data)))
        });
        let views: Vec<Element> = views.collect();
        (!views.is_empty()).then(|| self.around(views))
    }

    fn around(&self, charts: Vec<Element>) -> Element {
        let name = format!("{}-name", self.id);
        let notes = self.notes.iter();
        let notes = notes.map(|note| el("p").class("note").text(note));
        el("figure")
            .set("id", &self.id)
            .set("aria-labelledby", &name)
            .put(el("h3").set("id", name).text(&self.title))
            .put(el("p").class("means").text(&self.means))
            .put_all(charts)
            .put_all(notes)
    }
}
