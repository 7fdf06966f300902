//! The report, as a page and in a browser.

mod browser;
mod html;
mod page;
mod sample;
mod texts;
