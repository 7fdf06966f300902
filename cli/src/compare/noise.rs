//! Reports other busy programs before the measurement, while the user can still stop them.

use std::time::Duration;

use socklab_compare::format::Numbers;
use socklab_experiments::testbed::Noise;
use socklab_text::Messages;

use crate::print;

/// How long to wait until the machine is quiet.
const PATIENCE: Duration = Duration::from_secs(600);

/// Says how much CPU time other programs use, if it is much. With `wait`, returns once it is not.
pub(super) fn say_first(wait: bool, messages: &dyn Messages) {
    let say = |id: &str, noise: Noise| {
        let percent = format!("{} %", Numbers::new(messages).fixed(100.0 * noise.0, 0));
        print::info(&messages.say_with(id, &[("percent", &percent)]));
    };
    let mut announced = false;
    let noise = match wait {
        true => Noise::wait_quiet(PATIENCE, &mut |noise| {
            if !std::mem::replace(&mut announced, true) {
                say("compare-noise-waiting", noise);
            }
        }),
        false => Noise::now(),
    };
    if let Some(noise) = noise.filter(|noise| noise.is_noisy()) {
        say("compare-noise", noise);
    }
}
