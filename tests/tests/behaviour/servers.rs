//! What every UDP server does with errors of the system.

use socklab_core::transcript::Role::Server;
use socklab_core::{Doing, FaultKind};

use super::{NONE, up};

/// A stranger can cause a fault as often as he likes; each kind is said once, and nothing ends.
#[test]
fn faults_are_said_once() {
    for exercise in ["message", "echo", "chat"] {
        let mut server = up(exercise, Server);
        for doing in [Doing::Receiving, Doing::Sending] {
            for kind in FaultKind::ALL {
                let notice = format!("<- notice fault {} {}", doing.name(), kind.name());
                assert_eq!(server.fault(doing, kind), [notice]);
                for _ in 0..3 {
                    assert_eq!(server.fault(doing, kind), NONE);
                }
            }
        }
        assert!(server.is_running());
    }
}
