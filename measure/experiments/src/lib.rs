//! What is measured, and how: [comparisons](compare), [timelines](timeline), [lessons](lesson) and
//! [tours](tour), and the [servers](measured) that they put under load.
//!
//! An experiment returns data. It does not print, and reads no locale or option. It reports its
//! progress through a trait that its caller implements, and takes the
//! [messages](socklab_text::Messages) that it shows.

#![forbid(unsafe_code)]

pub mod compare;
pub mod cores;
mod in_memory;
mod in_process;
pub mod lesson;
pub mod measured;
pub mod survey;
pub mod testbed;
pub mod timeline;
pub mod tour;
