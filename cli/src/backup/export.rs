//! `countersign export`: from the stack to a file, which gets its name only when it is complete.

use std::collections::HashSet;
use std::io::BufWriter;
use std::path::Path;

use futures_util::StreamExt as _;
use time::OffsetDateTime;
use workflow::backup::{ExportError, FORMAT, Header, Record, Writer};
use workflow::timestamp::rfc3339;

use super::contents::ChainCheck;
use super::source::ExportSource;
use super::{ExportOptions, link_secret};
use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::Stack;
use crate::wording::broken_trails;
use crate::{ca, policy};

/// Number of concurrent reads.
const CONCURRENCY: usize = 16;

/// Writes the export.
pub(super) async fn run(options: &ExportOptions) -> Result<(), CliError> {
    let file = &options.file;
    if file.exists() {
        return Err(CliError::new(
            format!("{} exists", file.display()),
            "An export never overwrites. Name another file.",
        ));
    }
    let mut stack = options.which.find().await?;
    // Read first: should it fail, no file is left behind whose SHA-256 was never printed.
    let secret = match &options.link_secret {
        Some(_) => Some(link_secret::current(&stack).await?),
        None => None,
    };
    if let Some(suffix) = &options.tables_suffix {
        [
            &mut stack.requests_table,
            &mut stack.approvals_table,
            &mut stack.audit_table,
            &mut stack.names_table,
            &mut stack.people_table,
            &mut stack.grants_table,
        ]
        .into_iter()
        .for_each(|table| table.push_str(suffix));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let doing = || format!("cannot write {}", file.display());
    // Readable by its owner only; gets its name when it is complete.
    let output =
        tempfile::NamedTempFile::new_in(folder).or_fail(doing, "Name a file in a folder that exists.")?;
    let step = ProgressStep::begin(format!("Exporting to {}", file.display()));
    let header = Header {
        format: FORMAT,
        stack: ca::name_of(&stack).to_owned(),
        at: rfc3339(OffsetDateTime::now_utc()),
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut writer = Writer::begin(BufWriter::new(output), &header).map_err(|error| failed(file, error))?;
    let broken =
        everything(&stack, &step, |record| writer.put(record).map_err(|error| failed(file, error))).await?;
    let (output, manifest) = writer.finish().map_err(|error| failed(file, error))?;
    let output = output.into_inner().map_err(|error| error.into_error()).or_fail(doing, "")?;
    output.as_file().sync_all().or_fail(doing, "")?;
    output.persist_noclobber(file).map_err(|error| error.error).or_fail(doing, "")?;
    step.done(manifest.counts.to_string());
    let keep = format!("SHA-256 {}", manifest.sha256);
    match options.link_secret.as_deref() {
        // Standard output carries the secret.
        Some(to) if to == Path::new("-") => say(keep),
        _ => println!("{keep}"),
    }
    if let (Some(to), Some(secret)) = (&options.link_secret, secret) {
        link_secret::save(&secret, to)?;
    }
    if broken > 0 {
        return Err(CliError::new(
            format!("the export is complete, but {}", broken_trails(broken)),
            "See: countersign audit verify. An import needs --accept-broken-trails for it.",
        ));
    }
    Ok(())
}

/// Passes every record to `put` in the order of the format. Returns the number of broken audit trails.
async fn everything(
    stack: &Stack,
    step: &ProgressStep,
    mut put: impl FnMut(&Record) -> Result<(), CliError>,
) -> Result<usize, CliError> {
    let source = ExportSource::of(stack);
    if let Some(document) = policy::document(stack).await? {
        put(&Record::Policy(document))?;
    }
    let ids = source.ids().await?;
    let (mut exported, mut broken) = (HashSet::with_capacity(ids.len()), 0);
    let mut groups = futures_util::stream::iter(&ids)
        .map(|id| {
            let source = &source;
            async move { source.group(*id).await.map(|group| (*id, group)) }
        })
        .buffered(CONCURRENCY);
    while let Some(group) = groups.next().await {
        let (id, Some(group)) = group? else { continue };
        group.broken.iter().for_each(|wrong| say(format!("{id}: {wrong}")));
        broken += usize::from(!group.broken.is_empty());
        group.records.iter().try_for_each(&mut put)?;
        exported.insert(id);
        step.detail(&format!("{} of {} requests", exported.len(), ids.len()));
    }
    // Links and names of requests newer than the list of ids are omitted with their rows.
    source
        .links(|link| match exported.contains(&link.value().request_id) {
            true => put(&Record::Link(link)),
            false => Ok(()),
        })
        .await?;
    source
        .names(|name| match name.value().entry.about().is_none_or(|id| exported.contains(&id)) {
            true => put(&Record::Name(name)),
            false => Ok(()),
        })
        .await?;
    source.passkeys(|passkey| put(&Record::Passkey(passkey))).await?;
    source.provider_keys(|key| put(&Record::ProviderKey(key))).await?;
    // Uses before standing approvals: one that is counted meanwhile is in the number, so the number is never too small.
    source.standing_uses(|counted| put(&Record::StandingUse(counted))).await?;
    source.standing_approvals(|approval| put(&Record::Standing(Box::new(approval)))).await?;
    let (keys, others) = source.objects().await?;
    let mut objects = futures_util::stream::iter(keys)
        .map(|key| async move { stack.object(&key.to_string()).await.map(|text| (key, text)) })
        .buffered(CONCURRENCY);
    let mut chains = ChainCheck::default();
    while let Some(object) = objects.next().await {
        if let (key, Some(text)) = object? {
            chains.object(&key, &text);
            put(&Record::Object(key, text))?;
        }
    }
    ChainCheck::warning(chains.unverified).into_iter().for_each(say);
    others
        .iter()
        .for_each(|other| say(format!("omitted: {other} in the bucket is not an object of Countersign")));
    Ok(broken)
}

fn failed(file: &Path, error: ExportError) -> CliError {
    CliError::new(format!("cannot write {}: {error}", file.display()), "")
}
