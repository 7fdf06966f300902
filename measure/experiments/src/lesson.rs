//! A question that students often answer wrongly, and a measurement that answers it.
//!
//! A lesson describes its experiment, asks for a prediction, measures, and shows the prediction
//! beside the result. The measurement of this run decides which answer is right, so a system that
//! behaves differently is shown as it behaves.

mod batching;
mod c10k;
mod context;
mod coordinated_omission;
mod definition;
mod fork;
mod head_of_line;
mod level_edge;
mod page;
mod ports;
mod prediction;
mod select;
mod slow_request;
mod spin;
mod start_order;
mod stream;

pub use context::LessonContext;
pub use definition::{Findings, Lesson, Question};
pub use prediction::{Answer, Answers};

/// All lessons, in the order of a course.
pub static LESSONS: &[&Lesson] = &[
    &start_order::LESSON,
    &stream::LESSON,
    &ports::LESSON,
    &spin::LESSON,
    &select::LESSON,
    &level_edge::LESSON,
    &head_of_line::LESSON,
    &slow_request::LESSON,
    &fork::LESSON,
    &c10k::LESSON,
    &batching::LESSON,
    &coordinated_omission::LESSON,
];
