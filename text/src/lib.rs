//! Text for users, shared by every crate that shows some.
//!
//! A library names a [message](Messages) by its id and variables; the command has the
//! [translations](Translations). Text from a peer is [escaped](escape) before it is shown.

#![forbid(unsafe_code)]

pub mod escape;
mod fluent;
mod grid;
mod impl_error;
pub mod markup;
mod messages;
mod paragraph;
pub mod system_error;

pub use fluent::Translations;
pub use grid::Grid;
pub use messages::{Ids, Messages, Value, Variable};
pub use paragraph::{line_width, wrap};
