//! Where each model waits, seen in one small exchange.

mod clients;
mod play;

pub use play::play;
