//! Measured swim-lanes of an exchange.

#![forbid(unsafe_code)]
