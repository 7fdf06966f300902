//! Reads a table of values that commas, semicolons or tabs separate.
//!
//! RFC 4180, strictly: a lenient reader turns a quote that is never closed, or a comma that should
//! have been quoted, into values in other columns. A value here has no line break, so a quote
//! must close on the line on which it opens.

use socklab_core::submit::is_hidden;

use super::{Field, RosterError, RosterFault};

/// Separators that spreadsheets write.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// A table, with a header and the lines of its rows.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) separator: char,
    /// The number of the header's line.
    pub(super) line: usize,
    pub(super) header: Vec<String>,
    /// The field that each column holds.
    pub(super) fields: Vec<Option<Field>>,
    /// The rows with their line numbers. Each row has as many values as the header.
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    /// Reads text in UTF-8, or in UTF-16 with a byte-order mark. A first line `sep=` may name the
    /// separator. Otherwise it prefers separators with which the header satisfies `good`, and of
    /// these the one that yields the most columns. `understand` tells which field each column of
    /// the header holds. Errors in the header are reported before errors in the rows.
    pub(super) fn read(
        bytes: &[u8],
        good: impl Fn(&[String]) -> bool,
        understand: impl Fn(usize, &[String]) -> Result<Vec<Option<Field>>, RosterError>,
    ) -> Result<Table, RosterError> {
        let text = decode(bytes)?;
        let mut lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty())
            .peekable();
        let named = lines.peek().and_then(|(_, line)| named_separator(line));
        if named.is_some() {
            lines.next();
        }
        let Some((at, first)) = lines.next() else {
            let fault = RosterFault::NoDni {
                headers: Vec::new(),
            };
            return Err(RosterError { line: 1, fault });
        };
        let (separator, header) = header(at, first, named, good)?;
        // Of the separators, only a comma may be part of a name.
        let may_be_inside = separator == ',' && !has_blanks(&header);
        let header: Vec<String> = header.into_iter().map(|cell| cell.text).collect();
        let fields = understand(at, &header)?;
        let mut rows = Vec::new();
        for (at, line) in lines {
            let wrong = |fault| RosterError { line: at, fault };
            let mut row = cells(line, separator).map_err(wrong)?;
            if row.iter().all(|cell| cell.text.is_empty()) {
                continue;
            }
            // Spreadsheets add separators at the end of a line for empty columns.
            while row.len() > header.len() && row.last().is_some_and(|cell| cell.text.is_empty()) {
                row.pop();
            }
            let (found, columns) = (row.len(), header.len());
            if found != columns {
                return Err(wrong(RosterFault::Values { found, columns }));
            }
            if let Some(value) = odd_blank(&row).filter(|_| may_be_inside) {
                return Err(wrong(RosterFault::Blank { value }));
            }
            rows.push((at, row.into_iter().map(|cell| cell.text).collect()));
        }
        Ok(Table {
            separator,
            line: at,
            header,
            fields,
            rows,
        })
    }
}

/// Decodes the text of a file, and ends each line with a line feed.
fn decode(bytes: &[u8]) -> Result<String, RosterError> {
    let (text, lost) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => {
            let (text, _, lost) = encoding.decode(bytes);
            (text.into_owned(), lost)
        }
        None => {
            let text = String::from_utf8_lossy(bytes);
            (text.into_owned(), false)
        }
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let bad = |c: char| c == char::REPLACEMENT_CHARACTER || (c.is_control() && c != '\t');
    let mut lines = (1..).zip(text.lines());
    let line = lines.find(|(_, line)| line.contains(bad)).map(|(at, _)| at);
    match line {
        None if !lost => Ok(text),
        line => Err(RosterError {
            line: line.unwrap_or(1),
            fault: RosterFault::Encoding,
        }),
    }
}

/// The separator that Excel's first line `sep=;` names.
fn named_separator(line: &str) -> Option<char> {
    let line = line.trim_matches('"');
    let (word, rest) = line.split_once('=')?;
    let mut rest = rest.chars();
    let named = rest.next()?;
    let is_one = word.trim().eq_ignore_ascii_case("sep") && rest.next().is_none();
    is_one.then_some(named)
}

fn header(
    at: usize,
    line: &str,
    named: Option<char>,
    good: impl Fn(&[String]) -> bool,
) -> Result<(char, Vec<Cell>), RosterError> {
    let texts = |cells: &[Cell]| {
        cells
            .iter()
            .map(|cell| cell.text.clone())
            .collect::<Vec<_>>()
    };
    let candidates = match named {
        Some(one) => vec![one],
        None => SEPARATORS.to_vec(),
    };
    let mut best: Option<(bool, char, Vec<Cell>)> = None;
    let mut refused = None;
    for separator in candidates {
        let mut cells = match cells(line, separator) {
            Ok(cells) => cells,
            Err(fault) => {
                refused.get_or_insert(fault);
                continue;
            }
        };
        while cells.len() > 1 && cells.last().is_some_and(|cell| cell.text.is_empty()) {
            cells.pop();
        }
        let good = good(&texts(&cells));
        let rank = (good, cells.len());
        if best
            .as_ref()
            .is_none_or(|(good, _, cells)| (*good, cells.len()) < rank)
        {
            best = Some((good, separator, cells));
        }
    }
    match (best, refused) {
        (Some((_, separator, cells)), _) => Ok((separator, cells)),
        (None, fault) => Err(RosterError {
            line: at,
            fault: fault.unwrap_or(RosterFault::Encoding),
        }),
    }
}

/// Removes invisible characters from both ends of a text.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_hidden(c))
}

/// A value, [trimmed](trim).
#[derive(Debug)]
struct Cell {
    text: String,
    /// Whether the value is not in quotes and a blank stands before it.
    blank: bool,
}

/// Splits a line into its values.
fn cells(line: &str, separator: char) -> Result<Vec<Cell>, RosterFault> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = cell(rest, separator)?;
        cells.push(cell);
        match after {
            Some(after) => rest = after,
            None => return Ok(cells),
        }
    }
}

/// Reads the first value. Also returns the text after its separator, if there is one.
fn cell(text: &str, separator: char) -> Result<(Cell, Option<&str>), RosterFault> {
    let blank = |c: char| c.is_whitespace() && c != separator;
    let start = text.trim_start_matches(blank);
    if let Some(mut quoted) = start.strip_prefix('"') {
        let mut value = String::new();
        loop {
            let (some, after) = quoted.split_once('"').ok_or(RosterFault::QuoteOpen)?;
            value.push_str(some);
            match after.strip_prefix('"') {
                Some(more) => {
                    value.push('"');
                    quoted = more;
                }
                None => {
                    quoted = after;
                    break;
                }
            }
        }
        let after = quoted.trim_start_matches(blank);
        let rest = after.strip_prefix(separator);
        if rest.is_none() && !after.is_empty() {
            return Err(RosterFault::AfterQuote);
        }
        let text = trim(&value).to_owned();
        return Ok((Cell { text, blank: false }, rest));
    }
    let (value, rest) = match text.split_once(separator) {
        Some((value, rest)) => (value, Some(rest)),
        None => (text, None),
    };
    if value.contains('"') {
        return Err(RosterFault::QuoteInside);
    }
    let cell = Cell {
        text: trim(value).to_owned(),
        blank: value.starts_with(blank) && !trim(value).is_empty(),
    };
    Ok((cell, rest))
}

/// Whether the author of the file puts blanks after separators.
fn has_blanks(cells: &[Cell]) -> bool {
    cells.iter().skip(1).any(|cell| cell.blank)
}

/// Returns a value that follows a blank, if other values of the line do not. Then the comma before
/// it may be part of a name: `García, Ana`.
fn odd_blank(row: &[Cell]) -> Option<String> {
    let mut values = row.iter().skip(1).filter(|cell| !cell.text.is_empty());
    if values.clone().all(|cell| cell.blank) {
        return None;
    }
    values.find(|cell| cell.blank).map(|cell| cell.text.clone())
}
