//! The style sheet, the scripts and the icon. Their names contain a fingerprint of the content, so browsers may cache
//! them.
//!
//! Invariant: a module imports others by their names with fingerprints, so a page never mixes two versions.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;

pub(crate) struct Asset {
    stem: &'static str,
    extension: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) content: Cow<'static, str>,
    fingerprint: u64,
    /// Compressed at the first call that takes it.
    gzip: OnceLock<Vec<u8>>,
}

static STYLE: Asset =
    asset("countersign", "css", "text/css; charset=utf-8", include_str!("../../assets/countersign.css"));
static PASSKEY: Asset =
    asset("passkey", "js", "text/javascript; charset=utf-8", include_str!("../../assets/passkey.js"));
static ICON: Asset = asset("icon", "svg", "image/svg+xml", include_str!("../../assets/icon.svg"));

const fn asset(
    stem: &'static str,
    extension: &'static str,
    media_type: &'static str,
    content: &'static str,
) -> Asset {
    let fingerprint = fingerprint(content.as_bytes());
    Asset { stem, extension, media_type, content: Cow::Borrowed(content), fingerprint, gzip: OnceLock::new() }
}

/// The sources of the modules, each after those that it imports.
const MODULE_SOURCES: [(&str, &str); 16] = [
    (PRIVATE_KEY, include_str!("../../assets/private-key.js")),
    (SCRIPT, include_str!("../../assets/countersign.js")),
    ("der", include_str!("../../assets/der.js")),
    ("pem", include_str!("../../assets/pem.js")),
    ("zip", include_str!("../../assets/zip.js")),
    ("page", include_str!("../../assets/page.js")),
    ("kept", include_str!("../../assets/kept.js")),
    ("names", include_str!("../../assets/names.js")),
    ("keys", include_str!("../../assets/keys.js")),
    ("certificate", include_str!("../../assets/certificate.js")),
    ("pbes2", include_str!("../../assets/pbes2.js")),
    ("pkcs8", include_str!("../../assets/pkcs8.js")),
    ("pkcs12", include_str!("../../assets/pkcs12.js")),
    ("csr", include_str!("../../assets/csr.js")),
    (NEW, include_str!("../../assets/new.js")),
    (KEY_FILE, include_str!("../../assets/key-file.js")),
];
/// The module that every page loads.
const SCRIPT: &str = "countersign";
/// The search for private keys, which it imports.
const PRIVATE_KEY: &str = "private-key";
/// The module of the page that makes a key.
const NEW: &str = "new";
/// The module of the status page that turns a key file into others.
const KEY_FILE: &str = "key-file";

static MODULES: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    MODULE_SOURCES.iter().fold(Vec::new(), |mut modules, (stem, source)| {
        let module = module(stem, source, &modules);
        modules.push(module);
        modules
    })
});

/// A module whose imports have the names of these assets.
fn module(stem: &'static str, source: &str, imported: &[Asset]) -> Asset {
    let content = imported.iter().fold(source.to_owned(), |content, one| {
        content.replace(&format!("\"./{}.js\"", one.stem), &format!("\"./{}\"", one.name()))
    });
    let fingerprint = fingerprint(content.as_bytes());
    let media_type = "text/javascript; charset=utf-8";
    Asset {
        stem,
        extension: "js",
        media_type,
        content: Cow::Owned(content),
        fingerprint,
        gzip: OnceLock::new(),
    }
}

/// FNV-1a: distinguishes versions; no protection against attacks.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0100_0000_01b3);
        index += 1;
    }
    hash
}

impl Asset {
    fn name(&self) -> String {
        format!("{}-{:016x}.{}", self.stem, self.fingerprint, self.extension)
    }

    /// The content in the coding `gzip` (RFC 9110 section 8.4.1.3). Unlike a page it holds nothing secret and nothing of a caller, so its
    /// length tells nothing.
    pub(crate) fn gzip(&self) -> &[u8] {
        self.gzip.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing to memory does not fail.
            drop(encoder.write_all(self.content.as_bytes()));
            encoder.finish().unwrap_or_default()
        })
    }
}

/// The paths of the assets, for the head of a page.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) style: String,
    /// The module of every page, and the one that it imports, for a browser to fetch at once.
    pub(crate) script: String,
    pub(crate) private_key: String,
    /// The script of pages with passkeys.
    pub(crate) passkey: String,
    /// The module of the page that makes a key.
    pub(crate) new: String,
    /// The module of the status page that turns a key file into others.
    pub(crate) key_file: String,
    pub(crate) icon: String,
}

impl Paths {
    pub(crate) fn below(base_path: &str) -> Self {
        let path = |asset: &Asset| format!("{base_path}assets/{}", asset.name());
        let module = |stem| MODULES.iter().find(|module| module.stem == stem).map(path).unwrap_or_default();
        Self {
            style: path(&STYLE),
            script: module(SCRIPT),
            private_key: module(PRIVATE_KEY),
            passkey: path(&PASSKEY),
            new: module(NEW),
            key_file: module(KEY_FILE),
            icon: path(&ICON),
        }
    }

    /// The modules that the module of the page that makes a key imports, for a browser to fetch at once.
    pub(crate) fn imports_of_new(base_path: &str) -> Vec<String> {
        const OTHERS: [&str; 7] = [SCRIPT, PRIVATE_KEY, NEW, KEY_FILE, "pkcs12", "zip", "certificate"];
        let imported = MODULES.iter().filter(|module| !OTHERS.contains(&module.stem));
        imported.map(|module| format!("{base_path}assets/{}", module.name())).collect()
    }
}

/// The asset with this file name.
pub(crate) fn find(file: &str) -> Option<&'static Asset> {
    [&STYLE, &PASSKEY, &ICON].into_iter().chain(MODULES.iter()).find(|asset| asset.name() == file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_import_assets_that_exist() {
        let mut found = 0;
        for module in MODULES.iter() {
            for rest in module.content.split(" from \"").skip(1) {
                let imported = rest.split('"').next().unwrap_or_default();
                let file =
                    imported.strip_prefix("./").unwrap_or_else(|| panic!("{}: {imported}", module.stem));
                assert!(find(file).is_some(), "{}: {imported}", module.stem);
                found += 1;
            }
        }
        assert!(found > 25, "{found} imports");
    }

    /// The files that a module imports.
    fn imports(stem: &str) -> Vec<String> {
        let content = &MODULES.iter().find(|module| module.stem == stem).unwrap().content;
        let rests = content.split(" from \"./").skip(1);
        rests.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn every_page_fetches_at_once_what_its_module_imports() {
        let paths = Paths::below("/");
        assert_eq!(
            imports(SCRIPT).iter().map(|file| format!("/assets/{file}")).collect::<Vec<_>>(),
            [paths.private_key]
        );
        assert_eq!(imports(PRIVATE_KEY), Vec::<String>::new());
    }

    #[test]
    fn the_page_that_makes_a_key_fetches_what_it_imports() {
        let fetched = Paths::imports_of_new("/");
        let mut needed = imports(NEW);
        for module in MODULES.iter() {
            if needed.contains(&module.name()) {
                needed.extend(imports(module.stem));
            }
        }
        needed.sort();
        needed.dedup();
        let mut fetched: Vec<&str> =
            fetched.iter().filter_map(|path| path.strip_prefix("/assets/")).collect();
        fetched.sort_unstable();
        assert_eq!(fetched, needed);
    }
}
