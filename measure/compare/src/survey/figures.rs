//! Formats a figure of the matrix in its unit, and relative to the best of its column.

use super::matrix::{Mark, SurveyMetric};
use crate::format::Numbers;
use socklab_text::Messages;

/// The message for the unit of a metric.
pub fn unit(metric: SurveyMetric) -> &'static str {
    match metric {
        SurveyMetric::P50 => "survey-unit-p50",
        SurveyMetric::Cpu => "survey-unit-cpu",
        SurveyMetric::P99 => "survey-unit-p99",
        SurveyMetric::Bytes => "survey-unit-bytes",
    }
}

/// A figure in its column's unit, with two significant digits.
pub fn shown(metric: SurveyMetric, figure: f64, messages: &dyn Messages) -> String {
    let figure = match metric {
        SurveyMetric::P50 | SurveyMetric::Cpu => figure,
        SurveyMetric::P99 => figure / 1e3,
        SurveyMetric::Bytes => figure / 1024.0,
    };
    two(figure, Numbers::new(messages))
}

/// Formats a value with two significant digits, but with all digits before the decimal point.
fn two(value: f64, numbers: Numbers<'_>) -> String {
    let decimals = match value {
        below if below < 0.995 => 2,
        below if below < 9.95 => 1,
        _ => 0,
    };
    numbers.fixed(value, decimals)
}

/// How a figure compares with the best: `★`, or the ratio.
pub fn mark(mark: Mark, messages: &dyn Messages) -> String {
    match mark {
        Mark::Best => "★".to_owned(),
        Mark::Worse(times) => format!("×{}", self::times(times, messages)),
        Mark::Unsure => String::new(),
    }
}

/// Formats a ratio.
pub fn times(times: f64, messages: &dyn Messages) -> String {
    let numbers = Numbers::new(messages);
    match times {
        below if below < 9.95 => numbers.fixed(times, 1),
        below if below < 999.5 => numbers.fixed(times, 0),
        _ => format!("{}k", numbers.fixed(times / 1e3, 0)),
    }
}
