//! Makes a step so many times, for a program that counts its instructions.
//!
//! `steps` names the steps; `steps NAME TIMES` makes one.

use socklab_steps::steps;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = &args[..] else {
        return steps().iter().for_each(|step| println!("{}", step.name));
    };
    let times: u64 = times.parse().expect("how many times");
    let mut step = steps()
        .into_iter()
        .find(|step| step.name == name)
        .expect("one of the names");
    (0..times).for_each(|_| step.run());
}
