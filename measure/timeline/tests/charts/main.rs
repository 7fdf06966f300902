//! Charts of exchanges that were written down by hand, so that every number in them is known.

mod exchanges;
mod formats;
mod lanes;
