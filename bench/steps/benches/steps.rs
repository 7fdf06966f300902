//! How long the core's steps take, and what they allocate: `cargo bench -p socklab-steps`.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use socklab_steps::steps;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = steps().into_iter().map(|step| step.name))]
fn step(bencher: Bencher<'_, '_>, name: &str) {
    let mut steps = steps().into_iter();
    let mut step = steps.find(|step| step.name == name).expect("the name");
    // Every buffer has the size that it needs.
    step.run();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| step.run());
}
