//! The lab on tokio: a task for each connection.

#![forbid(unsafe_code)]
