//! Names of loads, metrics and reasons, the same in every output.

use crate::estimate::Metric;
use crate::format::Numbers;
use crate::results::{Invalid, Knee, Load, Results};
use socklab_text::{Messages, Variable};

/// Names of the parts of a comparison, in one language.
#[derive(Clone, Copy)]
pub struct Names<'t> {
    /// The messages.
    pub messages: &'t dyn Messages,
    /// The numbers of that language.
    pub numbers: Numbers<'t>,
}

impl<'t> Names<'t> {
    /// Names in the language of these messages.
    pub fn new(messages: &'t dyn Messages) -> Self {
        Names {
            messages,
            numbers: Numbers::new(messages),
        }
    }

    /// A name from outside, such as an address, escaped.
    pub fn name(self, name: &str) -> String {
        self.messages.say_with("compare-name", &[("name", &name)])
    }

    /// A load: its connections and, if it is open, its questions per second.
    pub fn load(self, load: &Load) -> String {
        match load {
            Load::Closed { connections } => {
                let messages = self.messages;
                messages.say_with("compare-load-closed", &[("connections", connections)])
            }
            Load::Open { connections, rate } => {
                let rate = self.numbers.three(*rate);
                self.messages.say_with(
                    "compare-load-open",
                    &[("connections", connections), ("rate", &rate)],
                )
            }
        }
    }

    /// One of the results' loads.
    pub fn load_of(self, results: &Results, load: usize) -> String {
        results
            .loads
            .get(load)
            .map_or_else(|| load.to_string(), |load| self.load(load))
    }

    /// The name of a metric.
    pub fn metric(self, metric: Metric) -> String {
        let id = match metric {
            Metric::Rate => "compare-metric-rate",
            Metric::P50 => "compare-metric-p50",
            Metric::P99 => "compare-metric-p99",
            Metric::Cpu => "compare-metric-cpu",
        };
        self.messages.say(id)
    }

    /// The value of a metric with its unit.
    pub fn figure(self, metric: Metric, value: f64) -> String {
        match metric {
            Metric::Rate => self.numbers.three(value),
            Metric::P50 | Metric::P99 | Metric::Cpu => self.numbers.time(value),
        }
    }

    /// Between which rates a model's knee lies. `None` if no rate that was tried shows it.
    pub fn knee(self, knee: &Knee) -> Option<String> {
        let number = |rate: f64| self.numbers.fixed(rate, 0);
        let said = |id, name, rate| self.messages.say_with(id, &[(name, &number(rate))]);
        Some(match (knee.rate, knee.above) {
            (Some(low), Some(high)) => {
                let (low, high) = (number(low), number(high));
                let ends: [(&str, &dyn Variable); 2] = [("low", &low), ("high", &high)];
                self.messages.say_with("compare-knee-between", &ends)
            }
            (Some(low), None) => said("compare-knee-least", "low", low),
            (None, Some(high)) => said("compare-knee-below", "high", high),
            (None, None) => return None,
        })
    }

    /// Why a trial is invalid.
    pub fn reason(self, reason: Invalid) -> String {
        let id = match reason {
            Invalid::GeneratorSaturated => "compare-invalid-generator-saturated",
            Invalid::LateSchedule => "compare-invalid-late-schedule",
            Invalid::OutOfPorts => "compare-invalid-out-of-ports",
            Invalid::WrongReplies => "compare-invalid-wrong-replies",
            Invalid::TooFewSamples => "compare-invalid-too-few-samples",
            Invalid::NotSteady => "compare-invalid-not-steady",
            Invalid::ServerGone => "compare-invalid-server-gone",
        };
        self.messages.say(id)
    }

    /// A reservation about the figures. One that this version does not know is shown by its id.
    pub fn caution(self, id: &str) -> String {
        let id = match id {
            "shared-core" => "compare-caution-shared-core",
            "virtual-machine" => "compare-caution-virtual-machine",
            "governor" => "compare-caution-governor",
            "unpinned" => "compare-caution-unpinned",
            "debug-build" => "compare-caution-debug-build",
            "load-elsewhere" => "compare-caution-load-elsewhere",
            "register-in-memory" => "compare-caution-register-in-memory",
            other => return self.name(other),
        };
        self.messages.say(id)
    }
}

/// The metric that best tells models apart under a load: the rate under a closed load; under an
/// open one, where all models answer the same number of questions, the longest response times.
pub fn main_metric(load: &Load) -> Metric {
    match load {
        Load::Closed { .. } => Metric::Rate,
        Load::Open { .. } => Metric::P99,
    }
}
