//! HTML and SVG that are always well formed and escaped, because they are built from elements.

use std::fmt::{Display, Write as _};

/// An element with its content.
#[derive(Debug)]
pub struct Element {
    name: &'static str,
    attributes: String,
    inner: String,
}

/// An empty element.
pub fn el(name: &'static str) -> Element {
    Element {
        name,
        attributes: String::new(),
        inner: String::new(),
    }
}

impl Element {
    /// Adds an attribute, escaped.
    pub fn set(mut self, name: &str, value: impl Display) -> Self {
        self.attributes.push(' ');
        self.attributes.push_str(name);
        self.attributes.push_str("=\"");
        escape(&value.to_string(), &mut self.attributes);
        self.attributes.push('"');
        self
    }

    /// Sets the class.
    pub fn class(self, value: impl Display) -> Self {
        self.set("class", value)
    }

    /// Appends text, escaped.
    pub fn text(mut self, text: &str) -> Self {
        escape(text, &mut self.inner);
        self
    }

    /// Appends an element.
    pub fn put(mut self, child: Element) -> Self {
        child.write(&mut self.inner);
        self
    }

    /// Appends elements.
    pub fn put_all(self, children: impl IntoIterator<Item = Element>) -> Self {
        children.into_iter().fold(self, Element::put)
    }

    /// Appends markup without escaping it. Only for markup that socklab made: styles, scripts,
    /// pictures, and JSON without `<`.
    pub fn raw(mut self, markup: &str) -> Self {
        self.inner.push_str(markup);
        self
    }

    /// Writes the markup.
    pub fn markup(self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(self, to: &mut String) {
        let Element {
            name,
            attributes,
            inner,
        } = self;
        // Writing to memory cannot fail.
        let _ = match name {
            "meta" | "input" | "br" => write!(to, "<{name}{attributes}>"),
            _ => write!(to, "<{name}{attributes}>{inner}</{name}>"),
        };
        if !INLINE.contains(&name) {
            to.push('\n');
        }
    }
}

/// Elements within a line of text, where a line break would be shown as a blank.
const INLINE: &[&str] = &["a", "b", "code", "em", "small", "span", "tspan"];

/// Escapes text for any place in a page, including quoted attributes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

/// Appends text, escaped. Controls are shown as Unicode's control pictures: HTML cannot contain
/// them.
fn escape(text: &str, to: &mut String) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&#39;"),
            '\n' | '\t' => to.push(c),
            '\0'..='\x1f' => to.extend(char::from_u32(0x2400 + u32::from(c))),
            // C1 controls, and characters that reorder what is read.
            '\x7f'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                to.push('\u{fffd}');
            }
            _ => to.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_stays_text() {
        let said = "</script><img src=x onerror='a' title=\"b\">&\u{202e}\x1b";
        let paragraph = el("p").set("title", said).text(said).markup();
        let safe = "&lt;/script&gt;&lt;img src=x onerror=&#39;a&#39; title=&quot;b&quot;&gt;&amp;\
                    \u{fffd}\u{241b}";
        assert_eq!(paragraph, format!("<p title=\"{safe}\">{safe}</p>\n"));
    }
}
