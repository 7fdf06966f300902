//! Cases of clients.

use socklab_system::Backend;

/// A server that does not accept is given up in time.
pub fn a_connection_that_does_not_open_in_time<B: Backend>() {
    #[cfg(target_os = "linux")]
    {
        use std::sync::Arc;
        use std::time::Duration;

        use socklab_core::{Failure, Status, lab, welcome};
        use socklab_system::Run;

        let (server, _kept) = super::nobody_accepts();
        let timeout = Duration::from_millis(100);
        let settings = lab::Settings {
            server,
            timeout: Some(timeout),
            ..lab::Settings::default()
        };
        let run = Arc::new(Run::new(crate::Screen::new(), ()));
        let client = welcome::Client::new(&settings);
        let ended = crate::real::Running::spawn(move || B::client(client, &run)).join();
        let expected = Failure::ConnectTimedOut(server, timeout);
        assert_eq!(ended, Status::Failed(expected));
    }
}
