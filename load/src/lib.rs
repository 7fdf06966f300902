//! Load for servers of the lab's exercises.

#![forbid(unsafe_code)]
