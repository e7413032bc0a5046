//! Tables and the bucket: present, protected, recoverable.

use serde_json::{Value, json};

use super::{Found, Inspection};
use crate::deployment::deployed::DeployedResource;
use crate::deployment::doctor::check::{Check, Differences};

impl Inspection<'_> {
    pub(super) async fn table(&self, about: &'static str, one: &DeployedResource) -> Found {
        let name = &one.id;
        let Some(found) = self.aws.find(&["dynamodb", "describe-table", "--table-name", name]).await? else {
            let check = Check::wrong(
                about,
                format!("{} is gone: there is no {name}", one.name),
                "Stop here and restore it: see \"One second of the last 35 days\" or the import of an export in docs/operations/backup.md.",
            );
            return Ok(vec![check]);
        };
        let mut checks = Vec::new();
        let protection = self.stack.property(one, "DeletionProtectionEnabled");
        let mut differences = Differences::default();
        differences.compare(
            "DeletionProtectionEnabled",
            protection.as_ref(),
            &found["Table"]["DeletionProtectionEnabled"],
        );
        if !differences.is_empty() {
            let option = if protection == Some(json!(true)) {
                "--deletion-protection-enabled"
            } else {
                "--no-deletion-protection-enabled"
            };
            let found = format!("the table {name}: {}", differences.joined());
            checks.push(Check::wrong(
                about,
                found,
                format!("Set it back: aws dynamodb update-table --table-name {name} {option}."),
            ));
        }
        // The emulator makes tables without it.
        if self.emulated {
            return Ok(checks);
        }
        let recovery =
            self.aws.json(&["dynamodb", "describe-continuous-backups", "--table-name", name]).await?;
        let recovery = &recovery["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED" {
            checks.push(Check::wrong(
                about,
                format!("the table {name} has no point-in-time recovery"),
                format!(
                    "Switch it on: aws dynamodb update-continuous-backups --table-name {name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true."
                ),
            ));
        }
        Ok(checks)
    }

    pub(super) async fn bucket(&self, about: &'static str, one: &DeployedResource) -> Found {
        let name = &one.id;
        if self.aws.find(&["s3api", "head-bucket", "--bucket", name]).await?.is_none() {
            return Ok(vec![self.gone(about, one, &format!("aws s3api create-bucket --bucket {name}"))]);
        }
        let mut checks = Vec::new();
        let block =
            self.aws.find(&["s3api", "get-public-access-block", "--bucket", name]).await?.unwrap_or_default();
        let blocked = &block["PublicAccessBlockConfiguration"];
        let expected = self.stack.property(one, "PublicAccessBlockConfiguration").unwrap_or_default();
        let open: Vec<&str> = expected
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(field, _)| blocked[field.as_str()] != true)
            .map(|(field, _)| field.as_str())
            .collect();
        if !open.is_empty() {
            checks.push(Check::wrong(
                about,
                format!("the bucket {name} may be made public: {} is off", open.join(", ")),
                format!(
                    "Set it back: aws s3api put-public-access-block --bucket {name} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true."
                ),
            ));
        }
        let versioning: Value = self.aws.json(&["s3api", "get-bucket-versioning", "--bucket", name]).await?;
        if versioning["Status"] != "Enabled" {
            checks.push(Check::wrong(
                about,
                format!("the bucket {name} keeps no versions of its objects"),
                format!("Switch it on: aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled."),
            ));
        }
        Ok(checks)
    }
}
