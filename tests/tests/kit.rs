//! Proves that every runtime does what any runtime must.

mod blocking {
    socklab_tests::backend_tests!(socklab_blocking::Blocking);
}

mod async_std {
    socklab_tests::backend_tests!(socklab_async::AsyncStd, races);
}

mod mio {
    socklab_tests::backend_tests!(socklab_mio::Mio, races);
}

mod tokio {
    socklab_tests::backend_tests!(socklab_tokio::Tokio, races);
}
