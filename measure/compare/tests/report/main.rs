//! The report, as a page and in a browser.

mod browser;
mod html;
#[path = "../common/messages.rs"]
mod messages;
mod page;
mod sample;
