//! The modules of the pages without a page: in Node.js, for random input, against its own crypto.

use std::process::Command;

use end_to_end::{PkiDir, needed, repository};

#[test]
fn the_modules_hold_for_any_input() {
    let Some([node]) = needed([("node", "nodejs")]) else { return };
    // Node.js takes files in this folder for modules.
    let folder = PkiDir::new();
    folder.write("package.json", r#"{"type": "module"}"#);
    for entry in std::fs::read_dir(repository().join("workers/portal/assets")).unwrap() {
        let path = entry.unwrap().path();
        folder.write(path.file_name().unwrap().to_str().unwrap(), std::fs::read(&path).unwrap());
    }
    let script = repository().join("tests/tests/end_to_end/new/modules.mjs");
    let output = Command::new(node).arg(script).arg(folder.path("")).output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success() && said.contains("held: 10 of 10"), "{said}");
}
