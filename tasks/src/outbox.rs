//! The outbox that the tasks of a thread share.

use std::cell::Cell;

use socklab_core::Outbox;

thread_local! {
    static OUTBOX: Cell<Outbox> = const { Cell::new(Outbox::new()) };
}

/// Lends this thread's outbox to a task, for what the task does between two waits.
///
/// Meanwhile no other task runs on the thread, and a session leaves the outbox empty when it waits.
/// So one outbox for each thread is enough, and an idle connection keeps none.
pub(crate) fn with_outbox<T>(work: impl FnOnce(&mut Outbox) -> T) -> T {
    // Taken rather than borrowed: a nested call gets another outbox instead of a panic.
    let mut outbox = OUTBOX.take();
    let done = work(&mut outbox);
    OUTBOX.set(outbox);
    done
}

#[cfg(test)]
mod tests {
    use socklab_core::{Link, Output};

    use super::*;

    #[test]
    fn a_second_one_is_another() {
        let link = Link::first("192.0.2.1:1".parse().unwrap());
        with_outbox(|outer| {
            outer.send(link, b"hola");
            with_outbox(|inner| assert!(inner.is_empty()));
            let sent = outer.iter().next();
            assert!(matches!(sent, Some(Output::Send { bytes: b"hola", .. })));
            outer.clear();
        });
        with_outbox(|again| assert!(again.is_empty()));
    }
}
