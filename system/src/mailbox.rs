//! How other threads wake a task or a loop.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use crate::lock::lock;

/// A queue that wakes the one task or loop that takes from it. An empty one has allocated nothing.
pub struct Mailbox<T>(Mutex<Inner<T>>);

struct Inner<T> {
    queue: VecDeque<T>,
    waker: Option<Waker>,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Mailbox(Mutex::new(Inner {
            queue: VecDeque::new(),
            waker: None,
        }))
    }
}

impl<T> Mailbox<T> {
    /// Adds a message, and wakes the receiver if it waits. If the receiver is gone, the message is
    /// dropped with the mailbox.
    pub fn send(&self, message: T) {
        let mut inner = lock(&self.0);
        inner.queue.push_back(message);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ready with the oldest message. If there is none, the next one uses the waker of `cx`.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<T> {
        let mut inner = lock(&self.0);
        if let Some(message) = inner.queue.pop_front() {
            return Poll::Ready(message);
        }
        match &mut inner.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn in_order_and_the_task_is_woken_if_it_waits() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mailbox = Mailbox::default();
        mailbox.send(1);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0, "nobody waited");
        assert_eq!(mailbox.poll(&mut cx), Poll::Ready(1));
        assert_eq!(mailbox.poll(&mut cx), Poll::Pending);
        assert_eq!(mailbox.poll(&mut cx), Poll::Pending);
        mailbox.send(2);
        mailbox.send(3);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "once is enough");
        assert_eq!(mailbox.poll(&mut cx), Poll::Ready(2));
        assert_eq!(mailbox.poll(&mut cx), Poll::Ready(3));
        assert_eq!(mailbox.poll(&mut cx), Poll::Pending);
    }
}
