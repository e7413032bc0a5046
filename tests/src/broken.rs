//! A worker that cannot start.

use serde_json::{Value, json};

use crate::Stack;

/// A worker without its configuration except the log level.
pub struct Broken<'a> {
    stack: &'a Stack,
    function: &'a str,
    working: Value,
}

impl<'a> Broken<'a> {
    /// Removes the configuration. Messages to the worker then stay in its queue until they reach the dead-letter queue.
    pub fn worker(stack: &'a Stack, name: &str) -> Self {
        let function = stack.endpoints()["functions"][name].as_str().unwrap();
        let ask = ["lambda", "get-function-configuration", "--function-name", function];
        let working = stack.aws_json(&ask)["Environment"]["Variables"].clone();
        let broken = Self { stack, function, working };
        broken.configure(&json!({ "COUNTERSIGN_LOG": broken.working["COUNTERSIGN_LOG"] }));
        broken
    }

    /// Restores the configuration.
    pub fn mend(self) {
        self.configure(&self.working);
    }

    fn configure(&self, variables: &Value) {
        let environment = json!({ "Variables": variables }).to_string();
        let command = ["lambda", "update-function-configuration", "--function-name", self.function];
        self.stack.aws(&[&command[..], &["--environment", &environment]].concat());
    }
}
