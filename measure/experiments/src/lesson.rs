//! A question that students answer wrongly, and a measurement that answers it.
//!
//! A lesson says what will be done, asks for a prediction, does it, and shows the prediction beside
//! the result. What this run measured decides which answer is right, so a system that behaves
//! otherwise is shown as it behaves.

mod bench;
mod c10k;
mod coordinated_omission;
mod definition;
mod head_of_line;
mod page;
mod ports;
mod prediction;
mod select;
mod slow_request;
mod spin;
mod start_order;
mod stream;

pub use bench::Bench;
pub use definition::{Findings, Lesson, Question};
pub use prediction::{Answer, Answers};

/// All of them, in the order in which a course meets them.
pub static LESSONS: &[&Lesson] = &[
    &start_order::LESSON,
    &stream::LESSON,
    &ports::LESSON,
    &spin::LESSON,
    &select::LESSON,
    &head_of_line::LESSON,
    &slow_request::LESSON,
    &c10k::LESSON,
    &coordinated_omission::LESSON,
];
