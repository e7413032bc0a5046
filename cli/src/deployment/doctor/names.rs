//! Names that a new stack needs.

use super::check::Check;
use super::secrets::ca_key;
use crate::aws_cli::AwsCli;
use crate::checkout;
use crate::error::CliError;

/// Checks that no resource has a name of the new stack yet: the creation of the stack would fail.
pub(super) async fn clash(
    aws: &AwsCli,
    stack: &str,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Check>, CliError> {
    let secret = format!("countersign/{stack}/ca-key");
    let kept = aws.find(&["secretsmanager", "describe-secret", "--secret-id", &secret]).await?;
    let names = match taken(aws, stack, value).await? {
        Some((what, remove)) => Check::wrong(
            "names",
            format!("{what} is there already, although the stack is not"),
            format!("Delete it with aws {remove}, or choose another --stack."),
        ),
        None => Check::good("names", format!("{stack}-* is free")),
    };
    Ok(vec![names, ca_key(&secret, kept.as_ref())])
}

/// The first name that is taken, and the command that removes its resource.
async fn taken(
    aws: &AwsCli,
    stack: &str,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(String, String)>, CliError> {
    let prefix = format!("/aws/lambda/{stack}-");
    let states = format!("/aws/vendedlogs/states/{stack}");
    let workers = crate::build::names(&checkout::repository())?;
    let ours =
        |name: &str| name == states || workers.iter().any(|worker| name == format!("{prefix}{worker}"));
    for prefix in [&prefix, &states] {
        let groups = aws.json(&["logs", "describe-log-groups", "--log-group-name-prefix", prefix]).await?;
        let mut names = groups["logGroups"].as_array().into_iter().flatten();
        let name = names.find_map(|group| group["logGroupName"].as_str().filter(|name| ours(name)));
        if let Some(name) = name {
            return Ok(Some((
                format!("the log group {name}"),
                format!("logs delete-log-group --log-group-name {name}"),
            )));
        }
    }
    let alias = format!("alias/countersign-{stack}-data");
    if value("Encryption").as_deref() == Some("customer-key")
        && aws.find(&["kms", "describe-key", "--key-id", &alias]).await?.is_some()
    {
        return Ok(Some((
            format!("the KMS alias {alias}"),
            format!("kms delete-alias --alias-name {alias}"),
        )));
    }
    if value("Dashboard").as_deref() == Some("yes")
        && aws.find(&["cloudwatch", "get-dashboard", "--dashboard-name", stack]).await?.is_some()
    {
        return Ok(Some((
            format!("the dashboard {stack}"),
            format!("cloudwatch delete-dashboards --dashboard-names {stack}"),
        )));
    }
    Ok(None)
}
