//! A worker that cannot start.

use serde_json::{Value, json};

use crate::Stack;

/// A worker whose configuration was taken away, all but the level of its log.
pub struct Broken<'a> {
    stack: &'a Stack,
    function: &'a str,
    working: Value,
}

impl<'a> Broken<'a> {
    /// Takes it away: from now on whatever is sent to the worker stays in its queue, until the queue gives it up.
    pub fn worker(stack: &'a Stack, name: &str) -> Self {
        let function = stack.endpoints()["functions"][name].as_str().unwrap();
        let ask = ["lambda", "get-function-configuration", "--function-name", function];
        let working = stack.aws_json(&ask)["Environment"]["Variables"].clone();
        let broken = Self { stack, function, working };
        broken.configure(&json!({ "COUNTERSIGN_LOG": broken.working["COUNTERSIGN_LOG"] }));
        broken
    }

    /// Gives it back.
    pub fn mend(self) {
        self.configure(&self.working);
    }

    fn configure(&self, variables: &Value) {
        let environment = json!({ "Variables": variables }).to_string();
        let command = ["lambda", "update-function-configuration", "--function-name", self.function];
        self.stack.aws(&[&command[..], &["--environment", &environment]].concat());
    }
}
