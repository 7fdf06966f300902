//! Whether a page is well formed, as far as ours need it: every element is closed, attributes are
//! quoted, text is escaped.

use std::collections::BTreeSet;

/// Elements that have no end.
const VOID: [&str; 3] = ["meta", "input", "br"];
/// Elements whose text is as it is.
const RAW: [&str; 2] = ["script", "style"];

/// The text of an element as it stands in the page, from its start tag to its end tag; elements of
/// its kind are not in it.
pub(crate) fn element<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).unwrap_or_else(|| panic!("no {start}"));
    let length = page[from..].find(end).unwrap_or_else(|| panic!("no {end}"));
    &page[from..from + length + end.len()]
}

/// What is wrong with a page.
pub(crate) fn wrongs(page: &str) -> Vec<String> {
    let mut wrongs = Vec::new();
    let (mut open, mut ids, mut wanted) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let Some(mut rest) = page.strip_prefix("<!DOCTYPE html>") else {
        return vec!["no doctype".to_owned()];
    };
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        if text.contains('>') {
            wrongs.push(format!("a stray > in {text:?}"));
        }
        let Some((tag, after)) = tag[1..].split_once('>') else {
            wrongs.push(format!("a tag without end: {:?}", tag.get(..40)));
            break;
        };
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                wrongs.push(format!("</{name}> closes another element"));
            }
            continue;
        }
        // In a picture an element may end where it begins.
        let (tag, closed) = tag
            .strip_suffix('/')
            .map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        for (key, value) in quoted(attributes, &mut wrongs) {
            match key {
                "id" if !ids.insert(value) => wrongs.push(format!("{value} is there twice")),
                "aria-labelledby" => wanted.extend(value.split(' ')),
                _ if key.starts_with("on") => wrongs.push(format!("a handler: {key}")),
                _ => {}
            }
        }
        if closed || VOID.contains(&name) {
            continue;
        }
        open.push(name);
        if RAW.contains(&name) {
            let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
            rest = &rest[end..];
        }
    }
    wrongs.extend(open.iter().map(|name| format!("<{name}> is not closed")));
    let missing = wanted.difference(&ids);
    wrongs.extend(missing.map(|id| format!("nothing is called {id}")));
    wrongs
}

/// The attributes of a tag.
fn quoted<'a>(mut attributes: &'a str, wrongs: &mut Vec<String>) -> Vec<(&'a str, &'a str)> {
    let mut all = Vec::new();
    while !attributes.trim().is_empty() {
        let parts = attributes.split_once("=\"");
        let Some((key, (value, after))) =
            parts.and_then(|(key, rest)| Some((key, rest.split_once('"')?)))
        else {
            wrongs.push(format!("not quoted: {attributes:?}"));
            break;
        };
        all.push((key.trim(), value));
        attributes = after;
    }
    all
}

#[test]
fn what_is_wrong_is_found() {
    for (page, wrong) in [
        ("<p>a</p>", "no doctype"),
        ("<!DOCTYPE html><p>a", "<p> is not closed"),
        (
            "<!DOCTYPE html><p><b>a</p></b>",
            "</p> closes another element",
        ),
        ("<!DOCTYPE html><p a=b></p>", "not quoted: \"a=b\""),
        ("<!DOCTYPE html><p>a > b</p>", "a stray > in \"a > b\""),
        (
            "<!DOCTYPE html><p id=\"a\"></p><p id=\"a\"></p>",
            "a is there twice",
        ),
        (
            "<!DOCTYPE html><p aria-labelledby=\"b\"></p>",
            "nothing is called b",
        ),
        ("<!DOCTYPE html><p onclick=\"b\"></p>", "a handler: onclick"),
    ] {
        assert_eq!(
            wrongs(page).first().map(String::as_str),
            Some(wrong),
            "{page}"
        );
    }
    assert_eq!(wrongs("<!DOCTYPE html><script>a < b</script><br>"), [""; 0]);
}
