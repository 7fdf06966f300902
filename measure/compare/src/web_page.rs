//! A page by itself: nothing is fetched and nothing leaves, all that it needs is in it.

use socklab_text::Messages;
use socklab_text::markup::{Element, el};

const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The page, in the language of the messages (their `report-lang` is its tag).
pub(crate) fn html(title: &str, style: &str, body: Element, messages: &dyn Messages) -> String {
    let meta = |name: &str, content: &str| el("meta").set("name", name).set("content", content);
    let policy = el("meta")
        .set("http-equiv", "Content-Security-Policy")
        .set("content", POLICY);
    let head = el("head")
        .put(el("meta").set("charset", "utf-8"))
        .put(policy)
        .put(meta("viewport", "width=device-width, initial-scale=1"))
        .put(meta("color-scheme", "light dark"))
        .put(el("title").text(title))
        .put(el("style").raw(style));
    let html = el("html").set("lang", messages.say("report-lang"));
    format!("<!DOCTYPE html>\n{}", html.put(head).put(body).markup())
}
