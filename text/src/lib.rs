//! Text for people, shared by everything that shows some.
//!
//! A library knows what it has to say, by the id of a [message](Messages) and its variables; the
//! command has the [translations](Translations). What a peer sent is [escaped](escape) before it is
//! shown.

#![forbid(unsafe_code)]

pub mod escape;
mod explained;
mod fluent;
mod grid;
pub mod markup;
mod messages;
mod paragraph;
pub mod system_error;

pub use fluent::Translations;
pub use grid::Grid;
pub use messages::{Ids, Messages, Value, Variable};
pub use paragraph::wrap;
