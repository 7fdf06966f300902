//! The kit of `select`, in a process of its own: other tests have more than 1,024 descriptors open,
//! and then this model takes no connection. So it has the cases that need fewer.

#![cfg(unix)]

use socklab_multiplexing::Select;

socklab_tests::backend_tests!(Select, serves: one_at_a_time several_at_once);
socklab_tests::backend_tests!(@races Select);
