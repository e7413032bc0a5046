//! Any bytes as an export: reading never panics and ends, and what is read to its end is what was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use workflow::backup::{ExportError, Header, Manifest, Reader, Record, Writer};

fn read(bytes: &[u8]) -> Result<(Header, Vec<Record>, Manifest), ExportError> {
    let mut reader = Reader::open(bytes)?;
    let mut records = Vec::new();
    while let Some(record) = reader.record()? {
        records.push(record);
    }
    let manifest = reader.manifest().expect("it was read to the end").clone();
    Ok((reader.header().clone(), records, manifest))
}

/// The same bytes with the manifest that belongs to them, or the fuzzer would have to find a SHA-256.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::open(bytes).ok()?;
    let mut writer = Writer::begin(Vec::new(), reader.header()).ok()?;
    while let Ok(Some(record)) = reader.record() {
        writer.put(&record).expect("what was read may be written");
    }
    Some(writer.finish().expect("memory takes everything").0)
}

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = read(bytes) {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let Some(mended) = mended(bytes) else { return };
    match read(&mended) {
        Ok((header, records, manifest)) => {
            let mut writer = Writer::begin(Vec::new(), &header).expect("memory takes everything");
            records.iter().for_each(|record| writer.put(record).expect("what was read may be written"));
            let (again, same) = writer.finish().expect("memory takes everything");
            assert_eq!((again, same), (mended, manifest));
        }
        // Events may be left without their row where the reading stopped.
        Err(error) => assert!(matches!(error, ExportError::Stray(_)), "{error}"),
    }
});
