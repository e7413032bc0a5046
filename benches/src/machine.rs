//! Machine and date of a measurement, in one line.

use std::fs;

use time::OffsetDateTime;

/// Processor, number of processors, load, and date.
#[must_use]
pub fn description() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of_cpu = |field: &str| {
        let line = cpus.lines().find(|line| line.starts_with(field))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = of_cpu("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let vectors = match of_cpu("flags") {
        Some(flags) if flags.split(' ').any(|flag| flag == "avx512f") => " with AVX-512",
        Some(_) => " without AVX-512",
        None => "",
    };
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    format!("{}, {count} x {model}{vectors}, load {load}", OffsetDateTime::now_utc().date())
}
