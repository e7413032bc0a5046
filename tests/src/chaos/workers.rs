//! The processes that run the functions of one stack, and how to kill them.
//!
//! Invariant: a process is killed only if it is a descendant of this stack's command and runs a binary from this
//! stack's folder. The handle is opened before that check, so that a reused process id cannot be killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::Stack;

/// One process of a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worker {
    /// The worker's name, such as `sign`.
    pub name: String,
    /// The process.
    pub pid: i32,
}

/// Every process that runs a function of this stack, sorted by name.
pub fn workers(stack: &Stack) -> Vec<Worker> {
    let mut workers: Vec<Worker> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some(Worker { name: name_of(stack, pid)?, pid }))
        .collect();
    workers.sort();
    workers
}

/// Name of each running worker, by the access key id of its calls.
pub fn access_keys(stack: &Stack) -> BTreeMap<String, String> {
    let key = |pid: i32| {
        let environment = fs::read(Path::new("/proc").join(pid.to_string()).join("environ")).ok()?;
        let mut variables = environment.split(|byte| *byte == 0);
        let key = variables
            .find_map(|variable| std::str::from_utf8(variable).ok()?.strip_prefix("AWS_ACCESS_KEY_ID="));
        key.map(str::to_owned)
    };
    workers(stack).into_iter().filter_map(|worker| Some((key(worker.pid)?, worker.name))).collect()
}

/// Name of the worker that a process runs; `None` if it is not a function of this stack.
fn name_of(stack: &Stack, pid: i32) -> Option<String> {
    let process = Path::new("/proc").join(pid.to_string());
    let command = fs::read(process.join("cmdline")).ok()?;
    let program = String::from_utf8_lossy(command.split(|byte| *byte == 0).next()?).into_owned();
    if !Path::new(&program).starts_with(stack.path()) || !program.ends_with("/bootstrap") {
        return None;
    }
    let owner = i32::try_from(stack.endpoints()["pid"].as_i64()?).ok()?;
    if !descends(pid, owner) {
        return None;
    }
    let environment = fs::read(process.join("environ")).ok()?;
    let function = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| std::str::from_utf8(variable).ok()?.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="))?;
    Some(function.strip_prefix(stack.endpoint("stack"))?.trim_start_matches('-').to_owned())
}

fn descends(mut pid: i32, ancestor: i32) -> bool {
    while pid > 1 {
        if pid == ancestor {
            return true;
        }
        pid = parent(pid).unwrap_or(0);
    }
    false
}

/// Parent from `/proc/PID/stat`: the second field after the name, which is in parentheses and may hold any character.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Sends SIGKILL. Returns true if the process was a worker of this stack.
pub fn kill(stack: &Stack, worker: &Worker) -> bool {
    let Some(pid) = Pid::from_raw(worker.pid) else { return false };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    name_of(stack, worker.pid).as_ref() == Some(&worker.name)
        && pidfd_send_signal(handle, Signal::KILL).is_ok()
}

/// Resident memory in KiB of every process now, by worker.
pub fn resident(stack: &Stack) -> BTreeMap<String, Vec<u64>> {
    let mut memory: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for worker in workers(stack) {
        let status = fs::read_to_string(format!("/proc/{}/status", worker.pid)).unwrap_or_default();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<u64>().ok());
        memory.entry(worker.name).or_default().extend(kib);
    }
    memory
}
