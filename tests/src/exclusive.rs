//! One stack for all tests that change a stack as a whole: broken workers, restarts, other policies.
//!
//! Invariant: one test at a time uses it, and leaves it as it found it, except for its requests. A test that panics
//! discards the stack, and the next one starts a new stack.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::Stack;

/// Exclusive use of the stack, until dropped.
pub struct ExclusiveStack(MutexGuard<'static, Option<Stack>>);

impl ExclusiveStack {
    /// Waits for the tests before this one, and starts the stack if there is none.
    pub async fn take() -> Self {
        static STACK: Mutex<Option<Stack>> = Mutex::const_new(None);
        static STARTS: AtomicUsize = AtomicUsize::new(0);
        let mut stack = STACK.lock().await;
        if stack.is_none() {
            let number = STARTS.fetch_add(1, Ordering::SeqCst);
            *stack = Some(Stack::start(&format!("exclusive-{number}")).await);
        }
        Self(stack)
    }

    /// Stops the stack and starts it again.
    pub async fn restart(&mut self) {
        let stopped = self.0.take().expect("a stack").stop();
        *self.0 = Some(stopped.start().await);
    }
}

impl Deref for ExclusiveStack {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        self.0.as_ref().expect("a stack")
    }
}

impl Drop for ExclusiveStack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.take();
        }
    }
}
