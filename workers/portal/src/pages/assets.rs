//! The style sheet, the scripts and the icon. Their names contain a fingerprint of the content, so browsers may cache
//! them.

pub(crate) struct Asset {
    stem: &'static str,
    extension: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) content: &'static str,
    fingerprint: u64,
}

static STYLE: Asset =
    asset("countersign", "css", "text/css; charset=utf-8", include_str!("../../assets/countersign.css"));
static SCRIPT: Asset =
    asset("countersign", "js", "text/javascript; charset=utf-8", include_str!("../../assets/countersign.js"));
static PASSKEY: Asset =
    asset("passkey", "js", "text/javascript; charset=utf-8", include_str!("../../assets/passkey.js"));
static ICON: Asset = asset("icon", "svg", "image/svg+xml", include_str!("../../assets/icon.svg"));

const fn asset(
    stem: &'static str,
    extension: &'static str,
    media_type: &'static str,
    content: &'static str,
) -> Asset {
    Asset { stem, extension, media_type, content, fingerprint: fingerprint(content.as_bytes()) }
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
}

/// The paths of the assets, for the head of a page.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) style: String,
    pub(crate) script: String,
    /// The script of pages with passkeys.
    pub(crate) passkey: String,
    pub(crate) icon: String,
}

impl Paths {
    pub(crate) fn below(base_path: &str) -> Self {
        let path = |asset: &Asset| format!("{base_path}assets/{}", asset.name());
        Self { style: path(&STYLE), script: path(&SCRIPT), passkey: path(&PASSKEY), icon: path(&ICON) }
    }
}

/// The asset with this file name.
pub(crate) fn find(file: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &PASSKEY, &ICON].into_iter().find(|asset| asset.name() == file)
}
